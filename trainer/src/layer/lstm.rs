//! LSTM, with split or joined weights and any order of gates, over all steps of a batch.
//!
//! Forward: the input's share of all gate sums as one product, then step by step the state's share and
//! the gates. Backward: the gates' gradients take the gates' place step by step, then the gradients by
//! weights, bias and input as one product each over all steps.

use super::gates::{lstm_backward, lstm_forward, split_gates};
use super::projection::Projection;
use super::{Gradients, Layer, Pass, Signal, State, WeightId, Weights, add_column_sums, resize};
use crate::product::{Into, View, ViewMut, multiply};
use crate::real::Real;
use crate::vector::vectorised;

/// The weights of an LSTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LstmIds {
    /// 4H × input and 4H × H.
    Split {
        /// Acts on x.
        ih: WeightId,
        /// Acts on h.
        hh: WeightId,
    },
    /// 4H × (input + H), acts on \[x; h\].
    Joined(WeightId),
}

/// Long short-term memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm<R> {
    ids: LstmIds,
    bias: Option<WeightId>,
    input_size: usize,
    hidden_size: usize,
    /// Which block of H gate sums is that of i, f, g and o.
    places: [usize; 4],
    state: State<R>,
    projection: Projection<R>,
    /// `[step][lane][4H]`: sums, then gates, then gradients by the sums.
    gates: Vec<R>,
    /// `[step + 1][lane][H]`, from the state before the first step.
    h: Vec<R>,
    /// As `h`.
    c: Vec<R>,
    /// `[step][lane][H]`
    tanh_c: Vec<R>,
    /// `[lane][H]`
    dh: Vec<R>,
    dc: Vec<R>,
}

impl<R: Real> Lstm<R> {
    /// The layer; `places` says which block of H gate sums is that of i, f, g and o.
    pub fn new(
        ids: LstmIds,
        bias: Option<WeightId>,
        input_size: usize,
        hidden_size: usize,
        places: [usize; 4],
    ) -> Lstm<R> {
        Lstm {
            ids,
            bias,
            input_size,
            hidden_size,
            places,
            state: State::default(),
            projection: Projection::default(),
            gates: Vec::new(),
            h: Vec::new(),
            c: Vec::new(),
            tanh_c: Vec::new(),
            dh: Vec::new(),
            dc: Vec::new(),
        }
    }

    /// W_ih.
    fn input_weights<'w>(&self, weights: &'w Weights<R>) -> View<'w, R> {
        match self.ids {
            LstmIds::Split { ih, .. } => weights.matrix(ih),
            LstmIds::Joined(weight) => {
                weights.matrix(weight).block(0, 0, 4 * self.hidden_size, self.input_size)
            }
        }
    }

    /// W_hh.
    fn hidden_weights<'w>(&self, weights: &'w Weights<R>) -> View<'w, R> {
        let h = self.hidden_size;
        match self.ids {
            LstmIds::Split { hh, .. } => weights.matrix(hh),
            LstmIds::Joined(weight) => weights.matrix(weight).block(0, self.input_size, 4 * h, h),
        }
    }

    /// W_hhᵀ, row-major.
    fn hidden_weights_transposed<'w>(&self, weights: &'w Weights<R>) -> View<'w, R> {
        let h = self.hidden_size;
        match self.ids {
            LstmIds::Split { hh, .. } => weights.transposed(hh),
            LstmIds::Joined(weight) => weights.transposed(weight).block(self.input_size, 0, h, 4 * h),
        }
    }
}

