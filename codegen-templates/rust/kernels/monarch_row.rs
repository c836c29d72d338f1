// One row of a Monarch matrix, added to a dense vector: an embedding's row. Takes both stages as the model file has them;
// gives the row's k * p elements.

/// `y[k0 * p + p0] += second[l0][s0][r0] * first[k0][q0][p0]` for every r0 < r and p0 < p, where row = s0 * l + l0 and
/// r0 * l + l0 = k0 * q + q0. `first` is `[k][q][p]`, `second` `[l][s][r]`, and l * r = k * q.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn monarch_row(
    y: &mut [f32],
    first: &[f32],
    second: &[f32],
    row: usize,
    k: usize,
    q: usize,
    p: usize,
    l: usize,
    s: usize,
    r: usize,
) {
    assert!(y.len() == k * p && first.len() == k * q * p && second.len() == l * s * r);
    assert!(l * r == k * q && row < l * s);
    let start = (row % l * s + row / l) * r;
    for (r0, weight) in second[start..start + r].iter().enumerate() {
        let f = r0 * l + row % l;
        let from = &first[f * p..(f + 1) * p];
        for (y, element) in y[f / q * p..][..p].iter_mut().zip(from) {
            *y += weight * element;
        }
    }
}
