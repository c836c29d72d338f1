/* The second stage of a Monarch matrix: small matrices that mix equal places of blocks. Takes the weights as
 * [s][r][l], so that lanes run across l where nothing is reduced; gives [s][l], which is the output flattened. */
#ifndef DOPED_MONARCH_MIX_H
#define DOPED_MONARCH_MIX_H
#include "doped/base.h"

/* y[s0*l + i] = init + sum over r0 < r of w[(s0*r + r0)*l + i] * x[r0*l + i], for s0 < s and i < l. init may be NULL
 * or y; x and w must not overlap y. */
DOPED_INLINE void doped_monarch_mix(float *y, const float *init, const float *DOPED_RESTRICT w,
                                    const float *DOPED_RESTRICT x, size_t s, size_t r, size_t l) {
    const size_t rest = l % DOPED_WIDTH;
    for (size_t s0 = 0; s0 < s; s0++) {
        const size_t to = s0 * l;
        const float *weights = w + to * r;
        size_t i = 0;
        for (; i + 4 * DOPED_WIDTH <= l; i += 4 * DOPED_WIDTH) {
            doped_vector sums[4];
            DOPED_UNROLL
            for (size_t v = 0; v < 4; v++) {
                sums[v] = doped_start(doped_from(init, to + i + v * DOPED_WIDTH));
            }
            for (size_t r0 = 0; r0 < r; r0++) {
                DOPED_UNROLL
                for (size_t v = 0; v < 4; v++) {
                    const size_t at = r0 * l + i + v * DOPED_WIDTH;
                    sums[v] = doped_add_product(sums[v], doped_load(weights + at), doped_load(x + at));
                }
            }
            DOPED_UNROLL
            for (size_t v = 0; v < 4; v++) {
                doped_store(y + to + i + v * DOPED_WIDTH, sums[v]);
            }
        }
        for (; i + DOPED_WIDTH <= l; i += DOPED_WIDTH) {
            doped_vector sum = doped_start(doped_from(init, to + i));
            for (size_t r0 = 0; r0 < r; r0++) {
                sum = doped_add_product(sum, doped_load(weights + r0 * l + i), doped_load(x + r0 * l + i));
            }
            doped_store(y + to + i, sum);
        }
        for (size_t k = l - rest; k < l; k++) {
            float sum = doped_start_one(doped_from(init, to + k));
            for (size_t r0 = 0; r0 < r; r0++) {
                sum += weights[r0 * l + k] * x[r0 * l + k];
            }
            y[to + k] = sum;
        }
    }
}

#endif /* DOPED_MONARCH_MIX_H */
