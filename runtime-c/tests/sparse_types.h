/* Checks the sparse kernels for one pair of index types: takes column_t, row_t and PASTE(name), which makes a name
 * unique to the pair; gives the function PASTE(check). Included by sparse.c once for each pair: hence no guard. */
#define doped_column_t column_t
#define doped_row_t row_t
#define doped_sell_COLUMN_ROW PASTE(sell)
#define doped_csr_COLUMN PASTE(csr)
#define doped_csr_row_COLUMN PASTE(csr_row)
#define doped_grouped_rows_COLUMN_ROW PASTE(grouped_rows)
#define doped_grouped_COLUMN_ROW PASTE(grouped)
#include "doped/csr.h"
#include "doped/csr_row.h"
#include "doped/grouped.h"
#include "doped/sell.h"
#include "slices_types.h"

/* Groups rows by their number of elements: takes `single` elements, those of a row one after another, and gives the tables
 * and the largest number. */
static size_t PASTE(group)(const float *single_values, const column_t *single_columns, const row_t *single_rows,
                           size_t single, uint32_t *counts, float *values, column_t *columns, row_t *rows) {
    size_t longest = 0, element = 0, row = 0;
    for (size_t length = 1; element < single; length++) {
        counts[length - 1] = 0;
        for (size_t first = 0, end = 0; first < single; first = end) {
            while (end < single && single_rows[end] == single_rows[first]) {
                end++;
            }
            if (end - first == length) {
                memcpy(values + element, single_values + first, length * sizeof *values);
                memcpy(columns + element, single_columns + first, length * sizeof *columns);
                element += length;
                rows[row++] = single_rows[first];
                counts[length - 1]++;
                longest = length;
            }
        }
    }
    return longest;
}

/* Look-ups with so many windows in each band from each start, of sixteen rows padded and packed, or of eight; and the elements
 * that find no slot, rows grouped by how many they have. */
static void PASTE(check_lookup)(const uint32_t *row_ptr, const column_t *columns, const float *values, const float *x,
                                size_t rows, size_t cols, size_t windows, int reversed, int eight) {
    const size_t group = eight ? DOPED_EIGHT : DOPED_GROUP;
    const size_t window = eight ? DOPED_EIGHT : DOPED_WINDOW;
    const size_t per_word = eight ? DOPED_EIGHT_INDICES : DOPED_INDICES;
    const unsigned bits = eight ? DOPED_EIGHT_BITS : 5;
    const size_t most = eight ? DOPED_EIGHT_BAND : DOPED_BAND;
    const size_t bands = rows / (most * group) + 4;
    const size_t room = (rows + group) * (windows + per_word) + group;
    uint16_t *order = (uint16_t *)calloc(rows, sizeof *order);
    uint16_t *counts = (uint16_t *)calloc(bands, sizeof *counts);
    uint16_t *starts = (uint16_t *)calloc(bands * windows, sizeof *starts);
    float *padded = (float *)calloc(room, sizeof *padded);
    float *packed = (float *)calloc(room, sizeof *packed);
    uint16_t *masks = (uint16_t *)calloc(room, sizeof *masks);
    uint32_t *indices = (uint32_t *)calloc(room, sizeof *indices);
    float *single_values = (float *)calloc(row_ptr[rows] + 1u, sizeof *single_values);
    column_t *single_columns = (column_t *)calloc(row_ptr[rows] + 1u, sizeof *single_columns);
    row_t *single_rows = (row_t *)calloc(row_ptr[rows] + 1u, sizeof *single_rows);
    float *group_values = (float *)calloc(row_ptr[rows] + 1u, sizeof *group_values);
    column_t *group_columns = (column_t *)calloc(row_ptr[rows] + 1u, sizeof *group_columns);
    row_t *group_rows = (row_t *)calloc(rows, sizeof *group_rows);
    uint32_t *group_counts = (uint32_t *)calloc(cols + 1u, sizeof *group_counts);
    double *want = (double *)calloc(rows, sizeof *want);
    double *scale = (double *)calloc(rows, sizeof *scale);
    size_t single = 0, value = 0, mask = 0, word = 0, at = 0;
    for (size_t band = 0, first = 0, slots = 0; first < rows; band++, first += slots) {
        const size_t groups = doped_lookup_height(rows - first, group, most);
        slots = groups * group;
        const size_t end = first + slots < rows ? first + slots : rows;
        const size_t count = windows - band % 2 < windows ? windows - band % 2 : windows;
        uint16_t *start = starts + at;
        counts[band] = (uint16_t)count;
        for (size_t k = 0; k < count; k++) {
            start[k] = (uint16_t)(cols > window ? k * (cols - window) / count : 0);
        }
        for (size_t at_row = first; at_row < end; at_row++) {
            const size_t i = reversed ? rows - 1 - at_row : at_row;
            size_t k = 0;
            order[at_row] = (uint16_t)i;
            for (uint32_t e = row_ptr[i]; e < row_ptr[i + 1]; e++) {
                const double term = (double)values[e] * (double)x[columns[e]];
                while (k < count && (size_t)start[k] + window <= columns[e]) {
                    k++;
                }
                want[i] += term;
                scale[i] += fabs(term);
                if (k < count && columns[e] >= start[k]) {
                    const size_t lane = at_row - first;
                    padded[value + k * slots + lane] = values[e];
                    masks[mask + k * groups + lane / group] |= (uint16_t)(1u << lane % group);
                    indices[word + k / per_word * slots + lane] |= ((uint32_t)columns[e] - start[k])
                                                                   << (bits * (unsigned)(k % per_word));
                    k++;
                } else {
                    single_values[single] = values[e];
                    single_columns[single] = columns[e];
                    single_rows[single] = (row_t)i;
                    single++;
                }
            }
        }
        at += count;
        value += count * slots;
        mask += count * groups;
        word += (count + per_word - 1) / per_word * slots;
    }
    at = 0;
    for (size_t i = 0; i < value; i++) {
        if (((uint32_t)masks[i / group] >> (i % group) & 1u) != 0) {
            packed[at++] = padded[i];
        }
    }
    const size_t longest = PASTE(group)(single_values, single_columns, single_rows, single, group_counts, group_values,
                                        group_columns, group_rows);
    for (size_t kind = 0; kind < STARTS; kind++) {
        for (size_t form = eight ? 2 : 0; form < (eight ? 3 : 2); form++) {
            float *table = random_floats(rows);
            float *y = guarded(rows);
            const float *init = start((int)kind, y, table, rows);
            const uint16_t *row_of = reversed ? order : NULL;
            const char *name = form == 0 ? "lookup" : form == 1 ? "lookup_packed" : "lookup_eight";
            if (form == 2) {
                look_up_eight(y, init, counts, starts, padded, indices, row_of, x, rows, cols);
            } else if (form == 0) {
                look_up(y, init, counts, starts, padded, indices, row_of, x, rows, cols);
            } else {
                look_up_packed(y, init, counts, starts, packed, masks, indices, row_of, x, rows, cols);
            }
            PASTE(grouped)(y, group_counts, group_values, group_columns, group_rows, x, longest);
            for (size_t i = 0; i < rows; i++) {
                const double begin = kind == START_ZERO ? 0.0 : (double)table[i];
                expect(name, i, y[i], begin + want[i], fabs(begin) + scale[i]);
            }
            unguard(y, rows, name);
            free(table);
        }
    }
    free(order);
    free(counts);
    free(starts);
    free(padded);
    free(packed);
    free(masks);
    free(indices);
    free(single_values);
    free(single_columns);
    free(single_rows);
    free(group_values);
    free(group_columns);
    free(group_rows);
    free(group_counts);
    free(want);
    free(scale);
}

