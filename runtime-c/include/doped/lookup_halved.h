/* Look-ups in registers (doped/lookup.h) whose slots have eight values for their sixteen rows: any eight of the rows. Fewer
 * bytes than a value for every row, and no mask to take apart: one instruction (vpermps) moves the eight to their rows.
 * A window is 31 columns and a zero, which the rows without a value look up. Takes bands as doped_lookup does; gives every
 * row's sum. */
#ifndef DOPED_LOOKUP_HALVED_H
#define DOPED_LOOKUP_HALVED_H
#include "doped/base.h"
#include "doped/lookup.h"

/* Values of a slot, slots whose bytes are in a word, and the index of a window's zero: its columns from the 16th on are
 * one further up. */
#define DOPED_HALF 8
#define DOPED_BYTES 4
#define DOPED_NOTHING 16

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* Adds the slots of one window, a slot each for `groups` groups: slot g goes to sums[2*g + odd]. Moves on to the next bytes
 * of at and among. */
DOPED_INLINE void doped_lookup_halved_window(doped_sixteen *sums, doped_sixteen_indices *at, doped_sixteen_indices *among,
                                             const float *DOPED_RESTRICT values, const float *DOPED_RESTRICT window,
                                             size_t groups, size_t odd) {
    const doped_sixteen_indices but_first = {0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    doped_sixteen low;
    doped_sixteen high;
    memcpy(&low, window, sizeof low);
    memcpy(&high, window + DOPED_GROUP - 1, sizeof high);
    high = (doped_sixteen)((doped_sixteen_indices)high & but_first);
    DOPED_KEEP(low);
    DOPED_KEEP(high);
    DOPED_UNROLL
    for (size_t g = 0; g < groups; g++) {
        const doped_sixteen value = doped_spread(doped_first_eight(values + g * DOPED_HALF), among[g]);
        sums[2 * g + odd] = sums[2 * g + odd] + value * doped_look_up(low, high, at[g]);
        DOPED_IN_TURN(sums[2 * g + odd]);
        at[g] = at[g] >> 8;
        among[g] = among[g] >> 8;
    }
}

/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_halved_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                           const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                           size_t rows, size_t windows, size_t groups) {
    const size_t odd = groups <= DOPED_BAND / 2;
    doped_sixteen sums[2 * DOPED_BAND];
    DOPED_UNROLL
    for (size_t g = 0; g < 2 * DOPED_BAND; g++) {
        sums[g] = doped_sixteen_zero();
    }
    for (size_t first = 0; first < windows; first += DOPED_BYTES) {
        doped_sixteen_indices at[DOPED_BAND];
        doped_sixteen_indices among[DOPED_BAND]; /* of each value among its eight: the same bytes, without their inputs */
        DOPED_UNROLL
        for (size_t g = 0; g < DOPED_BAND; g++) {
            at[g] = doped_sixteen_indices_zero();
            among[g] = doped_sixteen_indices_zero();
        }
        DOPED_UNROLL
        for (size_t g = 0; g < groups; g++) {
            memcpy(&at[g], indices + g * DOPED_GROUP, sizeof at[g]);
            among[g] = at[g] >> 5 & 0x07070707;
        }
        indices += groups * DOPED_GROUP;
        if (first + DOPED_BYTES <= windows) {
            DOPED_UNROLL
            for (size_t k = 0; k < DOPED_BYTES; k++) {
                doped_lookup_halved_window(sums, at, among, values + k * groups * DOPED_HALF, x + starts[first + k], groups,
                                           k % 2 * odd);
            }
            values += DOPED_BYTES * groups * DOPED_HALF;
        } else {
            for (size_t k = first; k < windows; k++) {
                doped_lookup_halved_window(sums, at, among, values, x + starts[k], groups, 0);
                values += groups * DOPED_HALF;
            }
        }
    }
    doped_lookup_end(y, init, row_of, sums, rows, groups);
}
#else
/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_halved_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                           const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                           size_t rows, size_t windows, size_t groups) {
    const size_t slots = groups * DOPED_GROUP;
    float sums[DOPED_BAND * DOPED_GROUP] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        const uint32_t *words = indices + k / DOPED_BYTES * slots;
        for (size_t i = 0; i < slots; i++) {
            const uint32_t byte = words[i] >> (8 * (k % DOPED_BYTES)) & 255u;
            const uint32_t index = byte & 31u;
            if (index != DOPED_NOTHING) {
                const float value = values[(k * groups + i / DOPED_GROUP) * DOPED_HALF + (byte >> 5)];
                sums[i] += value * x[starts[k] + index - (index > DOPED_NOTHING)];
            }
        }
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
}
#endif

/* A band of eight groups. */
DOPED_APART void doped_lookup_halved_8(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows) {
    doped_lookup_halved_band(y, init, row_of, starts, values, indices, x, rows, windows, 8);
}

/* A band of four groups. */
DOPED_APART void doped_lookup_halved_4(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows) {
    doped_lookup_halved_band(y, init, row_of, starts, values, indices, x, rows, windows, 4);
}

/* A band of two groups. */
DOPED_APART void doped_lookup_halved_2(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows) {
    doped_lookup_halved_band(y, init, row_of, starts, values, indices, x, rows, windows, 2);
}

/* A band of one group. */
DOPED_APART void doped_lookup_halved_1(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows) {
    doped_lookup_halved_band(y, init, row_of, starts, values, indices, x, rows, windows, 1);
}

/* doped_lookup with halved slots: values[(k*groups + g)*8 ..][..8] are those of window k and group g of a band, and byte
 * k % 4 of indices[k/4*slots + i - b] is that of row i: which of the eight in its upper three bits, where its input stands
 * in the window in the others: 16 for none, else its column, and one more from the 16th on. Windows lie within x, or start
 * at 0 where that has fewer than 32. */
DOPED_APART void doped_lookup_halved(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                     const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                     const uint32_t *DOPED_RESTRICT indices, const uint16_t *DOPED_RESTRICT row_of,
                                     const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    DOPED_HIDE(values);
    DOPED_HIDE(indices);
    float room[DOPED_WINDOW];
    const float *from = doped_lookup_input(x, cols, room);
    for (size_t i = 0; i < rows; counts++) {
        const size_t groups = doped_lookup_height(rows - i);
        const size_t slots = groups * DOPED_GROUP;
        const size_t count = rows - i < slots ? rows - i : slots;
        const size_t windows = *counts;
        const size_t place = row_of != NULL ? 0 : i;
        const uint16_t *order = row_of != NULL ? row_of + i : NULL;
        const float *begin = doped_from(init, place);
        if (groups == 8) {
            doped_lookup_halved_8(y + place, begin, order, starts, values, indices, from, count, windows);
        } else if (groups == 4) {
            doped_lookup_halved_4(y + place, begin, order, starts, values, indices, from, count, windows);
        } else if (groups == 2) {
            doped_lookup_halved_2(y + place, begin, order, starts, values, indices, from, count, windows);
        } else {
            doped_lookup_halved_1(y + place, begin, order, starts, values, indices, from, count, windows);
        }
        starts += windows;
        values += windows * groups * DOPED_HALF;
        indices += (windows + DOPED_BYTES - 1) / DOPED_BYTES * slots;
        i += slots;
    }
}

#endif /* DOPED_LOOKUP_HALVED_H */
