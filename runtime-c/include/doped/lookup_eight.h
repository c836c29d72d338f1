/* Look-ups in registers (doped/lookup.h) for AVX2: a window is 8 neighbouring inputs, which stand in one register, out of
 * which one instruction (vpermps) takes an input for each of 8 rows. Takes bands of up to 32 rows; gives every row's sum. */
#ifndef DOPED_LOOKUP_EIGHT_H
#define DOPED_LOOKUP_EIGHT_H
#include "doped/lookup_bands.h"

/* Rows of a group and columns of a window; groups of the highest band, which with their sums twice have registers enough;
 * bits of an index, and indices in a word. */
#define DOPED_EIGHT 8
#define DOPED_EIGHT_BAND 4
#define DOPED_EIGHT_BITS 3
#define DOPED_EIGHT_INDICES 10

#if DOPED_FAMILY > 0 && DOPED_VECTORS
typedef int32_t doped_eight_indices __attribute__((vector_size(32)));

/* Adds the slots of one window, a slot each for `groups` groups, and moves on to their next indices. */
DOPED_INLINE void doped_lookup_eight_window(doped_vector *sums, doped_eight_indices *at, const float *DOPED_RESTRICT values,
                                            const float *DOPED_RESTRICT window, size_t groups) {
    doped_vector inputs = doped_load(window);
    DOPED_KEEP(inputs);
    DOPED_UNROLL_KNOWN
    for (size_t g = 0; g < groups; g++) {
        const doped_vector input = __builtin_ia32_permvarsf256(inputs, at[g]);
        sums[g] = doped_add_product(sums[g], input, doped_load(values + g * DOPED_EIGHT));
        DOPED_IN_TURN(sums[g]);
        at[g] = at[g] >> DOPED_EIGHT_BITS;
    }
}

/* One band of so many groups, of which `rows` rows are there. Every other window has sums of its own, so that an addition
 * need not wait for the one before. */
DOPED_INLINE void doped_lookup_eight_band(float *y, const float *init, const uint16_t *row_of,
                                          const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                          const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                          size_t rows, size_t windows, size_t groups, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_EIGHT;
    float lanes[DOPED_EIGHT_BAND * DOPED_EIGHT];
    doped_vector sums[DOPED_EIGHT_BAND];
    doped_vector odd[DOPED_EIGHT_BAND];
    doped_eight_indices at[DOPED_EIGHT_BAND];
    DOPED_UNROLL
    for (size_t g = 0; g < DOPED_EIGHT_BAND; g++) { /* all, so that no compiler doubts those past groups */
        const doped_eight_indices none = {0};
        sums[g] = doped_start(NULL);
        odd[g] = doped_start(NULL);
        at[g] = none;
    }
    for (size_t first = 0; first < windows; first += DOPED_EIGHT_INDICES) {
        const size_t count = windows - first < DOPED_EIGHT_INDICES ? windows - first : DOPED_EIGHT_INDICES;
        DOPED_UNROLL
        for (size_t g = 0; g < groups; g++) {
            memcpy(&at[g], indices + g * DOPED_EIGHT, sizeof at[g]);
        }
        indices += slots;
        for (size_t k = 0; k + 2 <= count; k += 2) {
            doped_lookup_eight_window(sums, at, values, x + starts[first + k], groups);
            doped_lookup_eight_window(odd, at, values + slots, x + starts[first + k + 1], groups);
            values += 2 * slots;
        }
        if (count % 2 != 0) {
            doped_lookup_eight_window(sums, at, values, x + starts[first + count - 1], groups);
            values += slots;
        }
    }
    DOPED_UNROLL
    for (size_t g = 0; g < DOPED_EIGHT_BAND; g++) {
        doped_store(lanes + g * DOPED_EIGHT, doped_add_scaled(sums[g], odd[g], 1.0f));
    }
    doped_lookup_finish(y, init, row_of, lanes, rows);
}
#else
/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_eight_band(float *y, const float *init, const uint16_t *row_of,
                                          const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                          const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                          size_t rows, size_t windows, size_t groups, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_EIGHT;
    float sums[DOPED_EIGHT_BAND * DOPED_EIGHT] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        const uint32_t *words = indices + k / DOPED_EIGHT_INDICES * slots;
        for (size_t i = 0; i < slots; i++) {
            const uint32_t index = words[i] >> (DOPED_EIGHT_BITS * (k % DOPED_EIGHT_INDICES)) & 7u;
            sums[i] += values[k * slots + i] * x[starts[k] + index];
        }
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
}
#endif

/* A band of four groups. */
DOPED_ALONE void doped_lookup_eight_4(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                      const float *values, const uint32_t *indices, const float *x, size_t rows,
                                      size_t windows, doped_waiting *waiting) {
    doped_lookup_eight_band(y, init, row_of, starts, values, indices, x, rows, windows, 4, waiting);
}

/* A band of two groups. */
DOPED_ALONE void doped_lookup_eight_2(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                      const float *values, const uint32_t *indices, const float *x, size_t rows,
                                      size_t windows, doped_waiting *waiting) {
    doped_lookup_eight_band(y, init, row_of, starts, values, indices, x, rows, windows, 2, waiting);
}

/* A band of one group. */
DOPED_ALONE void doped_lookup_eight_1(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                      const float *values, const uint32_t *indices, const float *x, size_t rows,
                                      size_t windows, doped_waiting *waiting) {
    doped_lookup_eight_band(y, init, row_of, starts, values, indices, x, rows, windows, 1, waiting);
}

/* A band of so many groups. */
DOPED_INLINE void doped_lookup_eight_of(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                        const float *values, const uint32_t *indices, const float *x, size_t rows,
                                        size_t windows, size_t groups, doped_waiting *waiting) {
    if (groups == 4) {
        doped_lookup_eight_4(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else if (groups == 2) {
        doped_lookup_eight_2(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else {
        doped_lookup_eight_1(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    }
}

/* doped_lookup with groups of eight rows, windows of eight columns and ten indices of three bits in a word: y[row] = init +
 * sum over the windows k of i's band of values[k*slots + i - b] * x[starts[k] + index], where the index is three bits of
 * indices[k/10*slots + i - b] and slots are eight times what doped_lookup_height says, four groups at most. */
DOPED_APART void doped_lookup_eight(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                    const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                    const uint32_t *DOPED_RESTRICT indices, const uint16_t *DOPED_RESTRICT row_of,
                                    const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    DOPED_HIDE(values);
    DOPED_HIDE(indices);
    doped_lookup_bands(y, init, counts, starts, values, indices, row_of, x, rows, cols,
                       DOPED_EIGHT, DOPED_EIGHT_BAND, 1, DOPED_EIGHT_INDICES, doped_lookup_eight_of);
}

#endif /* DOPED_LOOKUP_EIGHT_H */
