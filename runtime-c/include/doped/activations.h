/* Activations over a vector. Takes a vector; gives another of the same length, which must not overlap it. NaN goes
 * through tanh and sigmoid, is 0 after relu, and makes all of a softmax meaningless. */
#ifndef DOPED_ACTIVATIONS_H
#define DOPED_ACTIVATIONS_H
#include "doped/base.h"
#include "doped/math.h"

/* y[i] = max(x[i], 0), for i < n. */
DOPED_INLINE void doped_relu(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] > 0.0f ? x[i] : 0.0f;
    }
}

/* y[i] = tanh x[i], for i < n. */
DOPED_INLINE void doped_tanh_vector(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = doped_tanh(x[i]);
    }
}

/* y[i] = 1 / (1 + e^-x[i]), for i < n. */
DOPED_INLINE void doped_sigmoid_vector(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        y[i] = doped_sigmoid(x[i]);
    }
}

/* The greatest of n > 0 floats. */
DOPED_INLINE float doped_greatest(const float *x, size_t n) {
    const size_t rest = n % DOPED_PARTIALS;
    const size_t whole = n - rest;
    float partial[DOPED_PARTIALS];
    for (size_t k = 0; k < DOPED_PARTIALS; k++) {
        partial[k] = x[0];
    }
    for (size_t i = 0; i < whole; i += DOPED_PARTIALS) {
        for (size_t k = 0; k < DOPED_PARTIALS; k++) {
            partial[k] = x[i + k] > partial[k] ? x[i + k] : partial[k];
        }
    }
    for (size_t k = 0; k < rest; k++) {
        partial[k] = x[whole + k] > partial[k] ? x[whole + k] : partial[k];
    }
    for (size_t k = 1; k < DOPED_PARTIALS; k++) {
        partial[0] = partial[k] > partial[0] ? partial[k] : partial[0];
    }
    return partial[0];
}

/* The sum of n floats, in DOPED_PARTIALS partial sums. */
DOPED_INLINE float doped_total(const float *x, size_t n) {
    const size_t rest = n % DOPED_PARTIALS;
    const size_t whole = n - rest;
    float partial[DOPED_PARTIALS] = {0.0f};
    for (size_t i = 0; i < whole; i += DOPED_PARTIALS) {
        for (size_t k = 0; k < DOPED_PARTIALS; k++) {
            partial[k] += x[i + k];
        }
    }
    for (size_t k = 0; k < rest; k++) {
        partial[k] += x[whole + k];
    }
    return doped_reduce(partial);
}

/* y[i] = e^x[i] / sum over j of e^x[j], for i < n. The greatest x is subtracted first, so that nothing overflows. */
DOPED_INLINE void doped_softmax(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t n) {
    const float greatest = doped_greatest(x, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = doped_exp(x[i] - greatest);
    }
    const float scale = 1.0f / doped_total(y, n);
    for (size_t i = 0; i < n; i++) {
        y[i] *= scale;
    }
}

/* y[i] = x[i] - ln(sum over j of e^x[j]), for i < n, with the greatest x subtracted first. */
DOPED_INLINE void doped_log_softmax(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT x, size_t n) {
    const float greatest = doped_greatest(x, n);
    for (size_t i = 0; i < n; i++) {
        y[i] = doped_exp(x[i] - greatest);
    }
    const float logarithm = doped_log(doped_total(y, n));
    for (size_t i = 0; i < n; i++) {
        y[i] = (x[i] - greatest) - logarithm;
    }
}

#endif /* DOPED_ACTIVATIONS_H */
