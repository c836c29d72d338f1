/* One row of a Monarch matrix, added to a dense vector: an embedding's row. Takes both stages as the model file has
 * them; gives the row's k*p elements. */
#ifndef DOPED_MONARCH_ROW_H
#define DOPED_MONARCH_ROW_H
#include "doped/base.h"

/* y[k0*p + p0] += second[l0][s0][r0] * first[k0][q0][p0] for every r0 < r and p0 < p, where row = s0*l + l0 and
 * r0*l + l0 = k0*q + q0. first is [k][q][p], second [l][s][r], and l*r = k*q. The tables must not overlap y. */
DOPED_INLINE void doped_monarch_row(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT first,
                                    const float *DOPED_RESTRICT second, size_t row, size_t k, size_t q, size_t p,
                                    size_t l, size_t s, size_t r) {
    const float *weights = second + (row % l * s + row / l) * r;
    (void)k; /* follows from the others */
    for (size_t r0 = 0; r0 < r; r0++) {
        const size_t f = r0 * l + row % l;
        const float *from = first + f * p;
        float *to = y + f / q * p;
        for (size_t p0 = 0; p0 < p; p0++) {
            to[p0] += weights[r0] * from[p0];
        }
    }
}

#endif /* DOPED_MONARCH_ROW_H */
