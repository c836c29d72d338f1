/* Look-ups in registers (doped/lookup.h) for matrices whose tables are read from far away, where bytes decide: value and index
 * of an element stand in one word of 32 bits, and a lane is shared by two rows, of which a bit of the word says whose it is,
 * so that few words are empty. A window is 31 columns and a zero, which empty words look up. Takes bands of up to 256
 * rows, with windows as those of doped_lookup; gives every row's sum. */
#ifndef DOPED_LOOKUP_FOLDED_H
#define DOPED_LOOKUP_FOLDED_H
#include "doped/base.h"
#include "doped/lookup.h"

/* Rows of a group, two to a lane. */
#define DOPED_FOLDED_GROUP 32

/* A word, from below: an index, whether it is of the lane's second row, and what is left of a value's bits, the highest its
 * sign. Of its exponent the lowest two bits are kept. */
#define DOPED_INDEX_MASK 31u
#define DOPED_OF_SECOND 32
#define DOPED_VALUE_BITS 6
#define DOPED_EXPONENT_MASK 3u

/* Bytes ahead of which words are fetched. */
#define DOPED_WORDS_AHEAD 4096

/* Windows between two times that sums of the band before go to their places. */
#define DOPED_PLACED 4

/* The bits above what words keep of an exponent, where the smallest, biased, is `least`, */
DOPED_INLINE uint32_t doped_folded_above(size_t least) {
    return (uint32_t)(least & ~(size_t)DOPED_EXPONENT_MASK) << 23;
}

/* and what sums are multiplied by in the end: exponents stand in words less what `least` is above a multiple of four. */
DOPED_INLINE float doped_folded_scale(size_t least) {
    const uint32_t bits = (127u + (uint32_t)(least & DOPED_EXPONENT_MASK)) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale;
}

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* The values in words, which miss what stands in `above`. */
DOPED_INLINE doped_sixteen doped_folded_values(doped_sixteen_indices words, doped_sixteen_indices above) {
    const doped_sixteen_indices shifted = words >> DOPED_VALUE_BITS; /* copies of the sign come in above */
    const doped_sixteen_indices kept = doped_sixteen_indices_zero() + (INT32_MIN | INT32_MAX >> DOPED_VALUE_BITS);
#if defined(__clang__)
    return (doped_sixteen)((shifted & kept) | above);
#else
    /* GCC would put the result where `above` is, and copy that before. */
    return (doped_sixteen)__builtin_ia32_pternlogd512_mask(shifted, kept, above, 0xea, 0xffff);
#endif
}

/* Adds a * b lane by lane: to the second sum where the words' bit for it is set, to the first elsewhere. One mask serves both,
 * since what was there is put back in the first; and the second comes first, so that the other may take a's register. */
DOPED_INLINE void doped_folded_add(doped_sixteen *first, doped_sixteen *second, doped_sixteen a, doped_sixteen b,
                                   doped_sixteen_indices words) {
    const doped_sixteen_indices bit = doped_sixteen_indices_zero() + DOPED_OF_SECOND;
#if defined(__clang__)
    const uint16_t of_second = __builtin_ia32_cmpd512_mask(words & bit, doped_sixteen_indices_zero(), 4, 0xffff);
    *second = __builtin_ia32_vfmaddps512_mask3(a, b, *second, of_second, 4);
    const doped_sixteen added = __builtin_ia32_vfmaddps512_mask(a, b, *first, 0xffff, 4);
    *first = __builtin_ia32_selectps_512(of_second, *first, added);
#else
    const uint16_t of_second = __builtin_ia32_ptestmd512(words, bit, 0xffff);
    *second = __builtin_ia32_vfmaddps512_mask3(a, b, *second, (int16_t)of_second, 4);
    const doped_sixteen added = __builtin_ia32_vfmaddps512_mask(a, b, *first, (int16_t)-1, 4);
    *first = __builtin_ia32_blendmps_512_mask(added, *first, of_second);
#endif
}

/* Adds the slots of one window, a slot each for `groups` groups: slot g goes to sums[4*g] and sums[4*g + 2], since
 * doped_lookup_end takes one sum and leaves one. */
