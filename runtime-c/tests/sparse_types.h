/* Checks the sparse kernels for one pair of index types: takes column_t, row_t and PASTE(name), which makes a name
 * unique to the pair; gives the function PASTE(check). Included by sparse.c once for each pair: hence no guard. */
#define doped_column_t column_t
#define doped_row_t row_t
#define doped_sell_COLUMN_ROW PASTE(sell)
#define doped_csr_COLUMN PASTE(csr)
#define doped_csr_row_COLUMN PASTE(csr_row)
#include "doped/csr.h"
#include "doped/csr_row.h"
#include "doped/sell.h"

/* Look-ups with so many slots from each start; what they do not hold is left out. */
static void PASTE(check_lookup)(const uint32_t *row_ptr, const column_t *columns, const float *values, const float *x,
                                size_t rows, size_t cols, size_t slots) {
    const size_t groups = (rows + DOPED_GROUP - 1) / DOPED_GROUP;
    const size_t blocks = (cols + DOPED_BLOCK - 1) / DOPED_BLOCK;
    const size_t blocks_in_word = DOPED_INDICES / slots;
    const size_t words = (blocks + blocks_in_word - 1) / blocks_in_word;
    float *slot_values = (float *)calloc(groups * blocks * slots * DOPED_GROUP, sizeof *slot_values);
    uint32_t *indices = (uint32_t *)calloc(groups * words * DOPED_GROUP, sizeof *indices);
    double *want = (double *)calloc(rows, sizeof *want);
    double *scale = (double *)calloc(rows, sizeof *scale);
    for (size_t i = 0; i < rows; i++) {
        const size_t g = i / DOPED_GROUP;
        const size_t lane = i % DOPED_GROUP;
        size_t slot = 0;
        for (uint32_t k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            const size_t block = columns[k] / DOPED_BLOCK;
            slot = k > row_ptr[i] && columns[k - 1] / DOPED_BLOCK == block ? slot + 1 : 0;
            if (slot < slots) {
                const size_t shift = 5 * (block % blocks_in_word * slots + slot);
                const uint32_t index = (uint32_t)columns[k] % DOPED_BLOCK;
                slot_values[((g * blocks + block) * slots + slot) * DOPED_GROUP + lane] = values[k];
                indices[(g * words + block / blocks_in_word) * DOPED_GROUP + lane] |= index << shift;
                want[i] += (double)values[k] * (double)x[columns[k]];
                scale[i] += fabs((double)values[k] * (double)x[columns[k]]);
            }
        }
    }
    for (size_t kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(rows);
        float *y = guarded(rows);
        doped_lookup(y, start((int)kind, y, table, rows), slot_values, indices, x, rows, cols, slots);
        for (size_t i = 0; i < rows; i++) {
            const double begin = kind == START_ZERO ? 0.0 : (double)table[i];
            expect("lookup", i, y[i], begin + want[i], fabs(begin) + scale[i]);
        }
        unguard(y, rows, "lookup");
        free(table);
    }
    free(slot_values);
    free(indices);
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
    size_t listed = 0;
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
        listed = 0; /* from the last row to the first; empty ones only where all must be listed */
        for (size_t i = rows; i-- > 0;) {
            if (kind != START_SELF || row_ptr[i + 1] > row_ptr[i]) {
                order[listed++] = (row_t)i;
            }
        }
        slice_ptr[0] = 0;
        for (size_t first = 0; first < listed; first += DOPED_LANES) {
            const uint32_t begin = slice_ptr[first / DOPED_LANES];
            uint32_t slots = 0;
            for (size_t lane = 0; lane < DOPED_LANES && first + lane < listed; lane++) {
                const uint32_t from = row_ptr[order[first + lane]];
                const uint32_t length = row_ptr[order[first + lane] + 1u] - from;
                slots = length > slots ? length : slots;
                for (uint32_t k = 0; k < length; k++) {
                    lane_values[(begin + k) * DOPED_LANES + lane] = values[from + k];
                    lane_columns[(begin + k) * DOPED_LANES + lane] = columns[from + k];
                }
            }
            slice_ptr[first / DOPED_LANES + 1] = begin + slots;
        }
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
    for (size_t slots = 1; slots <= 3; slots++) {
        PASTE(check_lookup)(row_ptr, columns, values, x, rows, cols, slots);
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
#undef column_t
#undef row_t
#undef PASTE
