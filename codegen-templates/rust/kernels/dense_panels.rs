// A dense matrix times a vector. Takes the matrix in panels of PANEL rows, each stored column by column, so that lanes
// run down the rows and no reduction is left at the end; gives every row's sum.

/// y[i] = init + sum over j of W[i,j] * x[j]. `w` holds the panels one after another, each `[cols][PANEL]`, the last
/// `[cols][rows % PANEL]` when short.
#[inline(always)]
pub(super) fn dense_panels(y: &mut [f32], init: Init<'_>, w: &[f32], x: &[f32], rows: usize, cols: usize) {
    assert!(y.len() == rows && init.fits(rows) && w.len() == rows * cols && x.len() == cols);
    let whole = rows - rows % PANEL;
    for at in (0..whole).step_by(PANEL) {
        strips((y, at), init, (&w[at * cols..(at + PANEL) * cols], PANEL, 0), x, PANEL);
    }
    // Code of its own, so that the whole panels know how many lanes they have.
    if whole < rows {
        strips((y, whole), init, (&w[whole * cols..], rows - whole, 0), x, rows - whole);
    }
}
