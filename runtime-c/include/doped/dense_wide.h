/* Dense matrices times a wide vector. Takes each matrix in panels, as panels.h has them, so that one table
 * serves a single vector and many; gives every row's sums, one a lane. */
#ifndef DOPED_DENSE_WIDE_H
#define DOPED_DENSE_WIDE_H
#include "doped/base.h"
#include "doped/panels.h"
#include "doped/wide.h"

/* y[(b*rows + i)*lanes + k] = init + sum over j of W_b[i,j] * x[(b*cols + j)*lanes + k], for b < count. The panels
 * of W_b start at w + b*apart: apart is 0 where all are one matrix, rows*cols where they follow each other. init may
 * be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_dense_wide(float *y, const float *init, const float *DOPED_RESTRICT w,
                                   const float *DOPED_RESTRICT x, size_t count, size_t apart, size_t rows, size_t cols,
                                   size_t lanes) {
    const size_t rest = rows % DOPED_PANEL;
    const size_t whole = rows - rest;
    for (size_t b = 0; b < count; b++) {
        const float *panels = w + b * apart;
        const float *from = x + b * cols * lanes;
        for (size_t i = 0; i < whole; i += DOPED_PANEL) {
            const size_t to = (b * rows + i) * lanes;
            doped_wide_rows(y + to, lanes, doped_from(init, to), from, lanes, doped_panel_at(panels, i, rows, cols), 1,
                            (ptrdiff_t)doped_panel_rows(i, rows), DOPED_PANEL, lanes, cols);
        }
        if (rest != 0) {
            const size_t to = (b * rows + whole) * lanes;
            doped_wide_rows(y + to, lanes, doped_from(init, to), from, lanes, panels + whole * cols, 1,
                            (ptrdiff_t)rest, rest, lanes, cols);
        }
    }
}

#endif /* DOPED_DENSE_WIDE_H */
