/* The tile, a piece of a product held in registers: a few rows, of a few vectors each. Takes vectors and the scalars that they are
 * multiplied by; gives the sums. */
#ifndef DOPED_TILE_H
#define DOPED_TILE_H
#include "doped/base.h"

/* Lanes of the t-th of the vectors that hold `lanes` lanes in each row of a tile. */
DOPED_INLINE size_t doped_tile_lanes(size_t t, size_t columns, size_t lanes) {
    const size_t first = t % columns * DOPED_WIDTH;
    return lanes - first < DOPED_WIDTH ? lanes - first : DOPED_WIDTH;
}

/* Adds one column to a tile: row[i] * scalars[h*scalar_stride] to row h, lane i. Vectors are kept in sums, `columns` of
 * them in a row; lanes left over in rests. */
DOPED_INLINE void doped_tile_column(doped_vector *sums, float *rests, const float *row, const float *scalars,
                                    size_t scalar_stride, size_t height, size_t columns, size_t lanes) {
    const size_t held = columns * DOPED_WIDTH;
    const size_t rest = held < lanes ? lanes - held : 0;
    doped_vector vectors[DOPED_ACCUMULATORS];
    DOPED_UNROLL
    for (size_t c = 0; c < DOPED_ACCUMULATORS; c++) {
        vectors[c] = doped_start(NULL); /* all, so that no compiler doubts those that are not used */
    }
    DOPED_UNROLL
    for (size_t c = 0; c < columns; c++) {
        const size_t count = doped_tile_lanes(c, columns, lanes);
        const float *from = row + c * DOPED_WIDTH;
        vectors[c] = count < DOPED_WIDTH ? doped_load_part(from, count) : doped_load(from);
        DOPED_KEEP(vectors[c]);
    }
    DOPED_UNROLL
    for (size_t h = 0; h < height; h++) {
        const float scalar = scalars[h * scalar_stride];
        DOPED_UNROLL
        for (size_t c = 0; c < columns; c++) {
            sums[h * columns + c] = doped_add_scaled(sums[h * columns + c], vectors[c], scalar);
        }
    }
    DOPED_UNROLL
    for (size_t t = 0; t < height * rest; t++) {
        rests[t] += row[held + t % rest] * scalars[t / rest * scalar_stride];
    }
}

/* y[h*y_stride + i] = init + sum over j < depth of vectors[j*vector_stride + i] * scalars[h*scalar_stride + j],
 * for h < height and i < lanes. At most four rows, and DOPED_ACCUMULATORS vectors in all; where half of those do,
 * odd columns have sums of their own, so that an addition need not wait for the one before. init is laid out as y and
 * may be y; vectors and scalars must not overlap y. */
DOPED_INLINE void doped_tile(float *y, size_t y_stride, const float *init, const float *DOPED_RESTRICT vectors,
                             ptrdiff_t vector_stride, const float *DOPED_RESTRICT scalars, size_t scalar_stride,
                             size_t height, size_t lanes, size_t depth) {
    const size_t columns = (DOPED_PARTS ? lanes + DOPED_WIDTH - 1 : lanes) / DOPED_WIDTH;
    const size_t held = columns * DOPED_WIDTH;
    const size_t rest = held < lanes ? lanes - held : 0;
    const size_t count = height * columns;
    doped_vector sums[DOPED_ACCUMULATORS];
    float rests[4 * (DOPED_WIDTH - 1)] = {0.0f};
    DOPED_UNROLL
    for (size_t t = 0; t < DOPED_ACCUMULATORS; t++) {
        sums[t] = doped_start(NULL); /* all, so that no compiler doubts those past count */
    }
    DOPED_UNROLL
    for (size_t t = 0; t < count; t++) {
        const float *from = doped_from(init, t / columns * y_stride + t % columns * DOPED_WIDTH);
        const size_t part = doped_tile_lanes(t, columns, lanes);
        sums[t] = part < DOPED_WIDTH && from != NULL ? doped_load_part(from, part) : doped_start(from);
    }
    DOPED_UNROLL
    for (size_t t = 0; t < height * rest; t++) {
        rests[t] = doped_start_one(doped_from(init, t / rest * y_stride + held + t % rest));
    }
    if (2 * count <= DOPED_ACCUMULATORS) {
        doped_vector *odd = sums + count;
        for (size_t j = 0; j + 2 <= depth; j += 2) {
            const float *row = vectors + (ptrdiff_t)j * vector_stride;
            doped_tile_column(sums, rests, row, scalars + j, scalar_stride, height, columns, lanes);
            doped_tile_column(odd, rests, row + vector_stride, scalars + j + 1, scalar_stride, height, columns, lanes);
        }
        if (depth % 2 != 0) {
            const float *row = vectors + (ptrdiff_t)(depth - 1) * vector_stride;
            doped_tile_column(sums, rests, row, scalars + depth - 1, scalar_stride, height, columns, lanes);
        }
        DOPED_UNROLL
        for (size_t t = 0; t < count; t++) {
            sums[t] = doped_add_scaled(sums[t], odd[t], 1.0f);
        }
    } else {
        for (size_t j = 0; j < depth; j++) {
            const float *row = vectors + (ptrdiff_t)j * vector_stride;
            doped_tile_column(sums, rests, row, scalars + j, scalar_stride, height, columns, lanes);
        }
    }
    DOPED_UNROLL
    for (size_t t = 0; t < count; t++) {
        float *to = y + t / columns * y_stride + t % columns * DOPED_WIDTH;
        const size_t part = doped_tile_lanes(t, columns, lanes);
        if (part < DOPED_WIDTH) {
            doped_store_part(to, sums[t], part);
        } else {
            doped_store(to, sums[t]);
        }
    }
    DOPED_UNROLL
    for (size_t t = 0; t < height * rest; t++) {
        y[t / rest * y_stride + held + t % rest] = rests[t];
    }
}

#endif /* DOPED_TILE_H */
