//! What a model means, in 64-bit floats.
//!
//! Takes a [`Model`] and its inputs, gives the output of every layer, each computed as plainly as the
//! mathematics is written: no kernel, no contraction order, no sharing of buffers. Everything that is
//! emitted is measured against it, and [`check`] measures it against the outputs that the model file
//! itself expects.

mod layer;
mod matrix;
mod record;

pub use matrix::{multiply, row, to_dense};
pub use record::record;

use crate::model::{LayerKind, Model, Steps};

/// A model together with its state: h and c of every recurrent layer, zero at first.
#[derive(Debug, Clone)]
pub struct Reference<'m> {
    model: &'m Model,
    /// One for each layer; empty vectors where a layer keeps nothing.
    states: Vec<layer::State>,
}

/// What is fed to one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input<'a> {
    /// A token below the vocabulary's size, for a model that begins with an embedding.
    Token(u32),
    /// A vector of the model's input size, for any other.
    Vector(&'a [f32]),
}

/// A step whose output is not what the model file expects of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mismatch {
    /// Which step, from 0.
    pub step: usize,
    /// The element of its output that is furthest off.
    pub index: usize,
    /// What the model file expects there.
    pub expected: f64,
    /// What the reference computes there; may be infinite or not a number.
    pub found: f64,
    /// The distance of the two; infinite when `found` is not finite.
    pub error: f64,
    /// The largest distance allowed in this step: tolerance · max(1, max abs expected).
    pub limit: f64,
}

impl<'m> Reference<'m> {
    /// The model in its reset state.
    pub fn new(model: &'m Model) -> Reference<'m> {
        let states = model.layers.iter().map(|layer| layer::State::zero(&layer.kind)).collect();
        Reference { model, states }
    }

    /// Sets every state to zero.
    pub fn reset(&mut self) {
        *self = Reference::new(self.model);
    }

    /// Advances by one step. Gives the outputs of every layer in order; the last is the model's.
    ///
    /// # Panics
    ///
    /// When `input` is not what [`Model::input`] says: a token for a model that takes vectors or the
    /// other way round, a token outside the vocabulary, a vector of another length.
    pub fn step(&mut self, input: Input<'_>) -> Vec<Vec<f64>> {
        let mut outputs: Vec<Vec<f64>> = Vec::with_capacity(self.model.layers.len());
        let (first, rest) = self.model.layers.split_first().expect("a model has layers");
        let (first_state, rest_states) = self.states.split_first_mut().expect("every layer has a state");
        outputs.push(match (&first.kind, input) {
            (LayerKind::Embedding(embedding), Input::Token(token)) => layer::embedding(embedding, token),
            (LayerKind::Embedding(_), Input::Vector(_)) => panic!("this model takes tokens, not vectors"),
            (_, Input::Token(_)) => panic!("this model takes vectors, not tokens"),
            (kind, Input::Vector(x)) => {
                assert_eq!(x.len(), kind.input_size(), "the vector is not of the model's input size");
                let x: Vec<f64> = x.iter().map(|&value| f64::from(value)).collect();
                layer::apply(kind, &x, first_state)
            }
        });
        for (layer, state) in rest.iter().zip(rest_states) {
            let output = layer::apply(&layer.kind, &outputs[outputs.len() - 1], state);
            outputs.push(output);
        }
        outputs
    }
}

/// Feeds the steps of the model's `check` one after another from the reset state and compares.
///
/// # Errors
///
/// The steps whose outputs are not reproduced: max abs error > tolerance · max(1, max abs expected), or
/// a result that is not finite. A model without `check` has none.
pub fn check(model: &Model) -> Result<(), Vec<Mismatch>> {
    let Some(check) = &model.check else { return Ok(()) };
    let mut reference = Reference::new(model);
    let mut mismatches = Vec::new();
    for (step, expected) in check.outputs.iter().enumerate() {
        let outputs = reference.step(match &check.steps {
            Steps::Tokens(tokens) => Input::Token(tokens[step]),
            Steps::Vectors(vectors) => Input::Vector(&vectors[step]),
        });
        let found = &outputs[outputs.len() - 1];
        mismatches.extend(compare(step, expected, found, check.tolerance));
    }
    if mismatches.is_empty() { Ok(()) } else { Err(mismatches) }
}

/// The worst element of `found`, when it is further from `expected` than the tolerance allows.
fn compare(step: usize, expected: &[f64], found: &[f64], tolerance: f64) -> Option<Mismatch> {
    let scale = expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
    let limit = tolerance * scale;
    let distance = |index: usize| {
        let error = (found[index] - expected[index]).abs();
        if error.is_nan() { f64::INFINITY } else { error }
    };
    let index = (0..expected.len()).max_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
    let error = distance(index);
    // An infinite error is never allowed, not even by a limit that overflowed.
    let allowed = error.is_finite() && error <= limit;
    (!allowed).then(|| Mismatch { step, index, expected: expected[index], found: found[index], error, limit })
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn the_limit_scales_with_the_largest_expected_value_and_never_below_one() {
        assert_eq!(compare(0, &[0.1, 0.2], &[0.1, 0.2 + 9e-5], 1e-4), None);
        assert!(compare(0, &[0.1, 0.2], &[0.1, 0.2 + 2e-4], 1e-4).is_some());
        assert_eq!(compare(0, &[-10.0, 0.2], &[-10.0, 0.2 + 9e-4], 1e-4), None);
    }

    #[test]
    fn the_worst_element_is_named() {
        let mismatch = compare(7, &[1.0, 2.0, 3.0], &[1.5, 4.0, 3.0], 0.1).unwrap();
        assert_eq!((mismatch.step, mismatch.index, mismatch.error), (7, 1, 2.0));
        assert_eq!((mismatch.expected, mismatch.found), (2.0, 4.0));
    }

    #[test]
    fn a_result_that_is_not_finite_never_passes() {
        for found in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mismatch = compare(0, &[0.0, 1e308], &[found, 1e308], 1e300).unwrap();
            assert_eq!((mismatch.index, mismatch.error), (0, f64::INFINITY));
        }
    }
}
