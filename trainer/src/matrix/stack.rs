//! Blocks under each other, beside each other, and on the diagonal, each a matrix with its own parts.

use super::{Form, Matrix};
use crate::parameter::Parameters;
use crate::product::{View, ViewMut};
use crate::real::Real;

/// The blocks, each with the row and the column of W that it starts at.
fn placed(blocks: &[Matrix], down: bool, right: bool) -> impl Iterator<Item = (&Matrix, usize, usize)> {
    blocks.iter().scan((0, 0), move |(row, col), block| {
        let at = (block, *row, *col);
        *row += if down { block.rows } else { 0 };
        *col += if right { block.cols } else { 0 };
        Some(at)
    })
}

fn add<'m, R: Real>(
    placed: impl Iterator<Item = (&'m Matrix, usize, usize)>,
    parameters: &Parameters<R>,
    form: Form,
    out: &mut ViewMut<'_, R>,
) {
    for (block, row, col) in placed {
        block.add_to(parameters, form, &mut out.block(row, col, block.rows, block.cols));
    }
}

fn backward<'m, R: Real>(
    placed: impl Iterator<Item = (&'m Matrix, usize, usize)>,
    parameters: &mut Parameters<R>,
    form: Form,
    dw: View<'_, R>,
) {
    for (block, row, col) in placed {
        block.backward(parameters, form, dw.block(row, col, block.rows, block.cols));
    }
}

/// A vertical stack.
pub(super) fn add_below<R: Real>(
    blocks: &[Matrix],
    parameters: &Parameters<R>,
    form: Form,
    out: &mut ViewMut<'_, R>,
) {
    add(placed(blocks, true, false), parameters, form, out);
}

/// A horizontal stack.
pub(super) fn add_beside<R: Real>(
    blocks: &[Matrix],
    parameters: &Parameters<R>,
    form: Form,
    out: &mut ViewMut<'_, R>,
) {
    add(placed(blocks, false, true), parameters, form, out);
}

/// Blocks on the diagonal.
pub(super) fn add_diagonal<R: Real>(
    blocks: &[Matrix],
    parameters: &Parameters<R>,
    form: Form,
    out: &mut ViewMut<'_, R>,
) {
    add(placed(blocks, true, true), parameters, form, out);
}

/// Gradients of a vertical stack.
pub(super) fn backward_below<R: Real>(
    blocks: &[Matrix],
    parameters: &mut Parameters<R>,
    form: Form,
    dw: View<'_, R>,
) {
    backward(placed(blocks, true, false), parameters, form, dw);
}

/// Gradients of a horizontal stack.
pub(super) fn backward_beside<R: Real>(
    blocks: &[Matrix],
    parameters: &mut Parameters<R>,
    form: Form,
    dw: View<'_, R>,
) {
    backward(placed(blocks, false, true), parameters, form, dw);
}

/// Gradients of blocks on the diagonal.
pub(super) fn backward_diagonal<R: Real>(
    blocks: &[Matrix],
    parameters: &mut Parameters<R>,
    form: Form,
    dw: View<'_, R>,
) {
    backward(placed(blocks, true, true), parameters, form, dw);
}
