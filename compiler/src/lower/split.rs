//! A matrix that acts on \[x; h\] cut by its columns into the part for x and the part for h.
//!
//! What `run` needs of an LSTM whose weights are joined: the part for x does not wait for the state.

use crate::model::{Csr, Matrix, Structure, Tensor};

/// Whether blocks of what [`columns`] gives may have other numbers than in the whole.
pub(super) fn renumbers(matrix: &Matrix) -> bool {
    fn renumbers_structure(structure: &Structure) -> bool {
        match structure {
            Structure::HStack(_) => true,
            Structure::Sum(terms) => terms.iter().any(renumbers_structure),
            Structure::VStack(blocks) => blocks.iter().any(renumbers),
            _ => false,
        }
    }
    matrix.structure.as_ref().is_some_and(renumbers_structure)
}

/// Whether [`columns`] can cut the structure after so many columns.
pub(super) fn possible(matrix: &Matrix, at: usize) -> bool {
    matrix.structure.as_ref().is_none_or(|structure| structure_possible(structure, at))
}

fn structure_possible(structure: &Structure, at: usize) -> bool {
    match structure {
        Structure::Dense(_) | Structure::LowRank { .. } => true,
        Structure::Kronecker(factors) => {
            at.is_multiple_of(factors[1..].iter().map(|factor| factor.shape[1]).product())
        }
        Structure::Sum(terms) => terms.iter().all(|term| structure_possible(term, at)),
        Structure::VStack(blocks) => blocks.iter().all(|block| possible(block, at)),
        Structure::HStack(blocks) => {
            let mut end = 0;
            blocks.iter().any(|block| {
                end += block.cols;
                end == at
            })
        }
        Structure::BlockDiagonal(_) | Structure::Monarch { .. } | Structure::Circulant(_) => false,
    }
}

/// The first `at` columns and the rest, where [`possible`]. A Kronecker product is cut in its first factor, whose
/// columns each stand for a run of columns of the whole.
pub(super) fn columns(matrix: Matrix, at: usize) -> [Matrix; 2] {
    let (rows, cols) = (matrix.rows, matrix.cols);
    let pair = |value: Option<[Structure; 2]>| match value {
        Some([x, h]) => [Some(x), Some(h)],
        None => [None, None],
    };
    let [x, h] = pair(matrix.structure.map(|structure| structure_columns(structure, at)));
    let [sparse_x, sparse_h] = match matrix.sparse {
        Some(csr) => sparse_columns(&csr, at).map(Some),
        None => [None, None],
    };
    [
        Matrix { rows, cols: at, structure: x, sparse: sparse_x },
        Matrix { rows, cols: cols - at, structure: h, sparse: sparse_h },
    ]
}

fn structure_columns(structure: Structure, at: usize) -> [Structure; 2] {
    match structure {
        Structure::Dense(weight) => tensor_columns(&weight, at).map(Structure::Dense),
        Structure::Kronecker(mut factors) => {
            let run: usize = factors[1..].iter().map(|factor| factor.shape[1]).product();
            let others = factors.split_off(1);
            tensor_columns(&factors[0], at / run).map(|first| {
                Structure::Kronecker(std::iter::once(first).chain(others.iter().cloned()).collect())
            })
        }
        Structure::LowRank { left, right } => {
            tensor_columns(&right, at).map(|right| Structure::LowRank { left: left.clone(), right })
        }
        Structure::Sum(terms) => {
            let (x, h) = terms.into_iter().map(|term| structure_columns(term, at).into()).unzip();
            [Structure::Sum(x), Structure::Sum(h)]
        }
        Structure::VStack(blocks) => {
            let (x, h) = blocks.into_iter().map(|block| columns(block, at).into()).unzip();
            [Structure::VStack(x), Structure::VStack(h)]
        }
        Structure::HStack(mut blocks) => {
            let mut end = 0;
            let before = blocks.iter().take_while(|block| {
                end += block.cols;
                end <= at
            });
            let h = blocks.split_off(before.count());
            [Structure::HStack(blocks), Structure::HStack(h)]
        }
        whole @ (Structure::BlockDiagonal(_) | Structure::Monarch { .. } | Structure::Circulant(_)) => {
            debug_assert!(false, "asked only where it is possible");
            [whole.clone(), whole]
        }
    }
}

