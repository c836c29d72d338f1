//! Layer normalisation: y = (x − mean) / √(variance + ε) ∘ weight + bias, over the vector of each step.
//!
//! With x̂ the normalised vector and g = dy∘weight, dx = (g − mean g − x̂ · mean(g∘x̂)) / √(variance + ε).

use super::{Gradients, Layer, Pass, Signal, WeightId, Weights, resize};
use crate::real::Real;

/// Layer normalisation; the variance is over n, not n − 1.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm<R> {
    weight: WeightId,
    bias: Option<WeightId>,
    size: usize,
    epsilon: f64,
    /// x̂
    normalised: Vec<R>,
    /// 1 / √(variance + ε) of each row.
    scales: Vec<R>,
    output: Vec<R>,
}

impl<R: Real> LayerNorm<R> {
    /// The layer, over vectors of `size`.
    pub fn new(weight: WeightId, bias: Option<WeightId>, size: usize, epsilon: f32) -> LayerNorm<R> {
        let (normalised, scales, output) = (Vec::new(), Vec::new(), Vec::new());
        LayerNorm { weight, bias, size, epsilon: f64::from(epsilon), normalised, scales, output }
    }
}

impl<R: Real> Layer<R> for LayerNorm<R> {
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        let x = input.dense();
        resize(&mut self.normalised, x.len());
        resize(&mut self.output, x.len());
        resize(&mut self.scales, pass.rows());
        let n = R::of(self.size as f64);
        let weight = weights.vector(self.weight);
        let rows = x.chunks_exact(self.size).zip(self.normalised.chunks_exact_mut(self.size));
        let rows = rows.zip(self.output.chunks_exact_mut(self.size)).zip(&mut self.scales);
        for (((x, normalised), output), scale) in rows {
            let mean = x.iter().copied().sum::<R>() / n;
            let variance = x.iter().map(|&x| (x - mean) * (x - mean)).sum::<R>() / n;
            *scale = R::ONE / (variance + R::of(self.epsilon)).sqrt();
            for ((normalised, output), (&x, &weight)) in
                normalised.iter_mut().zip(output.iter_mut()).zip(x.iter().zip(weight))
            {
                *normalised = (x - mean) * *scale;
                *output = *normalised * weight;
            }
            if let Some(bias) = self.bias {
                output.iter_mut().zip(weights.vector(bias)).for_each(|(y, &bias)| *y += bias);
            }
        }
    }

    fn output(&self) -> Signal<'_, R> {
        Signal::Dense(&self.output)
    }

    fn backward(
        &mut self,
        weights: &Weights<R>,
        _: Signal<'_, R>,
        d_output: &[R],
        d_input: Option<&mut Vec<R>>,
        gradients: &mut Gradients<R>,
        _: &Pass,
    ) {
        if let Some(bias) = self.bias {
            super::add_column_sums(d_output, gradients.of(bias));
        }
        let rows = d_output.chunks_exact(self.size).zip(self.normalised.chunks_exact(self.size));
        for (dy, normalised) in rows.clone() {
            let products = dy.iter().zip(normalised);
            for (sum, (&dy, &normalised)) in gradients.of(self.weight).iter_mut().zip(products) {
                *sum += dy * normalised;
            }
        }
        let Some(d_input) = d_input else { return };
        resize(d_input, d_output.len());
        let n = R::of(self.size as f64);
        let weight = weights.vector(self.weight);
        let rows = rows.zip(&self.scales).zip(d_input.chunks_exact_mut(self.size));
        for (((dy, normalised), &scale), dx) in rows {
            let (mut mean, mut mean_product) = (R::ZERO, R::ZERO);
            for ((dx, &normalised), (&dy, &weight)) in
                dx.iter_mut().zip(normalised).zip(dy.iter().zip(weight))
            {
                *dx = dy * weight;
                mean += *dx / n;
                mean_product += *dx * normalised / n;
            }
            for (dx, &normalised) in dx.iter_mut().zip(normalised) {
                *dx = (*dx - mean - normalised * mean_product) * scale;
            }
        }
    }
}
