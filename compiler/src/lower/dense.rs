//! Dense matrices: the layout of weights and the kernel that fits their shape.
//!
//! Panels of [`Kernel::PANEL`] rows, column by column inside a panel, let a compiler keep one accumulator a
//! row in vector registers with contiguous loads and no reduction at the end. A matrix of few rows and many
//! columns has no rows to put side by side; it is stored by rows and its dot products run along the columns.

use super::builder::Builder;
use super::path::{Path, shape};
use crate::numbers::thousands;
use crate::program::{Init, Kernel, Source, View};

/// Below this many rows, and with at least twice [`Kernel::PANEL`] columns, dot products win.
const FEW_ROWS: usize = 8;

/// Adds y = init + W x, with W row-major, y.len × cols.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    weight: Vec<f32>,
    x: Source,
    cols: usize,
    y: View,
    init: Init,
) {
    let rows = y.len;
    let title = format!("{}: dense {}, {} weights", path.dotted(), shape(rows, cols), thousands(rows * cols));
    let dims = vec![rows, cols];
    if rows < FEW_ROWS && cols >= 2 * Kernel::PANEL {
        let table = builder.floats(&path.field("rows"), weight, format!("{}, row-major", shape(rows, cols)));
        let why = format!("{title}; dot products along the columns, since {rows} rows < {FEW_ROWS}");
        builder.product(Kernel::DENSE_DOTS, (y, init), vec![table], x, dims, rows * cols, why);
    } else {
        let note = panels_note(rows, cols);
        let table = builder.floats(&path.field("panels"), panels(&weight, rows, cols), note);
        let why = format!("{title}; panels of {} rows", Kernel::PANEL.min(rows));
        builder.product(Kernel::DENSE_PANELS, (y, init), vec![table], x, dims, rows * cols, why);
    }
}

/// What the comment over a table in panels says.
pub(super) fn panels_note(rows: usize, cols: usize) -> String {
    format!("{} in panels of {} rows, column by column", shape(rows, cols), Kernel::PANEL.min(rows))
}

/// A row-major rows × cols matrix in panels: each `[cols][PANEL]`, the last as narrow as the rows left.
pub(super) fn panels(weight: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(weight.len());
    for first in (0..rows).step_by(Kernel::PANEL) {
        let width = Kernel::PANEL.min(rows - first);
        for col in 0..cols {
            out.extend((first..first + width).map(|row| weight[row * cols + col]));
        }
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
        let (rows, cols) = (Kernel::PANEL + 3, 2);
        let weight: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        let out = panels(&weight, rows, cols);
        // W[1][1] is lane 1 of column 1 of the first panel; W[PANEL + 2][1] lane 2 of the short one.
        assert_eq!(out[Kernel::PANEL + 1], 3.0);
        assert_eq!(out[2 * Kernel::PANEL + 3 + 2], ((Kernel::PANEL + 2) * 2 + 1) as f32);
        let mut sorted = out;
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, weight);
    }
}
