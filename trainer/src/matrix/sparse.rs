//! The sparse part of a matrix: S∘mask, held densely while it is trained.

use crate::parameter::{ParameterId, Parameters};
use crate::product::{View, ViewMut};
use crate::real::Real;
use crate::vector::vectorised;

/// S with its mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparse {
    /// S: `[rows, cols]`. Where positions may not return, pruned ones hold zero.
    pub values: ParameterId,
    /// One where a position is kept, zero where it is pruned; row-major.
    pub mask: Vec<u8>,
    /// The number of non-zeros that pruning ends at.
    pub target: usize,
    /// Whether pruned positions still learn, so that they may be kept again: then the gradient passes
    /// the mask as if it were not there.
    pub returns: bool,
}

impl Sparse {
    /// Number of positions that are kept.
    pub fn kept(&self) -> usize {
        self.mask.iter().map(|&kept| usize::from(kept)).sum()
    }

    /// out += S∘mask
    pub(super) fn add_to<R: Real>(&self, parameters: &Parameters<R>, out: &mut ViewMut<'_, R>) {
        let cols = out.shape().1;
        let lines = parameters[self.values].values.chunks_exact(cols).zip(self.mask.chunks_exact(cols));
        for (i, (values, mask)) in lines.enumerate() {
            let row = out.row(i);
            vectorised(
                #[inline(always)]
                || {
                    for (weight, (&value, &kept)) in row.iter_mut().zip(values.iter().zip(mask)) {
                        *weight += if kept == 0 { R::ZERO } else { value };
                    }
                },
            );
        }
    }

    /// Adds to the gradient of S.
    pub(super) fn backward<R: Real>(&self, parameters: &mut Parameters<R>, dw: View<'_, R>) {
        let cols = dw.shape().1;
        let gradient = &mut parameters[self.values].gradient;
        for (i, (row, mask)) in gradient.chunks_exact_mut(cols).zip(self.mask.chunks_exact(cols)).enumerate()
        {
            let d_row = dw.row(i);
            vectorised(
                #[inline(always)]
                || {
                    for (gradient, (&d_weight, &kept)) in row.iter_mut().zip(d_row.iter().zip(mask)) {
                        *gradient += if kept == 0 && !self.returns { R::ZERO } else { d_weight };
                    }
                },
            );
        }
    }

    /// Sets pruned values to zero, which momentum would otherwise move; nothing where they may return.
    pub fn hold<R: Real>(&self, parameters: &mut Parameters<R>) {
        if self.returns {
            return;
        }
        for (value, &kept) in parameters[self.values].values.iter_mut().zip(&self.mask) {
            *value = if kept == 0 { R::ZERO } else { *value };
        }
    }
}
