//! `dopec verify`: the emitted code, built with the machine's compilers, against the 64-bit reference.
//!
//! Takes a model, [`Settings`] and the toolchains to try; gives for each a [`Report`] of the largest error
//! of every layer, over the model's check vectors and over random inputs. The emitted program is run as
//! users would run it: `step` and `run` must agree to the bit, NULL and tokens outside are tried too.

mod steps;
mod toolchain;

use std::fmt;

pub use toolchain::{Language, Toolchain};

use crate::faults::Faults;
use crate::ingest::Source;
use crate::model::Model;
use crate::reference::{Input, Reference};
use crate::settings::Settings;
use steps::Sequence;

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
    /// Whether every layer is within the tolerance.
    pub fn passes(&self) -> bool {
        self.layers.iter().all(|layer| layer.error <= self.tolerance)
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
    let model = crate::read(source)?;
    let sequences = steps::sequences(&model, options);
    let expected: Vec<Vec<Vec<f64>>> =
        sequences.iter().flat_map(|sequence| reference(&model, sequence)).collect();
    toolchains
        .iter()
        .map(|toolchain| {
            (options.progress)(&format!("building and running with {}", toolchain.command_line()));
            let found = toolchain.outputs(source.file, &model, settings, &sequences)?;
            Ok(compare(&model, toolchain, &expected, &found, options))
        })
        .collect()
}

/// The outputs of all layers for each step of a sequence.
fn reference(model: &Model, sequence: &Sequence) -> Vec<Vec<Vec<f64>>> {
    let mut reference = Reference::new(model);
    match sequence {
        Sequence::Tokens(tokens) => tokens.iter().map(|&token| reference.step(Input::Token(token))).collect(),
        Sequence::Vectors(vectors) => vectors.iter().map(|x| reference.step(Input::Vector(x))).collect(),
    }
}

fn compare(
    model: &Model,
    toolchain: &Toolchain,
    expected: &[Vec<Vec<f64>>],
    found: &[f32],
    options: &Options,
) -> Report {
    let shown = if toolchain.language == Language::C { 0 } else { model.layers.len() - 1 };
    let mut layers: Vec<LayerError> = model.layers[shown..]
        .iter()
        .map(|layer| LayerError {
            name: layer.name.clone(),
            title: format!(
                "{} {} -> {}",
                layer.kind.key(),
                layer.kind.input_size(),
                layer.kind.output_size()
            ),
            error: 0.0,
            step: 0,
        })
        .collect();
    let mut found = found;
    for (step, outputs) in expected.iter().enumerate() {
        for (layer, output) in layers.iter_mut().zip(&outputs[shown..]) {
            let (values, rest) = found.split_at(output.len().min(found.len()));
            found = rest;
            let scale = output.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
            let distance = |(value, expected): (&f32, &f64)| (f64::from(*value) - expected).abs();
            let complete = values.len() == output.len() && values.iter().all(|value| value.is_finite());
            let error = match complete {
                true => values.iter().zip(output).map(distance).fold(0.0, f64::max) / scale,
                false => f64::INFINITY,
            };
            if error > layer.error {
                (layer.error, layer.step) = (error, step);
            }
        }
    }
    let toolchain = toolchain.command_line();
    Report { toolchain, steps: expected.len(), layers, tolerance: options.tolerance }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} steps against the 64-bit reference", self.toolchain, self.steps)?;
        let names = self.layers.iter().map(|layer| layer.name.len()).max().unwrap_or(0).max("layer".len());
        let titles = self.layers.iter().map(|layer| layer.title.len()).max().unwrap_or(0);
        writeln!(f, "  {:<names$}  {:<titles$}  {:>9}  {:>6}", "layer", "", "error", "step")?;
        for layer in &self.layers {
            let verdict = if layer.error <= self.tolerance { "" } else { "  too large" };
            let LayerError { name, title, error, step } = layer;
            writeln!(f, "  {name:<names$}  {title:<titles$}  {error:>9.1e}  {step:>6}{verdict}")?;
        }
        let verdict = if self.passes() { "within" } else { "NOT within" };
        write!(f, "  {verdict} {:.0e} of max(1, max abs expected)", self.tolerance)
    }
}