fn tensor_columns(tensor: &Tensor, at: usize) -> [Tensor; 2] {
    let (rows, cols) = (tensor.shape[0], tensor.shape[1]);
    let part = |from: usize, to: usize| Tensor {
        shape: vec![rows, to - from],
        data: tensor.data.chunks(cols).flat_map(|row| &row[from..to]).copied().collect(),
    };
    [part(0, at), part(at, cols)]
}

/// The first `at` columns of a sparse part and the rest.
pub(super) fn sparse_columns(csr: &Csr, at: usize) -> [Csr; 2] {
    let empty = || Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
    let mut parts = [empty(), empty()];
    for row in 0..csr.row_ptr.len() - 1 {
        for (col, value) in csr.row(row) {
            let part = &mut parts[usize::from(col >= at)];
            part.col_idx.push(if col >= at { col - at } else { col } as u32);
            part.values.push(value);
        }
        for part in &mut parts {
            part.row_ptr.push(part.values.len() as u32);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{multiply, to_dense};

    fn tensor(shape: [usize; 2], seed: usize) -> Tensor {
        let data = (0..shape[0] * shape[1]).map(|i| ((i * 7 + seed) % 11) as f32 - 5.0).collect();
        Tensor { shape: shape.to_vec(), data }
    }

    #[test]
    fn both_parts_hold_every_weight() {
        let plain = |structure| Matrix { rows: 6, cols: 8, structure: Some(structure), sparse: None };
        let block = |cols, seed| Matrix {
            rows: 6,
            cols,
            structure: Some(Structure::Dense(tensor([6, cols], seed))),
            sparse: None,
        };
        let low_rank = Structure::LowRank { left: tensor([6, 2], 1), right: tensor([2, 8], 2) };
        let kronecker = Structure::Kronecker(vec![tensor([3, 4], 3), tensor([2, 2], 4)]);
        let half = |structure| Matrix { rows: 3, cols: 8, structure: Some(structure), sparse: None };
        let dense = Structure::Dense(tensor([3, 8], 5));
        let mut matrices = vec![
            plain(Structure::Dense(tensor([6, 8], 6))),
            plain(kronecker.clone()),
            plain(Structure::Sum(vec![low_rank.clone(), kronecker])),
            plain(low_rank),
            plain(Structure::VStack(vec![half(dense.clone()), half(dense)])),
            plain(Structure::HStack(vec![block(4, 1), block(2, 2), block(2, 3)])),
        ];
        let row_ptr = vec![0, 2, 2, 4, 5, 6, 6];
        let sparse = Csr { row_ptr, col_idx: vec![0, 7, 3, 4, 5, 1], values: vec![1., 2., 3., 4., 5., 6.] };
        matrices.extend(matrices.clone().into_iter().map(|m| Matrix { sparse: Some(sparse.clone()), ..m }));
        // The last of each half stands side by side.
        let renumbered: Vec<bool> = matrices.iter().map(renumbers).collect();
        assert_eq!(renumbered, [[false, false, false, false, false, true]; 2].concat());
        for matrix in matrices {
            assert!(possible(&matrix, 4));
            let whole = to_dense(&matrix);
            let [x, h] = columns(matrix, 4);
            let (left, right) = (to_dense(&x), to_dense(&h));
            for row in 0..6 {
                assert_eq!(whole[row * 8..row * 8 + 4], left[row * 4..row * 4 + 4]);
                assert_eq!(whole[row * 8 + 4..row * 8 + 8], right[row * 4..row * 4 + 4]);
            }
            assert_eq!(multiply(&x, &[1.0; 4]).len(), 6);
        }
    }

    #[test]
    fn what_mixes_all_columns_is_left_whole() {
        let matrix = |structure| Matrix { rows: 4, cols: 4, structure: Some(structure), sparse: None };
        assert!(!possible(&matrix(Structure::Circulant(vec![1.0; 4])), 2));
        let factors = vec![tensor([2, 2], 1), tensor([2, 2], 2)];
        assert!(!possible(&matrix(Structure::Kronecker(factors)), 3));
    }
}
