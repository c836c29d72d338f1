//! Dropout between layers: each feature is dropped with a probability, and the rest scaled up
//! (inverted dropout, Srivastava et al. 2014; between layers only, Zaremba et al. 2014).
//!
//! Masks are drawn lane by lane, so that they don't depend on how lanes are dealt to workers.

use super::{Gradients, Layer, Pass, Signal, Weights, resize};
use crate::random::{Purpose, Stream};
use crate::real::Real;

/// Drops in training, passes everything at evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropout<R> {
    probability: f64,
    size: usize,
    /// Which layer of the network: names the random stream.
    layer: u64,
    /// `[step][lane][feature]`; empty when nothing is dropped.
    kept: Vec<u8>,
    /// The draws of one lane.
    of_lane: Vec<u8>,
    output: Vec<R>,
}

impl<R: Real> Dropout<R> {
    /// The layer, over vectors of `size`; `layer` is its place in the network.
    pub fn new(probability: f64, size: usize, layer: u64) -> Dropout<R> {
        let (kept, of_lane, output) = (Vec::new(), Vec::new(), Vec::new());
        Dropout { probability, size, layer, kept, of_lane, output }
    }

    fn mask(&self, values: &mut [R]) {
        let scale = R::of(1.0 / (1.0 - self.probability));
        for (value, &kept) in values.iter_mut().zip(&self.kept) {
            *value = if kept == 0 { R::ZERO } else { *value * scale };
        }
    }
}

impl<R: Real> Layer<R> for Dropout<R> {
    fn forward(&mut self, _: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        self.output.clear();
        self.output.extend_from_slice(input.dense());
        self.kept.clear();
        let Some((seed, step)) = pass.training.filter(|_| self.probability > 0.0) else { return };
        self.kept.resize(self.output.len(), 0);
        self.of_lane.resize(pass.steps * self.size, 0);
        for lane in 0..pass.lanes {
            let index = self.layer << 32 | (pass.first_lane + lane) as u64;
            Stream::new(seed, Purpose::Dropout, index, step).keep(self.probability, &mut self.of_lane);
            for (step, kept) in self.of_lane.chunks_exact(self.size).enumerate() {
                let row = step * pass.lanes + lane;
                self.kept[row * self.size..][..self.size].copy_from_slice(kept);
            }
        }
        let mut output = std::mem::take(&mut self.output);
        self.mask(&mut output);
        self.output = output;
    }

    fn output(&self) -> Signal<'_, R> {
        Signal::Dense(&self.output)
    }

    fn backward(
        &mut self,
        _: &Weights<R>,
        _: Signal<'_, R>,
        d_output: &[R],
        d_input: Option<&mut Vec<R>>,
        _: &mut Gradients<R>,
        _: &Pass,
    ) {
        let Some(d_input) = d_input else { return };
        resize(d_input, 0);
        d_input.extend_from_slice(d_output);
        self.mask(d_input);
    }
}
