/* A sparse matrix times a vector, from sliced ELLPACK (SELL-C-sigma, Kreutzer et al. 2014, arXiv 1307.6209): slices of
 * DOPED_LANES rows of similar length, stored so that lanes run down the rows. Takes the slices, with columns and rows
 * numbered in types as narrow as they fit; gives the sums of the rows listed. */
#include "doped/base.h"

/* y[i] = init + sum over the row's elements of value * x[column], for i in row_of[0..rows]. Slice s holds the rows
 * row_of[s*DOPED_LANES ...] and the slots slice_ptr[s] .. slice_ptr[s+1]; a slot is DOPED_LANES values and as many
 * columns. Shorter rows, and lanes past `rows`, are padded with value 0 and any column within x. No row is listed
 * twice; rows not listed are left as they are, so that with init NULL or apart from y all must be. init may be y;
 * nothing else may overlap y. */
DOPED_ALONE void doped_sell_COLUMN_ROW(float *y, const float *init, const float *DOPED_RESTRICT values,
                                       const doped_column_t *DOPED_RESTRICT columns,
                                       const uint32_t *DOPED_RESTRICT slice_ptr,
                                       const doped_row_t *DOPED_RESTRICT row_of, const float *DOPED_RESTRICT x,
                                       size_t rows) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    for (size_t first = 0; first < rows; first += DOPED_LANES) {
        const size_t slice = first / DOPED_LANES;
        const size_t lanes = rows - first < DOPED_LANES ? rows - first : DOPED_LANES;
        const size_t end = (size_t)slice_ptr[slice + 1] * DOPED_LANES;
        doped_vector sums[DOPED_LANES / DOPED_WIDTH];
        float sum[DOPED_LANES];
        DOPED_UNROLL
        for (size_t v = 0; v < DOPED_LANES / DOPED_WIDTH; v++) {
            sums[v] = doped_start(NULL);
        }
        for (size_t at = (size_t)slice_ptr[slice] * DOPED_LANES; at < end; at += DOPED_LANES) {
            DOPED_UNROLL
            for (size_t v = 0; v < DOPED_LANES / DOPED_WIDTH; v++) {
                const size_t k = at + v * DOPED_WIDTH;
#if DOPED_FAMILY > 0 && DOPED_VECTORS
                /* Loads are what there are too few of: columns come out of words of 64 bits, hidden from Clang, which
                 * would load each by itself after all. */
                float at_columns[DOPED_WIDTH];
                uint64_t word = 0;
                DOPED_UNROLL_KNOWN
                for (size_t i = 0; i < DOPED_WIDTH; i++) {
                    const size_t bit = 8 * sizeof *columns * i % 64;
                    if (bit == 0) {
                        memcpy(&word, columns + k + i, sizeof word);
#if defined(__clang__)
                        __asm__("" : "+r"(word));
#endif
                    }
                    at_columns[i] = x[(doped_column_t)(word >> bit)];
                }
                const doped_vector inputs = doped_load(at_columns);
#elif DOPED_WIDTH == 8
                const doped_vector inputs =
                    doped_eight(x[columns[k]], x[columns[k + 1]], x[columns[k + 2]], x[columns[k + 3]],
                                x[columns[k + 4]], x[columns[k + 5]], x[columns[k + 6]], x[columns[k + 7]]);
#else
                const doped_vector inputs =
                    doped_four(x[columns[k]], x[columns[k + 1]], x[columns[k + 2]], x[columns[k + 3]]);
#endif
                sums[v] = doped_add_product(sums[v], doped_load(values + k), inputs);
            }
        }
        memcpy(sum, sums, sizeof sum);
        for (size_t lane = 0; lane < lanes; lane++) {
            const size_t row = row_of[first + lane];
            y[row] = doped_start_one(doped_from(init, row)) + sum[lane];
        }
    }
}
