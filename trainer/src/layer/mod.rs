//! Layers over `[time][lane][feature]`, each with its forward and its backward pass.
//!
//! A layer object belongs to one worker, which runs some of a batch's lanes. It holds the sizes, the
//! ids of its weights, the state that is carried from batch to batch, and the buffers that backward
//! needs of forward. Arrays are rows of features; row `t · lanes + lane` is that of step t. Gradients
//! by weights are summed into the worker's own [`Gradients`].

mod activation;
mod dropout;
mod embedding;
mod gates;
mod gru;
mod layer_norm;
mod linear;
mod lstm;
mod projection;

pub use activation::Activation;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use gru::Gru;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use lstm::{Lstm, LstmIds};

use crate::product::View;
use crate::real::Real;
use crate::vector::vectorised;

/// One of the arrays that layers compute with: a matrix as materialised for this batch, or a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightId(pub(crate) usize);

/// A matrix as materialised for this batch, or a vector as a matrix of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight<R> {
    /// Row-major.
    pub values: Vec<R>,
    /// The transpose, for matrices that a recurrent layer multiplies by at every step; else empty.
    pub transposed: Vec<R>,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights<R>(pub(crate) Vec<Weight<R>>);

/// The gradient by each of the [`Weights`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gradients<R>(pub(crate) Vec<Vec<R>>);

impl<R: Real> Weights<R> {
    /// The values of a vector.
    fn vector(&self, id: WeightId) -> &[R] {
        &self.0[id.0].values
    }

    /// A matrix.
    fn matrix(&self, id: WeightId) -> View<'_, R> {
        let weight = &self.0[id.0];
        View::new(&weight.values, weight.rows, weight.cols)
    }

    /// The transpose of a matrix, row-major.
    fn transposed(&self, id: WeightId) -> View<'_, R> {
        let weight = &self.0[id.0];
        View::new(&weight.transposed, weight.cols, weight.rows)
    }

    /// Gradients of the same extents, all zero.
    pub fn gradients(&self) -> Gradients<R> {
        Gradients(self.0.iter().map(|weight| vec![R::ZERO; weight.values.len()]).collect())
    }
}

impl<R: Real> Gradients<R> {
    /// The gradient by one weight.
    fn of(&mut self, id: WeightId) -> &mut [R] {
        &mut self.0[id.0]
    }

    /// Sets all to zero.
    pub fn clear(&mut self) {
        self.0.iter_mut().for_each(|gradient| gradient.fill(R::ZERO));
    }
}

/// What flows from layer to layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal<'a, R> {
    /// A token for each row.
    Tokens(&'a [u32]),
    /// The features of each row.
    Dense(&'a [R]),
    /// Row `index[k]` of `values` for row k: what an embedding gives a layer that begins with a product,
    /// which then multiplies each token that occurs once, however often it occurs.
    Rows {
        /// The rows that occur.
        values: &'a [R],
        /// Which of them stands where.
        index: &'a [u32],
    },
}

impl<'a, R> Signal<'a, R> {
    /// The features, of a signal that can be nothing else.
    fn dense(self) -> &'a [R] {
        match self {
            Signal::Dense(values) => values,
            _ => panic!("the network gives this layer features"),
        }
    }
}

/// The extents and circumstances of one pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pass {
    /// Time steps.
    pub steps: usize,
    /// Lanes of this worker.
    pub lanes: usize,
    /// The number of the first of them in the batch.
    pub first_lane: usize,
    /// The seed and the step that dropout draws by; none at evaluation, when nothing is dropped.
    pub training: Option<(u64, u64)>,
}

impl Pass {
    /// Rows of `[time][lane]`.
    pub fn rows(&self) -> usize {
        self.steps * self.lanes
    }
}

/// What a recurrent layer carries from one batch to the next: `[lane][unit]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State<R> {
    /// h
    pub h: Vec<R>,
    /// c of an LSTM; empty for a GRU.
    pub c: Vec<R>,
}

/// The two passes of a layer.
pub trait Layer<R: Real>: Send + std::fmt::Debug {
    /// Runs over all steps; the output can then be asked for.
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass);

    /// What the last forward pass gave.
    fn output(&self) -> Signal<'_, R>;

    /// Takes the input of the last forward pass and the gradient by its output, in the form that the
    /// output has; adds to the gradients by weights and, where it is asked for, writes the gradient by the
    /// input. May be called once after each forward pass.
    fn backward(
        &mut self,
        weights: &Weights<R>,
        input: Signal<'_, R>,
        d_output: &[R],
        d_input: Option<&mut Vec<R>>,
        gradients: &mut Gradients<R>,
        pass: &Pass,
    );

    /// The carried state, of recurrent layers.
    fn state(&mut self) -> Option<&mut State<R>> {
        None
    }
}

/// Makes a buffer hold `len` values, whatever they are.
fn resize<R: Real>(buffer: &mut Vec<R>, len: usize) {
    buffer.resize(len, R::ZERO);
}

/// sums += the columns' sums of rows as long as `sums`.
fn add_column_sums<R: Real>(rows: &[R], sums: &mut [R]) {
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(sums.len()) {
                for (sum, &value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}
