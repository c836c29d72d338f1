/* The outer product of two vectors: a row of a Kronecker product of two factors. Takes both vectors; gives their
 * product flattened. */
#ifndef DOPED_OUTER_H
#define DOPED_OUTER_H
#include "doped/base.h"

/* y[i*b_len + j] = init + a[i] * b[j], for i < a_len and j < b_len. init may be NULL or y; a and b must not overlap
 * y. */
DOPED_INLINE void doped_outer(float *y, const float *init, const float *DOPED_RESTRICT a,
                              const float *DOPED_RESTRICT b, size_t a_len, size_t b_len) {
    const size_t rest = b_len % DOPED_WIDTH;
    const size_t whole = b_len - rest;
    for (size_t i = 0; i < a_len; i++) {
        const size_t to = i * b_len;
        for (size_t j = 0; j < whole; j += DOPED_WIDTH) {
            const doped_vector start = doped_start(doped_from(init, to + j));
            doped_store(y + to + j, doped_add_scaled(start, doped_load(b + j), a[i]));
        }
        for (size_t j = whole; j < b_len; j++) {
            y[to + j] = doped_start_one(doped_from(init, to + j)) + a[i] * b[j];
        }
    }
}

#endif /* DOPED_OUTER_H */
