//! From a text to a compiled model: what the trainer says of the held-out part, the emitted C and Rust reach as well.

mod training;

use std::fs;
use std::process::Command;
use std::time::Instant;

use training::{dopec, metadata, succeed, text, train};

/// Reads tokens as 32-bit words, prints the mean of −log softmax(output)\[next\] and the number of predictions.
const C: &str = r#"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "whole_path.h"
int main(void) {
    static whole_path_state state;
    static whole_path_scratch scratch;
    static float logits[WHOLE_PATH_OUTPUT_SIZE];
    static uint32_t tokens[1 << 20];
    FILE *file = fopen("tokens.bin", "rb");
    size_t count = fread(tokens, 4, 1 << 20, file);
    double nats = 0;
    whole_path_reset(&state);
    for (size_t t = 0; t + 1 < count; t++) {
        double sum = 0;
        if (whole_path_step(&state, &scratch, tokens[t], logits) != WHOLE_PATH_OK) return 1;
        for (int i = 0; i < WHOLE_PATH_OUTPUT_SIZE; i++) sum += exp(logits[i]);
        nats += log(sum) - logits[tokens[t + 1]];
    }
    printf("%.17g %d\n", nats / (count - 1), (int)(count - 1));
    return 0;
}
"#;

/// The same.
const RUST: &str = r#"
mod whole_path;
fn main() {
    let bytes = std::fs::read("tokens.bin").unwrap();
    let tokens: Vec<u32> = bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    let mut model = whole_path::Model::new();
    let mut nats = 0.0;
    for pair in tokens.windows(2) {
        let logits = model.step(pair[0]).unwrap();
        let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
        nats += sum.ln() - f64::from(logits[pair[1] as usize]);
    }
    println!("{} {}", nats / (tokens.len() - 1) as f64, tokens.len() - 1);
}
"#;

/// Trains on a text with these options, compiles for a target, and compares. Gives the seconds of training.
fn whole_path(options: &str, held_out: f64, target: &str) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let text = text(60_000);
    fs::write(path.join("text.txt"), &text).unwrap();
    let options: Vec<&str> = options.split(' ').collect();
    let held_out_option = held_out.to_string();
    let io = ["text.txt", "-o", "whole_path.json", "--held-out", &held_out_option];
    let begun = Instant::now();
    let report = succeed(train(path, &[&io[..], &options].concat()));
    let seconds = begun.elapsed().as_secs_f64();
    let said = String::from_utf8(report.stdout).unwrap();
    succeed(dopec(path, &["whole_path.json", "--emit", "c,rust", "--target", target]));

    // The held-out part by hand, in the model's own vocabulary.
    let metadata = metadata(&path.join("whole_path.json"));
    let vocabulary: Vec<&str> =
        metadata["vocabulary"].as_array().unwrap().iter().map(|token| token.as_str().unwrap()).collect();
    let mut buffer = [0; 4];
    let token = |c: char| vocabulary.iter().position(|token| *token == c.encode_utf8(&mut buffer)).unwrap();
    let tokens: Vec<usize> = text.chars().map(token).collect();
    let count = (tokens.len() as f64 * held_out).round() as usize;
    let words = tokens[tokens.len() - count..].iter().flat_map(|&token| (token as u32).to_le_bytes());
    fs::write(path.join("tokens.bin"), words.collect::<Vec<u8>>()).unwrap();

    let scores = &metadata["held_out"];
    let trained = scores["perplexity"].as_f64().unwrap();
    assert!(said.contains(&format!("perplexity {trained:.4} ")), "{said}");
    fs::write(path.join("main.c"), C).unwrap();
    fs::write(path.join("main.rs"), RUST).unwrap();
    let cc = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let builds: [(&str, &[&str]); 2] = [
        (&cc, &["-O2", "-o", "in_c", "main.c", "whole_path.c", "-lm"]),
        ("rustc", &["-O", "--edition", "2024", "-o", "in_rust", "main.rs"]),
    ];
    for ((compiler, arguments), program) in builds.into_iter().zip(["in_c", "in_rust"]) {
        let mut build = Command::new(compiler);
        build.args(arguments).current_dir(path);
        succeed(build);
        let mut run = Command::new(path.join(program));
        run.current_dir(path);
        let output = String::from_utf8(succeed(run).stdout).unwrap();
        let (nats, predictions) = output.trim().split_once(' ').unwrap();
        let compiled = nats.parse::<f64>().unwrap().exp();
        assert_eq!(predictions.parse::<u64>().unwrap(), scores["predictions"].as_u64().unwrap());
        assert!((compiled - trained).abs() < 1e-4, "{program}: {compiled}, the trainer says {trained}");
    }
    // Something was learnt: without, it would be near the number of characters.
    assert!(trained < vocabulary.len() as f64 / 3.0, "{trained} of {}", vocabulary.len());
    seconds
}

/// A network that is trained in seconds.
const SMALL: &str = "--hidden 48 --embedding 16 --layers 2 --factor 4 --batch 16 --sequence 32 --dropout 0.1";

#[test]
fn a_compiled_model_scores_as_the_trainer_says() {
    whole_path(&format!("{SMALL} --steps 250"), 0.05, "portable");
}

#[test]
#[ignore = "trains for a minute"]
fn a_model_that_is_trained_for_a_minute_scores_as_the_trainer_says() {
    let seconds = whole_path(&format!("{SMALL} --minutes 1"), 0.1, "any");
    // The machine may become slower, or faster, than it was when its speed was measured.
    assert!((30.0..90.0).contains(&seconds), "{seconds} seconds");
}
