/* A matrix turned: between vectors one after another and a wide vector, whose lanes they are. Takes it row by row;
 * gives it column by column. Sixteen columns are read of each row before the next ones, so that a line of the cache
 * is used up while it is there; squares of four by four are turned in registers, of sixteen by sixteen on AVX-512. */
#ifndef DOPED_TRANSPOSE_H
#define DOPED_TRANSPOSE_H
#include "doped/base.h"
#include "doped/sixteen.h"

#if DOPED_VECTORS
typedef float doped_quad __attribute__((vector_size(16)));
typedef int32_t doped_quad_order __attribute__((vector_size(16)));

/* The elements of a and b, taken together, in this order. */
#if defined(__clang__)
#define DOPED_QUAD_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector((a), (b), (i), (j), (k), (l))
#else
DOPED_INLINE doped_quad doped_quad_shuffle(doped_quad a, doped_quad b, int32_t i, int32_t j, int32_t k, int32_t l) {
    const doped_quad_order order = {i, j, k, l};
    return __builtin_shuffle(a, b, order);
}
#define DOPED_QUAD_SHUFFLE(a, b, i, j, k, l) doped_quad_shuffle((a), (b), (i), (j), (k), (l))
#endif
#endif

/* A square of four by four. */
DOPED_INLINE void doped_transpose_square(float *DOPED_RESTRICT y, size_t y_stride, const float *DOPED_RESTRICT x,
                                         size_t x_stride) {
#if DOPED_VECTORS
    doped_quad a;
    doped_quad b;
    doped_quad c;
    doped_quad d;
    memcpy(&a, x, sizeof a);
    memcpy(&b, x + x_stride, sizeof b);
    memcpy(&c, x + 2 * x_stride, sizeof c);
    memcpy(&d, x + 3 * x_stride, sizeof d);
    const doped_quad ab_low = DOPED_QUAD_SHUFFLE(a, b, 0, 4, 1, 5);
    const doped_quad ab_high = DOPED_QUAD_SHUFFLE(a, b, 2, 6, 3, 7);
    const doped_quad cd_low = DOPED_QUAD_SHUFFLE(c, d, 0, 4, 1, 5);
    const doped_quad cd_high = DOPED_QUAD_SHUFFLE(c, d, 2, 6, 3, 7);
    a = DOPED_QUAD_SHUFFLE(ab_low, cd_low, 0, 1, 4, 5);
    b = DOPED_QUAD_SHUFFLE(ab_low, cd_low, 2, 3, 6, 7);
    c = DOPED_QUAD_SHUFFLE(ab_high, cd_high, 0, 1, 4, 5);
    d = DOPED_QUAD_SHUFFLE(ab_high, cd_high, 2, 3, 6, 7);
    memcpy(y, &a, sizeof a);
    memcpy(y + y_stride, &b, sizeof b);
    memcpy(y + 2 * y_stride, &c, sizeof c);
    memcpy(y + 3 * y_stride, &d, sizeof d);
#else
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            y[j * y_stride + i] = x[i * x_stride + j];
        }
    }
#endif
}

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* A square of sixteen by sixteen: of its quarters the upper right and the lower left change places, then those of each
 * quarter, down to single elements. */
DOPED_INLINE void doped_transpose_sixteen(float *DOPED_RESTRICT y, size_t y_stride, const float *DOPED_RESTRICT x,
                                          size_t x_stride) {
    const doped_sixteen_indices lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    doped_sixteen rows[DOPED_GROUP];
    DOPED_UNROLL_KNOWN
    for (size_t i = 0; i < DOPED_GROUP; i++) {
        memcpy(&rows[i], x + i * x_stride, sizeof rows[i]);
    }
    DOPED_UNROLL_KNOWN
    for (int32_t half = DOPED_GROUP / 2; half > 0; half /= 2) {
        /* Where lanes are in the left half of their quarters, those of the upper row, else those left in the lower. */
        const doped_sixteen_indices left = (lanes & ~half) | (lanes & half) * (DOPED_GROUP / half);
        const doped_sixteen_indices right = left | half;
        DOPED_UNROLL_KNOWN
        for (int32_t i = 0; i < DOPED_GROUP; i++) {
            if ((i & half) == 0) {
                const doped_sixteen upper = rows[i];
                const doped_sixteen lower = rows[i + half];
                rows[i] = doped_look_up(upper, lower, left);
                rows[i + half] = doped_look_up(upper, lower, right);
            }
        }
    }
    DOPED_UNROLL_KNOWN
    for (size_t i = 0; i < DOPED_GROUP; i++) {
        memcpy(y + i * y_stride, &rows[i], sizeof rows[i]);
    }
}
#endif

/* y[j*rows + i] = x[i*cols + j], for i < rows and j < cols. x must not overlap y. */
DOPED_APART void doped_transpose(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    const size_t whole_rows = rows - rows % 4;
    const size_t whole_cols = cols - cols % 4;
    for (size_t first = 0; first < cols; first += 16) {
        const size_t end = first + 16 < cols ? first + 16 : cols;
        const size_t whole = end < whole_cols ? end : whole_cols;
        size_t turned = 0;
#if DOPED_FAMILY == 2 && DOPED_VECTORS
        for (; first + DOPED_GROUP <= cols && turned + DOPED_GROUP <= rows; turned += DOPED_GROUP) {
            doped_transpose_sixteen(y + first * rows + turned, rows, x + turned * cols + first, cols);
        }
#endif
        for (size_t i = turned; i < whole_rows; i += 4) {
            for (size_t j = first; j < whole; j += 4) {
                doped_transpose_square(y + j * rows + i, rows, x + i * cols + j, cols);
            }
        }
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = i < whole_rows ? whole : first; j < end; j++) {
                y[j * rows + i] = x[i * cols + j];
            }
        }
    }
}

#endif /* DOPED_TRANSPOSE_H */
