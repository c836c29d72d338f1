/* Look-ups in registers (doped/lookup.h) for matrices whose tables are read from far away, where bytes decide: values
 * stand close together, and a mask of each slot says which of its 16 rows have one. One instruction (vexpandps) moves
 * them to their lanes. Takes bands as doped_lookup does; gives every row's sum. */
#ifndef DOPED_LOOKUP_PACKED_H
#define DOPED_LOOKUP_PACKED_H
#include "doped/base.h"
#include "doped/lookup.h"

/* Bytes ahead of which values are fetched: their addresses depend on the masks, so that no processor foresees them. */
#define DOPED_AHEAD 4096

/* Groups whose masks fill a word of 64 bits: one count says where the values of each of them stand. */
#define DOPED_MASKS 4

/* Words of masks: GCC takes one over to a register for masks as a whole, and shifts it by a mask there. Moved over mask by
 * mask they take the unit that does look-ups; shifts have another on an AMD Zen 5. */
#if defined(__GNUC__) && !defined(__clang__) && DOPED_FAMILY == 2
#define DOPED_KEEP_MASKS(word) __asm__("" : "+Yk"(word))
#define DOPED_NEXT_MASK(word) __asm__("kshiftrq {$16, %0, %0|%0, %0, 16}" : "+Yk"(word))
#else
#define DOPED_KEEP_MASKS(word) ((void)0)
#define DOPED_NEXT_MASK(word) ((void)((word) >>= 16))
#endif

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* The next values at the lanes of the mask, 0 elsewhere. An AMD Zen 5 waits for what the register held before, even where all
 * lanes are written: five cycles, one after another in Clang's code, which takes the same register for each. Zeros that
 * Clang cannot foresee are in the register then. */
DOPED_INLINE doped_sixteen doped_expand(const float *values, uint16_t mask) {
    doped_sixteen packed;
    doped_sixteen zero;
    memcpy(&packed, values, sizeof packed);
    memset(&zero, 0, sizeof zero);
#if defined(__clang__)
    __asm__("" : "+v"(zero));
#endif
    return __builtin_ia32_expandsf512_mask(packed, zero, mask);
}

/* As doped_lookup_window; gives where the values go on. */
DOPED_INLINE const float *doped_lookup_packed_window(doped_sixteen *sums, doped_sixteen_indices *at, const float *values,
                                                     const uint16_t *DOPED_RESTRICT masks,
                                                     const float *DOPED_RESTRICT window, size_t groups, size_t odd) {
    doped_sixteen low;
    doped_sixteen high;
    memcpy(&low, window, sizeof low);
    memcpy(&high, window + DOPED_GROUP, sizeof high);
    DOPED_KEEP(low);
    DOPED_KEEP(high);
    DOPED_UNROLL_KNOWN
    for (size_t first = 0; first < groups; first += DOPED_MASKS) {
        const size_t count = groups - first < DOPED_MASKS ? groups - first : DOPED_MASKS;
        uint64_t word = 0;
        memcpy(&word, masks + first, count * sizeof *masks);
        uint64_t lanes = word;
        DOPED_KEEP_MASKS(lanes);
        DOPED_UNROLL_KNOWN
        for (size_t i = 0; i < count; i++) {
            const size_t g = first + i;
            const float *from = i == 0 ? values : values + __builtin_popcountll(word << (64 - 16 * i));
            const doped_sixteen value = doped_expand(from, (uint16_t)lanes);
            if (i % 2 == 0) { /* more would take as long as what they save */
                DOPED_FETCH(from, DOPED_AHEAD);
            }
            sums[2 * g + odd] = sums[2 * g + odd] + value * doped_look_up(low, high, at[g]);
            DOPED_IN_TURN(sums[2 * g + odd]);
            at[g] = at[g] >> 5;
            DOPED_NEXT_MASK(lanes);
        }
        values += __builtin_popcountll(word);
    }
    return values;
}

/* One band of so many groups, of which `rows` rows are there; gives where the values go on. */
DOPED_INLINE const float *doped_lookup_packed_band(float *y, const float *init, const uint16_t *row_of,
                                                   const uint16_t *DOPED_RESTRICT starts, const float *values,
                                                   const uint16_t *DOPED_RESTRICT masks,
                                                   const uint32_t *DOPED_RESTRICT indices,
                                                   const float *DOPED_RESTRICT x, size_t rows, size_t windows,
                                                   size_t groups, doped_waiting *waiting) {
    const size_t odd = groups <= DOPED_BAND / 2;
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
        indices += groups * DOPED_GROUP;
        doped_lookup_place(y, init, waiting);
        if (first + DOPED_INDICES <= windows) {
            DOPED_UNROLL
            for (size_t k = 0; k < DOPED_INDICES; k++) {
                values = doped_lookup_packed_window(sums, at, values, masks + k * groups, x + starts[first + k], groups,
                                                    k % 2 * odd);
            }
            masks += DOPED_INDICES * groups;
        } else {
            for (size_t k = first; k < windows; k++) {
                values = doped_lookup_packed_window(sums, at, values, masks, x + starts[k], groups, 0);
                masks += groups;
            }
        }
    }
    doped_lookup_end(y, init, row_of, sums, rows, groups, odd, waiting);
    return values;
}
#else
/* One band of so many groups, of which `rows` rows are there; gives where the values go on. */
DOPED_INLINE const float *doped_lookup_packed_band(float *y, const float *init, const uint16_t *row_of,
                                                   const uint16_t *DOPED_RESTRICT starts, const float *values,
                                                   const uint16_t *DOPED_RESTRICT masks,
                                                   const uint32_t *DOPED_RESTRICT indices,
                                                   const float *DOPED_RESTRICT x, size_t rows, size_t windows,
                                                   size_t groups, doped_waiting *waiting) {
    (void)waiting; /* nothing is gained by it here */
    const size_t slots = groups * DOPED_GROUP;
    float sums[DOPED_BAND * DOPED_GROUP] = {0.0f};
    for (size_t k = 0; k < windows; k++) {
        const uint32_t *words = indices + k / DOPED_INDICES * slots;
        for (size_t i = 0; i < slots; i++) {
            const uint32_t mask = masks[k * groups + i / DOPED_GROUP];
            if ((mask >> (i % DOPED_GROUP) & 1u) != 0) {
                sums[i] += *values * x[starts[k] + (words[i] >> (5 * (k % DOPED_INDICES)) & 31u)];
                values++;
            }
        }
    }
    doped_lookup_finish(y, init, row_of, sums, rows);
    return values;
}
#endif

