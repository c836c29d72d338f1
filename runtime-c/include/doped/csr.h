/* A sparse matrix times a vector, from compressed sparse rows. Takes row bounds, columns in a type as narrow as they
 * fit, and values; gives every row's sum, in four partial sums so that an addition need not wait for the one before. */
#include "doped/base.h"

/* y[i] = init + sum over k in row_ptr[i] .. row_ptr[i+1] of values[k] * x[columns[k]], for i < rows;
 * nnz elements in all. init may be NULL or y; nothing else may overlap y. */
DOPED_INLINE void doped_csr_COLUMN(float *y, const float *init, const uint32_t *DOPED_RESTRICT row_ptr,
                                   const doped_column_t *DOPED_RESTRICT columns, const float *DOPED_RESTRICT values,
                                   const float *DOPED_RESTRICT x, size_t rows, size_t nnz) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    for (size_t i = 0; i < rows; i++) {
        const size_t end = row_ptr[i + 1];
        size_t k = row_ptr[i];
        float a = 0.0f;
        float b = 0.0f;
        float c = 0.0f;
        float d = 0.0f;
        /* In a table of fewer than four elements a compiler would see these loads as outside it. */
        for (; nnz >= 4 && k + 4 <= end; k += 4) {
            a += values[k] * x[columns[k]];
            b += values[k + 1] * x[columns[k + 1]];
            c += values[k + 2] * x[columns[k + 2]];
            d += values[k + 3] * x[columns[k + 3]];
        }
        for (; k < end; k++) {
            a += values[k] * x[columns[k]];
        }
        y[i] = doped_start_one(doped_from(init, i)) + ((a + c) + (b + d));
    }
}
