//! y = init + W x for a matrix of any structure.
//!
//! Takes the matrix by value, so that its weights move into constants without a copy where their layout
//! stays. What the sum starts from goes to the first part; every later part accumulates. Where the builder has
//! lanes, x and y are wide, and each part has a kernel that reads the same table for all of them.

use super::builder::Builder;
use super::path::{Path, shape};
use super::{blocks, dense, kronecker, monarch, sparse};
use crate::model::{Matrix, Structure, Tensor};
use crate::program::{Init, Kernel, Source, View};

/// Adds the operations of y = init + W x.
pub(super) fn multiply(builder: &mut Builder, path: &Path, matrix: Matrix, x: View, y: View, init: Init) {
    let lanes = builder.lanes();
    debug_assert_eq!((y.len, x.len), (matrix.rows * lanes, matrix.cols * lanes));
    let init = builder.start(path, y, init);
    let init = match matrix.structure {
        Some(structure) => {
            multiply_structure(builder, path, structure, x, y, init);
            Init::Accumulate
        }
        None => init,
    };
    if let Some(csr) = matrix.sparse {
        sparse::multiply(builder, path, csr, x, y, init);
    }
}

/// Adds the operations of y = init + S x for a structure S.
pub(super) fn multiply_structure(
    builder: &mut Builder,
    path: &Path,
    structure: Structure,
    x: View,
    y: View,
    init: Init,
) {
    match structure {
        Structure::Dense(weight) => {
            let cols = weight.shape[1];
            dense::multiply(builder, path, weight.data, Source::View(x), cols, y, init);
        }
        Structure::Kronecker(factors) => kronecker::multiply(builder, path, factors, x, y, init),
        Structure::LowRank { left, right } => low_rank(builder, path, (left, right), x, y, init),
        Structure::Sum(terms) => blocks::sum(builder, path, terms, x, y, init),
        Structure::VStack(matrices) => blocks::vstack(builder, path, matrices, x, y, init),
        Structure::HStack(matrices) => blocks::hstack(builder, path, matrices, x, y, init),
        Structure::BlockDiagonal(matrices) => blocks::diagonal(builder, path, matrices, x, y, init),
        Structure::Monarch { first, second } => monarch::multiply(builder, path, (first, second), x, y, init),
        Structure::Circulant(column) => circulant(builder, path, &column, x, y, init),
    }
}

fn low_rank(
    builder: &mut Builder,
    path: &Path,
    (left, right): (Tensor, Tensor),
    x: View,
    y: View,
    init: Init,
) {
    let [rank, cols] = [right.shape[0], right.shape[1]];
    let inner = path.field("low_rank");
    let t = builder.temporary(&inner, rank * builder.lanes(), format!("right · x of {}", path.dotted()));
    dense::multiply(builder, &path.field("right"), right.data, Source::View(x), cols, t, Init::Zero);
    dense::multiply(builder, &path.field("left"), left.data, Source::View(t), rank, y, init);
}

fn circulant(builder: &mut Builder, path: &Path, column: &[f32], x: View, y: View, init: Init) {
    let n = column.len();
    let twice = [column, column].concat();
    let table = builder.floats(&path.field("circulant"), twice, "first column, twice: a row is a run of it");
    let why = format!("{}: circulant {}, stored as {} values", path.dotted(), shape(n, n), 2 * n);
    let (kernel, dims) = match builder.lanes {
        Some(lanes) => (Kernel::CIRCULANT_WIDE, vec![n, lanes]),
        None => (Kernel::CIRCULANT, vec![n]),
    };
    let multiply_adds = n * n * builder.lanes();
    builder.product(kernel, (y, init), vec![table], Source::View(x), dims, multiply_adds, why);
}
