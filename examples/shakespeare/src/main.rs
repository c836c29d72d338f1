//! Prints text that a small doped LSTM, trained on Shakespeare, makes up character by character.
//!
//! `cargo run --release -p shakespeare [CHARACTERS [SEED]]`

use std::io::{self, Write};

doped::doped_model!("../../tests/models/shakespeare_small.json");

/// The characters that the model's tokens stand for, as its `metadata` has them.
const CHARSET: &str = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let characters = arguments.next().and_then(Result::ok).unwrap_or(600);
    let mut seed = arguments.next().and_then(Result::ok).unwrap_or(7);

    let charset: Vec<char> = CHARSET.chars().collect();
    let mut model = shakespeare_small::Model::new();
    let mut out = io::stdout().lock();
    let mut token = 0;
    for _ in 0..characters {
        let Ok(logits) = model.step(token) else { unreachable!("every sampled token is of the vocabulary") };
        // Numerical Recipes' generator: enough to draw letters.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        token = sample(logits, (seed >> 40) as f32 / (1 << 24) as f32);
        write!(out, "{}", charset[token as usize])?;
    }
    writeln!(out)
}

/// Draws from softmax(logits / 0.7): a little colder than trained, for a small model.
fn sample(logits: &[f32], uniform: f32) -> u32 {
    let weights: Vec<f32> = logits.iter().map(|logit| (logit / 0.7).exp()).collect();
    let mut left = uniform * weights.iter().sum::<f32>();
    for (token, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return token as u32;
        }
    }
    logits.len() as u32 - 1
}
