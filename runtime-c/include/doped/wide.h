/* What kernels stand on in which one number meets a row of lanes: the wide ones, and those of Kronecker factors. A wide
 * vector is [len][lanes]: each of its elements is a row of as many floats as there are vectors side by side (streams, or
 * steps in time). Takes nothing; gives a strip, the widest vector that the family of instructions has, and the wide tile, a
 * piece of such a product. */
#ifndef DOPED_WIDE_H
#define DOPED_WIDE_H
#include "doped/base.h"

/* Strips that sums are kept in at most, but for the wide tile. */
#define DOPED_STRIPS DOPED_ACCUMULATORS

/* Floats in a strip: sixteen on AVX-512, where one instruction then multiplies a row of sixteen lanes by a weight
 * straight from memory. */
#if DOPED_FAMILY == 2 && DOPED_VECTORS
#define DOPED_STRIP 16
/* Strips that the sums of a tile are kept in at most: three quarters of 32 registers; strips side by side in a tile,
 * which share a weight, and rows of it. With one strip each multiply-add would load a weight, and loads would be too
 * few. */
#define DOPED_TILE_STRIPS 24
#define DOPED_TILE_ABREAST 3
#define DOPED_TILE_HIGH 16
/* Before a loop over `count` strips, and its turns: to the most there can be, with a condition, since Clang unrolls so many
 * whole only where their number is plain. */
#define DOPED_TILE_UNROLL DOPED_UNROLL_KNOWN
#define DOPED_TILE_TURNS(count) DOPED_TILE_STRIPS
typedef float doped_strip __attribute__((vector_size(64)));

/* sum + a * b for every lane of a. */
DOPED_INLINE doped_strip doped_strip_add_scaled(doped_strip sum, doped_strip a, float b) {
    const doped_strip scale = {b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b};
#if defined(__clang__)
    return sum + a * scale;
#else
    return __builtin_ia32_vfmaddps512_mask(a, scale, sum, (short)-1, 4);
#endif
}

/* DOPED_STRIP floats from any address. */
DOPED_INLINE doped_strip doped_strip_load(const float *from) {
    doped_strip strip;
    memcpy(&strip, from, sizeof strip);
    return strip;
}

/* Writes DOPED_STRIP floats to any address. */
DOPED_INLINE void doped_strip_store(float *to, doped_strip strip) {
    memcpy(to, &strip, sizeof strip);
}
#else
#define DOPED_STRIP DOPED_WIDTH
#define DOPED_TILE_STRIPS DOPED_ACCUMULATORS
#define DOPED_TILE_ABREAST 2
#define DOPED_TILE_HIGH DOPED_ACCUMULATORS
#define DOPED_TILE_UNROLL DOPED_UNROLL
#define DOPED_TILE_TURNS(count) (count)
typedef doped_vector doped_strip;

DOPED_INLINE doped_strip doped_strip_add_scaled(doped_strip sum, doped_strip a, float b) {
    return doped_add_scaled(sum, a, b);
}

DOPED_INLINE doped_strip doped_strip_load(const float *from) {
    return doped_load(from);
}

DOPED_INLINE void doped_strip_store(float *to, doped_strip strip) {
    doped_store(to, strip);
}
#endif

/* What DOPED_STRIP outputs start from: zeros when init is NULL. */
DOPED_INLINE doped_strip doped_strip_start(const float *init) {
    const doped_strip zeros = {0};
    return init != NULL ? doped_strip_load(init) : zeros;
}

/* y[h*y_stride + i] = init + sum over j < depth of vectors[j*vector_stride + i] * scalars[h*across + j*along], for h
 * < height and i < width: a weight is a scalar, its lanes a vector. At most DOPED_TILE_STRIPS rows, and as many strips;
 * width is below DOPED_STRIP or a multiple of it. init is laid out as y and may be y; vectors and scalars must not
 * overlap y. */
