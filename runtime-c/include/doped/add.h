/* The sum of two vectors. Takes both; gives their sum, or a copy of one when the other is absent. */
#ifndef DOPED_ADD_H
#define DOPED_ADD_H
#include "doped/base.h"

/* y[i] = init + x[i], for i < n. init may be NULL or y; x must not overlap y. */
DOPED_INLINE void doped_add(float *y, const float *init, const float *DOPED_RESTRICT x, size_t n) {
    const size_t rest = n % DOPED_WIDTH;
    const size_t whole = n - rest;
    for (size_t i = 0; i < whole; i += DOPED_WIDTH) {
        doped_store(y + i, doped_add_scaled(doped_start(doped_from(init, i)), doped_load(x + i), 1.0f));
    }
    for (size_t i = whole; i < n; i++) {
        y[i] = doped_start_one(doped_from(init, i)) + x[i];
    }
}

#endif /* DOPED_ADD_H */
