// One row of a sparse matrix, added to a dense vector: an embedding's sparse part. Takes the matrix in compressed sparse
// rows, with columns in a type as narrow as they fit.

/// `y[columns[k]] += values[k]`, for k in `row_ptr[row]..row_ptr[row + 1]`.
#[inline(always)]
pub(super) fn csr_row<C: Copy + Into<u32>>(
    y: &mut [f32],
    row_ptr: &[u32],
    columns: &[C],
    values: &[f32],
    row: usize,
) {
    let elements = row_ptr[row] as usize..row_ptr[row + 1] as usize;
    for (column, value) in columns[elements.clone()].iter().zip(&values[elements]) {
        y[(*column).into() as usize] += value;
    }
}
