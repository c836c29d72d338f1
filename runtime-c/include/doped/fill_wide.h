/* A wide vector set to what sums start from: the same for every lane. Takes a bias; gives it repeated along the
 * lanes. */
#ifndef DOPED_FILL_WIDE_H
#define DOPED_FILL_WIDE_H
#include "doped/base.h"

/* y[i*lanes + k] = bias[i], for i < n and k < lanes. bias must not overlap y. */
DOPED_INLINE void doped_fill_wide(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT bias, size_t n, size_t lanes) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < lanes; k++) {
            y[i * lanes + k] = bias[i];
        }
    }
}

#endif /* DOPED_FILL_WIDE_H */
