//! Dense matrices: the layout of weights and the kernel that fits their shape.
//!
//! Panels, column by column inside each, let a compiler keep one accumulator a row in vector registers with contiguous loads
//! and no reduction at the end: tall ones of [`Kernel::TALL`] rows, as many as there are, then panels of [`Kernel::PANEL`]
//! rows, then what is left. A matrix of few rows and many columns has no rows to put side by side, nor have the few rows that
//! fill no panel; those are stored by rows, and their dot products run along the columns. Wide vectors are multiplied
//! from either layout.

use super::builder::Builder;
use super::path::{Path, shape};
use crate::numbers::thousands;
use crate::program::{Init, Kernel, Source, View};

/// Below this many rows, and with at least twice [`Kernel::PANEL`] columns, dot products win.
const FEW_ROWS: usize = 8;

/// The same for rows behind whole panels, whose panel would take as long as a quarter of a tall one.
const FEW_LEFT: usize = 4;

/// Adds y = init + W x, with W row-major, y.len × cols.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    mut weight: Vec<f32>,
    x: Source,
    cols: usize,
    y: View,
    init: Init,
) {
    let lanes = builder.lanes();
    let rows = y.len / lanes;
    let title = format!("{}: dense {}, {} weights", path.dotted(), shape(rows, cols), thousands(rows * cols));
    let left = rows % Kernel::PANEL;
    if rows > Kernel::PANEL && (1..=FEW_LEFT).contains(&left) && cols >= 2 * Kernel::PANEL {
        let whole = rows - left;
        let last = weight.split_off(whole * cols);
        let (above, below) = (y.part(0, whole * lanes), y.part(whole * lanes, left * lanes));
        product(builder, path, weight, x, (cols, above, init), &format!("{title}; {whole} rows"));
        product(
            builder,
            path,
            last,
            x,
            (cols, below, init.part(whole * lanes)),
            &format!("{title}; the last {left}"),
        );
    } else {
        product(builder, path, weight, x, (cols, y, init), &title);
    }
}

/// Adds such a product by one kernel.
fn product(
    builder: &mut Builder,
    path: &Path,
    weight: Vec<f32>,
    x: Source,
    (cols, y, init): (usize, View, Init),
    title: &str,
) {
    let (lanes, wide) = (builder.lanes(), builder.lanes.is_some());
    let rows = y.len / lanes;
    let along = format!("along {lanes} lanes");
    let (field, weight, note, kernel, dims, how) = if rows < FEW_ROWS && cols >= 2 * Kernel::PANEL {
        let how = format!("dot products along the columns, since rows < {FEW_ROWS}");
        let (kernel, dims, how) = match wide {
            true => (Kernel::KRON_OUTER, vec![1, rows, cols, lanes], along),
            false => (Kernel::DENSE_DOTS, vec![rows, cols], how),
        };
        ("rows", weight, format!("{}, row-major", shape(rows, cols)), kernel, dims, how)
    } else {
        let (kernel, dims, how) = match wide {
            true => (Kernel::DENSE_WIDE, vec![1, 0, rows, cols, lanes], along),
            false => {
                let kernel = if rows < Kernel::TALL { Kernel::DENSE_PANELS } else { Kernel::DENSE_TALL };
                (kernel, vec![rows, cols], format!("panels of {} rows", tallest(rows)))
            }
        };
        ("panels", panels(&weight, rows, cols), panels_note(rows, cols), kernel, dims, how)
    };
    let tables = vec![builder.floats(&path.field(field), weight, note)];
    builder.product(kernel, (y, init), tables, x, dims, rows * cols * lanes, format!("{title}; {how}"));
}

/// What the comment over a table in panels says.
pub(super) fn panels_note(rows: usize, cols: usize) -> String {
    format!("{} in panels of {} rows, column by column", shape(rows, cols), tallest(rows))
}

/// Rows of the first panel.
pub(super) fn tallest(rows: usize) -> usize {
    if rows < Kernel::TALL { Kernel::PANEL.min(rows) } else { Kernel::TALL }
}

/// A row-major rows × cols matrix in panels: each `[cols][its rows]`, the last as narrow as the rows left.
pub(super) fn panels(weight: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(weight.len());
    let mut first = 0;
    while first < rows {
        let width = tallest(rows - first);
        for col in 0..cols {
            out.extend((first..first + width).map(|row| weight[row * cols + col]));
        }
        first += width;
    }
    out
}

/// The transpose of a row-major rows × cols matrix.
pub(super) fn transpose(weight: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..cols).flat_map(|col| (0..rows).map(move |row| weight[row * cols + col])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_hold_every_weight_once() {
        let (rows, cols) = (Kernel::TALL + Kernel::PANEL + 3, 2);
        let weight: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        let out = panels(&weight, rows, cols);
        // W[1][1] is lane 1 of column 1 of the tall panel, W[TALL + 1][1] of the next; W[TALL + PANEL + 2][1] is lane 2 of
        // the last.
        assert_eq!(out[Kernel::TALL + 1], 3.0);
        assert_eq!(out[2 * Kernel::TALL + Kernel::PANEL + 1], ((Kernel::TALL + 1) * 2 + 1) as f32);
        assert_eq!(out[2 * (Kernel::TALL + Kernel::PANEL) + 3 + 2], ((rows - 1) * 2 + 1) as f32);
        let mut sorted = out;
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, weight);
    }
}
