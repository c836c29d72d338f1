// A sparse matrix times a wide vector, from compressed sparse rows: each non-zero meets a row of lanes, so that nothing is
// gathered. Takes row bounds, columns in a type as narrow as they fit, and values; gives every row's sums, one a lane.

/// `y[i * lanes + b]` = init + sum over k in `row_ptr[i]..row_ptr[i + 1]` of `values[k] * x[columns[k] * lanes + b]`, for
/// b < lanes. Every column must be below the number of x's rows.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn csr_wide<C: Copy + Into<u32>>(
    y: &mut [f32],
    init: Init<'_>,
    row_ptr: &[u32],
    columns: &[C],
    values: &[f32],
    x: &[f32],
    rows: usize,
    nnz: usize,
    lanes: usize,
) {
    assert!(y.len() == rows * lanes && init.fits(rows * lanes) && row_ptr.len() == rows + 1);
    assert!(values.len() == nnz && columns.len() == nnz && x.len().is_multiple_of(lanes));
    let mut i = 0;
    while i < rows {
        let row = row_ptr[i] as usize..row_ptr[i + 1] as usize;
        let (values, columns) = (&values[row.clone()], &columns[row]);
        let mut b = 0;
        while b + 4 * STRIP <= lanes {
            csr_wide_strips::<4, 1, C>((y, i * lanes + b), init, columns, values, (x, lanes, b));
            b += 4 * STRIP;
        }
        if b + 2 * STRIP <= lanes {
            csr_wide_strips::<2, 4, C>((y, i * lanes + b), init, columns, values, (x, lanes, b));
            b += 2 * STRIP;
        }
        if b + STRIP <= lanes {
            csr_wide_strips::<1, 8, C>((y, i * lanes + b), init, columns, values, (x, lanes, b));
            b += STRIP;
        }
        if b < lanes {
            csr_wide_rest((y, i * lanes + b), init, columns, values, (x, lanes, b));
        }
        i += 1;
    }
}

/// One row's sums for S strips of lanes from `offset` on; W neighbouring non-zeros have sums of their own, so that an
/// addition need not wait for the one before.
#[inline(always)]
fn csr_wide_strips<const S: usize, const W: usize, C: Copy + Into<u32>>(
    (y, at): (&mut [f32], usize),
    init: Init<'_>,
    columns: &[C],
    values: &[f32],
    (x, lanes, offset): (&[f32], usize, usize),
) {
    let mut sums = [[[0.0; STRIP]; S]; W];
    let mut s = 0;
    while s < S {
        sums[0][s] = init.load(y, at + s * STRIP);
        s += 1;
    }
    assert!(columns.len() == values.len());
    let whole = values.len() - values.len() % W;
    let mut k = 0;
    while k < whole {
        let (columns, values) = (&columns[k..k + W], &values[k..k + W]);
        let mut w = 0;
        while w < W {
            csr_wide_add(&mut sums[w], columns[w], values[w], (x, lanes, offset));
            w += 1;
        }
        k += W;
    }
    while k < values.len() {
        csr_wide_add(&mut sums[0], columns[k], values[k], (x, lanes, offset));
        k += 1;
    }
    let mut w = 1;
    while w < W {
        let mut s = 0;
        while s < S {
            let other = sums[w][s];
            strip_add_scaled(&mut sums[0][s], &other, 1.0);
            s += 1;
        }
        w += 1;
    }
    let mut s = 0;
    while s < S {
        y[at + s * STRIP..][..STRIP].copy_from_slice(&sums[0][s]);
        s += 1;
    }
}

/// Adds one non-zero's products to S strips of lanes from `offset` on.
#[inline(always)]
#[allow(unsafe_code)]
fn csr_wide_add<const S: usize, C: Copy + Into<u32>>(
    sums: &mut [[f32; STRIP]; S],
    column: C,
    value: f32,
    (x, lanes, offset): (&[f32], usize, usize),
) {
    let from = column.into() as usize * lanes + offset;
    debug_assert!(from + S * STRIP <= x.len());
    let mut s = 0;
    while s < S {
        // SAFETY: columns are tables of the model, checked against the length of x when it was compiled, and the strips
        // end inside a row of lanes.
        let row = unsafe { x.get_unchecked(from + s * STRIP..from + (s + 1) * STRIP) };
        strip_add_scaled(&mut sums[s], row, value);
        s += 1;
    }
}

/// One row's sums for the lanes from `offset` on, fewer than a strip.
#[inline(always)]
fn csr_wide_rest<C: Copy + Into<u32>>(
    (y, at): (&mut [f32], usize),
    init: Init<'_>,
    columns: &[C],
    values: &[f32],
    (x, lanes, offset): (&[f32], usize, usize),
) {
    let rest = lanes - offset;
    let mut sums = [0.0; STRIP];
    let mut i = 0;
    while i < rest {
        [sums[i]] = init.load(y, at + i);
        i += 1;
    }
    let mut k = 0;
    while k < values.len() {
        let row = &x[columns[k].into() as usize * lanes + offset..][..rest];
        let mut i = 0;
        while i < rest {
            sums[i] += values[k] * row[i];
            i += 1;
        }
        k += 1;
    }
    y[at..at + rest].copy_from_slice(&sums[..rest]);
}
