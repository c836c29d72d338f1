//! Monarch matrices (arXiv 2204.00595), in the index order of the model file.
//!
//! With first `[k, q, p]` and second `[l, s, r]`: row (s, l) of W, that is s·L + l, meets column (k, p)
//! through every r with r·L + l = k·Q + q:
//! `W[s·L + l, k·P + p] = Σr second[l, s, r] · first[k, q, p]`.

use super::{add_scaled, dot};
use crate::parameter::{Parameter, ParameterId, Parameters};
use crate::product::{View, ViewMut};
use crate::real::Real;

/// The meetings (l, s, r) of rows of W with blocks of columns.
struct Meeting {
    /// Row of W.
    row: usize,
    /// Place of second\[l, s, r\].
    second: usize,
    /// First column of W in the block.
    col: usize,
    /// Place of first\[k, q, 0\].
    first: usize,
}

fn meetings<R>(first: &Parameter<R>, second: &Parameter<R>) -> impl Iterator<Item = Meeting> + use<R> {
    let (outputs, inputs) = (first.shape[1], first.shape[2]);
    let (l_count, s_count, r_count) = (second.shape[0], second.shape[1], second.shape[2]);
    (0..l_count * s_count * r_count).map(move |place| {
        let (l, s, r) = (place / (s_count * r_count), place / r_count % s_count, place % r_count);
        let middle = r * l_count + l;
        Meeting {
            row: s * l_count + l,
            second: place,
            col: middle / outputs * inputs,
            first: middle * inputs,
        }
    })
}

/// out += the matrix.
pub(super) fn add_to<R: Real>(first: &Parameter<R>, second: &Parameter<R>, out: &mut ViewMut<'_, R>) {
    let inputs = first.shape[2];
    for at in meetings(first, second) {
        let block = &mut out.row(at.row)[at.col..][..inputs];
        add_scaled(block, second.values[at.second], &first.values[at.first..][..inputs]);
    }
}

/// Adds to the gradients of both.
pub(super) fn backward<R: Real>(
    first: ParameterId,
    second: ParameterId,
    parameters: &mut Parameters<R>,
    dw: View<'_, R>,
) {
    let mut d_first = std::mem::take(&mut parameters[first].gradient);
    let mut d_second = std::mem::take(&mut parameters[second].gradient);
    let inputs = parameters[first].shape[2];
    for at in meetings(&parameters[first], &parameters[second]) {
        let block = &dw.row(at.row)[at.col..][..inputs];
        d_second[at.second] += dot(block, &parameters[first].values[at.first..][..inputs]);
        add_scaled(&mut d_first[at.first..][..inputs], parameters[second].values[at.second], block);
    }
    parameters[first].gradient = d_first;
    parameters[second].gradient = d_second;
}
