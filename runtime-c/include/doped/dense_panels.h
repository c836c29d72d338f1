/* A dense matrix times a vector. Takes the matrix in panels of DOPED_PANEL rows, each stored column by column, so
 * that lanes run down the rows and no reduction is left at the end; gives every row's sum. */
#ifndef DOPED_DENSE_PANELS_H
#define DOPED_DENSE_PANELS_H
#include "doped/base.h"
#include "doped/tile.h"

/* y[i] = init + sum over j of W[i,j] * x[j], for i < rows and j < cols. w holds the panels one after another, each
 * [cols][DOPED_PANEL], the last [cols][rows % DOPED_PANEL] when short. init may be NULL or y; x and w must not
 * overlap y. */
DOPED_INLINE void doped_dense_panels(float *y, const float *init, const float *DOPED_RESTRICT w,
                                     const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    const size_t rest = rows % DOPED_PANEL;
    const size_t whole = rows - rest;
    for (size_t i = 0; i < whole; i += DOPED_PANEL) {
        doped_tile(y + i, 0, doped_from(init, i), w + i * cols, DOPED_PANEL, x, 0, 1, DOPED_PANEL, cols);
    }
    if (rest != 0) {
        doped_tile(y + whole, 0, doped_from(init, whole), w + whole * cols, (ptrdiff_t)rest, x, 0, 1, rest, cols);
    }
}

#endif /* DOPED_DENSE_PANELS_H */
