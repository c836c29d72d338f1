/* What look-ups as straight-line code stand on: all inputs stand in registers, sixteen neighbouring ones a block or fifteen
 * and a zero, and a pick takes one out of two blocks for each of sixteen rows. Takes blocks, and for each pick, or pair of
 * picks, sixteen values, and indices of five bits, several in a word. Gives the rows' sums. Which blocks a pick takes from
 * is in the code that calls. */
#ifndef DOPED_PICK_H
#define DOPED_PICK_H
#include "doped/sixteen.h"

/* `count` floats, then zeros. */
DOPED_INLINE doped_sixteen doped_block(const float *from, size_t count) {
    float lanes[DOPED_GROUP] = {0.0f};
    doped_sixteen block;
    if (count == DOPED_GROUP) {
        memcpy(&block, from, sizeof block);
    } else {
        memcpy(lanes, from, count * sizeof *lanes);
        memcpy(&block, lanes, sizeof block);
    }
    return block;
}

/* `count` floats, then zeros, where so many stand before them that it is sixteen in all: doped_block goes by way of memory, and
 * a load of what was stored in parts waits for all stores before. */
DOPED_INLINE doped_sixteen doped_block_behind(const float *from, size_t count) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    const doped_sixteen_indices lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    doped_sixteen block;
    memcpy(&block, from + count - DOPED_GROUP, sizeof block);
    block = doped_spread(block, lanes + (int32_t)(DOPED_GROUP - count));
    return (doped_sixteen)((doped_sixteen_indices)block & (lanes < (int32_t)count));
#else
    return doped_block(from, count);
#endif
}

/* Fifteen floats, of sixteen that are there, then a zero. */
DOPED_INLINE doped_sixteen doped_block_and_zero(const float *from) {
    doped_sixteen block;
    memcpy(&block, from, sizeof block);
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    const doped_sixteen_indices but_last = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0};
    return (doped_sixteen)((doped_sixteen_indices)block & but_last);
#else
    block.lanes[DOPED_GROUP - 1] = 0.0f;
    return block;
#endif
}

/* What the sums of `count` rows start from: zeros when init is NULL. */
DOPED_INLINE doped_sixteen doped_pick_start(const float *init, size_t count) {
    return init != NULL ? doped_block(init, count) : doped_sixteen_zero();
}

/* sum + value * input, row by row: the input is the element of low and high, taken together, that the five bits from `shift`
 * on of the row's word name. */
DOPED_INLINE doped_sixteen doped_pick(doped_sixteen sum, const float *values, doped_sixteen low, doped_sixteen high,
                                      const uint32_t *words, int shift) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    doped_sixteen value;
    doped_sixteen_indices at;
    memcpy(&value, values, sizeof value);
    memcpy(&at, words, sizeof at);
    return sum + value * doped_look_up(low, high, at >> shift);
#else
    float both[2 * DOPED_GROUP]; /* gcc 12 -O3 takes wrong lanes where it is to choose between low and high */
    memcpy(both, &low, sizeof low);
    memcpy(both + DOPED_GROUP, &high, sizeof high);
    for (size_t i = 0; i < DOPED_GROUP; i++) {
        sum.lanes[i] += values[i] * both[words[i] >> shift & 31u];
    }
    return sum;
#endif
}

/* doped_pick, with values that stand anywhere among sixteen: the four bits from `among` on of the row's word tell which. */
DOPED_INLINE doped_sixteen doped_pick_among(doped_sixteen sum, const float *values, doped_sixteen low, doped_sixteen high,
                                            const uint32_t *words, int shift, int among) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    doped_sixteen value;
    doped_sixteen_indices at;
    memcpy(&value, values, sizeof value);
    memcpy(&at, words, sizeof at);
    return sum + doped_spread(value, at >> among) * doped_look_up(low, high, at >> shift);
#else
    float spread[DOPED_GROUP];
    for (size_t i = 0; i < DOPED_GROUP; i++) {
        spread[i] = values[words[i] >> among & 15u];
    }
    return doped_pick(sum, spread, low, high, words, shift);
#endif
}

/* a + b. */
DOPED_INLINE doped_sixteen doped_pick_sum(doped_sixteen a, doped_sixteen b) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    return a + b;
#else
    for (size_t i = 0; i < DOPED_GROUP; i++) {
        a.lanes[i] += b.lanes[i];
    }
    return a;
#endif
}

/* y = sums, for `count` rows. */
DOPED_INLINE void doped_pick_end(float *y, doped_sixteen sums, size_t count) {
    memcpy(y, &sums, count * sizeof *y);
}

#endif /* DOPED_PICK_H */
