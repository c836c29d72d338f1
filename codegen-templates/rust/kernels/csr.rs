// A sparse matrix times a vector, from compressed sparse rows. Takes row bounds, columns in a type as narrow as they fit,
// and values; gives every row's sum, in four partial sums so that an addition need not wait for the one before.

/// y[i] = init + sum over k in `row_ptr[i]..row_ptr[i + 1]` of `values[k] * x[columns[k]]`. Every column must be below
/// `x.len()`.
#[inline(always)]
#[allow(unsafe_code)]
pub(super) fn csr<C: Copy + Into<u32>>(
    y: &mut [f32],
    init: Init<'_>,
    row_ptr: &[u32],
    columns: &[C],
    values: &[f32],
    x: &[f32],
    rows: usize,
    nnz: usize,
) {
    assert!(y.len() == rows && init.fits(rows) && row_ptr.len() == rows + 1);
    assert!(values.len() == nnz && columns.len() == nnz);
    let product = |(value, column): (&f32, &C)| {
        let column = (*column).into() as usize;
        debug_assert!(column < x.len());
        // SAFETY: columns are tables of the model, checked against the length of x when it was compiled.
        value * unsafe { x.get_unchecked(column) }
    };
    for (i, bounds) in row_ptr.windows(2).enumerate() {
        let row = bounds[0] as usize..bounds[1] as usize;
        let values = values[row.clone()].chunks_exact(4);
        let columns = columns[row].chunks_exact(4);
        let mut partial = [0.0; 4];
        for (sum, element) in partial.iter_mut().zip(values.remainder().iter().zip(columns.remainder())) {
            *sum = product(element);
        }
        for (values, columns) in values.zip(columns) {
            for (sum, element) in partial.iter_mut().zip(values.iter().zip(columns)) {
                *sum += product(element);
            }
        }
        let [start] = init.load(y, i);
        y[i] = start + ((partial[0] + partial[2]) + (partial[1] + partial[3]));
    }
}
