//! `dopec verify`: the emitted code, built with the machine's compilers, against the 64-bit reference.
//!
//! Takes a model, [`Settings`] and the toolchains to try; gives for each a [`Report`] of the largest error
//! of every layer, over the model's check vectors and over random inputs; the same of `run`, and of `step_batch`
//! where it is asked for, with other inputs for each stream. NULL and tokens outside are tried too.

pub(crate) mod steps;
mod toolchain;

use std::fmt;

pub use toolchain::{Language, Toolchain};

use crate::faults::Faults;
use crate::ingest::Source;
use crate::model::Model;
use crate::reference::{Input, Reference};
use crate::settings::Settings;
use steps::{Sequence, Streams};

/// What is fed, and what passes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Steps of random inputs, fed after the check vectors from the reset state.
    pub random_steps: usize,
    /// Where the random inputs start.
    pub seed: u64,
    /// The largest error that passes, as a part of max(1, max abs expected).
    pub tolerance: f64,
    /// Told what is being done, before each piece of work that may take long.
    pub progress: fn(&str),
}

impl Default for Options {
    fn default() -> Options {
        Options { random_steps: 200, seed: 1, tolerance: 1e-5, progress: |_| {} }
    }
}

/// What was found with one toolchain.
#[derive(Debug, Clone)]
pub struct Report {
    /// The toolchain, as a command line.
    pub toolchain: String,
    /// Steps fed, check vectors included.
    pub steps: usize,
    /// By layer for C; for Rust the last layer only, since Rust has no trace.
    pub layers: Vec<LayerError>,
    /// Of the outputs of `run`.
    pub run: LayerError,
    /// Of the outputs of `step_batch`, over all streams.
    pub batch: Option<LayerError>,
    /// What was allowed.
    pub tolerance: f64,
}

/// The largest error of a layer over all steps.
#[derive(Debug, Clone)]
pub struct LayerError {
    /// The layer's name.
    pub name: String,
    /// Its kind and sizes.
    pub title: String,
    /// Largest max abs error / max(1, max abs expected) of a step; infinite when a value is not finite.
    pub error: f64,
    /// The step in which it was met, from 0.
    pub step: usize,
}

impl Report {
    /// Whether every layer, `run` and `step_batch` are within the tolerance.
    pub fn passes(&self) -> bool {
        self.rows().all(|row| row.error <= self.tolerance)
    }

    fn rows(&self) -> impl Iterator<Item = &LayerError> {
        self.layers.iter().chain([&self.run]).chain(&self.batch)
    }
}

impl LayerError {
    pub(crate) fn new(name: impl Into<String>, title: String) -> LayerError {
        LayerError { name: name.into(), title, error: 0.0, step: 0 }
    }

    /// Takes the next outputs of a step, and keeps the largest error.
    pub(crate) fn meet(&mut self, step: usize, expected: &[f64], found: &mut &[f32]) {
        let (values, rest) = found.split_at(expected.len().min(found.len()));
        *found = rest;
        let scale = expected.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
        let distance = |(value, expected): (&f32, &f64)| (f64::from(*value) - expected).abs();
        let complete = values.len() == expected.len() && values.iter().all(|value| value.is_finite());
        let error = match complete {
            true => values.iter().zip(expected).map(distance).fold(0.0, f64::max) / scale,
            false => f64::INFINITY,
        };
        if error > self.error {
            (self.error, self.step) = (error, step);
        }
    }
}

/// Compiles, builds, runs and compares.
///
/// # Errors
///
/// The model's faults; a compiler that can't be started or fails; a program that fails.
pub fn run(
    source: &Source<'_>,
    settings: &Settings,
    toolchains: &[Toolchain],
    options: &Options,
) -> Result<Vec<Report>, Faults> {
    (options.progress)("reading the model, computing its check vectors");
    let (model, settings) = crate::prepare(source, settings)?;
    let sequences = steps::sequences(&model, options);
    let streams = settings.batch.map(|streams| Streams::new(&model, streams, options));
    let expected = Expected::new(&model, &sequences, streams.as_ref());
    toolchains
        .iter()
        .map(|toolchain| {
            (options.progress)(&format!("building and running with {}", toolchain.command_line()));
            let found = toolchain.outputs(source.file, &model, &settings, &sequences, streams.as_ref())?;
            Ok(compare(&model, toolchain, &expected, &found, options))
        })
        .collect()
}

