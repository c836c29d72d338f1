/* The gates' functions as fractions, which stay so until they are multiplied, so that a cell divides but twice. Takes one
 * float, or on AVX2 and AVX-512 several vectors of units; gives numerators and denominators. */
#ifndef DOPED_GATES_H
#define DOPED_GATES_H
#include "doped/base.h"
#include "doped/math.h"
#include "doped/units.h"

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

#if DOPED_FAMILY > 0 && DOPED_VECTORS
/* `over` / `under` for each of a vector of units. */
typedef struct doped_fractions {
    doped_units over;
    doped_units under;
} doped_fractions;

/* Vectors that go abreast at most. */
#define DOPED_ABREAST 6

/* doped_sigmoid_fraction of the first `sigmoids` vectors, doped_tanh_fraction of the `tanhs` behind them, DOPED_ABREAST
 * together; NaN gives NaN. All take each step before any takes the next: a step waits for four cycles or more for the one
 * before, and no processor looks far enough ahead to fill those with what is written behind a whole function. */
DOPED_INLINE void doped_fractions_abreast(doped_fractions *fractions, const doped_units *x, size_t sigmoids, size_t tanhs) {
    const size_t vectors = sigmoids + tanhs;
    const doped_units one = doped_units_all(1.0f);
    doped_units count[DOPED_ABREAST]; /* the integer nearest to a / ln 2 */
    doped_units r[DOPED_ABREAST];     /* a, then a - count ln 2 */
    doped_units p[DOPED_ABREAST];     /* the polynomial of doped_exp_polynomial, then e^r - 1 */
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < sigmoids; v++) {
        r[v] = doped_units_at_least(-87.0f, doped_units_below(x[v]));
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = sigmoids; v < vectors; v++) {
        r[v] = doped_units_at_least(-40.0f, doped_units_below(x[v] + x[v])); /* from 20 on tanh is 1 */
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        count[v] = r[v] * doped_units_all(1.44269502f);
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        count[v] = doped_units_nearest(count[v]);
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        r[v] = doped_units_multiply_add(count[v], doped_units_all(-0.693359375f), r[v]);
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        r[v] = doped_units_multiply_add(count[v], doped_units_all(2.12194441e-4f), r[v]);
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        p[v] = doped_units_multiply_add(doped_units_all(0.00138888729f), r[v], doped_units_all(0.00836908072f));
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        p[v] = doped_units_multiply_add(p[v], r[v], doped_units_all(0.0416671373f));
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        p[v] = doped_units_multiply_add(p[v], r[v], doped_units_all(0.166665062f));
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        p[v] = doped_units_multiply_add(p[v], r[v], doped_units_all(0.49999997f));
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        p[v] = doped_units_multiply_add(r[v] * r[v], p[v], r[v]);
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < sigmoids; v++) {
        const doped_units e = doped_units_scale(p[v] + one, count[v]);
        fractions[v].over = doped_units_by_sign(x[v], e, one);
        fractions[v].under = e + one;
    }
    DOPED_UNROLL_KNOWN
    for (size_t v = sigmoids; v < vectors; v++) {
        const doped_units power = doped_units_scale(one, count[v]);
        const doped_units m = doped_units_multiply_add(power, p[v], power - one);
        fractions[v].over = doped_units_with_sign(m, x[v]);
        fractions[v].under = m + doped_units_all(2.0f);
    }
}
#endif

#endif /* DOPED_GATES_H */
