/* One dense matrix times many vectors: the last factor of a Kronecker product. Takes the matrix in panels, as
 * panels.h has them; gives every row's sum for every vector. The vectors that fill a tile share each load of the
 * matrix. */
#ifndef DOPED_DENSE_BATCH_H
#define DOPED_DENSE_BATCH_H
#include "doped/base.h"
#include "doped/few.h"
#include "doped/panels.h"
#include "doped/tile.h"
#include "doped/wide.h"

/* `lanes` rows of the last panel, which has `panel_lanes`, for every vector. */
DOPED_INLINE void doped_dense_batch_lanes(float *y, const float *init, const float *DOPED_RESTRICT w,
                                          ptrdiff_t panel_lanes, const float *DOPED_RESTRICT x, size_t count,
                                          size_t rows, size_t cols, size_t lanes) {
    const size_t rest = count % 4;
    const size_t whole = count - rest;
    DOPED_ROLLED
    for (size_t b = 0; b < whole; b += 4) {
        doped_tile(y + b * rows, rows, doped_from(init, b * rows), w, panel_lanes, x + b * cols, cols, 4, lanes, cols);
    }
    if (rest != 0) {
        doped_tile(y + whole * rows, rows, doped_from(init, whole * rows), w, panel_lanes, x + whole * cols, cols, rest,
                   lanes, cols);
    }
}

/* y[b*rows + i] = init + sum over j of W[i,j] * x[b*cols + j], for b < count. w holds the panels one after
 * another. init may be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_dense_batch(float *y, const float *init, const float *DOPED_RESTRICT w,
                                    const float *DOPED_RESTRICT x, size_t count, size_t rows, size_t cols) {
    const size_t step = DOPED_ACCUMULATORS / 4 * DOPED_WIDTH; /* four rows of as many vectors fill the accumulators */
    const size_t rest = rows % DOPED_PANEL;
    const size_t whole = rows - rest;
    const size_t tall = rows - rows % DOPED_TALL;
    for (size_t i = 0; i < tall; i += DOPED_TALL) {
        doped_wide_rows(y + i, rows, doped_from(init, i), w + i * cols, DOPED_TALL, x, (ptrdiff_t)cols, 1, count, DOPED_TALL,
                        cols);
    }
    for (size_t i = tall; i < whole; i += DOPED_PANEL) {
        doped_wide_rows(y + i, rows, doped_from(init, i), w + i * cols, DOPED_PANEL, x, (ptrdiff_t)cols, 1, count,
                        DOPED_PANEL, cols);
    }
    if (doped_are_few(rest, cols)) {
        doped_few(y + whole, rows, doped_from(init, whole), w + whole * cols, rest, x, cols, count, rest, cols);
        return;
    }
    for (size_t i = whole; i + step <= rows; i += step) {
        const float *lanes = w + whole * cols + (i - whole);
        doped_dense_batch_lanes(y + i, doped_from(init, i), lanes, (ptrdiff_t)rest, x, count, rows, cols, step);
    }
    if (rest % step != 0) {
        const size_t i = rows - rest % step;
        const float *lanes = w + whole * cols + (i - whole);
        doped_dense_batch_lanes(y + i, doped_from(init, i), lanes, (ptrdiff_t)rest, x, count, rows, cols, rest % step);
    }
}

#endif /* DOPED_DENSE_BATCH_H */
