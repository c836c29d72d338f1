//! Structures made of others: each block works on its own part of x or y, and nothing is copied.

use super::builder::Builder;
use super::matrix::{multiply, multiply_structure};
use super::path::Path;
use crate::model::{Matrix, Structure};
use crate::program::{Init, View};

/// y = init + Σ terms · x
pub(super) fn sum(builder: &mut Builder, path: &Path, terms: Vec<Structure>, x: View, y: View, init: Init) {
    let mut init = init;
    for (i, term) in terms.into_iter().enumerate() {
        multiply_structure(builder, &path.element("terms", i), term, x, y, init);
        init = Init::Accumulate;
    }
}

/// Blocks under each other: each writes its own rows.
pub(super) fn vstack(builder: &mut Builder, path: &Path, blocks: Vec<Matrix>, x: View, y: View, init: Init) {
    let mut row = 0;
    for (i, block) in blocks.into_iter().enumerate() {
        let rows = block.rows * builder.lanes();
        multiply(builder, &path.element("blocks", i), block, x, y.part(row, rows), init.part(row));
        row += rows;
    }
}

/// Blocks beside each other: each reads its own part of x and adds to the same rows.
pub(super) fn hstack(builder: &mut Builder, path: &Path, blocks: Vec<Matrix>, x: View, y: View, init: Init) {
    let mut init = init;
    let mut col = 0;
    for (i, block) in blocks.into_iter().enumerate() {
        let cols = block.cols * builder.lanes();
        multiply(builder, &path.element("blocks", i), block, x.part(col, cols), y, init);
        init = Init::Accumulate;
        col += cols;
    }
}

/// Blocks on the diagonal: each reads its own part of x and writes its own rows.
pub(super) fn diagonal(
    builder: &mut Builder,
    path: &Path,
    blocks: Vec<Matrix>,
    x: View,
    y: View,
    init: Init,
) {
    let (mut row, mut col) = (0, 0);
    for (i, block) in blocks.into_iter().enumerate() {
        let (rows, cols) = (block.rows * builder.lanes(), block.cols * builder.lanes());
        let part = y.part(row, rows);
        multiply(builder, &path.element("blocks", i), block, x.part(col, cols), part, init.part(row));
        row += rows;
        col += cols;
    }
}
