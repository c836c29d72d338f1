/* The gates' functions as fractions, which stay so until they are multiplied, so that a cell divides but twice. Takes one
 * float, or on AVX-512 those of sixteen units; gives numerator and denominator. */
#ifndef DOPED_GATES_H
#define DOPED_GATES_H
#include "doped/base.h"
#include "doped/math.h"

/* `over` / `under`, where under is within 1 .. 2. */
typedef struct doped_fraction {
    float over;
    float under;
} doped_fraction;

/* 1 / (1 + e^-x), divided out within 2.5 ULP down to -87, which stands for all that is less. NaN gives a number. */
DOPED_INLINE doped_fraction doped_sigmoid_fraction(float x) {
    const uint32_t bits = doped_bits(x);
    const float a = -doped_float(doped_limit(bits & 0x7fffffffu, 0x42ae0000)); /* -87 .. 0 */
    const int32_t exponent = doped_exponent(a);
    const float power = doped_power_of_two(exponent - 129);
    const float e = power * doped_exp_polynomial(a, exponent) + power;
    const uint32_t negative = 0u - (bits >> 31);
    doped_fraction fraction;
    fraction.over = doped_float((doped_bits(e) & negative) | (0x3f800000u & ~negative)); /* e or 1 */
    fraction.under = 1.0f + e;
    return fraction;
}

/* tanh x, divided out within 3 ULP, as doped_tanh computes it. NaN gives a number. */
DOPED_INLINE doped_fraction doped_tanh_fraction(float x) {
    const uint32_t bits = doped_bits(x);
    const float a = -2.0f * doped_float(doped_limit(bits & 0x7fffffffu, 0x41a00000)); /* from 20 on tanh is 1 */
    const int32_t exponent = doped_exponent(a);
    const float power = doped_power_of_two(exponent - 129);
    const float m = power * doped_exp_polynomial(a, exponent) + (power - 1.0f);
    doped_fraction fraction;
    fraction.over = doped_float((doped_bits(m) & 0x7fffffffu) | (bits & 0x80000000u));
    fraction.under = m + 2.0f;
    return fraction;
}

/* Magnitude bits, the greater of two. */
DOPED_INLINE uint32_t doped_greater(uint32_t a, float b) {
    const uint32_t magnitude = doped_bits(b) & 0x7fffffffu;
    return (int32_t)a > (int32_t)magnitude ? a : magnitude;
}

#if DOPED_FAMILY == 2 && DOPED_VECTORS
/* Sixteen units, and their bits. There are instructions here for rounding and for powers of two, and one for the greater
 * of two that keeps NaN, so that it needs no care of its own. */
#define DOPED_UNITS 16
#if defined(__clang__)
#define DOPED_ALL_UNITS ((uint16_t)-1)
#else
#define DOPED_ALL_UNITS ((int16_t)-1)
#endif
typedef float doped_units __attribute__((vector_size(64)));
typedef int32_t doped_units_bits __attribute__((vector_size(64)));
typedef struct doped_fractions {
    doped_units over;
    doped_units under;
} doped_fractions;

/* The same number for every unit. */
DOPED_INLINE doped_units doped_units_all(float x) {
    const doped_units all = {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
    return all;
}

/* The first `count` of sixteen floats from any address, then zeros. */
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

/* x * 2^power, for whole powers. */
DOPED_INLINE doped_units doped_units_scale(doped_units x, doped_units power) {
    return __builtin_ia32_scalefps512_mask(x, power, x, DOPED_ALL_UNITS, 4);
}

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

/* doped_exp_polynomial, where count is the integer nearest to x / ln 2. */
DOPED_INLINE doped_units doped_units_exp_polynomial(doped_units x, doped_units count) {
    doped_units r = doped_units_multiply_add(count, doped_units_all(-0.693359375f), x);
    r = doped_units_multiply_add(count, doped_units_all(2.12194441e-4f), r);
    doped_units p = doped_units_all(0.00138888729f);
    p = doped_units_multiply_add(p, r, doped_units_all(0.00836908072f));
    p = doped_units_multiply_add(p, r, doped_units_all(0.0416671373f));
    p = doped_units_multiply_add(p, r, doped_units_all(0.166665062f));
    p = doped_units_multiply_add(p, r, doped_units_all(0.49999997f));
    return doped_units_multiply_add(r * r, p, r);
}

/* doped_sigmoid_fraction; NaN gives NaN. */
DOPED_INLINE doped_fractions doped_sigmoid_fractions(doped_units x) {
    const doped_units a = doped_units_at_least(-87.0f, doped_units_below(x));
    const doped_units count = doped_units_nearest(a * doped_units_all(1.44269502f));
    const doped_units one = doped_units_all(1.0f);
    const doped_units e = doped_units_scale(doped_units_exp_polynomial(a, count) + one, count);
    doped_fractions fractions;
    fractions.over = doped_units_by_sign(x, e, one);
    fractions.under = e + one;
    return fractions;
}

/* doped_tanh_fraction; NaN gives NaN. */
DOPED_INLINE doped_fractions doped_tanh_fractions(doped_units x) {
    const doped_units a = doped_units_at_least(-40.0f, doped_units_below(x + x)); /* from 20 on tanh is 1 */
    const doped_units count = doped_units_nearest(a * doped_units_all(1.44269502f));
    const doped_units one = doped_units_all(1.0f);
    const doped_units power = doped_units_scale(one, count);
    const doped_units m = doped_units_multiply_add(power, doped_units_exp_polynomial(a, count), power - one);
    doped_fractions fractions;
    fractions.over = doped_units_with_sign(m, x);
    fractions.under = m + doped_units_all(2.0f);
    return fractions;
}
#endif

#endif /* DOPED_GATES_H */
