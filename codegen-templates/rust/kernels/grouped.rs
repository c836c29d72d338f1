// A sparse matrix times a vector, from rows grouped by their number of elements: what another kernel has left over, a few
// elements in a row. Takes the groups, with columns and rows numbered in types as narrow as they fit; adds to the rows
// that are listed.

/// `y[i]` += the sum over the row's elements of value * `x[column]`, for every row i that is listed. First come the rows
/// with one element, `counts[0]` of them, then those with two, and so on up to `longest`; their elements stand in the same
/// order. Most rows have few, and loops that know how many need no branch for a row. Every column must be below `x.len()`,
/// every row below `y.len()`.
#[inline]
pub(super) fn grouped<C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    counts: &[u32],
    mut values: &[f32],
    mut columns: &[C],
    mut rows: &[R],
    x: &[f32],
    longest: usize,
) {
    assert!(counts.len() == longest && values.len() == columns.len());
    for (before, &count) in counts.iter().enumerate() {
        let (length, count) = (before + 1, count as usize);
        let (these, group);
        (these, rows) = rows.split_at(count);
        (group, values) = values.split_at(count * length);
        let (at, rest) = columns.split_at(count * length);
        columns = rest;
        match length {
            1 => grouped_rows::<1, C, R>(y, group, at, these, x),
            2 => grouped_rows::<2, C, R>(y, group, at, these, x),
            3 => grouped_rows::<3, C, R>(y, group, at, these, x),
            4 => grouped_rows::<4, C, R>(y, group, at, these, x),
            5 => grouped_rows::<5, C, R>(y, group, at, these, x),
            6 => grouped_rows::<6, C, R>(y, group, at, these, x),
            _ => {
                let elements = group.chunks_exact(length).zip(at.chunks_exact(length));
                for (&row, (values, columns)) in these.iter().zip(elements) {
                    grouped_row(y, values, columns, row, x);
                }
            }
        }
    }
}

/// Adds rows of `N` elements each.
#[inline(always)]
fn grouped_rows<const N: usize, C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    values: &[f32],
    columns: &[C],
    rows: &[R],
    x: &[f32],
) {
    let (values, columns) = (values.as_chunks::<N>().0, columns.as_chunks::<N>().0);
    for (&row, (values, columns)) in rows.iter().zip(values.iter().zip(columns)) {
        grouped_row(y, values, columns, row, x);
    }
}

/// Adds one row.
#[inline(always)]
#[allow(unsafe_code)]
fn grouped_row<C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    values: &[f32],
    columns: &[C],
    row: R,
    x: &[f32],
) {
    let product = |(value, &column): (&f32, &C)| {
        let column = column.into() as usize;
        debug_assert!(column < x.len());
        // SAFETY: columns are tables of the model, checked against the length of x when it was compiled.
        value * unsafe { x.get_unchecked(column) }
    };
    let mut products = values.iter().zip(columns).map(product);
    let Some(first) = products.next() else { return };
    let sum = products.fold(first, |sum, product| sum + product);
    let row = row.into() as usize;
    debug_assert!(row < y.len());
    // SAFETY: rows are such a table, too, checked against the length of y.
    unsafe { *y.get_unchecked_mut(row) += sum };
}
