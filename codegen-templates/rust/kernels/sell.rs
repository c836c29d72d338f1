// A sparse matrix times a vector, from sliced ELLPACK (SELL-C-sigma, Kreutzer et al. 2014, arXiv 1307.6209): slices of
// LANES rows of similar length, stored so that lanes run down the rows. Takes the slices, with columns and rows numbered
// in types as narrow as they fit; gives the sums of the rows listed.

/// y[i] = init + sum over the row's elements of value * `x[column]`, for i in `row_of`. Slice s holds the rows
/// `row_of[s * LANES..]` and the slots `slice_ptr[s]..slice_ptr[s + 1]`; a slot is LANES values and as many columns. Shorter
/// rows, and lanes past `rows`, are padded with value 0 and any column within x. Rows not listed are left as they are, so
/// that all must be unless `init` is `Accumulate`. Every column must be below `x.len()`.
#[inline]
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
    let mut first = 0;
    while first < rows {
        let slice = first / LANES;
        let mut sums = [0.0; LANES];
        let slots = slice_ptr[slice] as usize * LANES..slice_ptr[slice + 1] as usize * LANES;
        let values = values[slots.clone()].chunks_exact(LANES);
        for (values, columns) in values.zip(columns[slots].chunks_exact(LANES)) {
            #[cfg(target_arch = "x86_64")]
            if FAMILY != 0 {
                // SAFETY: the family has the instructions; columns are tables of the model, as below.
                unsafe { sell_add_slot(&mut sums, values, columns, x) };
                continue;
            }
            let mut lane = 0;
            while lane < LANES {
                let column = columns[lane].into() as usize;
                debug_assert!(column < x.len());
                // SAFETY: columns are tables of the model, checked against the length of x when it was compiled.
                sums[lane] += values[lane] * unsafe { x.get_unchecked(column) };
                lane += 1;
            }
        }
        let end = if rows - first < LANES { rows } else { first + LANES };
        scatter(y, init, &row_of[first..end], &sums);
        first += LANES;
    }
}

/// `sums += values * x[columns]` for the eight rows of a slot. Loads are what there are too few of: columns come out of words
/// of 64 bits.
///
/// # Safety
///
/// The processor has AVX2 and FMA; there are eight values and columns, every column below `x.len()`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn sell_add_slot<C: Copy>(sums: &mut [f32; LANES], values: &[f32], columns: &[C], x: &[f32]) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let words = column_words(columns);
        let mut inputs = [0.0; LANES];
        let mut i = 0;
        while i < LANES {
            let column = column_of::<C>(&words, i);
            debug_assert!(column < x.len());
            inputs[i] = *x.get_unchecked(column);
            i += 1;
        }
        let [a, b, c, d, e, f, g, h] = inputs;
        let inputs = _mm256_setr_ps(a, b, c, d, e, f, g, h);
        let sum = _mm256_fmadd_ps(_mm256_loadu_ps(values.as_ptr()), inputs, _mm256_loadu_ps(sums.as_ptr()));
        _mm256_storeu_ps(sums.as_mut_ptr(), sum);
    }
}
