// Single elements of a sparse matrix times a vector, from a list of coordinates: what another kernel has left over. Takes
// rows and columns numbered in types as narrow as they fit; adds to the rows that are named.

/// `y[rows[k]] += values[k] * x[columns[k]]`, for k < count in order. Every column must be below `x.len()`, every row below
/// `y.len()`.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) fn coo<C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    values: &[f32],
    columns: &[C],
    rows: &[R],
    x: &[f32],
    count: usize,
) {
    assert!(values.len() == count && columns.len() == count && rows.len() == count);
    let mut k = 0;
    while k < count {
        let (row, column) = (rows[k].into() as usize, columns[k].into() as usize);
        debug_assert!(row < y.len() && column < x.len());
        // SAFETY: rows and columns are tables of the model, checked against the lengths when it was compiled.
        unsafe { *y.get_unchecked_mut(row) += values[k] * x.get_unchecked(column) };
        k += 1;
    }
}
