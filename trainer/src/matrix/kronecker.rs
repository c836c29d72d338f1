//! Kronecker products of two or more factors: W = F1 ⊗ (F2 ⊗ ...).
//!
//! Takes the factors from left to right: with R the product of all but the first, m2 × n2,
//! W[i1·m2 + i2, j1·n2 + j2] = F1[i1, j1] · R[i2, j2], so that
//! ∂/∂F1[i1, j1] = Σ dW·R and ∂/∂R[i2, j2] = Σ dW·F1 over the other two indices.

use super::{add_scaled, dot};
use crate::parameter::{ParameterId, Parameters};
use crate::product::{View, ViewMut};
use crate::real::Real;
use crate::vector::vectorised;

/// out += F1 ⊗ F2 ⊗ ...
pub(super) fn add_to<R: Real>(factors: &[ParameterId], parameters: &Parameters<R>, out: &mut ViewMut<'_, R>) {
    let (first, rest) = factors.split_first().expect("a Kronecker product has factors");
    let (inner, inner_rows, inner_cols) = product(rest, parameters);
    let first = View::new_of(&parameters[*first]);
    for i in 0..first.shape().0 {
        for (inner_row, inner) in inner.chunks_exact(inner_cols).enumerate() {
            let row = out.row(i * inner_rows + inner_row);
            vectorised(
                #[inline(always)]
                || {
                    for (block, &weight) in row.chunks_exact_mut(inner_cols).zip(first.row(i)) {
                        add_scaled(block, weight, inner);
                    }
                },
            );
        }
    }
}

/// Adds to the gradients of all factors.
pub(super) fn backward<R: Real>(factors: &[ParameterId], parameters: &mut Parameters<R>, dw: View<'_, R>) {
    let (first, rest) = factors.split_first().expect("a Kronecker product has factors");
    let (inner, inner_rows, inner_cols) = product(rest, parameters);
    let mut d_inner = vec![R::ZERO; inner.len()];
    let cols = parameters[*first].shape[1];
    let parameter = &mut parameters[*first];
    let rows = parameter.values.chunks_exact(cols).zip(parameter.gradient.chunks_exact_mut(cols));
    for (i, (weights, d_weights)) in rows.enumerate() {
        let inner_lines = inner.chunks_exact(inner_cols).zip(d_inner.chunks_exact_mut(inner_cols));
        for (inner_row, (inner, d_inner)) in inner_lines.enumerate() {
            let row = dw.row(i * inner_rows + inner_row);
            vectorised(
                #[inline(always)]
                || {
                    let weights = weights.iter().zip(d_weights.iter_mut());
                    for (block, (&weight, d_weight)) in row.chunks_exact(inner_cols).zip(weights) {
                        *d_weight += dot(block, inner);
                        add_scaled(d_inner, weight, block);
                    }
                },
            );
        }
    }
    if let [last] = rest {
        super::add(&mut parameters[*last].gradient, &d_inner);
    } else {
        backward(rest, parameters, View::new(&d_inner, inner_rows, inner_cols));
    }
}

/// The product of one factor or more, with its extents.
fn product<R: Real>(factors: &[ParameterId], parameters: &Parameters<R>) -> (Vec<R>, usize, usize) {
    let extent = |side: usize| factors.iter().map(|&factor| parameters[factor].shape[side]).product();
    let (rows, cols) = (extent(0), extent(1));
    if let [factor] = factors {
        return (parameters[*factor].values.clone(), rows, cols);
    }
    let mut values = vec![R::ZERO; rows * cols];
    add_to(factors, parameters, &mut ViewMut::new(&mut values, rows, cols));
    (values, rows, cols)
}
