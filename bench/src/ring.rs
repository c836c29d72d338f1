//! What every peer of a case is fed, and what it must answer.
//!
//! A ring is a run of steps from the reset state, each with an input of its own, and the outputs of the 64-bit
//! reference for them. A pass is a reset and one step after another through the ring; peers are timed in whole passes,
//! so that inputs change from call to call and every timed pass can be held to the reference.

use dopec::model::{InputKind, Model};
use dopec::reference::{Input, Reference};
use fastrand::Rng;

use crate::aligned::Steps;
use crate::models::normal;

/// Largest error of a peer, over max(1, largest expected magnitude of the step): what a model file allows by default.
pub(crate) const TOLERANCE: f64 = 1e-4;
/// The same for dopec's own code: what the project promises.
pub(crate) const OWN_TOLERANCE: f64 = 1e-5;

/// Inputs and expected outputs, step by step.
#[derive(Debug)]
pub(crate) struct Ring {
    /// Number of steps.
    pub(crate) steps: usize,
    /// 32-bit words of one input: one token, or floats.
    pub(crate) input_words: usize,
    /// Floats of one output.
    pub(crate) output_len: usize,
    /// All inputs, one after another.
    pub(crate) inputs: Vec<u32>,
    /// All outputs, one after another.
    expected: Vec<f64>,
}

impl Ring {
    /// Random inputs for a model; several `streams` are independent copies, whose vectors stand one after another in a
    /// step: `[stream][element]`.
    pub(crate) fn new(model: &Model, steps: usize, streams: usize) -> Ring {
        let mut rng = Rng::with_seed(0x5eed_0000 + steps as u64);
        let words = |rng: &mut Rng| match model.input() {
            InputKind::Token { vocab } => vec![rng.u32(..vocab as u32)],
            InputKind::Vector { size } => (0..size).map(|_| normal(rng).to_bits()).collect(),
        };
        let mut references: Vec<Reference<'_>> = (0..streams).map(|_| Reference::new(model)).collect();
        let (mut inputs, mut expected) = (Vec::new(), Vec::new());
        for _ in 0..steps {
            let of_streams: Vec<Vec<u32>> = (0..streams).map(|_| words(&mut rng)).collect();
            let answers: Vec<Vec<f64>> = references
                .iter_mut()
                .zip(&of_streams)
                .map(|(reference, words)| {
                    let vector: Vec<f32> = words.iter().map(|&word| f32::from_bits(word)).collect();
                    let mut outputs = reference.step(match model.input() {
                        InputKind::Token { .. } => Input::Token(words[0]),
                        InputKind::Vector { .. } => Input::Vector(&vector),
                    });
                    outputs.pop().unwrap_or_default()
                })
                .collect();
            inputs.extend(of_streams.into_iter().flatten());
            expected.extend(answers.into_iter().flatten());
        }
        Ring {
            steps,
            input_words: inputs.len() / steps,
            output_len: expected.len() / steps,
            inputs,
            expected,
        }
    }

    /// The same with the streams of a step side by side: `[element][stream]`.
    pub(crate) fn interleaved(&self, streams: usize) -> Ring {
        Ring {
            inputs: transposed(&self.inputs, self.input_words, streams),
            expected: transposed(&self.expected, self.output_len, streams),
            ..*self
        }
    }

    /// The worst step of a pass: its error over max(1, largest expected magnitude).
    ///
    /// # Errors
    ///
    /// What is wrong, when that is above the tolerance or not a number.
    pub(crate) fn compare(&self, outputs: &Steps<f32>, tolerance: f64) -> Result<f64, String> {
        if outputs.elements() != self.expected.len() {
            return Err(format!("gave {} numbers instead of {}", outputs.elements(), self.expected.len()));
        }
        let mut worst: f64 = 0.0;
        let steps = self.expected.chunks(self.output_len).zip(outputs.iter());
        for (step, (expected, found)) in steps.enumerate() {
            let scale = expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
            for (i, (expected, &found)) in expected.iter().zip(found).enumerate() {
                let error = (f64::from(found) - expected).abs() / scale;
                if error.is_nan() || error > tolerance {
                    return Err(format!("step {step}, output {i}: {found} instead of {expected}"));
                }
                worst = worst.max(error);
            }
        }
        Ok(worst)
    }
}

/// Each step's `[stream][element]` as `[element][stream]`.
fn transposed<T: Copy>(values: &[T], step: usize, streams: usize) -> Vec<T> {
    let len = step / streams;
    let of_step =
        |values: &[T]| -> Vec<T> { (0..step).map(|at| values[at % streams * len + at / streams]).collect() };
    values.chunks(step).flat_map(of_step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aligned::Layout;
    use crate::models::{Flavour, sparse};

    #[test]
    fn an_output_that_is_off_or_no_number_is_named() {
        let ring = Ring::new(&sparse("ring", 5, 7, 0.4, Flavour::Uniform), 3, 1);
        let right: Vec<f32> = ring.expected.iter().map(|&value| value as f32).collect();
        let steps = |values: &[f32]| Steps::of(values, 5, Layout::Apart);
        assert!(ring.compare(&steps(&right), OWN_TOLERANCE).unwrap() < 1e-6);
        for wrong in [right[7] + 0.1, f32::NAN, f32::INFINITY] {
            let mut outputs = right.clone();
            outputs[7] = wrong;
            let message = ring.compare(&steps(&outputs), TOLERANCE).unwrap_err();
            assert!(message.starts_with("step 1, output 2"), "{message}");
        }
        assert!(ring.compare(&steps(&right[5..]), TOLERANCE).is_err());
    }

    #[test]
    fn streams_stand_one_after_another_or_side_by_side() {
        let model = sparse("ring", 5, 7, 0.4, Flavour::Uniform);
        let ring = Ring::new(&model, 2, 3);
        assert_eq!((ring.input_words, ring.output_len), (21, 15));
        let x: Vec<f32> = ring.inputs[7..14].iter().map(|&word| f32::from_bits(word)).collect();
        let y = Reference::new(&model).step(Input::Vector(&x)).remove(0);
        assert_eq!(ring.expected[5..10], y);
        let side_by_side = ring.interleaved(3);
        assert!((0..7).all(|i| side_by_side.inputs[i * 3 + 1] == ring.inputs[7 + i]));
        assert!((0..5).all(|i| side_by_side.expected[15 + i * 3 + 2] == ring.expected[15 + 10 + i]));
    }
}
