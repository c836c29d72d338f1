// A circulant matrix times a wide vector. Takes the first column twice over, as `circulant` does; gives every row's sums,
// one a lane.

/// `y[i * lanes + k]` = init + sum over j of `c[n + i - j] * x[j * lanes + k]`, where `c[m]` is `first_column[m % n]` for
/// m < 2n.
#[inline(always)]
pub(super) fn circulant_wide(y: &mut [f32], init: Init<'_>, c: &[f32], x: &[f32], n: usize, lanes: usize) {
    assert!(y.len() == n * lanes && init.fits(n * lanes) && c.len() == 2 * n && x.len() == n * lanes);
    let wide = Wide { weights: c, first: n, across: 1, along: -1, x, stride: lanes, depth: n };
    wide_rows((y, 0, lanes), init, wide, 0, n, lanes);
}