/// What the reference gives.
struct Expected {
    /// By sequence, step and layer.
    sequences: Vec<Vec<Vec<Vec<f64>>>>,
    /// The model's outputs by stream and step.
    streams: Vec<Vec<Vec<f64>>>,
}

impl Expected {
    fn new(model: &Model, sequences: &[Sequence], streams: Option<&Streams>) -> Expected {
        let sequences = sequences.iter().map(|sequence| reference(model, sequence, None)).collect();
        let stream = |streams: &Streams, i: usize| -> Vec<Vec<f64>> {
            let (stream, step) = streams.reset();
            let steps = reference(model, &streams.sequences[i], (i == stream).then_some(step));
            steps.into_iter().filter_map(|mut outputs| outputs.pop()).collect()
        };
        let streams = streams
            .map_or(Vec::new(), |streams| (0..streams.sequences.len()).map(|i| stream(streams, i)).collect());
        Expected { sequences, streams }
    }
}

/// The outputs of all layers for each step of a sequence, which may be set to its start before one of them.
pub(crate) fn reference(model: &Model, sequence: &Sequence, reset: Option<usize>) -> Vec<Vec<Vec<f64>>> {
    let mut reference = Reference::new(model);
    let step = |step: usize| {
        if reset == Some(step) {
            reference.reset();
        }
        reference.step(match sequence {
            Sequence::Tokens(tokens) => Input::Token(tokens[step]),
            Sequence::Vectors(vectors) => Input::Vector(&vectors[step]),
        })
    };
    (0..sequence.len()).map(step).collect()
}

fn compare(
    model: &Model,
    toolchain: &Toolchain,
    expected: &Expected,
    mut found: &[f32],
    options: &Options,
) -> Report {
    let last = model.layers.len() - 1;
    let shown = if toolchain.language == Language::C { 0 } else { last };
    let mut layers: Vec<LayerError> = model.layers[shown..]
        .iter()
        .map(|layer| {
            let kind = &layer.kind;
            let title = format!("{} {} -> {}", kind.key(), kind.input_size(), kind.output_size());
            LayerError::new(&layer.name, title)
        })
        .collect();
    let mut run = LayerError::new("(run)", "the same steps by run".to_owned());
    let mut start = 0;
    for sequence in &expected.sequences {
        for (step, outputs) in sequence.iter().enumerate() {
            for (layer, output) in layers.iter_mut().zip(&outputs[shown..]) {
                layer.meet(start + step, output, &mut found);
            }
        }
        for (step, outputs) in sequence.iter().enumerate() {
            run.meet(start + step, &outputs[last], &mut found);
        }
        start += sequence.len();
    }
    let streams = &expected.streams;
    let batch = streams.first().map(|first| {
        let mut batch = LayerError::new("(batch)", format!("{} streams by step_batch", streams.len()));
        for step in 0..first.len() {
            streams.iter().for_each(|stream| batch.meet(step, &stream[step], &mut found));
        }
        batch
    });
    let toolchain = toolchain.command_line();
    Report { toolchain, steps: start, layers, run, batch, tolerance: options.tolerance }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} steps against the 64-bit reference", self.toolchain, self.steps)?;
        let names = self.rows().map(|layer| layer.name.len()).max().unwrap_or(0).max("layer".len());
        let titles = self.rows().map(|layer| layer.title.len()).max().unwrap_or(0);
        writeln!(f, "  {:<names$}  {:<titles$}  {:>9}  {:>6}", "layer", "", "error", "step")?;
        for layer in self.rows() {
            let verdict = if layer.error <= self.tolerance { "" } else { "  too large" };
            let LayerError { name, title, error, step } = layer;
            writeln!(f, "  {name:<names$}  {title:<titles$}  {error:>9.1e}  {step:>6}{verdict}")?;
        }
        let verdict = if self.passes() { "within" } else { "NOT within" };
        write!(f, "  {verdict} {:.0e} of max(1, max abs expected)", self.tolerance)
    }
}
