//! GRU as PyTorch defines it, over all steps of a batch; the passes are laid out as those of the LSTM.

use super::gates::{gru_backward, gru_forward};
use super::projection::Projection;
use super::{Gradients, Layer, Pass, Signal, State, WeightId, Weights, add_column_sums, resize};
use crate::product::{Into, View, ViewMut, multiply};
use crate::real::Real;
use crate::vector::vectorised;

/// Gated recurrent unit; gates in the order r, z, n.
#[derive(Debug, Clone, PartialEq)]
pub struct Gru<R> {
    weight_ih: WeightId,
    weight_hh: WeightId,
    bias_ih: Option<WeightId>,
    bias_hh: Option<WeightId>,
    input_size: usize,
    hidden_size: usize,
    state: State<R>,
    projection: Projection<R>,
    /// `[step][lane][3H]`: sums of the input, then gates, then gradients by the sums.
    gates: Vec<R>,
    /// `[step][lane][H]`: W_hn h + b_hn, then the gradient by it.
    hidden_n: Vec<R>,
    /// `[step + 1][lane][H]`
    h: Vec<R>,
    /// `[lane][3H]`: sums of the state at one step, or their gradients.
    sums: Vec<R>,
    /// `[lane][H]`
    dh: Vec<R>,
}

impl<R: Real> Gru<R> {
    /// The layer; biases are given as \[b_ih, b_hh\].
    pub fn new(
        [weight_ih, weight_hh]: [WeightId; 2],
        [bias_ih, bias_hh]: [Option<WeightId>; 2],
        input_size: usize,
        hidden_size: usize,
    ) -> Gru<R> {
        Gru {
            weight_ih,
            weight_hh,
            bias_ih,
            bias_hh,
            input_size,
            hidden_size,
            state: State::default(),
            projection: Projection::default(),
            gates: Vec::new(),
            hidden_n: Vec::new(),
            h: Vec::new(),
            sums: Vec::new(),
            dh: Vec::new(),
        }
    }
}

impl<R: Real> Layer<R> for Gru<R> {
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        let (hidden, lanes) = (self.hidden_size, pass.lanes);
        let block = lanes * hidden;
        resize(&mut self.gates, pass.rows() * 3 * hidden);
        resize(&mut self.hidden_n, pass.rows() * hidden);
        resize(&mut self.h, block + pass.rows() * hidden);
        resize(&mut self.sums, 3 * block);
        resize(&mut self.state.h, block);
        self.h[..block].copy_from_slice(&self.state.h);
        let bias = self.bias_ih.map(|bias| weights.vector(bias));
        self.projection.forward(input, weights.matrix(self.weight_ih), bias, &mut self.gates);
        let w_hh = weights.transposed(self.weight_hh);
        for (step, gates) in self.gates.chunks_exact_mut(block * 3).enumerate() {
            let (h_before, h) = self.h[step * block..][..2 * block].split_at_mut(block);
            match self.bias_hh {
                Some(bias) => {
                    let bias = weights.vector(bias);
                    self.sums.chunks_exact_mut(3 * hidden).for_each(|row| row.copy_from_slice(bias));
                }
                None => self.sums.fill(R::ZERO),
            }
            let out = &mut ViewMut::new(&mut self.sums, lanes, 3 * hidden);
            multiply(out, View::new(h_before, lanes, hidden), w_hh, Into::Add);
            let (sums, hidden_n) = (&self.sums, &mut self.hidden_n[step * block..][..block]);
            vectorised(
                #[inline(always)]
                || {
                    let rows = gates.chunks_exact_mut(3 * hidden).zip(sums.chunks_exact(3 * hidden));
                    let states = h_before.chunks_exact(hidden).zip(h.chunks_exact_mut(hidden));
                    let rows = rows.zip(states).zip(hidden_n.chunks_exact_mut(hidden));
                    for (((gates, sums), (h_before, h)), hidden_n) in rows {
                        hidden_n.copy_from_slice(&sums[2 * hidden..]);
                        gru_forward(gates, sums, h_before, h);
                    }
                },
            );
        }
        self.state.h.copy_from_slice(&self.h[pass.rows() * hidden..]);
    }

    fn output(&self) -> Signal<'_, R> {
        Signal::Dense(&self.h[self.state.h.len()..])
    }

    fn backward(
        &mut self,
        weights: &Weights<R>,
        input: Signal<'_, R>,
        d_output: &[R],
        d_input: Option<&mut Vec<R>>,
        gradients: &mut Gradients<R>,
        pass: &Pass,
    ) {
        let (hidden, lanes, rows) = (self.hidden_size, pass.lanes, pass.rows());
        let block = lanes * hidden;
        self.dh.clear();
        resize(&mut self.dh, block);
        let w_hh = weights.matrix(self.weight_hh);
        for (step, gates) in self.gates.chunks_exact_mut(block * 3).enumerate().rev() {
            let h_before = &self.h[step * block..][..block];
            let hidden_n = &mut self.hidden_n[step * block..][..block];
            let (dh, sums) = (&mut self.dh, &mut self.sums);
            let d_output = &d_output[step * block..][..block];
            vectorised(
                #[inline(always)]
                || {
                    for (dh, &d) in dh.iter_mut().zip(d_output) {
                        *dh += d;
                    }
                    let rows = gates.chunks_exact_mut(3 * hidden).zip(hidden_n.chunks_exact_mut(hidden));
                    let states = h_before.chunks_exact(hidden).zip(dh.chunks_exact_mut(hidden));
                    for (((gates, hidden_n), (h_before, dh)), sums) in
                        rows.zip(states).zip(sums.chunks_exact_mut(3 * hidden))
                    {
                        gru_backward(gates, hidden_n, h_before, dh);
                        sums[..2 * hidden].copy_from_slice(&gates[..2 * hidden]);
                        sums[2 * hidden..].copy_from_slice(hidden_n);
                    }
                },
            );
            if step > 0 {
                let out = &mut ViewMut::new(&mut self.dh, lanes, hidden);
                multiply(out, View::new(&self.sums, lanes, 3 * hidden), w_hh, Into::Add);
            }
        }
        if let Some(bias) = self.bias_ih {
            add_column_sums(&self.gates, gradients.of(bias));
        }
        let h_before = View::new(&self.h[..rows * hidden], rows, hidden);
        let d_gates = View::new(&self.gates, rows, 3 * hidden);
        let d_hidden_n = View::new(&self.hidden_n, rows, hidden);
        if let Some(bias) = self.bias_hh {
            let (d_rz, d_n) = gradients.of(bias).split_at_mut(2 * hidden);
            add_column_sums(&self.hidden_n, d_n);
            for row in self.gates.chunks_exact(3 * hidden) {
                add_column_sums(&row[..2 * hidden], d_rz);
            }
        }
        let (dw_rz, dw_n) = gradients.of(self.weight_hh).split_at_mut(2 * hidden * hidden);
        let out = &mut ViewMut::new(dw_rz, 2 * hidden, hidden);
        multiply(out, d_gates.block(0, 0, rows, 2 * hidden).t(), h_before, Into::Add);
        multiply(&mut ViewMut::new(dw_n, hidden, hidden), d_hidden_n.t(), h_before, Into::Add);
        let dw = &mut ViewMut::new(gradients.of(self.weight_ih), 3 * hidden, self.input_size);
        self.projection.backward(input, weights.matrix(self.weight_ih), &self.gates, dw, d_input);
    }

    fn state(&mut self) -> Option<&mut State<R>> {
        Some(&mut self.state)
    }
}
