/* Single elements of a sparse matrix times a vector, from a list of coordinates: what another kernel has left over.
 * Takes rows and columns numbered in types as narrow as they fit; adds to the rows that are named. */
#include "doped/base.h"

/* y[rows[k]] += values[k] * x[columns[k]], for k < count in order: a row that comes again soon waits for itself. Nothing
 * may overlap y. */
DOPED_INLINE void doped_coo_COLUMN_ROW(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT values,
                                       const doped_column_t *DOPED_RESTRICT columns,
                                       const doped_row_t *DOPED_RESTRICT rows, const float *DOPED_RESTRICT x,
                                       size_t count) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    DOPED_HIDE(rows);
    for (size_t k = 0; k < count; k++) {
        y[rows[k]] += values[k] * x[columns[k]];
    }
}
