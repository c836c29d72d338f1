// One dense matrix times many vectors: the last factor of a Kronecker product. Takes the matrix in panels as
// `dense_panels` does; gives every row's sum for every vector. Four vectors share each load of the matrix.

/// y[b * rows + i] = init + sum over j of W[i,j] * x[b * cols + j], for b < count. `w` is laid out as for
/// `dense_panels`.
#[inline(always)]
pub(super) fn dense_batch(
    y: &mut [f32],
    init: Init<'_>,
    w: &[f32],
    x: &[f32],
    count: usize,
    rows: usize,
    cols: usize,
) {
    assert!(y.len() == count * rows && init.fits(count * rows));
    assert!(w.len() == rows * cols && x.len() == count * cols);
    let together = count - count % 4;
    for at in (0..rows).step_by(PANEL) {
        let lanes = if rows - at < PANEL { rows - at } else { PANEL };
        let panel = &w[at * cols..(at + lanes) * cols];
        for b in (0..together).step_by(4) {
            tiles((y, b * rows + at, rows), init, (panel, lanes), &x[b * cols..(b + 4) * cols], lanes);
        }
        for b in together..count {
            strips((y, b * rows + at), init, (panel, lanes, 0), &x[b * cols..(b + 1) * cols], lanes);
        }
    }
}
