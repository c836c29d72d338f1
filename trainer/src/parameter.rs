//! Every trained number in one place: named arrays with their gradients.
//!
//! Matrices and layers hold [`ParameterId`]s; the optimiser, checkpoints and checks of gradients walk
//! the list without knowing what the arrays are for.

use crate::real::Real;
use crate::vector::vectorised;
use std::ops::{Index, IndexMut};

/// Which of the [`Parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterId(usize);

/// A trained array.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter<R> {
    /// Unique: the layer's name, then the path of fields of the model file, as `lstm0.weight_hh.factors.1`.
    pub name: String,
    /// Extents; their product is the number of values.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<R>,
    /// The derivative of the loss by each value.
    pub gradient: Vec<R>,
    /// Whether decoupled weight decay acts on it: on weights, not on biases or scales.
    pub decays: bool,
}

/// The list of trained arrays, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameters<R> {
    list: Vec<Parameter<R>>,
}

impl<R: Real> Parameters<R> {
    /// Adds an array with a gradient of zeros.
    pub fn add(&mut self, name: String, shape: Vec<usize>, values: Vec<R>, decays: bool) -> ParameterId {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        let gradient = vec![R::ZERO; values.len()];
        self.list.push(Parameter { name, shape, values, gradient, decays });
        ParameterId(self.list.len() - 1)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Parameter<R>> {
        self.list.iter()
    }

    /// All of them, in order, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Parameter<R>> {
        self.list.iter_mut()
    }

    /// How many numbers there are in all arrays.
    pub fn count(&self) -> usize {
        self.list.iter().map(|parameter| parameter.values.len()).sum()
    }

    /// Sets every gradient to zero.
    pub fn clear_gradients(&mut self) {
        for parameter in &mut self.list {
            parameter.gradient.fill(R::ZERO);
        }
    }

    /// The Euclidean norm of all gradients together, summed in 64-bit floats in a fixed order.
    ///
    /// # Errors
    ///
    /// The name of the first array with a gradient that is not finite.
    pub fn gradient_norm(&self) -> Result<f64, &str> {
        let mut total = 0.0;
        for parameter in &self.list {
            let sum: f64 = squares(&parameter.gradient);
            if !sum.is_finite() {
                return Err(&parameter.name);
            }
            total += sum;
        }
        Ok(total.sqrt())
    }
}

/// Σ x², in eight sums side by side.
pub(crate) fn squares<R: Real>(values: &[R]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut sums = [0.0; 8];
            let chunks = values.chunks_exact(8);
            let rest: f64 = chunks.remainder().iter().map(|x| x.wide() * x.wide()).sum();
            for chunk in chunks {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *sum += x.wide() * x.wide();
                }
            }
            sums.iter().sum::<f64>() + rest
        },
    )
}

impl<R> Index<ParameterId> for Parameters<R> {
    type Output = Parameter<R>;

    fn index(&self, id: ParameterId) -> &Parameter<R> {
        &self.list[id.0]
    }
}

impl<R> IndexMut<ParameterId> for Parameters<R> {
    fn index_mut(&mut self, id: ParameterId) -> &mut Parameter<R> {
        &mut self.list[id.0]
    }
}
