//! Dense matrices: the layout of weights and the kernel that fits their shape.
//!
//! Panels of [`Kernel::PANEL`] rows, column by column inside a panel, let a compiler keep one accumulator a
//! row in vector registers with contiguous loads and no reduction at the end. A matrix of few rows and many
//! columns has no rows to put side by side; it is stored by rows and its dot products run along the columns. Wide
//! vectors are multiplied from either layout.

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
    let (lanes, wide) = (builder.lanes(), builder.lanes.is_some());
    let rows = y.len / lanes;
    let title = format!("{}: dense {}, {} weights", path.dotted(), shape(rows, cols), thousands(rows * cols));
    let along = format!("along {lanes} lanes");
    let (field, weight, note, kernel, dims, how) = if rows < FEW_ROWS && cols >= 2 * Kernel::PANEL {
        let how = format!("dot products along the columns, since {rows} rows < {FEW_ROWS}");
        let (kernel, dims, how) = match wide {
            true => (Kernel::KRON_OUTER, vec![1, rows, cols, lanes], along),
            false => (Kernel::DENSE_DOTS, vec![rows, cols], how),
        };
        ("rows", weight, format!("{}, row-major", shape(rows, cols)), kernel, dims, how)
    } else {
        let (kernel, dims, how) = match wide {
            true => (Kernel::DENSE_WIDE, vec![1, 0, rows, cols, lanes], along),
            false => {
                let how = format!("panels of {} rows", Kernel::PANEL.min(rows));
                (Kernel::DENSE_PANELS, vec![rows, cols], how)
            }
        };
        ("panels", panels(&weight, rows, cols), panels_note(rows, cols), kernel, dims, how)
    };
    let tables = vec![builder.floats(&path.field(field), weight, note)];
    builder.product(kernel, (y, init), tables, x, dims, rows * cols * lanes, format!("{title}; {how}"));
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
