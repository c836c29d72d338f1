// The cell of a gated recurrent unit, in PyTorch's form: the reset gate acts on the product with the hidden state, after
// its bias. Takes the three gates' sums from the input and from the hidden state; gives the new hidden state.

/// With r, z, n the thirds of both sums: r = sigmoid(r_x + r_h), z = sigmoid(z_x + z_h), n = tanh(n_x + r * n_h), then
/// h = (1 - z) * n + z * h, for `hidden` units.
#[inline(always)]
pub(super) fn gru_cell(h: &mut [f32], from_input: &[f32], from_hidden: &[f32], hidden: usize) {
    assert!(h.len() == hidden && from_input.len() == 3 * hidden && from_hidden.len() == 3 * hidden);
    let (reset_x, rest) = from_input.split_at(hidden);
    let (update_x, candidate_x) = rest.split_at(hidden);
    let (reset_h, rest) = from_hidden.split_at(hidden);
    let (update_h, candidate_h) = rest.split_at(hidden);
    for k in 0..hidden {
        let reset = sigmoid(reset_x[k] + reset_h[k]);
        let update = sigmoid(update_x[k] + update_h[k]);
        let candidate = tanh(candidate_x[k] + reset * candidate_h[k]);
        h[k] = (1.0 - update) * candidate + update * h[k];
    }
}
