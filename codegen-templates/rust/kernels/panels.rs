// Where the rows of a dense matrix stand that is stored in panels, each column by column: as many tall panels of TALL rows as
// there are, then panels of PANEL rows, then one of what is left. Takes a row's number; gives its panel's rows and its
// place in it.

/// Rows in a tall panel, a multiple of [`PANEL`].
const TALL: usize = 32;

/// Rows of the panel in which a row stands.
#[inline(always)]
fn panel_rows(row: usize, rows: usize) -> usize {
    let whole = rows - rows % PANEL;
    if row < rows - rows % TALL {
        TALL
    } else if row < whole {
        PANEL
    } else {
        rows - whole
    }
}

/// Where the weight of such a row, a multiple of [`PANEL`], stands in the first column. Those of the rows below it follow, as
/// far as the panel has any; the next column's stands [`panel_rows`] further on.
#[inline(always)]
fn panel_at(row: usize, rows: usize, cols: usize) -> usize {
    let within = if panel_rows(row, rows) == TALL { row % TALL } else { 0 };
    (row - within) * cols + within
}
