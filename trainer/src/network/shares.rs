//! The inputs of each doped matrix in a worker's last pass, to see what its parts carry.

use super::{LayerSpec, LstmSpec, Network, Trained, Worker};
use crate::doping::share::{Share, share};
use crate::layer::{Signal, WeightId};
use crate::real::Real;

/// Inputs that are looked at: these many, evenly spread over the batch.
const SAMPLES: usize = 256;

impl<R: Real> Network<R> {
    /// How much of their output the parts of each doped matrix carry, over up to 256 inputs of the last
    /// pass of a worker, which was fed with `input` in so many lanes.
    pub fn shares(&self, worker: &Worker<R>, input: Signal<'_, R>, lanes: usize) -> Vec<Share> {
        let mut shares = Vec::new();
        for (k, (spec, used)) in self.spec.layers.iter().zip(&self.used).enumerate() {
            let x = if k == 0 { input } else { worker.output_of(k - 1) };
            for (place, &WeightId(id)) in used.iter().enumerate() {
                let Trained::Matrix(matrix) = &self.trained[id] else { continue };
                if !matrix.is_doped() {
                    continue;
                }
                let h = match worker.output_of(k) {
                    Signal::Dense(h) => h,
                    _ => &[],
                };
                let inputs = match (spec, place) {
                    (&LayerSpec::Lstm { input_size, hidden_size, ref weights, .. }, 0)
                        if matches!(weights, LstmSpec::Joined { .. }) =>
                    {
                        gather(Some((x, input_size)), Some((h, hidden_size)), lanes)
                    }
                    (LayerSpec::Lstm { .. } | LayerSpec::Gru { .. }, 1) => {
                        gather(None, Some((h, matrix.cols)), lanes)
                    }
                    // An embedding is given rows of tokens, each of which stands for a unit vector.
                    (LayerSpec::Embedding { vocab, .. }, _) => gather(Some((x, *vocab)), None, lanes),
                    _ => gather(Some((x, matrix.cols)), None, lanes),
                };
                let table = matches!(spec, LayerSpec::Embedding { .. });
                shares.push(share(&self.parameters, matrix, &inputs, table));
            }
        }
        shares
    }
}

/// Some rows of x, of the h of the step before, or of both beside each other; each with its size.
fn gather<R: Real>(x: Option<(Signal<'_, R>, usize)>, h: Option<(&[R], usize)>, lanes: usize) -> Vec<R> {
    let rows_of_x = x.map(|(x, size)| match x {
        Signal::Tokens(tokens) => tokens.len(),
        Signal::Rows { index, .. } => index.len(),
        Signal::Dense(values) => values.len() / size,
    });
    let rows = rows_of_x.or(h.map(|(h, size)| h.len() / size)).unwrap_or(0);
    // The first step's h is that of the batch before.
    let first = if h.is_some() { lanes } else { 0 };
    let stride = rows.saturating_sub(first).div_ceil(SAMPLES).max(1);
    let mut inputs = Vec::new();
    for row in (first..rows).step_by(stride) {
        match x {
            Some((Signal::Dense(x), size)) => inputs.extend_from_slice(&x[row * size..][..size]),
            Some((Signal::Rows { values, index }, size)) => {
                inputs.extend_from_slice(&values[index[row] as usize * size..][..size]);
            }
            Some((Signal::Tokens(tokens), size)) => {
                let start = inputs.len();
                inputs.resize(start + size, R::ZERO);
                inputs[start + tokens[row] as usize] = R::ONE;
            }
            None => {}
        }
        if let Some((h, size)) = h {
            inputs.extend_from_slice(&h[(row - first) * size..][..size]);
        }
    }
    inputs
}
