/* The second stage of a Monarch matrix on a wide vector: small matrices that mix equal places of blocks. Takes the
 * weights as doped_monarch_mix does, [s][r][l]; gives [s][l][lanes]. */
#ifndef DOPED_MONARCH_MIX_WIDE_H
#define DOPED_MONARCH_MIX_WIDE_H
#include "doped/base.h"
#include "doped/wide.h"

/* y[(s0*l + i)*lanes + k] = init + sum over r0 < r of w[(s0*r + r0)*l + i] * x[(r0*l + i)*lanes + k], for s0 < s and
 * i < l. init may be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_monarch_mix_wide(float *y, const float *init, const float *DOPED_RESTRICT w,
                                         const float *DOPED_RESTRICT x, size_t s, size_t r, size_t l, size_t lanes) {
    const size_t row = l * lanes;
    for (size_t i = 0; i < l; i++) {
        const size_t at = i * lanes;
        doped_wide_rows(y + at, row, doped_from(init, at), x + at, row, w + i, (ptrdiff_t)(r * l), (ptrdiff_t)l, s, lanes,
                        r);
    }
}

#endif /* DOPED_MONARCH_MIX_WIDE_H */
