/* A Kronecker factor that is not the last, applied to the middle one of three axes. Takes the factor row-major and
 * x as [left][n][right]; gives [left][m][right]. Lanes run across `right`; the rows of the factor that fill a tile share
 * each load of x. */
#ifndef DOPED_KRON_OUTER_H
#define DOPED_KRON_OUTER_H
#include "doped/base.h"
#include "doped/few.h"
#include "doped/tile.h"
#include "doped/wide.h"

/* `lanes` neighbours on the right axis, fewer than a strip, for one index of the left one and every row of the factor. */
DOPED_INLINE void doped_kron_outer_lanes(float *y, const float *init, const float *DOPED_RESTRICT f,
                                         const float *DOPED_RESTRICT x, size_t m, size_t n, size_t right,
                                         size_t lanes) {
    const size_t rest = m % 4;
    const size_t whole = m - rest;
    DOPED_ROLLED
    for (size_t a = 0; a < whole; a += 4) {
        doped_tile(y + a * right, right, doped_from(init, a * right), x, (ptrdiff_t)right, f + a * n, n, 4, lanes, n);
    }
    if (rest != 0) {
        doped_tile(y + whole * right, right, doped_from(init, whole * right), x, (ptrdiff_t)right, f + whole * n, n,
                   rest, lanes, n);
    }
}

/* y[(l*m + a)*right + r] = init + sum over b of f[a*n + b] * x[(l*n + b)*right + r], for l < left, a < m, r < right.
 * init may be NULL or y; x and f must not overlap y. */
DOPED_INLINE void doped_kron_outer(float *y, const float *init, const float *DOPED_RESTRICT f,
                                   const float *DOPED_RESTRICT x, size_t left, size_t m, size_t n, size_t right) {
    const size_t rest = right % DOPED_STRIP;
    const size_t whole = right - rest;
    DOPED_ROLLED
    for (size_t l = 0; l < left; l++) {
        const size_t to = l * m * right;
        const float *from = x + l * n * right;
        doped_wide_rows(y + to, right, doped_from(init, to), from, right, f, (ptrdiff_t)n, 1, m, whole, n);
        if (doped_are_few(rest, n)) {
            doped_few(y + to + whole, right, doped_from(init, to + whole), from + whole, right, f, n, m, rest, n);
        } else if (rest != 0) {
            doped_kron_outer_lanes(y + to + whole, doped_from(init, to + whole), f, from + whole, m, n, right, rest);
        }
    }
}

#endif /* DOPED_KRON_OUTER_H */
