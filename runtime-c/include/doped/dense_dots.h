/* A dense matrix of few rows times a vector. Takes the matrix row-major; gives every row's sum. Lanes run along the
 * columns, in DOPED_PARTIALS partial sums that are reduced once a row. */
#ifndef DOPED_DENSE_DOTS_H
#define DOPED_DENSE_DOTS_H
#include "doped/base.h"

/* y[i] = init + sum over j of w[i*cols + j] * x[j], for i < rows. init may be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_dense_dots(float *y, const float *init, const float *DOPED_RESTRICT w,
                                   const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    const size_t rest = cols % DOPED_PARTIALS;
    const size_t whole = cols - rest;
    for (size_t i = 0; i < rows; i++) {
        const float *row = w + i * cols;
        doped_vector sums[DOPED_PARTIALS / DOPED_WIDTH];
        float partial[DOPED_PARTIALS];
        DOPED_UNROLL
        for (size_t v = 0; v < DOPED_PARTIALS / DOPED_WIDTH; v++) {
            sums[v] = doped_start(NULL);
        }
        for (size_t j = 0; j < whole; j += DOPED_PARTIALS) {
            DOPED_UNROLL
            for (size_t v = 0; v < DOPED_PARTIALS / DOPED_WIDTH; v++) {
                const size_t at = j + v * DOPED_WIDTH;
                sums[v] = doped_add_product(sums[v], doped_load(row + at), doped_load(x + at));
            }
        }
        memcpy(partial, sums, sizeof partial);
        for (size_t k = 0; k < rest; k++) {
            partial[k] += row[whole + k] * x[whole + k];
        }
        y[i] = doped_start_one(doped_from(init, i)) + doped_reduce(partial);
    }
}

#endif /* DOPED_DENSE_DOTS_H */
