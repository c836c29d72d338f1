/* Checks csr_wide for one index type: takes column_t and PASTE(name), which makes a name unique to the type; gives the
 * function PASTE(check). Included by wide.c once for each type: hence no guard. */
#define doped_column_t column_t
#define doped_csr_wide_COLUMN PASTE(csr_wide)
#define doped_csr_wide_strips_COLUMN PASTE(csr_wide_strips)
#define doped_csr_wide_rest_COLUMN PASTE(csr_wide_rest)
#include "doped/csr_wide.h"

/* A random rows x cols matrix with about `percent` non-zeros of a hundred; every third row of it empty. */
static void PASTE(check)(size_t rows, size_t cols, size_t percent, size_t lanes) {
    uint32_t *row_ptr = (uint32_t *)malloc((rows + 1) * sizeof *row_ptr);
    column_t *columns = (column_t *)malloc((rows * cols + 1) * sizeof *columns);
    float *values = random_floats(rows * cols);
    float *x = random_floats(cols * lanes);
    row_ptr[0] = 0;
    for (size_t i = 0; i < rows; i++) {
        uint32_t at = row_ptr[i];
        for (size_t j = 0; j < cols && i % 3 != 1; j++) {
            if (random_below(100) < percent) {
                columns[at++] = (column_t)j;
            }
        }
        row_ptr[i + 1] = at;
    }
    for (size_t kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(rows * lanes);
        float *y = guarded(rows * lanes);
        PASTE(csr_wide)(y, start((int)kind, y, table, rows * lanes), row_ptr, columns, values, x, rows,
                        row_ptr[rows], lanes);
        for (size_t i = 0; i < rows * lanes; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (uint32_t k = row_ptr[i / lanes]; k < row_ptr[i / lanes + 1]; k++) {
                const double term = (double)values[k] * (double)x[columns[k] * lanes + i % lanes];
                want += term;
                scale += fabs(term);
            }
            expect("csr_wide", i, y[i], want, scale);
        }
        unguard(y, rows * lanes, "csr_wide");
        free(table);
    }
    free(row_ptr);
    free(columns);
    free(values);
    free(x);
}

#undef doped_column_t
#undef doped_csr_wide_COLUMN
#undef doped_csr_wide_strips_COLUMN
#undef doped_csr_wide_rest_COLUMN
#undef column_t
#undef PASTE
