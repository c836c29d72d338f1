//! Trained matrices, W = structure + S∘mask, of every structure of the model file.
//!
//! A [`Matrix`] knows which parameters it is made of. [`Matrix::add_to`] adds W to a dense array, once
//! a batch; [`Matrix::backward`] takes ∂loss/∂W and adds to the gradients of the parameters. One file
//! for each family of structures.

mod circulant;
pub(crate) mod convert;
mod kronecker;
mod low_rank;
mod monarch;
mod sparse;
mod stack;

pub use sparse::Sparse;

use crate::doping::co_matrix::{Draw, Mask};
use crate::parameter::{ParameterId, Parameters};
use crate::product::{View, ViewMut};
use crate::real::Real;
use crate::vector::vectorised;

/// A rows × cols matrix, W = structure + S∘mask; at least one of the two is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The layer's name and the path to it in the model file, as `lstm0.weight_hh`.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// The structured part.
    pub structure: Option<Structure>,
    /// The sparse part.
    pub sparse: Option<Sparse>,
    /// Number of this matrix among all of the network, nested ones included: names its random stream.
    pub(crate) index: u64,
}

/// A structured matrix; the same kinds as in [`dopec::model::Structure`].
#[derive(Debug, Clone, PartialEq)]
pub enum Structure {
    /// Every weight: `[rows, cols]`.
    Dense(ParameterId),
    /// F1 ⊗ F2 ⊗ ..., each `[m, n]`.
    Kronecker(Vec<ParameterId>),
    /// left · right.
    LowRank {
        /// `[rows, r]`
        left: ParameterId,
        /// `[r, cols]`
        right: ParameterId,
    },
    /// The sum of the terms.
    Sum(Vec<Structure>),
    /// Blocks under each other.
    VStack(Vec<Matrix>),
    /// Blocks beside each other.
    HStack(Vec<Matrix>),
    /// Blocks on the diagonal.
    BlockDiagonal(Vec<Matrix>),
    /// Two block-diagonal matrices with transpositions (arXiv 2204.00595).
    Monarch {
        /// `[k, q, p]`
        first: ParameterId,
        /// `[l, s, r]`
        second: ParameterId,
    },
    /// `W[i, j] = c[(i − j) mod n]`: `[n]`.
    Circulant(ParameterId),
}

/// Which parts of a matrix are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// structure + S∘mask.
    Whole,
    /// As `Whole`, with the masks of co-matrix dropout over both parts of every doped matrix.
    Masked(Draw),
    /// The structured parts alone.
    StructureOnly,
    /// The sparse parts alone, those of nested matrices included.
    SparseOnly,
}

impl Matrix {
    /// out += W, or the part of it that `form` names.
    pub fn add_to<R: Real>(&self, parameters: &Parameters<R>, form: Form, out: &mut ViewMut<'_, R>) {
        assert_eq!(out.shape(), (self.rows, self.cols));
        if let (Form::Masked(draw), Some(structure), Some(sparse)) = (form, &self.structure, &self.sparse) {
            let masks = draw.masks(self.index, self.rows, self.cols);
            let mut part = vec![R::ZERO; self.rows * self.cols];
            structure.add_to(parameters, form, &mut ViewMut::new(&mut part, self.rows, self.cols));
            add_masked(&masks[0], View::new(&part, self.rows, self.cols), out);
            part.fill(R::ZERO);
            sparse.add_to(parameters, &mut ViewMut::new(&mut part, self.rows, self.cols));
            add_masked(&masks[1], View::new(&part, self.rows, self.cols), out);
            return;
        }
        if let Some(structure) = &self.structure {
            structure.add_to(parameters, form, out);
        }
        if let (Some(sparse), true) = (&self.sparse, form != Form::StructureOnly) {
            sparse.add_to(parameters, out);
        }
    }

    /// Adds to the gradients of the parameters, given ∂loss/∂W of the W that `add_to` gave with the
    /// same form: `Whole` or `Masked`.
    pub fn backward<R: Real>(&self, parameters: &mut Parameters<R>, form: Form, dw: View<'_, R>) {
        assert_eq!(dw.shape(), (self.rows, self.cols));
        if let (Form::Masked(draw), Some(structure), Some(sparse)) = (form, &self.structure, &self.sparse) {
            let masks = draw.masks(self.index, self.rows, self.cols);
            let mut part = vec![R::ZERO; self.rows * self.cols];
            add_masked(&masks[0], dw, &mut ViewMut::new(&mut part, self.rows, self.cols));
            structure.backward(parameters, form, View::new(&part, self.rows, self.cols));
            part.fill(R::ZERO);
            add_masked(&masks[1], dw, &mut ViewMut::new(&mut part, self.rows, self.cols));
            sparse.backward(parameters, View::new(&part, self.rows, self.cols));
            return;
        }
        if let Some(structure) = &self.structure {
            structure.backward(parameters, form, dw);
        }
        if let Some(sparse) = &self.sparse {
            sparse.backward(parameters, dw);
        }
    }

