/* A sparse matrix times a vector by look-ups in registers instead of loads: a block of 32 inputs stands in two registers
 * of AVX-512, out of which one instruction (vpermi2ps) takes an input for each of 16 rows. Takes, for each group of 16
 * rows and each block, as many slots of 16 values and 5-bit indices as there are in every cell; gives every row's sum.
 * What does not fit the slots is left to another kernel. Rows stay in their own order. */
#ifndef DOPED_LOOKUP_H
#define DOPED_LOOKUP_H
#include "doped/base.h"

/* Rows of a group, columns of a block, and indices in a word. */
#define DOPED_GROUP 16
#define DOPED_BLOCK 32
#define DOPED_INDICES 6

#if DOPED_FAMILY == 2 && DOPED_VECTORS
typedef float doped_wide __attribute__((vector_size(64)));
typedef int32_t doped_wide_indices __attribute__((vector_size(64)));

/* Lane by lane the element of low and high, taken together, that the low five bits of `at` name. */
DOPED_INLINE doped_wide doped_look_up(doped_wide low, doped_wide high, doped_wide_indices at) {
#if defined(__clang__)
    return __builtin_ia32_vpermi2varps512(low, at, high);
#else
    return __builtin_shuffle(low, high, at);
#endif
}

/* The sums of `groups` neighbouring groups of rows, at most four; each block's registers serve all of them. */
DOPED_INLINE void doped_lookup_groups(float *y, const float *init, const float *DOPED_RESTRICT values,
                                      const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x,
                                      const float *DOPED_RESTRICT last, size_t groups, size_t blocks, size_t slots) {
    const size_t blocks_in_word = DOPED_INDICES / slots;
    const size_t words = (blocks + blocks_in_word - 1) / blocks_in_word;
    doped_wide sums[8]; /* two for each group, so that an addition need not wait for the one before */
    memset(sums, 0, sizeof sums);
    for (size_t word = 0; word < words; word++) {
        const size_t end = (word + 1) * blocks_in_word < blocks ? (word + 1) * blocks_in_word : blocks;
        doped_wide_indices at[4];
        DOPED_UNROLL
        for (size_t g = 0; g < groups; g++) {
            memcpy(&at[g], indices + (g * words + word) * DOPED_GROUP, sizeof at[g]);
        }
        for (size_t block = word * blocks_in_word; block < end; block++) {
            const float *from = block + 1 < blocks ? x + block * DOPED_BLOCK : last;
            doped_wide low;
            doped_wide high;
            memcpy(&low, from, sizeof low);
            memcpy(&high, from + DOPED_GROUP, sizeof high);
            DOPED_UNROLL
            for (size_t t = 0; t < groups * slots; t++) {
                const size_t g = t % groups;
                const size_t slot = t / groups;
                doped_wide value;
                memcpy(&value, values + ((g * blocks + block) * slots + slot) * DOPED_GROUP, sizeof value);
                sums[2 * g + slot % 2] = sums[2 * g + slot % 2] + value * doped_look_up(low, high, at[g]);
                at[g] = at[g] >> 5;
            }
        }
    }
    DOPED_UNROLL
    for (size_t g = 0; g < groups; g++) {
        doped_wide sum = sums[2 * g] + sums[2 * g + 1];
        if (init != NULL) {
            doped_wide begin;
            memcpy(&begin, init + g * DOPED_GROUP, sizeof begin);
            sum = sum + begin;
        }
        memcpy(y + g * DOPED_GROUP, &sum, sizeof sum);
    }
}
#endif

/* y[i] = init + sum over the blocks b of cols and s < slots of values[((g*blocks + b)*slots + s)*16 + lane] *
 * x[32*b + index], for i = 16*g + lane < rows. The index is five bits of indices[(g*words + w)*16 + lane]: a word holds
 * those of 6 / slots blocks, a block's first slot lowest. Empty slots hold value 0 and index 0; lanes past rows are
 * empty. slots divides 6. init may be NULL or y; nothing else may overlap y. */
DOPED_INLINE void doped_lookup(float *y, const float *init, const float *DOPED_RESTRICT values,
                               const uint32_t *DOPED_RESTRICT indices, const float *DOPED_RESTRICT x, size_t rows,
                               size_t cols, size_t slots) {
    const size_t blocks = (cols + DOPED_BLOCK - 1) / DOPED_BLOCK;
    const size_t blocks_in_word = DOPED_INDICES / slots;
    const size_t words = (blocks + blocks_in_word - 1) / blocks_in_word;
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    const size_t whole = rows / DOPED_GROUP;
    const size_t rest = rows % DOPED_GROUP;
    const size_t values_of_group = blocks * slots * DOPED_GROUP;
    const size_t indices_of_group = words * DOPED_GROUP;
    float last[DOPED_BLOCK] = {0.0f}; /* the last block, which x may not fill */
    const size_t fours = whole - whole % 4;
    memcpy(last, x + (blocks - 1) * DOPED_BLOCK, (cols - (blocks - 1) * DOPED_BLOCK) * sizeof *last);
    for (size_t g = 0; g < fours; g += 4) {
        doped_lookup_groups(y + g * DOPED_GROUP, doped_from(init, g * DOPED_GROUP), values + g * values_of_group,
                            indices + g * indices_of_group, x, last, 4, blocks, slots);
    }
    for (size_t g = fours; g < whole; g++) {
        doped_lookup_groups(y + g * DOPED_GROUP, doped_from(init, g * DOPED_GROUP), values + g * values_of_group,
                            indices + g * indices_of_group, x, last, 1, blocks, slots);
    }
    if (rest != 0) {
        float part[DOPED_GROUP];
        doped_lookup_groups(part, NULL, values + whole * values_of_group, indices + whole * indices_of_group, x, last, 1,
                            blocks, slots);
        for (size_t lane = 0; lane < rest; lane++) {
            const size_t i = whole * DOPED_GROUP + lane;
            y[i] = doped_start_one(doped_from(init, i)) + part[lane];
        }
    }
#else
    for (size_t i = 0; i < rows; i++) {
        const size_t g = i / DOPED_GROUP;
        const size_t lane = i % DOPED_GROUP;
        float sum = 0.0f;
        for (size_t block = 0; block < blocks; block++) {
            const uint32_t word = indices[(g * words + block / blocks_in_word) * DOPED_GROUP + lane];
            for (size_t slot = 0; slot < slots; slot++) {
                const size_t shift = 5 * (block % blocks_in_word * slots + slot);
                const size_t column = block * DOPED_BLOCK + (word >> shift & 31u);
                sum += values[((g * blocks + block) * slots + slot) * DOPED_GROUP + lane] * x[column];
            }
        }
        y[i] = doped_start_one(doped_from(init, i)) + sum;
    }
#endif
}

#endif /* DOPED_LOOKUP_H */
