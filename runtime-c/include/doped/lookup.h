/* A sparse matrix times a vector by look-ups in registers instead of loads: 32 neighbouring inputs, a window, stand in
 * two registers of AVX-512, out of which one instruction (vpermi2ps) takes an input for each of 16 rows. Takes bands of
 * up to 128 rows; each has windows of its own, wherever its elements are, and for each window and 16 rows a slot: 16
 * values and 5-bit indices into the window. Gives every row's sum. Elements that found no slot are left to another
 * kernel. Rows stay in their own order, or stand in any that is given. */
#ifndef DOPED_LOOKUP_H
#define DOPED_LOOKUP_H
#include "doped/lookup_bands.h"
#include "doped/sixteen.h"

/* Indices in a word. */
#define DOPED_INDICES 6

/* Where a window has 31 columns and a zero: the index of that; the columns from the 16th on are one further up. */
#define DOPED_NOTHING 16

/* Words of indices that a row of a band of so many windows has. */
DOPED_INLINE size_t doped_lookup_words(size_t windows) {
    return (windows + DOPED_INDICES - 1) / DOPED_INDICES;
}

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* Where the inputs of a window of 31 columns stand: all of them, and a zero at DOPED_NOTHING. */
DOPED_INLINE void doped_lookup_inputs(doped_sixteen *low, doped_sixteen *high, const float *window) {
    const doped_sixteen_indices but_first = {0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    doped_sixteen upper;
    memcpy(low, window, sizeof *low);
    memcpy(&upper, window + DOPED_GROUP - 1, sizeof upper);
    *high = (doped_sixteen)((doped_sixteen_indices)upper & but_first);
}

/* Adds the slots of one window, a slot each for `groups` groups: slot g goes to sums[2*g + odd]. */
DOPED_INLINE void doped_lookup_window(doped_sixteen *sums, doped_sixteen_indices *at, const float *DOPED_RESTRICT values,
                                      const float *DOPED_RESTRICT window, size_t groups, size_t odd) {
    doped_sixteen low;
    doped_sixteen high;
    memcpy(&low, window, sizeof low);
    memcpy(&high, window + DOPED_GROUP, sizeof high);
    DOPED_KEEP(low);
    DOPED_KEEP(high);
    DOPED_UNROLL
    for (size_t g = 0; g < groups; g++) {
        doped_sixteen value;
        memcpy(&value, values + g * DOPED_GROUP, sizeof value);
        sums[2 * g + odd] = sums[2 * g + odd] + value * doped_look_up(low, high, at[g]);
        DOPED_IN_TURN(sums[2 * g + odd]);
        at[g] = at[g] >> 5;
    }
}

/* y = init + sums for a band's rows, each of one sum or where `odd` is 1 of two: in place where all are there in their own
 * order. Where they stand out of it they wait; those that did so before are in their places then. */
DOPED_INLINE void doped_lookup_end(float *y, const float *init, const uint16_t *row_of, doped_sixteen *sums, size_t rows,
                                   size_t groups, size_t odd, doped_waiting *waiting) {
    DOPED_UNROLL
    for (size_t g = 0; g < groups * odd; g++) {
        sums[2 * g] = sums[2 * g] + sums[2 * g + 1];
    }
    if (row_of == NULL && rows == groups * DOPED_GROUP) {
        DOPED_UNROLL
        for (size_t g = 0; g < groups; g++) {
            doped_sixteen sum = sums[2 * g];
            if (init != NULL) {
                doped_sixteen begin;
                memcpy(&begin, init + g * DOPED_GROUP, sizeof begin);
                sum = sum + begin;
            }
            memcpy(y + g * DOPED_GROUP, &sum, sizeof sum);
        }
        return;
    }
    float *lanes = doped_lookup_lanes(waiting);
    DOPED_UNROLL
    for (size_t g = 0; g < groups; g++) {
        memcpy(lanes + g * DOPED_GROUP, &sums[2 * g], sizeof sums[2 * g]);
    }
    doped_lookup_wait(y, init, row_of, lanes, rows, waiting);
}

/* One band of so many groups, of which `rows` rows are there. In bands of few groups odd windows have sums of their own,
 * so that an addition need not wait for the one before. */
DOPED_INLINE void doped_lookup_band(float *y, const float *init, const uint16_t *row_of,
                                    const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                    const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x, size_t rows,
                                    size_t windows, size_t groups, doped_waiting *waiting) {
    const size_t odd = groups <= DOPED_BAND / 2;
    const size_t slots = groups * DOPED_GROUP;
    doped_sixteen sums[2 * DOPED_BAND];
    DOPED_UNROLL
    for (size_t g = 0; g < 2 * DOPED_BAND; g++) {
        sums[g] = doped_sixteen_zero();
    }
    for (size_t first = 0; first < windows; first += DOPED_INDICES) {
        doped_sixteen_indices at[DOPED_BAND];
        DOPED_UNROLL
        for (size_t g = 0; g < DOPED_BAND; g++) {
            at[g] = doped_sixteen_indices_zero();
        }
        DOPED_UNROLL
        for (size_t g = 0; g < groups; g++) {
            memcpy(&at[g], indices + g * DOPED_GROUP, sizeof at[g]);
        }
        indices += slots;
        doped_lookup_place(y, init, waiting);
        if (first + DOPED_INDICES <= windows) {
            DOPED_UNROLL
            for (size_t k = 0; k < DOPED_INDICES; k++) {
                doped_lookup_window(sums, at, values + k * slots, x + starts[first + k], groups, k % 2 * odd);
            }
            values += DOPED_INDICES * slots;
        } else {
            for (size_t k = first; k < windows; k++) {
                doped_lookup_window(sums, at, values, x + starts[k], groups, 0);
                values += slots;
            }
        }
    }
    doped_lookup_end(y, init, row_of, sums, rows, groups, odd, waiting);
}
#else
/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_band(float *y, const float *init, const uint16_t *row_of,
                                    const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                    const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x, size_t rows,
                                    size_t windows, size_t groups, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_GROUP;
    float sums[DOPED_BAND * DOPED_GROUP] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        const uint32_t *words = indices + k / DOPED_INDICES * slots;
        for (size_t i = 0; i < slots; i++) {
            sums[i] += values[k * slots + i] * x[starts[k] + (words[i] >> (5 * (k % DOPED_INDICES)) & 31u)];
        }
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
}
#endif

/* A band of eight groups. */
DOPED_APART void doped_lookup_8(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                const float *values, const uint32_t *indices, const float *x, size_t rows,
                                size_t windows, doped_waiting *waiting) {
    doped_lookup_band(y, init, row_of, starts, values, indices, x, rows, windows, 8, waiting);
}

/* A band of four groups. */
DOPED_APART void doped_lookup_4(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                const float *values, const uint32_t *indices, const float *x, size_t rows,
                                size_t windows, doped_waiting *waiting) {
    doped_lookup_band(y, init, row_of, starts, values, indices, x, rows, windows, 4, waiting);
}

/* A band of two groups. */
DOPED_APART void doped_lookup_2(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                const float *values, const uint32_t *indices, const float *x, size_t rows,
                                size_t windows, doped_waiting *waiting) {
    doped_lookup_band(y, init, row_of, starts, values, indices, x, rows, windows, 2, waiting);
}

/* A band of one group. */
DOPED_APART void doped_lookup_1(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                const float *values, const uint32_t *indices, const float *x, size_t rows,
                                size_t windows, doped_waiting *waiting) {
    doped_lookup_band(y, init, row_of, starts, values, indices, x, rows, windows, 1, waiting);
}

/* A band of so many groups. */
DOPED_INLINE void doped_lookup_of(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                  const float *values, const uint32_t *indices, const float *x, size_t rows,
                                  size_t windows, size_t groups, doped_waiting *waiting) {
    if (groups == 8) {
        doped_lookup_8(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else if (groups == 4) {
        doped_lookup_4(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else if (groups == 2) {
        doped_lookup_2(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else {
        doped_lookup_1(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    }
}

/* y[row] = init + sum over the windows k of i's band of values[k*slots + i - b] * x[starts[k] + index] for i < rows, where
 * row is row_of[i], or i where row_of is NULL, and the band starts at b and has `slots` lanes. The index is five bits of
 * indices[k/6*slots + i - b], the first window of six lowest. Bands are as high as doped_lookup_height says, slots = 16
 * times that; band after band, counts[] has the number of its windows, and starts, values and indices hold what is its
 * own. Windows lie within x, or start at 0 where that is shorter. Empty slots hold value 0 and index 0. No row is listed
 * twice; rows not listed are left as they are. init may be NULL or y; nothing else may overlap y. */
DOPED_APART void doped_lookup(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                              const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                              const uint32_t *DOPED_RESTRICT indices, const uint16_t *DOPED_RESTRICT row_of,
                              const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    DOPED_HIDE(values);
    DOPED_HIDE(indices);
    doped_lookup_bands(y, init, counts, starts, values, indices, row_of, x, rows, cols,
                       DOPED_GROUP, DOPED_BAND, 1, DOPED_INDICES, doped_lookup_of);
}

#endif /* DOPED_LOOKUP_H */
