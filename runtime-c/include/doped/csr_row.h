/* One row of a sparse matrix, added to a dense vector: an embedding's sparse part. Takes the matrix in compressed
 * sparse rows, with columns in a type as narrow as they fit. */
#include "doped/base.h"

/* y[columns[k]] += values[k], for k in row_ptr[row] .. row_ptr[row+1]. The tables must not overlap y. */
DOPED_INLINE void doped_csr_row_COLUMN(float *DOPED_RESTRICT y, const uint32_t *DOPED_RESTRICT row_ptr,
                                       const doped_column_t *DOPED_RESTRICT columns,
                                       const float *DOPED_RESTRICT values, size_t row) {
    const size_t end = row_ptr[row + 1];
    for (size_t k = row_ptr[row]; k < end; k++) {
        y[columns[k]] += values[k];
    }
}
