/* A sparse matrix times a wide vector, from the slices of sliced ELLPACK that sell.h reads: each element meets a row of
 * lanes, so that nothing is gathered, and the rows of a slice have sums of their own, so that no addition waits for the
 * one before. */
#include "doped/wide.h"

/* y[i*lanes + b] = init + sum over the row's elements of value * x[column*lanes + b], for i in row_of[0..rows] and b <
 * lanes. Slices, slots, padding and rows that are not listed are those of doped_sell. init may be y; nothing else may
 * overlap y. */
DOPED_APART void doped_sell_wide_COLUMN_ROW(float *y, const float *init, const float *DOPED_RESTRICT values,
                                            const doped_column_t *DOPED_RESTRICT columns,
                                            const uint32_t *DOPED_RESTRICT slice_ptr,
                                            const doped_row_t *DOPED_RESTRICT row_of, const float *DOPED_RESTRICT x,
                                            size_t rows, size_t lanes) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    for (size_t first = 0; first < rows; first += DOPED_LANES) {
        const size_t slice = first / DOPED_LANES;
        const size_t listed = rows - first < DOPED_LANES ? rows - first : DOPED_LANES;
        const size_t begin = (size_t)slice_ptr[slice] * DOPED_LANES;
        const size_t end = (size_t)slice_ptr[slice + 1] * DOPED_LANES;
        size_t b = 0;
        for (; b + DOPED_STRIP <= lanes; b += DOPED_STRIP) {
            doped_strip sums[DOPED_LANES];
            DOPED_UNROLL
            for (size_t i = 0; i < DOPED_LANES; i++) {
                sums[i] = doped_strip_start(NULL);
            }
            for (size_t at = begin; at < end; at += DOPED_LANES) {
                const doped_weights weights = doped_weights_load(values + at);
                DOPED_UNROLL
                for (size_t i = 0; i < DOPED_LANES; i++) {
                    const doped_strip inputs = doped_strip_load(x + columns[at + i] * lanes + b);
                    sums[i] = doped_strip_add_weighted(sums[i], inputs, weights, (int32_t)i);
                }
            }
            for (size_t i = 0; i < listed; i++) {
                const size_t to = row_of[first + i] * lanes + b;
                const doped_strip begun = doped_strip_start(doped_from(init, to));
                doped_strip_store(y + to, doped_strip_add_scaled(begun, sums[i], 1.0f));
            }
        }
        for (; b < lanes; b++) {
            float sums[DOPED_LANES] = {0.0f};
            for (size_t at = begin; at < end; at += DOPED_LANES) {
                for (size_t i = 0; i < DOPED_LANES; i++) {
                    sums[i] += values[at + i] * x[columns[at + i] * lanes + b];
                }
            }
            for (size_t i = 0; i < listed; i++) {
                const size_t to = row_of[first + i] * lanes + b;
                y[to] = doped_start_one(doped_from(init, to)) + sums[i];
            }
        }
    }
}