DOPED_INLINE void doped_wide_tile(float *y, size_t y_stride, const float *init, const float *DOPED_RESTRICT vectors,
                                  size_t vector_stride, const float *DOPED_RESTRICT scalars, ptrdiff_t across,
                                  ptrdiff_t along, size_t height, size_t width, size_t depth) {
    const size_t strips = width / DOPED_STRIP;
    const size_t rest = width % DOPED_STRIP;
    const size_t count = height * strips;
    doped_strip sums[DOPED_TILE_STRIPS];
    float rests[DOPED_TILE_STRIPS * (DOPED_STRIP - 1)] = {0.0f};
    DOPED_UNROLL
    for (size_t t = 0; t < DOPED_TILE_STRIPS; t++) {
        sums[t] = doped_strip_start(NULL); /* all, so that no compiler doubts those past count */
    }
    DOPED_TILE_UNROLL
    for (size_t t = 0; t < DOPED_TILE_TURNS(count); t++) {
        if (t < count) {
            sums[t] = doped_strip_start(doped_from(init, t / strips * y_stride + t % strips * DOPED_STRIP));
        }
    }
    for (size_t t = 0; t < height * rest; t++) {
        rests[t] = doped_start_one(doped_from(init, t / rest * y_stride + t % rest));
    }
    for (size_t j = 0; j < depth; j++) {
        const float *row = vectors + j * vector_stride;
        const float *weights = scalars + (ptrdiff_t)j * along;
        doped_strip lanes[DOPED_TILE_STRIPS];
        DOPED_UNROLL
        for (size_t s = 0; s < DOPED_TILE_STRIPS; s++) {
            lanes[s] = doped_strip_start(NULL); /* likewise */
        }
        DOPED_TILE_UNROLL
        for (size_t s = 0; s < DOPED_TILE_TURNS(strips); s++) {
            if (s < strips) {
                lanes[s] = doped_strip_load(row + s * DOPED_STRIP);
                DOPED_KEEP(lanes[s]);
            }
        }
        DOPED_TILE_UNROLL
        for (size_t t = 0; t < DOPED_TILE_TURNS(count); t++) {
            if (t < count) {
                const float weight = weights[(ptrdiff_t)(t / strips) * across];
                sums[t] = doped_strip_add_scaled(sums[t], lanes[t % strips], weight);
            }
        }
        for (size_t t = 0; t < height * rest; t++) {
            rests[t] += row[t % rest] * weights[(ptrdiff_t)(t / rest) * across];
        }
    }
    DOPED_TILE_UNROLL
    for (size_t t = 0; t < DOPED_TILE_TURNS(count); t++) {
        if (t < count) {
            doped_strip_store(y + t / strips * y_stride + t % strips * DOPED_STRIP, sums[t]);
        }
    }
    for (size_t t = 0; t < height * rest; t++) {
        y[t / rest * y_stride + t % rest] = rests[t];
    }
}

/* doped_wide_tile for any number of rows: as few tiles as hold them, and as high as one another but for a row. */
DOPED_INLINE void doped_wide_column(float *y, size_t y_stride, const float *init, const float *DOPED_RESTRICT vectors,
                                    size_t vector_stride, const float *DOPED_RESTRICT scalars, ptrdiff_t across,
                                    ptrdiff_t along, size_t rows, size_t width, size_t depth) {
    const size_t strips = (width + DOPED_STRIP - 1) / DOPED_STRIP;
    const size_t fill = DOPED_TILE_STRIPS / strips;
    const size_t most = fill < DOPED_TILE_HIGH ? fill : DOPED_TILE_HIGH;
    const size_t tiles = (rows + most - 1) / most;
    const size_t low = rows / (tiles > 0 ? tiles : 1);
    const size_t high = rows - tiles * low; /* so many tiles have a row more */
    const size_t rest = high * (low + 1);
    DOPED_ROLLED
    for (size_t h = 0; h < rest; h += low + 1) {
        doped_wide_tile(y + h * y_stride, y_stride, doped_from(init, h * y_stride), vectors, vector_stride,
                        scalars + (ptrdiff_t)h * across, across, along, low + 1, width, depth);
    }
    DOPED_ROLLED
    for (size_t h = rest; h < rows; h += low) {
        doped_wide_tile(y + h * y_stride, y_stride, doped_from(init, h * y_stride), vectors, vector_stride,
                        scalars + (ptrdiff_t)h * across, across, along, low, width, depth);
    }
}

/* doped_wide_tile for any number of rows and lanes. */
DOPED_INLINE void doped_wide_rows(float *y, size_t y_stride, const float *init, const float *DOPED_RESTRICT vectors,
                                  size_t vector_stride, const float *DOPED_RESTRICT scalars, ptrdiff_t across,
                                  ptrdiff_t along, size_t rows, size_t lanes, size_t depth) {
    const size_t step = DOPED_TILE_ABREAST * DOPED_STRIP;
    size_t at = 0;
    for (; at + step <= lanes; at += step) {
        doped_wide_column(y + at, y_stride, doped_from(init, at), vectors + at, vector_stride, scalars, across, along,
                          rows, step, depth);
    }
    const size_t strips = (lanes - at) / DOPED_STRIP * DOPED_STRIP;
    if (strips > 0) {
        doped_wide_column(y + at, y_stride, doped_from(init, at), vectors + at, vector_stride, scalars, across, along,
                          rows, strips, depth);
        at += strips;
    }
    if (at < lanes) {
        doped_wide_column(y + at, y_stride, doped_from(init, at), vectors + at, vector_stride, scalars, across, along,
                          rows, lanes - at, depth);
    }
}

#endif /* DOPED_WIDE_H */
