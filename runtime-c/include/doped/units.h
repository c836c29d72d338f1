/* Vectors of units, for the cells on AVX2 and AVX-512: as many as a register holds. There are instructions here for rounding,
 * and one for the greater of two that keeps NaN, so that it needs no care of its own; on AVX-512 one for powers of two. Takes
 * and gives floats at any address. */
#ifndef DOPED_UNITS_H
#define DOPED_UNITS_H
#include "doped/base.h"

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* Units of a vector, and vectors that a cell takes together; of a single one some may be missing. */
#define DOPED_UNITS 16
#define DOPED_TOGETHER 2
#if defined(__clang__)
#define DOPED_ALL_UNITS ((uint16_t)-1)
#else
#define DOPED_ALL_UNITS ((int16_t)-1)
#endif
typedef float doped_units __attribute__((vector_size(64)));
typedef int32_t doped_units_bits __attribute__((vector_size(64)));

/* The same number for every unit. */
DOPED_INLINE doped_units doped_units_all(float x) {
    const doped_units all = {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
    return all;
}

/* The first `count` floats from any address, then zeros. */
DOPED_INLINE doped_units doped_units_load(const float *from, size_t count) {
    doped_units units = doped_units_all(0.0f);
    if (count == DOPED_UNITS) {
        memcpy(&units, from, sizeof units);
        return units;
    }
    return __builtin_ia32_loadups512_mask(from, units, (uint16_t)((1u << count) - 1u));
}

/* Writes the first `count` of them to any address. */
DOPED_INLINE void doped_units_store(float *to, doped_units units, size_t count) {
    if (count == DOPED_UNITS) {
        memcpy(to, &units, sizeof units);
        return;
    }
    __builtin_ia32_storeups512_mask(to, units, (uint16_t)((1u << count) - 1u));
}

/* a * b + c. */
DOPED_INLINE doped_units doped_units_multiply_add(doped_units a, doped_units b, doped_units c) {
    return __builtin_ia32_vfmaddps512_mask(a, b, c, DOPED_ALL_UNITS, 4);
}

/* The greater of a limit and x; x where it is NaN. */
DOPED_INLINE doped_units doped_units_at_least(float limit, doped_units x) {
#if defined(__clang__)
    return __builtin_ia32_maxps512(doped_units_all(limit), x, 4);
#else
    return __builtin_ia32_maxps512_mask(doped_units_all(limit), x, x, DOPED_ALL_UNITS, 4);
#endif
}

/* The nearest integer. */
DOPED_INLINE doped_units doped_units_nearest(doped_units x) {
    return __builtin_ia32_rndscaleps_mask(x, 8, x, DOPED_ALL_UNITS, 4);
}

/* x * 2^power, for whole powers where both are normal numbers. */
DOPED_INLINE doped_units doped_units_scale(doped_units x, doped_units power) {
    return __builtin_ia32_scalefps512_mask(x, power, x, DOPED_ALL_UNITS, 4);
}
#elif DOPED_FAMILY == 1 && DOPED_VECTORS
#define DOPED_UNITS 8
#define DOPED_TOGETHER 2
typedef doped_vector doped_units;
typedef int32_t doped_units_bits __attribute__((vector_size(32)));

/* The same number for every unit. */
DOPED_INLINE doped_units doped_units_all(float x) {
    return doped_eight(x, x, x, x, x, x, x, x);
}

/* The first `count` floats from any address, then zeros. */
DOPED_INLINE doped_units doped_units_load(const float *from, size_t count) {
    return count == DOPED_UNITS ? doped_load(from) : doped_load_part(from, count);
}

/* Writes the first `count` of them to any address. */
DOPED_INLINE void doped_units_store(float *to, doped_units units, size_t count) {
    if (count == DOPED_UNITS) {
        doped_store(to, units);
    } else {
        doped_store_part(to, units, count);
    }
}

/* a * b + c. */
DOPED_INLINE doped_units doped_units_multiply_add(doped_units a, doped_units b, doped_units c) {
    return doped_add_product(c, a, b);
}

/* The greater of a limit and x; x where it is NaN. */
DOPED_INLINE doped_units doped_units_at_least(float limit, doped_units x) {
    return __builtin_ia32_maxps256(doped_units_all(limit), x);
}

/* The nearest integer. */
DOPED_INLINE doped_units doped_units_nearest(doped_units x) {
    return __builtin_ia32_roundps256(x, 8);
}

/* x * 2^power, for whole powers where both are normal numbers. */
DOPED_INLINE doped_units doped_units_scale(doped_units x, doped_units power) {
    return (doped_units)((doped_units_bits)x + (__builtin_ia32_cvtps2dq256(power) << 23));
}
#else
/* Units by themselves come in parts of a known even length: loops over those are vector code at -O2, too. */
#define DOPED_UNITS DOPED_PARTIALS
#define DOPED_TOGETHER 1
#endif

#if DOPED_FAMILY > 0 && DOPED_VECTORS
/* -|x|. */
DOPED_INLINE doped_units doped_units_below(doped_units x) {
    return (doped_units)((doped_units_bits)x | INT32_MIN);
}

/* Unit by unit a where x has a sign, else b. */
DOPED_INLINE doped_units doped_units_by_sign(doped_units x, doped_units a, doped_units b) {
    const doped_units_bits negative = (doped_units_bits)x >> 31;
    return (doped_units)(((doped_units_bits)a & negative) | ((doped_units_bits)b & ~negative));
}

/* The magnitude of a, and the sign of x. */
DOPED_INLINE doped_units doped_units_with_sign(doped_units a, doped_units x) {
    return (doped_units)(((doped_units_bits)a & INT32_MAX) | ((doped_units_bits)x & INT32_MIN));
}
#endif

#endif /* DOPED_UNITS_H */
