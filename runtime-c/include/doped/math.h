/* The functions that gates and activations are made of, without a library call. Takes one float, gives one. There are no
 * branches, tables or floats chosen by comparison, only integers: so loops around these functions turn into vector code
 * whether or not the compiler must heed floating-point traps. Bounds are in units in the last place of the result
 * (ULP), checked over all floats by the tests. Compiled with -ffast-math, exp is within 4e-6 relatively up to 88, log
 * and rsqrt within 4e-7, sigmoid and tanh within 4e-7 absolutely; subnormal numbers and NaN are then lost. */
#ifndef DOPED_MATH_H
#define DOPED_MATH_H
#include "doped/base.h"

/* The bits of a float. */
DOPED_INLINE uint32_t doped_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The float of some bits. */
DOPED_INLINE float doped_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Magnitude bits, at most those of a limit. Signed, for vector units that compare only so. */
DOPED_INLINE uint32_t doped_limit(uint32_t magnitude, int32_t limit) {
    return (uint32_t)((int32_t)magnitude < limit ? (int32_t)magnitude : limit);
}

/* The bits that make a result NaN when the argument was, else none. */
DOPED_INLINE uint32_t doped_nan_bits(uint32_t magnitude) {
    return (int32_t)magnitude > 0x7f800000 ? 0x7fc00000u : 0u;
}

/* The integer nearest to x / ln 2, plus 256, for |x| < 128. The sum is positive, so that cutting it off rounds down and
 * the half added before makes that rounding to the nearest. */
DOPED_INLINE int32_t doped_exponent(float x) {
    return (int32_t)(x * 1.44269502f + 256.5f);
}

/* e^r - 1, where r = x - (exponent - 256) ln 2 and |r| is at most ln 2 / 2 and a little: within 3e-8 of it relatively,
 * before rounding. ln 2 is taken off in two parts, the first short enough for an exact product. The coefficients are a
 * minimax fit. */
DOPED_INLINE float doped_exp_polynomial(float x, int32_t exponent) {
    const float count = (float)(exponent - 256);
    const float r = (x - count * 0.693359375f) + count * 2.12194441e-4f;
    float p = 0.00138888729f;
    p = p * r + 0.00836908072f;
    p = p * r + 0.0416671373f;
    p = p * r + 0.166665062f;
    p = p * r + 0.49999997f;
    return r + r * r * p;
}

/* 2^(exponent - 127), for exponent in 1 .. 254. */
DOPED_INLINE float doped_power_of_two(int32_t exponent) {
    return doped_float((uint32_t)exponent << 23);
}

/* e^x within 1.1 ULP, subnormal results too. Infinity above 88.72284, 0 below -103.97208; NaN gives NaN. The power of
 * two is applied in two halves, since it may lie outside a float's range. */
DOPED_INLINE float doped_exp(float x) {
    const uint32_t bits = doped_bits(x);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const float within = doped_float(doped_limit(magnitude, 0x42d20000) | (bits & 0x80000000u)); /* -105 .. 105 */
    const int32_t exponent = doped_exponent(within);
    const int32_t half = exponent >> 1;
    const float fraction = 1.0f + doped_exp_polynomial(within, exponent);
    const float power = fraction * doped_power_of_two(half - 1) * doped_power_of_two(exponent - half - 1);
    return doped_float(doped_bits(power) | doped_nan_bits(magnitude));
}

/* 1 / (1 + e^-x) within 2.5 ULP, also where it is all but 0: only e^-|x| is taken, which can't overflow. NaN gives NaN. */
DOPED_INLINE float doped_sigmoid(float x) {
    const uint32_t bits = doped_bits(x);
    const float e = doped_exp(doped_float(bits | 0x80000000u));
    const uint32_t negative = 0u - (bits >> 31);
    const float above = doped_float((doped_bits(e) & negative) | (0x3f800000u & ~negative)); /* e or 1 */
    return above / (1.0f + e);
}

/* tanh x within 3 ULP, around 0 too: with m = e^(-2|x|) - 1 its magnitude is that of m / (m + 2), and m comes from the
 * polynomial for e^r - 1, so that nothing cancels. tanh(-0) is -0; NaN gives NaN. */
DOPED_INLINE float doped_tanh(float x) {
    const uint32_t bits = doped_bits(x);
    const uint32_t magnitude = bits & 0x7fffffffu;
    const float a = -2.0f * doped_float(doped_limit(magnitude, 0x41a00000)); /* from 20 on tanh is 1 */
    const int32_t exponent = doped_exponent(a);
    const float power = doped_power_of_two(exponent - 129);
    const float m = power * doped_exp_polynomial(a, exponent) + (power - 1.0f);
    const uint32_t size = doped_bits(m / (m + 2.0f)) & 0x7fffffffu;
    return doped_float(size | (bits & 0x80000000u) | doped_nan_bits(magnitude));
}

/* ln x within 1.5 ULP, for positive finite x; anything else gives a meaningless number. With x = 2^k m and m within
 * sqrt(1/2) .. sqrt(2), it is k ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), by the series s + s^3/3 + s^5/5 + ... */
DOPED_INLINE float doped_log(float x) {
    const uint32_t subnormal = 0u - ((doped_bits(x) - 0x00800000u) >> 31); /* all bits or none */
    const float scaled = x * doped_float(0x3f800000u + (subnormal & 0x0b800000u)); /* by 2^23 or 1 */
    const uint32_t bits = doped_bits(scaled) + (0x3f800000u - 0x3f3504f3u); /* the exponent steps at sqrt(1/2) */
    const float k = (float)((int32_t)(bits >> 23) - 127 - (int32_t)(subnormal & 23u));
    const float f = doped_float((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
    const float s = f / (2.0f + f);
    const float z = s * s;
    float series = 0.0909090936f;
    series = series * z + 0.111111112f;
    series = series * z + 0.142857149f;
    series = series * z + 0.200000003f;
    series = series * z + 0.333333343f;
    series = series * z;
    /* 2 atanh(s) = f - s (f - 2 series): a correction small beside f, which is exact */
    return k * 0.693359375f + (f - (s * (f - 2.0f * series) + k * 2.12194441e-4f));
}

/* 1 / sqrt x within 2.5 ULP, for positive normal x; anything else gives a meaningless number. A first guess halves the
 * exponent in the bits (Lomont, Fast Inverse Square Root, 2003); each of three Newton steps doubles the bits that are
 * right. */
DOPED_INLINE float doped_rsqrt(float x) {
    float y = doped_float(0x5f375a86u - (doped_bits(x) >> 1));
    y += y * (0.5f - 0.5f * x * y * y);
    y += y * (0.5f - 0.5f * x * y * y);
    y += y * (0.5f - 0.5f * x * y * y);
    return y;
}

#endif /* DOPED_MATH_H */
