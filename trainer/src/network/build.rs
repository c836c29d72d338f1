//! From a specification to parameters with first values.
//!
//! Every structure is drawn so that the weights of its W have the variance that a dense matrix in its
//! place would have: 1/(3H) for an LSTM or GRU and 1/(3·inputs) for a linear layer, as PyTorch's uniform
//! draws have, and 1 for an embedding. A product of independent zero-mean factors has the product of their
//! variances, so k Kronecker factors have the k-th root each; a sum of r such products has r times it, so
//! that low-rank factors have √(variance/r) each. Biases are 0, but 1 for the forget gate of an LSTM
//! (Jozefowicz et al. 2015).

use super::spec::{BlockSpec, MatrixSpec, StructureSpec};
use crate::error::Error;
use crate::matrix::{Matrix, Sparse, Structure};
use crate::parameter::{ParameterId, Parameters};
use crate::random::{Purpose, Stream};
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// How first values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initialisation {
    /// Of every random number of the run.
    pub seed: u64,
    /// Share of a doped matrix's variance that its sparse part begins with, in [0, 1]; the structure has
    /// the rest. The papers leave it open.
    pub sparse_share: f64,
}

impl Default for Initialisation {
    fn default() -> Initialisation {
        Initialisation { seed: 1, sparse_share: 0.0 }
    }
}

/// Draws parameters.
pub(super) struct Builder<R> {
    pub(super) parameters: Parameters<R>,
    pub(super) matrices: u64,
    pub(super) options: Initialisation,
}

impl<R: Real> Builder<R> {
    /// A parameter of normally distributed values.
    fn draw(&mut self, name: String, shape: Vec<usize>, variance: f64) -> ParameterId {
        let index = self.parameters.iter().len() as u64;
        let mut stream = Stream::new(self.options.seed, Purpose::Initialise, index, 0);
        let values = (0..shape.iter().product()).map(|_| stream.normal(variance.sqrt())).collect();
        self.parameters.add(name, shape, values, true)
    }

    /// A vector of one value, such as a bias.
    pub(super) fn vector(&mut self, name: String, len: usize, value: f64) -> ParameterId {
        self.parameters.add(name, vec![len], vec![R::of(value); len], false)
    }

    /// A matrix whose weights have the given variance.
    pub(super) fn matrix(
        &mut self,
        name: &str,
        spec: &MatrixSpec,
        rows: usize,
        cols: usize,
        variance: f64,
    ) -> Result<Matrix, Error> {
        if rows == 0 || cols == 0 {
            return Err(Error::specification(name, format!("a {rows}×{cols} matrix has no weights")));
        }
        let index = self.matrices;
        self.matrices += 1;
        let share = match (&spec.structure, spec.nonzeros) {
            (None, None) => {
                return Err(Error::specification(name, "neither a structure nor a sparse part"));
            }
            (Some(_), Some(_)) => self.options.sparse_share,
            (Some(_), None) => 0.0,
            (None, Some(_)) => 1.0,
        };
        let structure = match &spec.structure {
            Some(structure) => Some(self.structure(name, structure, rows, cols, variance * (1.0 - share))?),
            None => None,
        };
        let sparse = match spec.nonzeros {
            Some(target) if target > rows * cols => {
                let problem = format!("{target} non-zeros in a {rows}×{cols} matrix");
                return Err(Error::specification(name, problem));
            }
            Some(target) => {
                let values = self.draw(format!("{name}.sparse"), vec![rows, cols], variance * share);
                Some(Sparse { values, mask: vec![1; rows * cols], target, returns: false })
            }
            None => None,
        };
        Ok(Matrix { name: name.to_owned(), rows, cols, structure, sparse, index })
    }