/* A band of eight groups. */
DOPED_APART const float *doped_lookup_packed_8(float *y, const float *init, const uint16_t *row_of,
                                               const uint16_t *starts, const float *values, const uint16_t *masks,
                                               const uint32_t *indices, const float *x, size_t rows, size_t windows,
                                               doped_waiting *waiting) {
    return doped_lookup_packed_band(y, init, row_of, starts, values, masks, indices, x, rows, windows, 8, waiting);
}

/* A band of four groups. */
DOPED_APART const float *doped_lookup_packed_4(float *y, const float *init, const uint16_t *row_of,
                                               const uint16_t *starts, const float *values, const uint16_t *masks,
                                               const uint32_t *indices, const float *x, size_t rows, size_t windows,
                                               doped_waiting *waiting) {
    return doped_lookup_packed_band(y, init, row_of, starts, values, masks, indices, x, rows, windows, 4, waiting);
}

/* A band of two groups. */
DOPED_APART const float *doped_lookup_packed_2(float *y, const float *init, const uint16_t *row_of,
                                               const uint16_t *starts, const float *values, const uint16_t *masks,
                                               const uint32_t *indices, const float *x, size_t rows, size_t windows,
                                               doped_waiting *waiting) {
    return doped_lookup_packed_band(y, init, row_of, starts, values, masks, indices, x, rows, windows, 2, waiting);
}

/* A band of one group. */
DOPED_APART const float *doped_lookup_packed_1(float *y, const float *init, const uint16_t *row_of,
                                               const uint16_t *starts, const float *values, const uint16_t *masks,
                                               const uint32_t *indices, const float *x, size_t rows, size_t windows,
                                               doped_waiting *waiting) {
    return doped_lookup_packed_band(y, init, row_of, starts, values, masks, indices, x, rows, windows, 1, waiting);
}

/* doped_lookup with packed values: bit `lane` of masks[k*groups + g], window k and group g of a band, says whether that
 * lane has a value; they follow one another by band, window, group and lane, and behind the last stand at least 16 more
 * floats. */
DOPED_APART void doped_lookup_packed(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                     const uint16_t *DOPED_RESTRICT starts, const float *values,
                                     const uint16_t *DOPED_RESTRICT masks, const uint32_t *DOPED_RESTRICT indices,
                                     const uint16_t *DOPED_RESTRICT row_of, const float *DOPED_RESTRICT x, size_t rows,
                                     size_t cols) {
    DOPED_HIDE(values);
    DOPED_HIDE(masks);
    DOPED_HIDE(indices);
    float room[DOPED_WINDOW];
    const float *from = doped_lookup_input(x, cols, room);
    doped_waiting waiting;
    doped_lookup_none_wait(&waiting);
    for (size_t i = 0; i < rows; counts++) {
        const size_t groups = doped_lookup_height(rows - i, DOPED_GROUP, DOPED_BAND);
        const size_t slots = groups * DOPED_GROUP;
        const size_t count = rows - i < slots ? rows - i : slots;
        const size_t windows = *counts;
        const size_t place = row_of != NULL ? 0 : i;
        const uint16_t *order = row_of != NULL ? row_of + i : NULL;
        const float *begin = doped_from(init, place);
        if (groups == 8) {
            values = doped_lookup_packed_8(y + place, begin, order, starts, values, masks, indices, from, count, windows,
                                           &waiting);
        } else if (groups == 4) {
            values = doped_lookup_packed_4(y + place, begin, order, starts, values, masks, indices, from, count, windows,
                                           &waiting);
        } else if (groups == 2) {
            values = doped_lookup_packed_2(y + place, begin, order, starts, values, masks, indices, from, count, windows,
                                           &waiting);
        } else {
            values = doped_lookup_packed_1(y + place, begin, order, starts, values, masks, indices, from, count, windows,
                                           &waiting);
        }
        starts += windows;
        masks += windows * groups;
        indices += doped_lookup_words(windows) * slots;
        i += slots;
    }
    doped_lookup_place_all(y, init, &waiting);
}

#endif /* DOPED_LOOKUP_PACKED_H */
