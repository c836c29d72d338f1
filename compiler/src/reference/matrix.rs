//! Matrices by their definitions, in 64-bit floats.
//!
//! Takes a [`Matrix`] of the model and gives its product with a vector ([`multiply`]), one of its rows
//! ([`row`]) or all of its weights ([`to_dense`]). The first never forms W; the other two read off single
//! weights. They share no formula, so that each is a test of the other.

use crate::model::{Csr, Matrix, Structure, Tensor};

/// W x, of `matrix.rows` values.
///
/// # Panics
///
/// When `x` does not have `matrix.cols` values.
pub fn multiply(matrix: &Matrix, x: &[f64]) -> Vec<f64> {
    assert_eq!(x.len(), matrix.cols, "the vector is not as long as the matrix is wide");
    let mut y = match &matrix.structure {
        Some(structure) => multiply_structure(structure, x),
        None => vec![0.0; matrix.rows],
    };
    if let Some(sparse) = &matrix.sparse {
        for (i, sum) in y.iter_mut().enumerate() {
            *sum += sparse.row(i).map(|(j, value)| f64::from(value) * x[j]).sum::<f64>();
        }
    }
    y
}

/// Row `i` of W, of `matrix.cols` values.
///
/// # Panics
///
/// When there is no row `i`.
pub fn row(matrix: &Matrix, i: usize) -> Vec<f64> {
    assert!(i < matrix.rows, "the matrix has no such row");
    let mut weights = match &matrix.structure {
        Some(structure) => row_of_structure(structure, i),
        None => vec![0.0; matrix.cols],
    };
    if let Some(sparse) = &matrix.sparse {
        add_row_of_sparse(sparse, i, &mut weights);
    }
    weights
}

/// Every weight of W, row-major.
pub fn to_dense(matrix: &Matrix) -> Vec<f64> {
    (0..matrix.rows).flat_map(|i| row(matrix, i)).collect()
}

fn multiply_structure(structure: &Structure, x: &[f64]) -> Vec<f64> {
    match structure {
        Structure::Dense(weight) => multiply_tensor(weight, x),
        Structure::Kronecker(factors) => multiply_kronecker(factors, x),
        Structure::LowRank { left, right } => multiply_tensor(left, &multiply_tensor(right, x)),
        Structure::Sum(terms) => terms
            .iter()
            .map(|term| multiply_structure(term, x))
            .reduce(|a, b| add(&a, &b))
            .expect("a sum has terms"),
        Structure::VStack(blocks) => blocks.iter().flat_map(|block| multiply(block, x)).collect(),
        Structure::HStack(blocks) => {
            let products =
                blocks.iter().zip(split_columns(blocks, x)).map(|(block, part)| multiply(block, part));
            products.reduce(|a, b| add(&a, &b)).expect("a stack has blocks")
        }
        Structure::BlockDiagonal(blocks) => blocks
            .iter()
            .zip(split_columns(blocks, x))
            .flat_map(|(block, part)| multiply(block, part))
            .collect(),
        Structure::Monarch { first, second } => multiply_monarch(first, second, x),
        Structure::Circulant(column) => {
            let n = column.len();
            let weight = |i: usize, j: usize| f64::from(column[(i + n - j) % n]);
            (0..n).map(|i| (0..n).map(|j| weight(i, j) * x[j]).sum()).collect()
        }
    }
}

fn multiply_tensor(weight: &Tensor, x: &[f64]) -> Vec<f64> {
    weight.data.chunks(x.len()).map(|row| row.iter().zip(x).map(|(&w, &x)| f64::from(w) * x).sum()).collect()
}

/// (F ⊗ R) x, where R is the product of all factors but the first: block `i` of the result is
/// Σⱼ F\[i,j\] · R xⱼ, with x cut into as many blocks xⱼ as F has columns.
fn multiply_kronecker(factors: &[Tensor], x: &[f64]) -> Vec<f64> {
    let (first, rest) = factors.split_first().expect("a Kronecker product has factors");
    if rest.is_empty() {
        return multiply_tensor(first, x);
    }
    let cols = first.shape[1];
    let blocks: Vec<Vec<f64>> =
        x.chunks(x.len() / cols).map(|block| multiply_kronecker(rest, block)).collect();
    let combine = |weights: &[f32]| {
        let mut sums = vec![0.0; blocks[0].len()];
        for (&weight, block) in weights.iter().zip(&blocks) {
            for (sum, value) in sums.iter_mut().zip(block) {
                *sum += f64::from(weight) * value;
            }
        }
        sums
    };
    first.data.chunks(cols).flat_map(combine).collect()
}