impl<R: Real> Layer<R> for Lstm<R> {
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        let (hidden, lanes) = (self.hidden_size, pass.lanes);
        let block = lanes * hidden;
        resize(&mut self.gates, pass.rows() * 4 * hidden);
        resize(&mut self.h, block + pass.rows() * hidden);
        resize(&mut self.c, block + pass.rows() * hidden);
        resize(&mut self.tanh_c, pass.rows() * hidden);
        resize(&mut self.state.h, block);
        resize(&mut self.state.c, block);
        self.h[..block].copy_from_slice(&self.state.h);
        self.c[..block].copy_from_slice(&self.state.c);
        let bias = self.bias.map(|bias| weights.vector(bias));
        let w_ih = self.input_weights(weights);
        self.projection.forward(input, w_ih, bias, &mut self.gates);
        let w_hh = self.hidden_weights_transposed(weights);
        for (step, gates) in self.gates.chunks_exact_mut(block * 4).enumerate() {
            let (h_before, h) = self.h[step * block..][..2 * block].split_at_mut(block);
            let (c_before, c) = self.c[step * block..][..2 * block].split_at_mut(block);
            let tanh_c = &mut self.tanh_c[step * block..][..block];
            let out = &mut ViewMut::new(gates, lanes, 4 * hidden);
            multiply(out, View::new(h_before, lanes, hidden), w_hh, Into::Add);
            let places = self.places;
            vectorised(
                #[inline(always)]
                || {
                    let rows = c.chunks_exact_mut(hidden).zip(c_before.chunks_exact(hidden));
                    let rows = rows.zip(tanh_c.chunks_exact_mut(hidden).zip(h.chunks_exact_mut(hidden)));
                    for (gates, ((c, c_before), (tanh_c, h))) in gates.chunks_exact_mut(4 * hidden).zip(rows)
                    {
                        lstm_forward(split_gates(gates, places), c_before, c, tanh_c, h);
                    }
                },
            );
        }
        self.state.h.copy_from_slice(&self.h[pass.rows() * hidden..]);
        self.state.c.copy_from_slice(&self.c[pass.rows() * hidden..]);
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
        let (hidden, lanes) = (self.hidden_size, pass.lanes);
        let block = lanes * hidden;
        self.dh.clear();
        self.dc.clear();
        resize(&mut self.dh, block);
        resize(&mut self.dc, block);
        let w_hh = self.hidden_weights(weights);
        for (step, gates) in self.gates.chunks_exact_mut(block * 4).enumerate().rev() {
            let c_before = &self.c[step * block..][..block];
            let tanh_c = &self.tanh_c[step * block..][..block];
            let (dh, dc, places) = (&mut self.dh, &mut self.dc, self.places);
            let d_output = &d_output[step * block..][..block];
            vectorised(
                #[inline(always)]
                || {
                    for (dh, &d) in dh.iter_mut().zip(d_output) {
                        *dh += d;
                    }
                    let rows = c_before.chunks_exact(hidden).zip(tanh_c.chunks_exact(hidden));
                    let rows = rows.zip(dh.chunks_exact(hidden).zip(dc.chunks_exact_mut(hidden)));
                    for (gates, ((c_before, tanh_c), (dh, dc))) in
                        gates.chunks_exact_mut(4 * hidden).zip(rows)
                    {
                        lstm_backward(split_gates(gates, places), c_before, tanh_c, dh, dc);
                    }
                },
            );
            // No gradient leaves the first step: that is where backpropagation is truncated.
            if step > 0 {
                let out = &mut ViewMut::new(&mut self.dh, lanes, hidden);
                multiply(out, View::new(gates, lanes, 4 * hidden), w_hh, Into::Replace);
            }
        }
        if let Some(bias) = self.bias {
            add_column_sums(&self.gates, gradients.of(bias));
        }
        let h_before = View::new(&self.h[..pass.rows() * hidden], pass.rows(), hidden);
        let d_gates = View::new(&self.gates, pass.rows(), 4 * hidden);
        let (ih, hh, stride, offset) = match self.ids {
            LstmIds::Split { ih, hh } => (ih, hh, self.input_size, 0),
            LstmIds::Joined(weight) => (weight, weight, self.input_size + hidden, self.input_size),
        };
        let hh_stride = if offset == 0 { hidden } else { stride };
        let dw = &mut ViewMut::strided(&mut gradients.of(hh)[offset..], 4 * hidden, hidden, hh_stride);
        multiply(dw, d_gates.t(), h_before, Into::Add);
        let w_ih = self.input_weights(weights);
        let dw = &mut ViewMut::strided(gradients.of(ih), 4 * hidden, self.input_size, stride);
        self.projection.backward(input, w_ih, &self.gates, dw, d_input);
    }

    fn state(&mut self) -> Option<&mut State<R>> {
        Some(&mut self.state)
    }
}
