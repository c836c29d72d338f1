//! The element-wise part of LSTM and GRU, forward and backward, for one row of gates.
//!
//! Formulas are those of the model file's page; the backward ones follow by the chain rule, with
//! σ' = σ(1 − σ) and tanh' = 1 − tanh². Called inside a dispatch, so that loops become vector code.

use crate::real::Real;

/// The gates of an LSTM in one lane, each of H values.
pub(super) struct LstmRow<'a, R> {
    pub(super) i: &'a mut [R],
    pub(super) f: &'a mut [R],
    pub(super) g: &'a mut [R],
    pub(super) o: &'a mut [R],
}

/// Cuts a row of 4H values into gates; `places` are those of i, f, g and o.
#[inline(always)]
pub(super) fn split_gates<R>(row: &mut [R], places: [usize; 4]) -> LstmRow<'_, R> {
    let h = row.len() / 4;
    let mut blocks = row.chunks_exact_mut(h);
    let mut parts: [Option<&mut [R]>; 4] = std::array::from_fn(|_| blocks.next());
    let [i, f, g, o] = places.map(|place| parts[place].take().expect("the order names each gate once"));
    LstmRow { i, f, g, o }
}

/// Sums become gates; c = f∘c₀ + i∘g, h = o∘tanh c.
#[inline(always)]
pub(super) fn lstm_forward<R: Real>(
    LstmRow { i, f, g, o }: LstmRow<'_, R>,
    c_before: &[R],
    c: &mut [R],
    tanh_c: &mut [R],
    h: &mut [R],
) {
    let n = c.len();
    let (i, f, g, o) = (&mut i[..n], &mut f[..n], &mut g[..n], &mut o[..n]);
    let (c_before, tanh_c, h) = (&c_before[..n], &mut tanh_c[..n], &mut h[..n]);
    for sum in i.iter_mut() {
        *sum = sum.sigmoid();
    }
    for sum in f.iter_mut() {
        *sum = sum.sigmoid();
    }
    for k in 0..n {
        g[k] = g[k].tanh();
        c[k] = f[k] * c_before[k] + i[k] * g[k];
    }
    for k in 0..n {
        o[k] = o[k].sigmoid();
        tanh_c[k] = c[k].tanh();
        h[k] = o[k] * tanh_c[k];
    }
}

/// Gates become the gradients by their sums. `dh` is the gradient by h, `dc` that by c from the step
/// after, and then that by c of the step before.
#[inline(always)]
pub(super) fn lstm_backward<R: Real>(
    LstmRow { i, f, g, o }: LstmRow<'_, R>,
    c_before: &[R],
    tanh_c: &[R],
    dh: &[R],
    dc: &mut [R],
) {
    let n = dc.len();
    let (i, f, g, o) = (&mut i[..n], &mut f[..n], &mut g[..n], &mut o[..n]);
    let (c_before, tanh_c, dh) = (&c_before[..n], &tanh_c[..n], &dh[..n]);
    for k in 0..n {
        let (i_k, f_k, g_k, o_k) = (i[k], f[k], g[k], o[k]);
        let d_cell = dc[k] + dh[k] * o_k * (R::ONE - tanh_c[k] * tanh_c[k]);
        o[k] = dh[k] * tanh_c[k] * o_k * (R::ONE - o_k);
        i[k] = d_cell * g_k * i_k * (R::ONE - i_k);
        f[k] = d_cell * c_before[k] * f_k * (R::ONE - f_k);
        g[k] = d_cell * i_k * (R::ONE - g_k * g_k);
        dc[k] = d_cell * f_k;
    }
}

/// `sums` holds W_ih x + b_ih (3H) and becomes r, z, n; `hidden` is W_hh h₀ + b_hh (3H);
/// h = (1 − z)∘n + z∘h₀.
#[inline(always)]
pub(super) fn gru_forward<R: Real>(sums: &mut [R], hidden: &[R], h_before: &[R], h: &mut [R]) {
    let size = h.len();
    let (r, rest) = sums.split_at_mut(size);
    let (z, n) = rest.split_at_mut(size);
    let (n, h_before) = (&mut n[..size], &h_before[..size]);
    let (hidden_r, hidden_z, hidden_n) =
        (&hidden[..size], &hidden[size..2 * size], &hidden[2 * size..3 * size]);
    for k in 0..size {
        r[k] = (r[k] + hidden_r[k]).sigmoid();
        z[k] = (z[k] + hidden_z[k]).sigmoid();
    }
    for k in 0..size {
        n[k] = (n[k] + r[k] * hidden_n[k]).tanh();
        h[k] = n[k] + z[k] * (h_before[k] - n[k]);
    }
}

/// Gates r, z, n become the gradients by W_ih x + b_ih; `hidden_n`, that is W_hn h₀ + b_hn, becomes the
/// gradient by itself (those of the r and z parts are as by the input side). `dh` becomes the part of the
/// gradient by h₀ that does not pass through W_hh.
#[inline(always)]
pub(super) fn gru_backward<R: Real>(gates: &mut [R], hidden_n: &mut [R], h_before: &[R], dh: &mut [R]) {
    let size = dh.len();
    let (r, rest) = gates.split_at_mut(size);
    let (z, n) = rest.split_at_mut(size);
    let (n, hidden_n, h_before) = (&mut n[..size], &mut hidden_n[..size], &h_before[..size]);
    for k in 0..size {
        let (r_k, z_k, n_k) = (r[k], z[k], n[k]);
        let d_n = dh[k] * (R::ONE - z_k) * (R::ONE - n_k * n_k);
        z[k] = dh[k] * (h_before[k] - n_k) * z_k * (R::ONE - z_k);
        r[k] = d_n * hidden_n[k] * r_k * (R::ONE - r_k);
        n[k] = d_n;
        hidden_n[k] = d_n * r_k;
        dh[k] *= z_k;
    }
}
