/* Where the rows of a dense matrix stand that is stored in panels, each column by column: as many tall panels of DOPED_TALL rows
 * as there are, then panels of DOPED_PANEL rows, then one of what is left. Takes a row's number; gives its panel's rows and
 * its place in it. */
#ifndef DOPED_PANELS_H
#define DOPED_PANELS_H
#include "doped/base.h"

/* Rows in a tall panel, a multiple of DOPED_PANEL: tables are stored by it, so that it is the same on every target. As many as
 * sixteen registers of four floats have sums for. */
#define DOPED_TALL 32

/* Rows of the panel in which a row stands. */
DOPED_INLINE size_t doped_panel_rows(size_t row, size_t rows) {
    const size_t whole = rows - rows % DOPED_PANEL;
    return row < rows - rows % DOPED_TALL ? DOPED_TALL : row < whole ? DOPED_PANEL : rows - whole;
}

/* The weight of such a row, a multiple of DOPED_PANEL, in the first column. Those of the rows below it follow, as far as the
 * panel has any; the next column's stands doped_panel_rows further on. */
DOPED_INLINE const float *doped_panel_at(const float *w, size_t row, size_t rows, size_t cols) {
    const size_t within = doped_panel_rows(row, rows) == DOPED_TALL ? row % DOPED_TALL : 0;
    return w + (row - within) * cols + within;
}

#endif /* DOPED_PANELS_H */
