// One dense matrix times many vectors: the last factor of a Kronecker product. Takes the matrix in panels, as
// `panels` has them; gives every row's sum for every vector. The vectors that fill a tile share each load
// of the matrix.

/// y[b * rows + i] = init + sum over j of W[i,j] * x[b * cols + j], for b < count. `w` holds the panels one
/// after another.
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
    let whole = rows - rows % PANEL;
    let mut at = 0;
    while at < whole {
        let (panel, stride) = (&w[panel_at(at, rows, cols)..], panel_rows(at, rows));
        if STRIP == PANEL {
            // On AVX-512 a panel is one strip or two.
            let wide = Wide { weights: x, first: 0, across: cols, along: 1, x: panel, stride, depth: cols };
            at += whole_strips((y, at, rows), init, wide, 0, count, stride);
        } else {
            dense_batch_panel((y, at, rows), init, (panel, stride), x, (count, cols), PANEL);
            at += PANEL;
        }
    }
    if are_few(rows - whole, cols) {
        few((y, whole, rows), init, (&w[whole * cols..], rows - whole), x, (count, rows - whole, cols));
        return;
    }
    // Code of its own, so that the whole panels know how many lanes they have.
    if whole < rows {
        dense_batch_panel((y, whole, rows), init, (&w[whole * cols..], rows - whole), x, (count, cols), rows - whole);
    }
}

/// So many lanes of a panel, whose rows are those from `at` on.
#[inline(always)]
fn dense_batch_panel(
    (y, at, rows): (&mut [f32], usize, usize),
    init: Init<'_>,
    (panel, stride): (&[f32], usize),
    x: &[f32],
    (count, cols): (usize, usize),
    lanes: usize,
) {
    let together = count - count % 4;
    for b in (0..together).step_by(4) {
        tiles((y, b * rows + at, rows), init, (panel, stride), &x[b * cols..(b + 4) * cols], lanes);
    }
    for b in together..count {
        strips((y, b * rows + at), init, (panel, stride, 0), &x[b * cols..(b + 1) * cols], lanes);
    }
}
