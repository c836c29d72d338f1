//! Low rank: W = left · right, so that ∂left = dW · rightᵀ and ∂right = leftᵀ · dW.

use crate::parameter::{ParameterId, Parameters};
use crate::product::{Into, View, ViewMut, multiply};
use crate::real::Real;

/// out += left · right
pub(super) fn add_to<R: Real>(left: View<'_, R>, right: View<'_, R>, out: &mut ViewMut<'_, R>) {
    multiply(out, left, right, Into::Add);
}

/// Adds to the gradients of both factors.
pub(super) fn backward<R: Real>(
    left: ParameterId,
    right: ParameterId,
    parameters: &mut Parameters<R>,
    dw: View<'_, R>,
) {
    let (rows, cols) = dw.shape();
    let rank = parameters[left].shape[1];
    let mut d_left = std::mem::take(&mut parameters[left].gradient);
    let out = &mut ViewMut::new(&mut d_left, rows, rank);
    multiply(out, dw, View::new_of(&parameters[right]).t(), Into::Add);
    parameters[left].gradient = d_left;
    let mut d_right = std::mem::take(&mut parameters[right].gradient);
    let out = &mut ViewMut::new(&mut d_right, rank, cols);
    multiply(out, View::new_of(&parameters[left]).t(), dw, Into::Add);
    parameters[right].gradient = d_right;
}