DOPED_INLINE void doped_lookup_folded_window(doped_sixteen *sums, const uint32_t *DOPED_RESTRICT words,
                                             const float *DOPED_RESTRICT window, doped_sixteen_indices above,
                                             size_t groups) {
    doped_sixteen low;
    doped_sixteen high;
    doped_lookup_inputs(&low, &high, window);
    DOPED_KEEP(low);
    DOPED_KEEP(high);
    DOPED_UNROLL
    for (size_t g = 0; g < groups; g++) {
        doped_sixteen_indices word;
        memcpy(&word, words + g * DOPED_GROUP, sizeof word);
        DOPED_FETCH(words + g * DOPED_GROUP, DOPED_WORDS_AHEAD);
        DOPED_IN_TURN(word);
        const doped_sixteen value = doped_folded_values(word, above);
        doped_folded_add(&sums[4 * g], &sums[4 * g + 2], value, doped_look_up(low, high, word), word);
    }
}

/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_folded_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const uint32_t *DOPED_RESTRICT words,
                                           const float *DOPED_RESTRICT x, size_t rows, size_t windows, size_t groups,
                                           size_t least, doped_waiting *waiting) {
    const size_t slots = groups * DOPED_GROUP;
    const float scale = doped_folded_scale(least);
    doped_sixteen_indices above = doped_sixteen_indices_zero() + (int32_t)doped_folded_above(least);
    DOPED_KEEP(above);
    doped_sixteen sums[4 * DOPED_BAND];
    DOPED_UNROLL
    for (size_t j = 0; j < 4 * DOPED_BAND; j++) {
        sums[j] = doped_sixteen_zero();
    }
    /* One window a turn, and the other rows' sums before it: else compilers fetch the words of several at once. */
    for (size_t k = 0; k < windows; k++) {
        if (k % DOPED_PLACED == 0) {
            doped_lookup_place(y, init, waiting);
        }
        doped_lookup_folded_window(sums, words, x + starts[k], above, groups);
        words += slots;
    }
    DOPED_UNROLL
    for (size_t j = 0; j < 2 * groups; j++) {
        sums[2 * j] = sums[2 * j] * scale;
    }
    doped_lookup_end(y, init, row_of, sums, rows, 2 * groups, 0, waiting);
}
#else
/* What a word adds: its value times the input of a window that it looks up. */
DOPED_INLINE float doped_folded_term(uint32_t word, uint32_t above, const float *window) {
    const uint32_t index = word & DOPED_INDEX_MASK;
    const uint32_t bits = (word & 0x80000000u) | above | ((word & 0x7fffffffu) >> DOPED_VALUE_BITS);
    float value;
    memcpy(&value, &bits, sizeof value);
    return index == DOPED_NOTHING ? 0.0f : value * window[index - (index > DOPED_NOTHING)];
}

/* One band of so many groups, of which `rows` rows are there. */
DOPED_INLINE void doped_lookup_folded_band(float *y, const float *init, const uint16_t *row_of,
                                           const uint16_t *DOPED_RESTRICT starts, const uint32_t *DOPED_RESTRICT words,
                                           const float *DOPED_RESTRICT x, size_t rows, size_t windows, size_t groups,
                                           size_t least, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_GROUP;
    const float scale = doped_folded_scale(least);
    const uint32_t above = doped_folded_above(least);
    float sums[DOPED_BAND * DOPED_FOLDED_GROUP] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        for (size_t i = 0; i < slots; i++) {
            const uint32_t word = words[k * slots + i];
            const size_t second = word & DOPED_OF_SECOND ? DOPED_GROUP : 0;
            const size_t row = i / DOPED_GROUP * DOPED_FOLDED_GROUP + second + i % DOPED_GROUP;
            sums[row] += doped_folded_term(word, above, x + starts[k]);
        }
    }
    for (size_t i = 0; i < groups * DOPED_FOLDED_GROUP; i++) {
        sums[i] *= scale;
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
}
#endif

/* A band of eight groups. */
DOPED_APART void doped_lookup_folded_8(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const uint32_t *words, const float *x, size_t rows, size_t windows, size_t least,
                                       doped_waiting *waiting) {
    doped_lookup_folded_band(y, init, row_of, starts, words, x, rows, windows, 8, least, waiting);
}

