/* A circulant matrix times a wide vector. Takes the first column twice over, as doped_circulant does; gives every row's
 * sums, one a lane. */
#ifndef DOPED_CIRCULANT_WIDE_H
#define DOPED_CIRCULANT_WIDE_H
#include "doped/base.h"
#include "doped/wide.h"

/* y[i*lanes + k] = init + sum over j < n of c[n + i - j] * x[j*lanes + k], where c[m] is first_column[m mod n] for m
 * < 2n. init may be NULL or y; x and c must not overlap y. */
DOPED_INLINE void doped_circulant_wide(float *y, const float *init, const float *DOPED_RESTRICT c,
                                       const float *DOPED_RESTRICT x, size_t n, size_t lanes) {
    doped_wide_rows(y, lanes, init, x, lanes, c + n, 1, -1, n, lanes, n);
}

#endif /* DOPED_CIRCULANT_WIDE_H */
