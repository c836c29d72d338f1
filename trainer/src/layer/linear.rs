//! Linear: y = W x + b.

use super::projection::Projection;
use super::{Gradients, Layer, Pass, Signal, WeightId, Weights, add_column_sums, resize};
use crate::product::ViewMut;
use crate::real::Real;

/// y = W x + b at every step.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear<R> {
    weight: WeightId,
    bias: Option<WeightId>,
    input_size: usize,
    output_size: usize,
    projection: Projection<R>,
    output: Vec<R>,
}

impl<R: Real> Linear<R> {
    /// The layer; W is `output_size` × `input_size`.
    pub fn new(weight: WeightId, bias: Option<WeightId>, input_size: usize, output_size: usize) -> Linear<R> {
        let (projection, output) = (Projection::default(), Vec::new());
        Linear { weight, bias, input_size, output_size, projection, output }
    }
}

impl<R: Real> Layer<R> for Linear<R> {
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        resize(&mut self.output, pass.rows() * self.output_size);
        let bias = self.bias.map(|bias| weights.vector(bias));
        self.projection.forward(input, weights.matrix(self.weight), bias, &mut self.output);
    }

    fn output(&self) -> Signal<'_, R> {
        Signal::Dense(&self.output)
    }

    fn backward(
        &mut self,
        weights: &Weights<R>,
        input: Signal<'_, R>,
        d_output: &[R],
        d_input: Option<&mut Vec<R>>,
        gradients: &mut Gradients<R>,
        _: &Pass,
    ) {
        if let Some(bias) = self.bias {
            add_column_sums(d_output, gradients.of(bias));
        }
        let dw = gradients.of(self.weight);
        let dw = &mut ViewMut::new(dw, self.output_size, self.input_size);
        self.projection.backward(input, weights.matrix(self.weight), d_output, dw, d_input);
    }
}
