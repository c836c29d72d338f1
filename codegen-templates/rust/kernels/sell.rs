// A sparse matrix times a vector, from sliced ELLPACK (SELL-C-sigma, Kreutzer et al. 2014, arXiv 1307.6209): slices of
// LANES rows of similar length, stored so that lanes run down the rows. Takes the slices, with columns and rows numbered
// in types as narrow as they fit; gives the sums of the rows listed.

/// y[i] = init + sum over the row's elements of value * `x[column]`, for i in `row_of`. Slice s holds the rows
/// `row_of[s * LANES..]` and the slots `slice_ptr[s]..slice_ptr[s + 1]`; a slot is LANES values and as many columns. Shorter
/// rows, and lanes past `rows`, are padded with value 0 and any column within x. Rows not listed are left as they are, so
/// that all must be unless `init` is `Accumulate`. Every column must be below `x.len()`.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
pub(super) fn sell<C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    init: Init<'_>,
    values: &[f32],
    columns: &[C],
    slice_ptr: &[u32],
    row_of: &[R],
    x: &[f32],
    rows: usize,
) {
    assert!(init.fits(y.len()) && values.len() == columns.len() && row_of.len() == rows);
    assert!(slice_ptr.len() == rows.div_ceil(LANES) + 1);
    for (slice, bounds) in row_of.chunks(LANES).zip(slice_ptr.windows(2)) {
        let slots = bounds[0] as usize * LANES..bounds[1] as usize * LANES;
        let mut sums = [0.0; LANES];
        let slots = values[slots.clone()].chunks_exact(LANES).zip(columns[slots].chunks_exact(LANES));
        for (values, columns) in slots {
            for ((sum, value), column) in sums.iter_mut().zip(values).zip(columns) {
                let column = (*column).into() as usize;
                debug_assert!(column < x.len());
                // SAFETY: columns are tables of the model, checked against the length of x when it was compiled.
                *sum += value * unsafe { x.get_unchecked(column) };
            }
        }
        for (row, sum) in slice.iter().zip(sums) {
            let row = (*row).into() as usize;
            let [start] = init.load(y, row);
            y[row] = start + sum;
        }
    }
}
