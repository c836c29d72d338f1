/* Checks csr_wide and sell_wide for one pair of index types: takes column_t, row_t and PASTE(name), which makes a name
 * unique to the pair; gives the function PASTE(check). Included by wide.c once for each pair: hence no guard. */
#define doped_column_t column_t
#define doped_row_t row_t
#define doped_csr_wide_COLUMN PASTE(csr_wide)
#define doped_csr_wide_strips_COLUMN PASTE(csr_wide_strips)
#define doped_csr_wide_rest_COLUMN PASTE(csr_wide_rest)
#define doped_sell_wide_slice_COLUMN_ROW PASTE(sell_wide_slice)
#define doped_sell_wide_COLUMN_ROW PASTE(sell_wide)
#include "doped/csr_wide.h"
#include "doped/sell_wide.h"
#include "slices_types.h"

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
        float *sell = guarded(rows * lanes);
        const float *init = start((int)kind, y, table, rows * lanes);
        const size_t room = (rows + DOPED_LANES) * cols;
        float *lane_values = (float *)calloc(room, sizeof *lane_values);
        column_t *lane_columns = (column_t *)calloc(room, sizeof *lane_columns);
        uint32_t *slice_ptr = (uint32_t *)malloc((rows / DOPED_LANES + 2) * sizeof *slice_ptr);
        row_t *order = (row_t *)malloc(rows * sizeof *order);
        const size_t listed = PASTE(deal)(row_ptr, columns, values, rows, kind != START_SELF, lane_values,
                                          lane_columns, slice_ptr, order);
        memcpy(sell, y, rows * lanes * sizeof *sell);
        PASTE(csr_wide)(y, init, row_ptr, columns, values, x, rows, row_ptr[rows], lanes);
        /* By turns as many pairs of floats as stand before a column's lanes, where their type takes that. */
        const int pairs = kind % 2 == 1 && lanes % 2 == 0 && (column_t)(cols * lanes / 2) == cols * lanes / 2;
        for (size_t k = 0; k < room; k++) {
            lane_columns[k] = (column_t)(lane_columns[k] * (pairs ? lanes / 2 : 1));
        }
        PASTE(sell_wide)(sell, kind == START_SELF ? sell : init, lane_values, lane_columns, slice_ptr, order, x,
                         listed, pairs ? 2 : lanes, lanes);
        for (size_t i = 0; i < rows * lanes; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (uint32_t k = row_ptr[i / lanes]; k < row_ptr[i / lanes + 1]; k++) {
                const double term = (double)values[k] * (double)x[columns[k] * lanes + i % lanes];
                want += term;
                scale += fabs(term);
            }
            expect("csr_wide", i, y[i], want, scale);
            expect("sell_wide", i, sell[i], want, scale);
        }
        unguard(y, rows * lanes, "csr_wide");
        unguard(sell, rows * lanes, "sell_wide");
        free(table);
        free(lane_values);
        free(lane_columns);
        free(slice_ptr);
        free(order);
    }
    free(row_ptr);
    free(columns);
    free(values);
    free(x);
}

#undef doped_column_t
#undef doped_row_t
#undef doped_csr_wide_COLUMN
#undef doped_csr_wide_strips_COLUMN
#undef doped_csr_wide_rest_COLUMN
#undef doped_sell_wide_slice_COLUMN_ROW
#undef doped_sell_wide_COLUMN_ROW
#undef column_t
#undef row_t
#undef PASTE
