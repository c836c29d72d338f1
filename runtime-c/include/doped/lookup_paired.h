/* Look-ups in registers (doped/lookup.h) whose slots come in pairs, which share sixteen values: a value of the first slot
 * stands in its row's lane, where the first has none one of the second's, for any row. Fewer bytes than a value for every
 * row of every slot, and no mask to take apart: one instruction (vpermps) moves the second's to their rows. A window is 31
 * columns and a zero, which the rows without a value look up. Takes bands as doped_lookup does; gives every row's sum. */
#ifndef DOPED_LOOKUP_PAIRED_H
#define DOPED_LOOKUP_PAIRED_H
#include "doped/base.h"
#include "doped/lookup.h"

/* Slots of a pair, and slots whose indices are in a word. */
#define DOPED_PAIR 2
#define DOPED_QUAD 4

/* Bits of a word: the first slot's index, the second's, and which of the sixteen the second's value is; then those of the
 * next pair. */
#define DOPED_SECOND 5
#define DOPED_AMONG 10
#define DOPED_NEXT_PAIR 14

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* Adds the slots of two windows, a pair for each of `groups` groups: those of g go to sums[2*g] and sums[2*g + odd]. The
 * pair's bits stand `up` in the words. */
DOPED_INLINE void doped_lookup_paired_windows(doped_sixteen *sums, const float *DOPED_RESTRICT values,
                                              const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT first,
                                              const float *DOPED_RESTRICT second, size_t groups, size_t odd, int up) {
    doped_sixteen low;
    doped_sixteen high;
    doped_sixteen second_low;
    doped_sixteen second_high;
    doped_lookup_inputs(&low, &high, first);
    doped_lookup_inputs(&second_low, &second_high, second);
    DOPED_KEEP(low);
    DOPED_KEEP(high);
    DOPED_KEEP(second_low);
    DOPED_KEEP(second_high);
    DOPED_UNROLL_KNOWN
    for (size_t g = 0; g < groups; g++) {
        doped_sixteen value;
        doped_sixteen_indices word;
        memcpy(&value, values + g * DOPED_GROUP, sizeof value);
        memcpy(&word, indices + g * DOPED_GROUP, sizeof word);
        DOPED_KEEP(value); /* so that neither is loaded for each of its uses */
        DOPED_KEEP(word);
        sums[2 * g] = sums[2 * g] + value * doped_look_up(low, high, word >> up);
        const doped_sixteen spread = doped_spread(value, word >> (up + DOPED_AMONG));
        const doped_sixteen inputs = doped_look_up(second_low, second_high, word >> (up + DOPED_SECOND));
        sums[2 * g + odd] = sums[2 * g + odd] + spread * inputs;
    }
}

/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_paired_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                           const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                           size_t rows, size_t windows, size_t groups, doped_waiting *waiting) {
    const size_t odd = groups <= DOPED_BAND / 2;
    const size_t slots = groups * DOPED_GROUP;
    doped_sixteen sums[2 * DOPED_BAND];
    DOPED_UNROLL
    for (size_t g = 0; g < 2 * DOPED_BAND; g++) {
        sums[g] = doped_sixteen_zero();
    }
    size_t k = 0;
    for (; k + DOPED_QUAD <= windows; k += DOPED_QUAD) {
        doped_lookup_paired_windows(sums, values, indices, x + starts[k], x + starts[k + 1], groups, odd, 0);
        doped_lookup_paired_windows(sums, values + slots, indices, x + starts[k + 2], x + starts[k + 3], groups, odd,
                                    DOPED_NEXT_PAIR);
        values += DOPED_PAIR * slots;
        indices += slots;
        doped_lookup_place(y, init, waiting);
    }
    if (k < windows) {
        doped_lookup_paired_windows(sums, values, indices, x + starts[k], x + starts[k + 1], groups, odd, 0);
    }
    doped_lookup_end(y, init, row_of, sums, rows, groups, odd, waiting);
}
#else
/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_paired_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                           const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                           size_t rows, size_t windows, size_t groups, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_GROUP;
    float sums[DOPED_BAND * DOPED_GROUP] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        const uint32_t *words = indices + k / DOPED_QUAD * slots;
        const float *shared = values + k / DOPED_PAIR * slots;
        for (size_t i = 0; i < slots; i++) {
            const uint32_t pair = words[i] >> (k % DOPED_QUAD / DOPED_PAIR * DOPED_NEXT_PAIR);
            const uint32_t index = pair >> (k % DOPED_PAIR * DOPED_SECOND) & 31u;
            const size_t lane = k % DOPED_PAIR == 0 ? i % DOPED_GROUP : pair >> DOPED_AMONG & 15u;
            if (index != DOPED_NOTHING) {
                sums[i] += shared[i - i % DOPED_GROUP + lane] * x[starts[k] + index - (index > DOPED_NOTHING)];
            }
        }
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
}
#endif

/* A band of eight groups. */
DOPED_APART void doped_lookup_paired_8(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows, doped_waiting *waiting) {
    doped_lookup_paired_band(y, init, row_of, starts, values, indices, x, rows, windows, 8, waiting);
}

/* A band of four groups. */
DOPED_APART void doped_lookup_paired_4(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows, doped_waiting *waiting) {
    doped_lookup_paired_band(y, init, row_of, starts, values, indices, x, rows, windows, 4, waiting);
}

/* A band of two groups. */
DOPED_APART void doped_lookup_paired_2(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows, doped_waiting *waiting) {
    doped_lookup_paired_band(y, init, row_of, starts, values, indices, x, rows, windows, 2, waiting);
}

/* A band of one group. */
DOPED_APART void doped_lookup_paired_1(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const float *values, const uint32_t *indices, const float *x, size_t rows,
                                       size_t windows, doped_waiting *waiting) {
    doped_lookup_paired_band(y, init, row_of, starts, values, indices, x, rows, windows, 1, waiting);
}

/* A band of so many groups. */
DOPED_INLINE void doped_lookup_paired_of(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                         const float *values, const uint32_t *indices, const float *x, size_t rows,
                                         size_t windows, size_t groups, doped_waiting *waiting) {
    if (groups == 8) {
        doped_lookup_paired_8(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else if (groups == 4) {
        doped_lookup_paired_4(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else if (groups == 2) {
        doped_lookup_paired_2(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    } else {
        doped_lookup_paired_1(y, init, row_of, starts, values, indices, x, rows, windows, waiting);
    }
}

/* doped_lookup with slots in pairs, so that counts are even: values[(k*groups + 2*g)*8 ..][..16] are those that the
 * windows k and k + 1 share for group g of a band, k even. Words indices[k/4*slots + i - b], fourteen bits for a pair, have for
 * row i where its input stands in the first window: 16 for none, else its column, and one more from the 16th on; the same
 * for the second, 5 bits up; and which of the sixteen is its value there, 10 bits up. Windows lie within x, or start at 0
 * where that has fewer than 32. */
DOPED_APART void doped_lookup_paired(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                     const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                     const uint32_t *DOPED_RESTRICT indices, const uint16_t *DOPED_RESTRICT row_of,
                                     const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    DOPED_HIDE(values);
    DOPED_HIDE(indices);
    doped_lookup_bands(y, init, counts, starts, values, indices, row_of, x, rows, cols,
                       DOPED_GROUP, DOPED_BAND, DOPED_PAIR, DOPED_QUAD, doped_lookup_paired_of);
}

#endif /* DOPED_LOOKUP_PAIRED_H */
