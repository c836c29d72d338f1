//! The inputs that verification feeds: the model's check vectors, then random ones; and random ones for many streams.

use super::Options;
use crate::model::{InputKind, Model, Steps};

/// Steps fed one after another from the reset state.
#[derive(Debug, Clone)]
pub(crate) enum Sequence {
    Tokens(Vec<u32>),
    Vectors(Vec<Vec<f32>>),
}

impl Sequence {
    /// Number of steps.
    pub(crate) fn len(&self) -> usize {
        match self {
            Sequence::Tokens(tokens) => tokens.len(),
            Sequence::Vectors(vectors) => vectors.len(),
        }
    }

    /// Appends the inputs as little-endian 32-bit words.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        (0..self.len()).for_each(|step| self.write_step(step, out));
    }

    /// Appends the input of one step.
    fn write_step(&self, step: usize, out: &mut Vec<u8>) {
        match self {
            Sequence::Tokens(tokens) => out.extend(tokens[step].to_le_bytes()),
            Sequence::Vectors(vectors) => {
                out.extend(vectors[step].iter().flat_map(|value| value.to_le_bytes()));
            }
        }
    }
}

/// Steps fed to many streams at once, to each its own.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    /// By stream, all of the same length.
    pub(super) sequences: Vec<Sequence>,
}

impl Streams {
    /// Random ones for so many streams.
    pub(super) fn new(model: &Model, streams: usize, options: &Options) -> Streams {
        let steps = options.random_steps.clamp(2, 8);
        let seed = |stream: usize| Random(options.seed.wrapping_add(1 + stream as u64)).next();
        Streams { sequences: (0..streams).map(|stream| random(model, seed(stream), steps)).collect() }
    }

    /// Number of steps.
    pub(crate) fn len(&self) -> usize {
        self.sequences[0].len()
    }

    /// The stream that is set to its start half way, and before which step.
    pub(super) fn reset(&self) -> (usize, usize) {
        (self.sequences.len() / 2, self.len() / 2)
    }

    /// Appends the inputs, step by step and in each stream by stream.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for step in 0..self.len() {
            self.sequences.iter().for_each(|sequence| sequence.write_step(step, out));
        }
    }
}

/// The check vectors, if there are any, and the random steps.
pub(super) fn sequences(model: &Model, options: &Options) -> Vec<Sequence> {
    let mut sequences = Vec::new();
    if let Some(check) = &model.check {
        sequences.push(match &check.steps {
            Steps::Tokens(tokens) => Sequence::Tokens(tokens.clone()),
            Steps::Vectors(vectors) => Sequence::Vectors(vectors.clone()),
        });
    }
    sequences.push(random(model, options.seed, options.random_steps));
    sequences
}

/// So many random steps.
pub(crate) fn random(model: &Model, seed: u64, steps: usize) -> Sequence {
    let mut random = Random(seed);
    let steps = 0..steps;
    match model.input() {
        InputKind::Token { vocab } => {
            Sequence::Tokens(steps.map(|_| (random.next() % vocab as u64) as u32).collect())
        }
        InputKind::Vector { size } => {
            Sequence::Vectors(steps.map(|_| (0..size).map(|_| random.float()).collect()).collect())
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same inputs for the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform with mean 0 and variance 1.
    fn float(&mut self) -> f32 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((2.0 * unit - 1.0) * 3.0_f64.sqrt()) as f32
    }
}
