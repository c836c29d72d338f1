// The second stage of a Monarch matrix on a wide vector: small matrices that mix equal places of blocks. Takes the weights
// as `monarch_mix` does, [s][r][l]; gives [s][l][lanes].

/// `y[(s0 * l + i) * lanes + k]` = init + sum over r0 of `w[(s0 * r + r0) * l + i] * x[(r0 * l + i) * lanes + k]`.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn monarch_mix_wide(
    y: &mut [f32],
    init: Init<'_>,
    w: &[f32],
    x: &[f32],
    s: usize,
    r: usize,
    l: usize,
    lanes: usize,
) {
    let row = l * lanes;
    assert!(y.len() == s * row && init.fits(s * row) && w.len() == s * r * l && x.len() == r * row);
    for i in 0..l {
        let wide =
            Wide { weights: w, first: i, across: r * l, along: l as isize, x, stride: row, depth: r };
        wide_rows((y, i * lanes, row), init, wide, i * lanes, s, lanes);
    }
}
