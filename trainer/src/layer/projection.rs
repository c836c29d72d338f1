//! The product of an input with a matrix over all steps at once, forward and backward.
//!
//! A projection of rows that an embedding looked up multiplies each row that occurs once and copies
//! the results to where it stands; backward sums what arrives for the same row first. With 65
//! characters and 6,144 places this leaves a hundredth of the work.

use super::{Signal, resize};
use crate::product::{Into, View, ViewMut, multiply};
use crate::real::Real;
use crate::vector::vectorised;

/// Buffers of a projection; empty until an input of looked-up rows is met.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Projection<R> {
    /// One row of results, or of their gradients, for each row that occurs.
    table: Vec<R>,
}

impl<R: Real> Projection<R> {
    /// y = x · wᵀ + bias for every row; w is out × in.
    pub(super) fn forward(&mut self, x: Signal<'_, R>, w: View<'_, R>, bias: Option<&[R]>, y: &mut [R]) {
        let (outputs, inputs) = w.shape();
        match x {
            Signal::Dense(x) => {
                let rows = x.len() / inputs;
                let into = fill_with(bias, outputs, y);
                multiply(&mut ViewMut::new(y, rows, outputs), View::new(x, rows, inputs), w.t(), into);
            }
            Signal::Rows { values, index } => {
                let count = values.len() / inputs;
                resize(&mut self.table, count * outputs);
                let into = fill_with(bias, outputs, &mut self.table);
                let out = &mut ViewMut::new(&mut self.table, count, outputs);
                multiply(out, View::new(values, count, inputs), w.t(), into);
                for (y, &row) in y.chunks_exact_mut(outputs).zip(index) {
                    y.copy_from_slice(&self.table[row as usize * outputs..][..outputs]);
                }
            }
            Signal::Tokens(_) => panic!("the network puts an embedding before this layer"),
        }
    }

    /// dw += dyᵀ · x, and dx = dy · w where it is asked for: as many rows as `x` holds features of.
    pub(super) fn backward(
        &mut self,
        x: Signal<'_, R>,
        w: View<'_, R>,
        dy: &[R],
        dw: &mut ViewMut<'_, R>,
        dx: Option<&mut Vec<R>>,
    ) {
        let (outputs, inputs) = w.shape();
        let (x, dy) = match x {
            Signal::Dense(x) => (x, dy),
            Signal::Rows { values, index } => {
                resize(&mut self.table, values.len() / inputs * outputs);
                self.table.fill(R::ZERO);
                for (dy, &row) in dy.chunks_exact(outputs).zip(index) {
                    add(&mut self.table[row as usize * outputs..][..outputs], dy);
                }
                (values, &self.table[..])
            }
            Signal::Tokens(_) => panic!("the network puts an embedding before this layer"),
        };
        let rows = x.len() / inputs;
        let dy = View::new(dy, rows, outputs);
        multiply(dw, dy.t(), View::new(x, rows, inputs), Into::Add);
        if let Some(dx) = dx {
            resize(dx, rows * inputs);
            multiply(&mut ViewMut::new(dx, rows, inputs), dy, w, Into::Replace);
        }
    }
}

/// Puts the bias into every row; says what a product then has to do.
fn fill_with<R: Real>(bias: Option<&[R]>, outputs: usize, y: &mut [R]) -> Into {
    let Some(bias) = bias else { return Into::Replace };
    y.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
    Into::Add
}

fn add<R: Real>(to: &mut [R], from: &[R]) {
    vectorised(
        #[inline(always)]
        || {
            for (to, &from) in to.iter_mut().zip(from) {
                *to += from;
            }
        },
    );
}
