/* A sparse matrix times a wide vector, from the slices of sliced ELLPACK that sell.h reads: each element meets a row of
 * lanes, so that nothing is gathered, and the rows of a slice have sums of their own, so that no addition waits for the
 * one before. */
#include "doped/sixteen.h"
#include "doped/wide.h"

/* The sums of a slice's rows for the strip of lanes that x starts at. */
DOPED_INLINE void doped_sell_wide_slice_COLUMN_ROW(doped_strip *y, const float *DOPED_RESTRICT values,
                                                   const doped_column_t *DOPED_RESTRICT columns,
                                                   const float *DOPED_RESTRICT x, size_t slots, size_t unit) {
    doped_strip sums[DOPED_LANES];
    DOPED_UNROLL_KNOWN
    for (size_t i = 0; i < DOPED_LANES; i++) {
        sums[i] = doped_strip_start(NULL);
    }
    for (size_t slot = 0; slot < slots; slot++) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
        /* Loads are what there are too few of: a weight from memory takes the load unit as long as a whole strip does. So
         * eight stand in a register, out of which shuffles spread them, and columns come out of words of 64 bits; both
         * hidden from compilers, which would load each by itself after all. */
        doped_sixteen weights = doped_first_eight(values);
        __asm__("" : "+v"(weights));
        uint64_t word = 0;
        DOPED_UNROLL_KNOWN
        for (size_t i = 0; i < DOPED_LANES; i++) {
            const size_t bit = 8 * sizeof *columns * i % 64;
            if (bit == 0) {
                memcpy(&word, columns + i, sizeof word);
                __asm__("" : "+r"(word));
            }
            const doped_column_t column = (doped_column_t)(word >> bit);
            const int32_t of = (int32_t)i;
            const doped_sixteen_indices lanes = {of, of, of, of, of, of, of, of, of, of, of, of, of, of, of, of};
            sums[i] = sums[i] + doped_spread(weights, lanes) * doped_strip_load(x + column * unit);
        }
#else
        DOPED_UNROLL_KNOWN
        for (size_t i = 0; i < DOPED_LANES; i++) {
            sums[i] = doped_strip_add_scaled(sums[i], doped_strip_load(x + columns[i] * unit), values[i]);
        }
#endif
        values += DOPED_LANES;
        columns += DOPED_LANES;
    }
    DOPED_UNROLL_KNOWN
    for (size_t i = 0; i < DOPED_LANES; i++) {
        y[i] = sums[i];
    }
}

/* y[i*lanes + b] = init + sum over the row's elements of value * x[column*unit + b], for i in row_of[0..rows] and b <
 * lanes. Slices, slots, padding and rows that are not listed are those of doped_sell, columns too where unit is lanes;
 * two where they say how many pairs of floats stand before theirs, which addresses take as it is. init may be y;
 * nothing else may overlap y. */
DOPED_APART void doped_sell_wide_COLUMN_ROW(float *y, const float *init, const float *DOPED_RESTRICT values,
                                            const doped_column_t *DOPED_RESTRICT columns,
                                            const uint32_t *DOPED_RESTRICT slice_ptr,
                                            const doped_row_t *DOPED_RESTRICT row_of, const float *DOPED_RESTRICT x,
                                            size_t rows, size_t unit, size_t lanes) {
    DOPED_HIDE(values);
    DOPED_HIDE(columns);
    for (size_t first = 0; first < rows; first += DOPED_LANES) {
        const size_t slice = first / DOPED_LANES;
        const size_t listed = rows - first < DOPED_LANES ? rows - first : DOPED_LANES;
        const size_t begin = (size_t)slice_ptr[slice] * DOPED_LANES;
        const size_t slots = slice_ptr[slice + 1] - slice_ptr[slice];
        size_t b = 0;
        for (; b + DOPED_STRIP <= lanes; b += DOPED_STRIP) {
            doped_strip sums[DOPED_LANES];
            /* As constants, the frequent units take no multiplication. */
            if (unit == 2) {
                doped_sell_wide_slice_COLUMN_ROW(sums, values + begin, columns + begin, x + b, slots, 2);
            } else if (unit == DOPED_STRIP) {
                doped_sell_wide_slice_COLUMN_ROW(sums, values + begin, columns + begin, x + b, slots, DOPED_STRIP);
            } else {
                doped_sell_wide_slice_COLUMN_ROW(sums, values + begin, columns + begin, x + b, slots, unit);
            }
            DOPED_UNROLL_KNOWN
            for (size_t i = 0; i < DOPED_LANES; i++) {
                if (i < listed) {
                    const size_t to = row_of[first + i] * lanes + b;
                    const doped_strip begun = doped_strip_start(doped_from(init, to));
                    doped_strip_store(y + to, doped_strip_add_scaled(begun, sums[i], 1.0f));
                }
            }
        }
        for (; b < lanes; b++) {
            float sums[DOPED_LANES] = {0.0f};
            for (size_t at = begin; at < begin + slots * DOPED_LANES; at += DOPED_LANES) {
                for (size_t i = 0; i < DOPED_LANES; i++) {
                    sums[i] += values[at + i] * x[columns[at + i] * unit + b];
                }
            }
            for (size_t i = 0; i < listed; i++) {
                const size_t to = row_of[first + i] * lanes + b;
                y[to] = doped_start_one(doped_from(init, to)) + sums[i];
            }
        }
    }
}
