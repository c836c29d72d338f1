//! Matrices: W = structure + sparse, and the tensors they are made of.

/// A row-major array of 32-bit floats; wider weights are rounded to nearest at the door.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Extents, each at least 1; their product is `data.len()`.
    pub shape: Vec<usize>,
    /// The values, all finite.
    pub data: Vec<f32>,
}

/// A rows × cols matrix, W = structure + sparse; at least one of the two is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Number of rows, at least 1.
    pub rows: usize,
    /// Number of columns, at least 1.
    pub cols: usize,
    /// The structured part; its shape is rows × cols.
    pub structure: Option<Structure>,
    /// The sparse part.
    pub sparse: Option<Csr>,
}

/// A sparse matrix in compressed rows.
///
/// Row `i` holds the entries `row_ptr[i]..row_ptr[i + 1]`; columns rise strictly inside a row and are
/// below the matrix's number of columns; `row_ptr` starts at 0, never falls and ends at `values.len()`.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    /// Where each row starts; one more than there are rows.
    pub row_ptr: Vec<u32>,
    /// The column of each entry.
    pub col_idx: Vec<u32>,
    /// The value of each entry, finite.
    pub values: Vec<f32>,
}

/// A structured matrix. Shapes agree with the matrix that holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Structure {
    /// Every weight stored; shape `[rows, cols]`.
    Dense(Tensor),
    /// F1 ⊗ F2 ⊗ ... in the convention of numpy.kron; two factors or more, each of two dimensions.
    Kronecker(Vec<Tensor>),
    /// left · right, of shapes `[rows, r]` and `[r, cols]`.
    LowRank {
        /// `[rows, r]`
        left: Tensor,
        /// `[r, cols]`
        right: Tensor,
    },
    /// The sum of the terms, one or more.
    Sum(Vec<Structure>),
    /// Blocks under each other, one or more, of the same number of columns.
    VStack(Vec<Matrix>),
    /// Blocks beside each other, one or more, of the same number of rows.
    HStack(Vec<Matrix>),
    /// Blocks on the diagonal, zero elsewhere; one or more.
    BlockDiagonal(Vec<Matrix>),
    /// Two block-diagonal matrices with a transposition between and after (arXiv 2204.00595).
    ///
    /// x is viewed as (k, p); `o1[k,q] = Σp first[k,q,p]·x[k,p]`; o1 flattened is viewed as (r, l) and
    /// transposed to (l, r); `o2[l,s] = Σr second[l,s,r]·o1[l,r]`; y is o2 transposed to (s, l), flattened.
    Monarch {
        /// `[k, q, p]` with k·p columns.
        first: Tensor,
        /// `[l, s, r]` with l·r = k·q and s·l rows.
        second: Tensor,
    },
    /// `W[i,j] = first_column[(i − j) mod n]`; square.
    Circulant(Vec<f32>),
}

impl Csr {
    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// The columns and values of row `i`.
    pub fn row(&self, i: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let entries = self.row_ptr[i] as usize..self.row_ptr[i + 1] as usize;
        entries.map(|k| (self.col_idx[k] as usize, self.values[k]))
    }

    /// The entries that are to be kept, asked by their numbers; as many rows.
    pub(crate) fn kept(&self, keep: impl Fn(usize) -> bool) -> Csr {
        let mut kept = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
        for bounds in self.row_ptr.windows(2) {
            for entry in (bounds[0] as usize..bounds[1] as usize).filter(|&entry| keep(entry)) {
                kept.col_idx.push(self.col_idx[entry]);
                kept.values.push(self.values[entry]);
            }
            kept.row_ptr.push(kept.values.len() as u32);
        }
        kept
    }
}
