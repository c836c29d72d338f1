//! Circulant matrices: `W[i, j] = c[(i − j) mod n]`.

use crate::product::{View, ViewMut};
use crate::real::Real;

/// out += the matrix of this first column.
pub(super) fn add_to<R: Real>(column: &[R], out: &mut ViewMut<'_, R>) {
    let n = column.len();
    for i in 0..n {
        for (j, weight) in out.row(i).iter_mut().enumerate() {
            *weight += column[(i + n - j) % n];
        }
    }
}

/// d_column += the gradient by the first column.
pub(super) fn backward<R: Real>(d_column: &mut [R], dw: View<'_, R>) {
    let n = d_column.len();
    for i in 0..n {
        for (j, &d_weight) in dw.row(i).iter().enumerate() {
            d_column[(i + n - j) % n] += d_weight;
        }
    }
}