    /// Calls `visit` with this matrix's name, index and sparse part where it has one, and with those
    /// of the matrices nested in it.
    pub fn visit_sparse<'m>(&'m self, visit: &mut dyn FnMut(&'m Matrix, &'m Sparse)) {
        if let Some(sparse) = &self.sparse {
            visit(self, sparse);
        }
        if let Some(structure) = &self.structure {
            structure.visit_nested(&mut |matrix| matrix.visit_sparse(visit));
        }
    }

    /// As [`Matrix::visit_sparse`], to change the sparse parts.
    pub fn visit_sparse_mut(&mut self, visit: &mut dyn FnMut(&mut Sparse)) {
        if let Some(sparse) = &mut self.sparse {
            visit(sparse);
        }
        if let Some(structure) = &mut self.structure {
            structure.visit_nested_mut(&mut |matrix| matrix.visit_sparse_mut(visit));
        }
    }

    /// Whether it, or a matrix nested in it, has both a structure and a sparse part.
    pub fn is_doped(&self) -> bool {
        let mut nested = self.structure.is_some() && self.sparse.is_some();
        if let Some(structure) = &self.structure {
            structure.visit_nested(&mut |matrix| nested |= matrix.is_doped() || matrix.sparse.is_some());
        }
        nested
    }
}

impl Structure {
    /// out += this structure.
    fn add_to<R: Real>(&self, parameters: &Parameters<R>, form: Form, out: &mut ViewMut<'_, R>) {
        let values = |id: &ParameterId| View::new_of(&parameters[*id]);
        match self {
            Structure::Sum(terms) => terms.iter().for_each(|term| term.add_to(parameters, form, out)),
            Structure::VStack(blocks) => stack::add_below(blocks, parameters, form, out),
            Structure::HStack(blocks) => stack::add_beside(blocks, parameters, form, out),
            Structure::BlockDiagonal(blocks) => stack::add_diagonal(blocks, parameters, form, out),
            // What is left holds no sparse part.
            _ if form == Form::SparseOnly => {}
            Structure::Dense(weight) => {
                for i in 0..out.shape().0 {
                    add(out.row(i), values(weight).row(i));
                }
            }
            Structure::Kronecker(factors) => kronecker::add_to(factors, parameters, out),
            Structure::LowRank { left, right } => low_rank::add_to(values(left), values(right), out),
            Structure::Monarch { first, second } => {
                monarch::add_to(&parameters[*first], &parameters[*second], out);
            }
            Structure::Circulant(column) => circulant::add_to(&parameters[*column].values, out),
        }
    }

    /// Adds to the gradients of the parameters, given the gradient by each weight.
    fn backward<R: Real>(&self, parameters: &mut Parameters<R>, form: Form, dw: View<'_, R>) {
        match self {
            Structure::Sum(terms) => terms.iter().for_each(|term| term.backward(parameters, form, dw)),
            Structure::VStack(blocks) => stack::backward_below(blocks, parameters, form, dw),
            Structure::HStack(blocks) => stack::backward_beside(blocks, parameters, form, dw),
            Structure::BlockDiagonal(blocks) => stack::backward_diagonal(blocks, parameters, form, dw),
            Structure::Dense(weight) => {
                let cols = dw.shape().1;
                for (i, row) in parameters[*weight].gradient.chunks_exact_mut(cols).enumerate() {
                    add(row, dw.row(i));
                }
            }
            Structure::Kronecker(factors) => kronecker::backward(factors, parameters, dw),
            Structure::LowRank { left, right } => low_rank::backward(*left, *right, parameters, dw),
            Structure::Monarch { first, second } => monarch::backward(*first, *second, parameters, dw),
            Structure::Circulant(column) => circulant::backward(&mut parameters[*column].gradient, dw),
        }
    }

    fn visit_nested<'m>(&'m self, visit: &mut dyn FnMut(&'m Matrix)) {
        match self {
            Structure::Sum(terms) => terms.iter().for_each(|term| term.visit_nested(visit)),
            Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
                blocks.iter().for_each(visit);
            }
            _ => {}
        }
    }

    fn visit_nested_mut(&mut self, visit: &mut dyn FnMut(&mut Matrix)) {
        match self {
            Structure::Sum(terms) => terms.iter_mut().for_each(|term| term.visit_nested_mut(visit)),
            Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
                blocks.iter_mut().for_each(visit);
            }
            _ => {}
        }
    }
}

/// to += from, element by element.
#[inline]
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

/// to += scale · from.
#[inline(always)]
fn add_scaled<R: Real>(to: &mut [R], scale: R, from: &[R]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += scale * from;
    }
}

/// Σ a·b, in eight sums side by side, so that vectors can form it.
#[inline(always)]
fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    let mut sums = [R::ZERO; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: R = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(&a, &b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.into_iter().sum::<R>() + rest
}

/// out += mask ∘ from, scaled as the mask says.
fn add_masked<R: Real>(mask: &Mask, from: View<'_, R>, out: &mut ViewMut<'_, R>) {
    for i in 0..from.shape().0 {
        mask.add_row(i, from.row(i), out.row(i));
    }
}

impl<'a, R: Real> View<'a, R> {
    /// The values of a parameter of two dimensions.
    fn new_of(parameter: &'a crate::parameter::Parameter<R>) -> View<'a, R> {
        View::new(&parameter.values, parameter.shape[0], parameter.shape[1])
    }
}
