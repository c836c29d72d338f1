//! Functions of each element, or of the vector of each step.

use super::{Gradients, Layer, Pass, Signal, Weights};
use crate::real::Real;
use crate::score::log_softmax;
use crate::vector::vectorised;
use dopec::model::Function;

/// A function without weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation<R> {
    function: Function,
    size: usize,
    output: Vec<R>,
}

impl<R: Real> Activation<R> {
    /// The layer, over vectors of `size`.
    pub fn new(function: Function, size: usize) -> Activation<R> {
        Activation { function, size, output: Vec::new() }
    }
}

impl<R: Real> Layer<R> for Activation<R> {
    fn forward(&mut self, _: &Weights<R>, input: Signal<'_, R>, _: &Pass) {
        self.output.clear();
        self.output.extend_from_slice(input.dense());
        let (function, size, values) = (self.function, self.size, &mut self.output);
        vectorised(
            #[inline(always)]
            || match function {
                Function::Relu => {
                    values.iter_mut().for_each(|x| *x = if *x < R::ZERO { R::ZERO } else { *x });
                }
                Function::Tanh => values.iter_mut().for_each(|x| *x = x.tanh()),
                Function::Sigmoid => values.iter_mut().for_each(|x| *x = x.sigmoid()),
                Function::LogSoftmax => values.chunks_exact_mut(size).for_each(log_softmax),
                Function::Softmax => values.chunks_exact_mut(size).for_each(|row| {
                    log_softmax(row);
                    row.iter_mut().for_each(|x| *x = x.exp());
                }),
            },
        );
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
        d_input.clear();
        d_input.extend_from_slice(d_output);
        let pairs = d_input.iter_mut().zip(&self.output);
        match self.function {
            Function::Relu => pairs.for_each(|(d, &y)| *d = if y > R::ZERO { *d } else { R::ZERO }),
            Function::Tanh => pairs.for_each(|(d, &y)| *d *= R::ONE - y * y),
            Function::Sigmoid => pairs.for_each(|(d, &y)| *d *= y * (R::ONE - y)),
            Function::Softmax => self.by_rows(d_input, |d, y| {
                let mean: R = d.iter().zip(y).map(|(&d, &y)| d * y).sum();
                d.iter_mut().zip(y).for_each(|(d, &y)| *d = y * (*d - mean));
            }),
            Function::LogSoftmax => self.by_rows(d_input, |d, y| {
                let sum: R = d.iter().copied().sum();
                d.iter_mut().zip(y).for_each(|(d, &y)| *d -= y.exp() * sum);
            }),
        }
    }
}

impl<R: Real> Activation<R> {
    fn by_rows(&self, d: &mut [R], of: impl Fn(&mut [R], &[R])) {
        let rows = d.chunks_exact_mut(self.size).zip(self.output.chunks_exact(self.size));
        rows.for_each(|(d, y)| of(d, y));
    }
}
