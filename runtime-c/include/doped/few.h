/* The last lanes of a product whose other lanes fill strips: one or two of them would leave a strip all but empty. Where it has
 * sixteen lanes, as many columns stand side by side in it. Takes vectors and the scalars that they are multiplied by, as the
 * wide tile does; gives the sums. */
#ifndef DOPED_FEW_H
#define DOPED_FEW_H
#include "doped/sixteen.h"

/* Strips that hold the vectors' lanes. */
#define DOPED_FEW_STRIPS 8

#if DOPED_FAMILY == 2 && DOPED_VECTORS
typedef float doped_four __attribute__((vector_size(16)));

/* Whether so many lanes are few, and so many columns fit the strips and fill one. */
DOPED_INLINE int doped_are_few(size_t lanes, size_t depth) {
    return (lanes == 1 || lanes == 2) && lanes * depth >= DOPED_GROUP && lanes * depth <= DOPED_FEW_STRIPS * DOPED_GROUP;
}

/* The scalars of the columns that stand side by side, each for as many lanes. */
DOPED_INLINE doped_sixteen doped_few_scalars(const float *from, size_t lanes) {
    const doped_sixteen_indices twice = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7};
    doped_sixteen scalars;
    if (lanes == 2) {
        return doped_spread(doped_first_eight(from), twice);
    }
    memcpy(&scalars, from, sizeof scalars);
    return scalars;
}

/* y[h*y_stride + t] = init + sum over j < depth of vectors[j*vector_stride + t] * scalars[h*scalar_stride + j], for h < height
 * and t < lanes, which are few. init is laid out as y and may be y; vectors and scalars must not overlap y. */
DOPED_INLINE void doped_few(float *y, size_t y_stride, const float *init, const float *DOPED_RESTRICT vectors,
                            size_t vector_stride, const float *DOPED_RESTRICT scalars, size_t scalar_stride, size_t height,
                            size_t lanes, size_t depth) {
    const size_t side = DOPED_GROUP / lanes;
    const size_t count = (depth + side - 1) / side;
    const size_t last = depth - side; /* the last strip goes back over columns that others have, as zeros */
    float columns[DOPED_FEW_STRIPS * DOPED_GROUP] = {0.0f};
    doped_sixteen held[DOPED_FEW_STRIPS];
    for (size_t j = 0; j < depth; j++) {
        const size_t at = j / side + 1 < count ? j : (count - 1) * side + j - last;
        for (size_t t = 0; t < lanes; t++) {
            columns[at * lanes + t] = vectors[j * vector_stride + t];
        }
    }
    DOPED_UNROLL
    for (size_t k = 0; k < DOPED_FEW_STRIPS; k++) { /* all, so that no compiler doubts those past count */
        memcpy(&held[k], columns + k * DOPED_GROUP, sizeof held[k]);
    }
    DOPED_ROLLED
    for (size_t h = 0; h < height; h++) {
        const float *row = scalars + h * scalar_stride;
        doped_sixteen even = doped_sixteen_zero();
        doped_sixteen odd = doped_sixteen_zero();
        DOPED_UNROLL
        for (size_t k = 0; k < count; k++) {
            const doped_sixteen scale = doped_few_scalars(row + (k + 1 < count ? k * side : last), lanes);
            if (k % 2 == 0) {
                even = even + held[k] * scale;
            } else {
                odd = odd + held[k] * scale;
            }
        }
        even = even + odd;
        float parts[DOPED_GROUP];
        doped_vector low;
        doped_four first;
        doped_four second;
        memcpy(parts, &even, sizeof parts);
        low = doped_load(parts) + doped_load(parts + DOPED_WIDTH);
        memcpy(parts, &low, sizeof low);
        memcpy(&first, parts, sizeof first);
        memcpy(&second, parts + DOPED_WIDTH / 2, sizeof second);
        first = first + second;
        if (lanes == 2) {
            y[h * y_stride] = doped_start_one(doped_from(init, h * y_stride)) + (first[0] + first[2]);
            y[h * y_stride + 1] = doped_start_one(doped_from(init, h * y_stride + 1)) + (first[1] + first[3]);
        } else {
            y[h * y_stride] =
                doped_start_one(doped_from(init, h * y_stride)) + ((first[0] + first[2]) + (first[1] + first[3]));
        }
    }
}
#else
/* Never. */
DOPED_INLINE int doped_are_few(size_t lanes, size_t depth) {
    (void)lanes;
    (void)depth;
    return 0;
}

/* Never called. */
DOPED_INLINE void doped_few(float *y, size_t y_stride, const float *init, const float *vectors, size_t vector_stride,
                            const float *scalars, size_t scalar_stride, size_t height, size_t lanes, size_t depth) {
    (void)y, (void)y_stride, (void)init, (void)vectors, (void)vector_stride, (void)scalars, (void)scalar_stride;
    (void)height, (void)lanes, (void)depth;
}
#endif

#endif /* DOPED_FEW_H */
