/* Checks the bounds that math.h and gates.h state, against the C library in 64-bit floats, over every n-th bit pattern of
 * a float: n is the first argument, 1009 without one, 1 for all. Prints the greatest error of each function. */
#include "check.h"
#include "doped/gates.h"
#include "doped/math.h"

/* What fractions stand for: rounded once more than in the cells. NaN stays, which the cells see to themselves where
 * fractions are of one float. */
#if DOPED_FAMILY > 0 && DOPED_VECTORS
static float sigmoid_value(float x) {
    const doped_units units = doped_units_all(x);
    doped_fractions fractions;
    doped_fractions_abreast(&fractions, &units, 1, 0);
    return fractions.over[7] / fractions.under[7];
}

static float tanh_value(float x) {
    const doped_units units = doped_units_all(x);
    doped_fractions fractions;
    doped_fractions_abreast(&fractions, &units, 0, 1);
    return fractions.over[7] / fractions.under[7];
}
#else
static float value_of(doped_fraction fraction, float x) {
    return x == x ? fraction.over / fraction.under : x;
}

static float sigmoid_value(float x) {
    return value_of(doped_sigmoid_fraction(x), x);
}

static float tanh_value(float x) {
    return value_of(doped_tanh_fraction(x), x);
}
#endif

static double reciprocal_root(double x) {
    return 1.0 / sqrt(x);
}

static double logistic(double x) {
    return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

/* The error of got in units in the last place of a 32-bit float next to want; huge where only one of them is NaN. With
 * -ffast-math, in units of 2^-23, relative to want where that is above 1. */
static double error_of(float got, double want) {
    int exponent;
#if defined(__FAST_MATH__)
    return fabs((double)got - want) / (want > 1.0 || want < -1.0 ? fabs(want) : 1.0) * 8388608.0;
#endif
    if (isnan(want) || isnan(got)) {
        return isnan(want) && isnan(got) ? 0.0 : 1e9;
    }
    if (isinf(got)) {
        return want > 3.4028235677973366e38 ? 0.0 : 1e9;
    }
    (void)frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
}

/* Whether the function's contract covers x. */
enum { ANY, POSITIVE, NORMAL, FRACTION };

static int covers(int kind, float x, const char *name) {
#if defined(__FAST_MATH__)
    /* Such code knows no NaN, no infinity and no subnormal number. */
    if ((doped_bits(x) & 0x7fffffffu) >= 0x7f000000u || (doped_bits(x) & 0x7fffffffu) < 0x01000000u) {
        return 0;
    }
    return ((kind == ANY || (kind == FRACTION && x > -80.0f)) && (name[0] != 'e' || x < 88.0f)) || ((kind == POSITIVE || kind == NORMAL) && x > 1e-30f && x < 1e30f);
#else
    (void)name;
    if (kind == FRACTION) {
        return !(x < -87.0f);
    }
    return kind == ANY || (x > 0.0f && x < INFINITY && (kind == POSITIVE || x >= 1.17549435e-38f));
#endif
}

int main(int count, char **arguments) {
    const uint64_t step = count > 1 ? strtoull(arguments[1], NULL, 10) : 1009;
    static const char *const names[] = {"exp", "sigmoid", "tanh", "log", "rsqrt", "sigmoid fraction", "tanh fraction"};
    static double (*const references[])(double) = {exp, logistic, tanh, log, reciprocal_root, logistic, tanh};
    static const int kinds[] = {ANY, ANY, ANY, POSITIVE, NORMAL, FRACTION, ANY};
#if defined(__FAST_MATH__)
    static const double bounds[] = {34.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0};
#else
    static const double bounds[] = {1.1, 2.5, 3.0, 1.5, 2.5, 2.5, 3.0};
#endif
    enum { FUNCTIONS = 7 };
    double greatest[FUNCTIONS] = {0.0};
    float at[FUNCTIONS] = {0.0f};
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) {
        const float x = doped_float((uint32_t)bits);
        const float got[FUNCTIONS] = {doped_exp(x),
                                      doped_sigmoid(x),
                                      doped_tanh(x),
                                      doped_log(x),
                                      doped_rsqrt(x),
                                      sigmoid_value(x),
                                      tanh_value(x)};
        for (size_t i = 0; i < FUNCTIONS; i++) {
            if (covers(kinds[i], x, names[i])) {
                const double error = error_of(got[i], references[i]((double)x));
                if (!(error <= greatest[i])) {
                    greatest[i] = error;
                    at[i] = x;
                }
            }
        }
    }
    for (size_t i = 0; i < FUNCTIONS; i++) {
        printf("%s: %.3f at %.9g\n", names[i], greatest[i], (double)at[i]);
        failures += !(greatest[i] <= bounds[i]);
        checks++;
    }
#if !defined(__FAST_MATH__)
    failures += doped_exp(88.8f) < INFINITY || doped_exp(-104.0f) > 0.0f || doped_exp(0.0f) != 1.0f;
    failures += doped_exp(INFINITY) < INFINITY || doped_exp(-INFINITY) > 0.0f;
    failures += doped_sigmoid(INFINITY) != 1.0f || doped_sigmoid(-INFINITY) != 0.0f || doped_sigmoid(0.0f) != 0.5f;
    failures += doped_tanh(INFINITY) != 1.0f || doped_tanh(-INFINITY) != -1.0f;
    failures += doped_bits(doped_tanh(-0.0f)) != 0x80000000u || doped_bits(doped_tanh(0.0f)) != 0u;
    failures += doped_bits(doped_log(1.0f)) != 0u;
#endif
    return check_end();
}
