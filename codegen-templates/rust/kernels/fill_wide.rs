// A wide vector set to what sums start from: the same for every lane. Takes a bias; gives it repeated along the lanes.

/// `y[i * lanes + k] = bias[i]`.
#[inline(always)]
pub(super) fn fill_wide(y: &mut [f32], bias: &[f32], n: usize, lanes: usize) {
    assert!(y.len() == n * lanes && bias.len() == n);
    for (row, bias) in y.chunks_exact_mut(lanes).zip(bias) {
        row.fill(*bias);
    }
}
