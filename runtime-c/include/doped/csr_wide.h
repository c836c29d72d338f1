/* A sparse matrix times a wide vector, from compressed sparse rows: each non-zero meets a row of lanes, so that
 * nothing is gathered. Takes row bounds, columns in a type as narrow as they fit, and values; gives every row's
 * sums, one a lane. */
#include "doped/wide.h"

/* The sums of one row, elements begin .. end, for `strips` strips of lanes, at most four, of which the first begins
 * at y and x: neighbouring non-zeros have sums of their own where there is room, so that an addition need not wait
 * for the one before. */
DOPED_INLINE void doped_csr_wide_strips_COLUMN(float *y, const float *init,
                                               const doped_column_t *DOPED_RESTRICT columns,
                                               const float *DOPED_RESTRICT values, const float *DOPED_RESTRICT x,
                                               size_t begin, size_t end, size_t nnz, size_t lanes, size_t strips,
                                               size_t ways) {
    doped_strip sums[DOPED_STRIPS];
    size_t k = begin;
    memset(sums, 0, sizeof sums); /* all, so that no compiler doubts those that are not used */
    DOPED_UNROLL
    for (size_t t = 0; t < strips; t++) {
        sums[t] = doped_strip_start(doped_from(init, t * DOPED_STRIP));
    }
    /* In a table of fewer elements a compiler would see these loads as outside it. */
    for (; nnz >= ways && k + ways <= end; k += ways) {
        DOPED_UNROLL
        for (size_t t = 0; t < ways * strips; t++) {
            const float *from = x + columns[k + t / strips] * lanes + t % strips * DOPED_STRIP;
            sums[t] = doped_strip_add_scaled(sums[t], doped_strip_load(from), values[k + t / strips]);
        }
    }
    for (; k < end; k++) {
        DOPED_UNROLL
        for (size_t t = 0; t < strips; t++) {
            const float *from = x + columns[k] * lanes + t * DOPED_STRIP;
            sums[t] = doped_strip_add_scaled(sums[t], doped_strip_load(from), values[k]);
        }
    }
    DOPED_UNROLL
    for (size_t t = strips; t < ways * strips; t++) {
        sums[t % strips] = doped_strip_add_scaled(sums[t % strips], sums[t], 1.0f);
    }
    DOPED_UNROLL
    for (size_t t = 0; t < strips; t++) {
        doped_strip_store(y + t * DOPED_STRIP, sums[t]);
    }
}

/* The sums of one row for fewer lanes than a strip has. */
DOPED_INLINE void doped_csr_wide_rest_COLUMN(float *y, const float *init, const doped_column_t *DOPED_RESTRICT columns,
                                             const float *DOPED_RESTRICT values, const float *DOPED_RESTRICT x,
                                             size_t begin, size_t end, size_t lanes,
                                             size_t rest) {
    float sums[DOPED_STRIP] = {0.0f};
    for (size_t i = 0; i < rest; i++) {
        sums[i] = doped_start_one(doped_from(init, i));
    }
    for (size_t k = begin; k < end; k++) {
        const float *from = x + columns[k] * lanes;
        for (size_t i = 0; i < rest; i++) {
            sums[i] += values[k] * from[i];
        }
    }
    for (size_t i = 0; i < rest; i++) {
        y[i] = sums[i];
    }
}

/* y[i*lanes + b] = init + sum over k in row_ptr[i] .. row_ptr[i+1] of values[k] * x[columns[k]*lanes + b], for i <
 * rows and b < lanes; nnz elements in all. init may be NULL or y; nothing else may overlap y. */
DOPED_INLINE void doped_csr_wide_COLUMN(float *y, const float *init, const uint32_t *DOPED_RESTRICT row_ptr,
                                        const doped_column_t *DOPED_RESTRICT columns,
                                        const float *DOPED_RESTRICT values, const float *DOPED_RESTRICT x, size_t rows,
                                        size_t nnz, size_t lanes) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    const size_t all = lanes / DOPED_STRIP;
    const size_t rest = lanes % DOPED_STRIP;
    for (size_t i = 0; i < rows; i++) {
        const size_t begin = row_ptr[i];
        const size_t end = row_ptr[i + 1];
        size_t b = 0;
        for (; b + 4 * DOPED_STRIP <= lanes; b += 4 * DOPED_STRIP) {
            const size_t to = i * lanes + b;
            doped_csr_wide_strips_COLUMN(y + to, doped_from(init, to), columns, values, x + b, begin, end, nnz, lanes,
                                         4, 1);
        }
        const size_t to = i * lanes + b;
        const float *start = doped_from(init, to);
        if (all % 4 == 1) {
            doped_csr_wide_strips_COLUMN(y + to, start, columns, values, x + b, begin, end, nnz, lanes, 1, 4);
        } else if (all % 4 == 2) {
            doped_csr_wide_strips_COLUMN(y + to, start, columns, values, x + b, begin, end, nnz, lanes, 2, 2);
        } else if (all % 4 == 3) {
            doped_csr_wide_strips_COLUMN(y + to, start, columns, values, x + b, begin, end, nnz, lanes, 3,
                                         DOPED_STRIPS / 4);
        }
        if (rest != 0) {
            const size_t last = (i + 1) * lanes - rest;
            doped_csr_wide_rest_COLUMN(y + last, doped_from(init, last), columns, values, x + lanes - rest, begin, end,
                                       lanes, rest);
        }
    }
}
