// Dense matrices times a wide vector. Takes each matrix in panels, as `panels` has them, so that one table serves a single
// vector and many; gives every row's sums, one a lane.

/// `y[(b * rows + i) * lanes + k]` = init + sum over j of `W_b[i,j] * x[(b * cols + j) * lanes + k]`, for b < count. The
/// panels of W_b start at `w[b * apart]`: `apart` is 0 where all are one matrix, rows * cols where they follow each other.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn dense_wide(
    y: &mut [f32],
    init: Init<'_>,
    w: &[f32],
    x: &[f32],
    count: usize,
    apart: usize,
    rows: usize,
    cols: usize,
    lanes: usize,
) {
    assert!(y.len() == count * rows * lanes && init.fits(count * rows * lanes));
    assert!(w.len() == (count - 1) * apart + rows * cols && x.len() == count * cols * lanes);
    for b in 0..count {
        let panels = &w[b * apart..][..rows * cols];
        for first in (0..rows).step_by(PANEL) {
            let height = if rows - first < PANEL { rows - first } else { PANEL };
            let wide = Wide {
                weights: panels,
                first: panel_at(first, rows, cols),
                across: 1,
                along: panel_rows(first, rows) as isize,
                x,
                stride: lanes,
                depth: cols,
            };
            let to = (b * rows + first) * lanes;
            wide_rows((y, to, lanes), init, wide, b * cols * lanes, height, lanes);
        }
    }
}