    fn structure(
        &mut self,
        name: &str,
        spec: &StructureSpec,
        rows: usize,
        cols: usize,
        variance: f64,
    ) -> Result<Structure, Error> {
        let wrong =
            |what: String| Err(Error::specification(name, format!("{what} in a {rows}×{cols} matrix")));
        Ok(match spec {
            StructureSpec::Dense => {
                Structure::Dense(self.draw(format!("{name}.weight"), vec![rows, cols], variance))
            }
            StructureSpec::Kronecker { factors } => {
                let product = |side: usize| factors.iter().map(|factor| factor[side]).product::<usize>();
                if factors.len() < 2 || (product(0), product(1)) != (rows, cols) {
                    return wrong(format!("Kronecker factors {factors:?}"));
                }
                let variance = variance.powf(1.0 / factors.len() as f64);
                let factor = |(k, &[m, n]): (usize, &[usize; 2])| {
                    self.draw(format!("{name}.factors.{k}"), vec![m, n], variance)
                };
                Structure::Kronecker(factors.iter().enumerate().map(factor).collect())
            }
            &StructureSpec::LowRank { rank } => {
                if rank == 0 {
                    return wrong("rank 0".to_owned());
                }
                let variance = (variance / rank as f64).sqrt();
                let left = self.draw(format!("{name}.left"), vec![rows, rank], variance);
                let right = self.draw(format!("{name}.right"), vec![rank, cols], variance);
                Structure::LowRank { left, right }
            }
            StructureSpec::Sum { terms } => {
                if terms.is_empty() {
                    return wrong("a sum of nothing".to_owned());
                }
                let variance = variance / terms.len() as f64;
                let term =
                    |(k, term)| self.structure(&format!("{name}.terms.{k}"), term, rows, cols, variance);
                Structure::Sum(terms.iter().enumerate().map(term).collect::<Result<_, _>>()?)
            }
            StructureSpec::VStack { blocks } => {
                if total(blocks, true) != rows || blocks.iter().any(|block| block.cols != cols) {
                    return wrong(format!("a vertical stack of {}", extents(blocks)));
                }
                Structure::VStack(self.blocks(name, blocks, variance)?)
            }
            StructureSpec::HStack { blocks } => {
                if total(blocks, false) != cols || blocks.iter().any(|block| block.rows != rows) {
                    return wrong(format!("a horizontal stack of {}", extents(blocks)));
                }
                Structure::HStack(self.blocks(name, blocks, variance)?)
            }
            StructureSpec::BlockDiagonal { blocks } => {
                if (total(blocks, true), total(blocks, false)) != (rows, cols) {
                    return wrong(format!("a diagonal of {}", extents(blocks)));
                }
                Structure::BlockDiagonal(self.blocks(name, blocks, variance)?)
            }
            &StructureSpec::Monarch { first: [k, q, p], second: [l, s, r] } => {
                if k * p != cols || l * r != k * q || s * l != rows || k * q == 0 {
                    return wrong(format!("Monarch factors [{k}, {q}, {p}] and [{l}, {s}, {r}]"));
                }
                // A row of W sums r products over k blocks of columns: r/k products a weight on average.
                let variance = (variance * k as f64 / r as f64).sqrt();
                let first = self.draw(format!("{name}.first"), vec![k, q, p], variance);
                let second = self.draw(format!("{name}.second"), vec![l, s, r], variance);
                Structure::Monarch { first, second }
            }
            StructureSpec::Circulant => {
                if rows != cols {
                    return wrong("a circulant".to_owned());
                }
                Structure::Circulant(self.draw(format!("{name}.first_column"), vec![rows], variance))
            }
        })
    }

    fn blocks(&mut self, name: &str, blocks: &[BlockSpec], variance: f64) -> Result<Vec<Matrix>, Error> {
        let block = |(k, block): (usize, &BlockSpec)| {
            self.matrix(&format!("{name}.blocks.{k}"), &block.matrix, block.rows, block.cols, variance)
        };
        blocks.iter().enumerate().map(block).collect()
    }
}

fn total(blocks: &[BlockSpec], rows: bool) -> usize {
    blocks.iter().map(|block| if rows { block.rows } else { block.cols }).sum()
}

fn extents(blocks: &[BlockSpec]) -> String {
    let extents: Vec<String> = blocks.iter().map(|block| format!("{}×{}", block.rows, block.cols)).collect();
    extents.join(", ")
}
