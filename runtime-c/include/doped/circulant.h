/* A circulant matrix times a vector. Takes the first column twice over, so that no index wraps; gives every row's
 * sum. Lanes run down the rows. */
#ifndef DOPED_CIRCULANT_H
#define DOPED_CIRCULANT_H
#include "doped/base.h"
#include "doped/tile.h"

/* y[i] = init + sum over j < n of c[n + i - j] * x[j], where c[k] is first_column[k mod n] for k < 2n. init may be
 * NULL or y; x and c must not overlap y. */
DOPED_INLINE void doped_circulant(float *y, const float *init, const float *DOPED_RESTRICT c,
                                  const float *DOPED_RESTRICT x, size_t n) {
    const size_t rest = n % DOPED_PANEL;
    const size_t whole = n - rest;
    for (size_t i = 0; i < whole; i += DOPED_PANEL) {
        doped_tile(y + i, 0, doped_from(init, i), c + n + i, -1, x, 0, 1, DOPED_PANEL, n);
    }
    if (rest != 0) {
        doped_tile(y + whole, 0, doped_from(init, whole), c + n + whole, -1, x, 0, 1, rest, n);
    }
}

#endif /* DOPED_CIRCULANT_H */
