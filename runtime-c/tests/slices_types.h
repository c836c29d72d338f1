/* Deals rows of a compressed sparse matrix to slices, for one pair of index types: takes column_t, row_t and
 * PASTE(name); gives the function PASTE(deal). Included by sparse_types.h and wide_types.h: hence no guard. */

/* Rows from the last to the first, those without elements only where all must be listed; gives how many. Room for
 * (rows + DOPED_LANES) * cols values and columns, all zero, and rows / DOPED_LANES + 2 slices. */
static size_t PASTE(deal)(const uint32_t *row_ptr, const column_t *columns, const float *values, size_t rows, int all,
                          float *lane_values, column_t *lane_columns, uint32_t *slice_ptr, row_t *order) {
    size_t listed = 0;
    for (size_t i = rows; i-- > 0;) {
        if (all || row_ptr[i + 1] > row_ptr[i]) {
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
    return listed;
}
