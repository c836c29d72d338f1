/* Layer normalisation (Ba, Kiros and Hinton 2016, arXiv 1607.06450). Takes a vector, a scale and, where the layer has
 * one, a shift; gives the vector normalised. Two passes, so that the variance does not cancel. */
#ifndef DOPED_LAYER_NORM_H
#define DOPED_LAYER_NORM_H
#include "doped/base.h"
#include "doped/math.h"

/* The sum of (x[i] - shift)^power for power 1 or 2 and i < n, in DOPED_PARTIALS partial sums. */
DOPED_INLINE float doped_moment(const float *x, float shift, int power, size_t n) {
    const size_t rest = n % DOPED_PARTIALS;
    const size_t whole = n - rest;
    float partial[DOPED_PARTIALS] = {0.0f};
    for (size_t i = 0; i < whole; i += DOPED_PARTIALS) {
        for (size_t k = 0; k < DOPED_PARTIALS; k++) {
            const float from = x[i + k] - shift;
            partial[k] += power == 1 ? from : from * from;
        }
    }
    for (size_t k = 0; k < rest; k++) {
        const float from = x[whole + k] - shift;
        partial[k] += power == 1 ? from : from * from;
    }
    return doped_reduce(partial);
}

/* y[i] = (x[i] - mean) / sqrt(variance + epsilon) * w[i] + bias[i], for i < n; the variance is divided by n. bias may be
 * NULL; variance + epsilon must be positive and normal; nothing may overlap y. */
DOPED_INLINE void doped_layer_norm(float *DOPED_RESTRICT y, const float *DOPED_RESTRICT w,
                                   const float *DOPED_RESTRICT bias, const float *DOPED_RESTRICT x, size_t n,
                                   float epsilon) {
    const float mean = doped_moment(x, 0.0f, 1, n) / (float)n;
    const float variance = doped_moment(x, mean, 2, n) / (float)n;
    const float scale = doped_rsqrt(variance + epsilon);
    for (size_t i = 0; i < n; i++) {
        y[i] = (x[i] - mean) * scale * w[i] + (bias != NULL ? bias[i] : 0.0f);
    }
}

#endif /* DOPED_LAYER_NORM_H */
