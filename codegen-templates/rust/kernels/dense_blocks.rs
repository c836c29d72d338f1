// Several dense matrices, each times its own piece of a vector: a block diagonal, or the first stage of a Monarch
// matrix. Takes the blocks' panels one after another; gives every row's sum.

/// y[b * rows + i] = init + sum over j of W_b[i,j] * x[b * cols + j]. `w` holds the blocks one after another, each as
/// [`dense_tall`] takes it.
#[inline(always)]
pub(super) fn dense_blocks(
    y: &mut [f32],
    init: Init<'_>,
    w: &[f32],
    x: &[f32],
    blocks: usize,
    rows: usize,
    cols: usize,
) {
    assert!(y.len() == blocks * rows && init.fits(blocks * rows));
    assert!(w.len() == blocks * rows * cols && x.len() == blocks * cols);
    for b in 0..blocks {
        let init = init.part(b * rows, rows);
        let w = &w[b * rows * cols..(b + 1) * rows * cols];
        dense_tall(&mut y[b * rows..(b + 1) * rows], init, w, &x[b * cols..(b + 1) * cols], rows, cols);
    }
}
