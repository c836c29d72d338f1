//! Co-matrix adaptation made visible: how much of a doped matrix's output each part carries.

use crate::matrix::{Form, Matrix};
use crate::parameter::{Parameters, squares};
use crate::product::{Into, View, ViewMut, multiply};
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// Mean squares of a doped matrix's outputs over the inputs of a batch.
///
/// The two parts need not add up to the whole: the difference is twice their covariance, which is
/// negative when the one undoes what the other does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The matrix.
    pub matrix: String,
    /// Mean over inputs of ‖structure · x‖².
    pub structure: f64,
    /// Mean over inputs of ‖(S∘mask) · x‖².
    pub sparse: f64,
    /// Mean over inputs of ‖W x‖².
    pub whole: f64,
}

impl Share {
    /// The sparse part's share of what both parts carry, from 0 to 1.
    pub fn of_sparse(&self) -> f64 {
        let both = self.structure + self.sparse;
        if both == 0.0 { 0.0 } else { self.sparse / both }
    }
}

/// The shares in one matrix, given inputs: rows as long as the matrix is wide, or as it is high for a
/// table, whose transpose is multiplied by.
pub(crate) fn share<R: Real>(
    parameters: &Parameters<R>,
    matrix: &Matrix,
    inputs: &[R],
    table: bool,
) -> Share {
    let (rows, cols) = (matrix.rows, matrix.cols);
    let mut weights = vec![R::ZERO; rows * cols];
    let mut energy = |form| {
        weights.fill(R::ZERO);
        matrix.add_to(parameters, form, &mut ViewMut::new(&mut weights, rows, cols));
        let w = View::new(&weights, rows, cols);
        let w = if table { w } else { w.t() };
        let (takes, gives) = w.shape();
        let count = inputs.len() / takes;
        let mut outputs = vec![R::ZERO; count * gives];
        let out = &mut ViewMut::new(&mut outputs, count, gives);
        multiply(out, View::new(inputs, count, takes), w, Into::Replace);
        squares(&outputs) / count.max(1) as f64
    };
    Share {
        matrix: matrix.name.clone(),
        structure: energy(Form::StructureOnly),
        sparse: energy(Form::SparseOnly),
        whole: energy(Form::Whole),
    }
}
