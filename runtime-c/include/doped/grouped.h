/* A sparse matrix times a vector, from rows grouped by their number of elements: what another kernel has left over, a few
 * elements in a row. Takes the groups, with columns and rows numbered in types as narrow as they fit; adds to the rows
 * that are listed. */
#include "doped/base.h"

/* Adds `count` rows of `length` elements each. */
DOPED_INLINE void doped_grouped_rows_COLUMN_ROW(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT values,
                                                const doped_column_t *DOPED_RESTRICT columns,
                                                const doped_row_t *DOPED_RESTRICT rows, const float *DOPED_RESTRICT x,
                                                size_t count, size_t length) {
    for (size_t i = 0; i < count; i++) {
        float sum = values[i * length] * x[columns[i * length]];
        for (size_t j = 1; j < length; j++) {
            sum += values[i * length + j] * x[columns[i * length + j]];
        }
        y[rows[i]] += sum;
    }
}

/* y[i] += the sum over the row's elements of value * x[column], for every row i that is listed. First come the rows with
 * one element, counts[0] of them, then those with two, and so on up to `longest`; their elements stand in the same order.
 * Most rows have few, and loops that know how many need no branch for a row. Nothing may overlap y. */
DOPED_APART void doped_grouped_COLUMN_ROW(float *DOPED_RESTRICT y, const uint32_t *DOPED_RESTRICT counts,
                                          const float *DOPED_RESTRICT values,
                                          const doped_column_t *DOPED_RESTRICT columns,
                                          const doped_row_t *DOPED_RESTRICT rows, const float *DOPED_RESTRICT x,
                                          size_t longest) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    DOPED_HIDE(rows);
    for (size_t length = 1; length <= longest; length++) {
        const size_t count = counts[length - 1];
        switch (length) {
        case 1: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 1); break;
        case 2: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 2); break;
        case 3: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 3); break;
        case 4: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 4); break;
        case 5: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 5); break;
        case 6: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, 6); break;
        default: doped_grouped_rows_COLUMN_ROW(y, values, columns, rows, x, count, length); break;
        }
        values += count * length;
        columns += count * length;
        rows += count;
    }
}
