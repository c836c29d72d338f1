// A circulant matrix times a vector. Takes the first column twice over, so that no index wraps; gives every row's sum.
// Lanes run down the rows.

/// y[i] = init + sum over j of c[n + i - j] * x[j], where `c[k]` is `first_column[k % n]` for k < 2n.
#[inline(always)]
pub(super) fn circulant(y: &mut [f32], init: Init<'_>, c: &[f32], x: &[f32], n: usize) {
    assert!(y.len() == n && init.fits(n) && c.len() == 2 * n && x.len() == n);
    let mut i = 0;
    while n - i >= 32 {
        circulant_strip::<32>((y, i), init, c, x);
        i += 32;
    }
    while n - i >= 8 {
        circulant_strip::<8>((y, i), init, c, x);
        i += 8;
    }
    while i < n {
        circulant_strip::<1>((y, i), init, c, x);
        i += 1;
    }
}

/// L neighbouring outputs from `y[at]` on: c is read in windows, one element further back for each input.
#[inline(always)]
fn circulant_strip<const L: usize>((y, at): (&mut [f32], usize), init: Init<'_>, c: &[f32], x: &[f32]) {
    let mut sums = init.load::<L>(y, at);
    for (window, input) in c[at + 1..at + x.len() + L].windows(L).zip(x.iter().rev()) {
        add_scaled(&mut sums, window, *input);
    }
    y[at..at + L].copy_from_slice(&sums);
}
