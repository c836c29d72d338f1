// The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
// state; gives the new cell state and the new hidden state.

/// c = sigmoid(gates[f..]) * c + sigmoid(gates[i..]) * tanh(gates[g..]), then h = sigmoid(gates[o..]) * tanh(c), for
/// `hidden` units; i, f, g, o say where each gate's sums start.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn lstm_cell(
    h: &mut [f32],
    c: &mut [f32],
    gates: &[f32],
    hidden: usize,
    i: usize,
    f: usize,
    g: usize,
    o: usize,
) {
    assert!(h.len() == hidden && c.len() == hidden);
    let (input, forget) = (&gates[i..i + hidden], &gates[f..f + hidden]);
    let (candidate, output) = (&gates[g..g + hidden], &gates[o..o + hidden]);
    for k in 0..hidden {
        let cell = sigmoid(forget[k]) * c[k] + sigmoid(input[k]) * tanh(candidate[k]);
        c[k] = cell;
        h[k] = sigmoid(output[k]) * tanh(cell);
    }
}