/// The two products and two transpositions of a Monarch matrix (arXiv 2204.00595), as the model file
/// words them.
fn multiply_monarch(first: &Tensor, second: &Tensor, x: &[f64]) -> Vec<f64> {
    let [k_count, q_count, p_count] = extents(first);
    let [l_count, s_count, r_count] = extents(second);
    let mut o1 = vec![0.0; k_count * q_count];
    for k in 0..k_count {
        for q in 0..q_count {
            for p in 0..p_count {
                o1[k * q_count + q] += at(first, k, q, p) * x[k * p_count + p];
            }
        }
    }
    let mut y = vec![0.0; s_count * l_count];
    for l in 0..l_count {
        for s in 0..s_count {
            for r in 0..r_count {
                y[s * l_count + l] += at(second, l, s, r) * o1[r * l_count + l];
            }
        }
    }
    y
}

fn row_of_structure(structure: &Structure, i: usize) -> Vec<f64> {
    match structure {
        Structure::Dense(weight) => row_of_tensor(weight, i),
        Structure::Kronecker(factors) => row_of_kronecker(factors, i),
        Structure::LowRank { left, right } => {
            let cols = right.shape[1];
            let left = row_of_tensor(left, i);
            let weight = |j| {
                left.iter().enumerate().map(|(r, &value)| value * f64::from(right.data[r * cols + j])).sum()
            };
            (0..cols).map(weight).collect()
        }
        Structure::Sum(terms) => terms
            .iter()
            .map(|term| row_of_structure(term, i))
            .reduce(|a, b| add(&a, &b))
            .expect("a sum has terms"),
        Structure::VStack(blocks) => {
            let (block, above) = block_of_row(blocks, i);
            row(&blocks[block], i - above)
        }
        Structure::HStack(blocks) => blocks.iter().flat_map(|block| row(block, i)).collect(),
        Structure::BlockDiagonal(blocks) => {
            let (held, above) = block_of_row(blocks, i);
            let part = |(b, block): (usize, &Matrix)| {
                if b == held { row(block, i - above) } else { vec![0.0; block.cols] }
            };
            blocks.iter().enumerate().flat_map(part).collect()
        }
        Structure::Monarch { first, second } => row_of_monarch(first, second, i),
        Structure::Circulant(column) => {
            let n = column.len();
            (0..n).map(|j| f64::from(column[(i + n - j) % n])).collect()
        }
    }
}

fn row_of_tensor(weight: &Tensor, i: usize) -> Vec<f64> {
    let cols = weight.shape[1];
    weight.data[i * cols..(i + 1) * cols].iter().map(|&value| f64::from(value)).collect()
}

/// The definition of numpy.kron: with R the product of all factors but the first, of m rows, row i of
/// F ⊗ R holds each weight of row i div m of F times row i mod m of R.
fn row_of_kronecker(factors: &[Tensor], i: usize) -> Vec<f64> {
    let (first, rest) = factors.split_first().expect("a Kronecker product has factors");
    if rest.is_empty() {
        return row_of_tensor(first, i);
    }
    let rows: usize = rest.iter().map(|factor| factor.shape[0]).product();
    let inner = row_of_kronecker(rest, i % rows);
    row_of_tensor(first, i / rows)
        .iter()
        .flat_map(|outer| inner.iter().map(move |value| outer * value))
        .collect()
}

/// Row (s, l): the sum over r of second\[l,s,r\] times the row of the first matrix that ends up at (l, r).
fn row_of_monarch(first: &Tensor, second: &Tensor, i: usize) -> Vec<f64> {
    let [k_count, q_count, p_count] = extents(first);
    let [l_count, _, r_count] = extents(second);
    let (s, l) = (i / l_count, i % l_count);
    let mut weights = vec![0.0; k_count * p_count];
    for r in 0..r_count {
        let (k, q) = ((r * l_count + l) / q_count, (r * l_count + l) % q_count);
        for p in 0..p_count {
            weights[k * p_count + p] += at(second, l, s, r) * at(first, k, q, p);
        }
    }
    weights
}

fn add_row_of_sparse(sparse: &Csr, i: usize, weights: &mut [f64]) {
    for (j, value) in sparse.row(i) {
        weights[j] += f64::from(value);
    }
}

/// The block that row `i` of a stack falls into, and the number of rows above that block.
fn block_of_row(blocks: &[Matrix], i: usize) -> (usize, usize) {
    let mut above = 0;
    for (b, block) in blocks.iter().enumerate() {
        if i < above + block.rows {
            return (b, above);
        }
        above += block.rows;
    }
    panic!("the stack has no such row")
}

/// The parts of `x` that the columns of each block meet.
fn split_columns<'x>(blocks: &[Matrix], x: &'x [f64]) -> impl Iterator<Item = &'x [f64]> {
    let mut rest = x;
    blocks.iter().map(move |block| {
        let (part, after) = rest.split_at(block.cols);
        rest = after;
        part
    })
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn extents(tensor: &Tensor) -> [usize; 3] {
    [tensor.shape[0], tensor.shape[1], tensor.shape[2]]
}

fn at(tensor: &Tensor, i: usize, j: usize, k: usize) -> f64 {
    f64::from(tensor.data[(i * tensor.shape[1] + j) * tensor.shape[2] + k])
}