/* A band of four groups. */
DOPED_APART void doped_lookup_folded_4(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const uint32_t *words, const float *x, size_t rows, size_t windows, size_t least,
                                       doped_waiting *waiting) {
    doped_lookup_folded_band(y, init, row_of, starts, words, x, rows, windows, 4, least, waiting);
}

/* A band of two groups. */
DOPED_APART void doped_lookup_folded_2(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const uint32_t *words, const float *x, size_t rows, size_t windows, size_t least,
                                       doped_waiting *waiting) {
    doped_lookup_folded_band(y, init, row_of, starts, words, x, rows, windows, 2, least, waiting);
}

/* A band of one group. */
DOPED_APART void doped_lookup_folded_1(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                       const uint32_t *words, const float *x, size_t rows, size_t windows, size_t least,
                                       doped_waiting *waiting) {
    doped_lookup_folded_band(y, init, row_of, starts, words, x, rows, windows, 1, least, waiting);
}

/* A band of so many groups. */
DOPED_INLINE void doped_lookup_folded_of(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                         const uint32_t *words, const float *x, size_t rows, size_t windows,
                                         size_t groups, size_t least, doped_waiting *waiting) {
    if (groups == 8) {
        doped_lookup_folded_8(y, init, row_of, starts, words, x, rows, windows, least, waiting);
    } else if (groups == 4) {
        doped_lookup_folded_4(y, init, row_of, starts, words, x, rows, windows, least, waiting);
    } else if (groups == 2) {
        doped_lookup_folded_2(y, init, row_of, starts, words, x, rows, windows, least, waiting);
    } else {
        doped_lookup_folded_1(y, init, row_of, starts, words, x, rows, windows, least, waiting);
    }
}

/* y[row] = init + sum over the words of i's lane that are of it, for i < rows, where row is row_of[i], or i where row_of is
 * NULL. Bands are as high as doped_lookup_height says for groups of 32 rows; lane l of a band's group g has the rows
 * 32*g + l and 32*g + 16 + l of it. Band after band, counts[] has the number of its windows, and starts and words hold what
 * is its own: words[(k*groups + g)*16 + l] for window k. Its lowest five bits are where the input stands in the window, 16
 * for none, else its column, and one more from the 16th on; the sixth is set where it is of the second row. The highest is
 * the value's sign, and those between are the lowest 25 of its other bits, after `least` & 3 was taken off its exponent.
 * All exponents, biased, are of the four from `least` on. Windows lie within x, or start at 0 where that has fewer than
 * 32. No row is listed twice; rows not listed are left as they are. init may be NULL or y; nothing else may overlap y. */
DOPED_APART void doped_lookup_folded(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                     const uint16_t *DOPED_RESTRICT starts, const uint32_t *DOPED_RESTRICT words,
                                     const uint16_t *DOPED_RESTRICT row_of, const float *DOPED_RESTRICT x, size_t rows,
                                     size_t cols, size_t least) {
    float room[DOPED_WINDOW];
    const float *from = doped_lookup_input(x, cols, room);
    doped_waiting waiting;
    doped_lookup_none_wait(&waiting);
    DOPED_HIDE(words);
    for (size_t i = 0; i < rows; counts++) {
        const size_t groups = doped_lookup_height(rows - i, DOPED_FOLDED_GROUP, DOPED_BAND);
        const size_t height = groups * DOPED_FOLDED_GROUP;
        const size_t count = rows - i < height ? rows - i : height;
        const size_t windows = *counts;
        const size_t place = row_of != NULL ? 0 : i;
        const uint16_t *order = row_of != NULL ? row_of + i : NULL;
        doped_lookup_folded_of(y + place, doped_from(init, place), order, starts, words, from, count, windows, groups,
                               least, &waiting);
        starts += windows;
        words += windows * groups * DOPED_GROUP;
        i += height;
    }
    doped_lookup_place_all(y, init, &waiting);
}

#endif /* DOPED_LOOKUP_FOLDED_H */