/* A random rows x cols matrix with about `percent` non-zeros of a hundred, as CSR; every third row of it empty. */
static void PASTE(check)(size_t rows, size_t cols, size_t percent) {
    uint32_t *row_ptr = (uint32_t *)malloc((rows + 1) * sizeof *row_ptr);
    column_t *columns = (column_t *)malloc((rows * cols + 1) * sizeof *columns);
    row_t *order = (row_t *)malloc(rows * sizeof *order);
    float *values = random_floats(rows * cols);
    float *x = random_floats(cols);
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
        float *table = random_floats(rows);
        float *csr = guarded(rows);
        float *sell = guarded(rows);
        const float *init = start((int)kind, csr, table, rows);
        uint32_t *slice_ptr = (uint32_t *)malloc((rows / DOPED_LANES + 2) * sizeof *slice_ptr);
        const size_t room = (rows + DOPED_LANES) * cols;
        float *lane_values = (float *)calloc(room, sizeof *lane_values);
        column_t *lane_columns = (column_t *)calloc(room, sizeof *lane_columns);
        memcpy(sell, csr, rows * sizeof *sell);
        PASTE(csr)(csr, init, row_ptr, columns, values, x, rows, row_ptr[rows]);
        const size_t listed = PASTE(deal)(row_ptr, columns, values, rows, kind != START_SELF, lane_values,
                                          lane_columns, slice_ptr, order);
        PASTE(sell)(sell, kind == START_SELF ? sell : init, lane_values, lane_columns, slice_ptr, order, x, listed);
        for (size_t i = 0; i < rows; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (uint32_t k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
                const double term = (double)values[k] * (double)x[columns[k]];
                want += term;
                scale += fabs(term);
            }
            expect("csr", i, csr[i], want, scale);
            expect("sell", i, sell[i], want, scale);
        }
        unguard(csr, rows, "csr");
        unguard(sell, rows, "sell");
        free(table);
        free(slice_ptr);
        free(lane_values);
        free(lane_columns);
    }
    for (size_t windows = 0; windows <= 9; windows += 3) {
        PASTE(check_lookup)(row_ptr, columns, values, x, rows, cols, windows, 0, 0);
        PASTE(check_lookup)(row_ptr, columns, values, x, rows, cols, windows, 1, 0);
        if (sizeof *columns == 2 && sizeof *order == 2) { /* once, since indices have one type there */
            PASTE(check_lookup)(row_ptr, columns, values, x, rows, cols, 4 * windows, windows % 2 != 0, 1);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        float *y = guarded(cols);
        double *want = (double *)calloc(cols, sizeof *want);
        memset(y, 0, cols * sizeof *y);
        for (uint32_t k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            want[columns[k]] += (double)values[k] * 2.0;
        }
        PASTE(csr_row)(y, row_ptr, columns, values, i);
        PASTE(csr_row)(y, row_ptr, columns, values, i);
        for (size_t j = 0; j < cols; j++) {
            expect("csr_row", j, y[j], want[j], 1.0);
        }
        unguard(y, cols, "csr_row");
        free(want);
    }
    free(row_ptr);
    free(columns);
    free(order);
    free(values);
    free(x);
}

#undef doped_column_t
#undef doped_row_t
#undef doped_sell_COLUMN_ROW
#undef doped_csr_COLUMN
#undef doped_csr_row_COLUMN
#undef doped_grouped_rows_COLUMN_ROW
#undef doped_grouped_COLUMN_ROW
#undef column_t
#undef row_t
#undef PASTE
