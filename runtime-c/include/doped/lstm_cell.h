/* The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
 * state; gives the new cell state and the new hidden state. Gates stay fractions until they are multiplied: two divisions
 * for a unit instead of five. */
#ifndef DOPED_LSTM_CELL_H
#define DOPED_LSTM_CELL_H
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

/* doped_lstm_cell for `count` units, each pointer at the first of them. */
DOPED_INLINE void doped_lstm_cell_part(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c,
                                       const float *DOPED_RESTRICT input, const float *DOPED_RESTRICT forget,
                                       const float *DOPED_RESTRICT candidate, const float *DOPED_RESTRICT output,
                                       size_t count) {
    for (size_t k = 0; k < count; k++) {
        const doped_fraction i = doped_sigmoid_fraction(input[k]);
        const doped_fraction f = doped_sigmoid_fraction(forget[k]);
        const doped_fraction g = doped_tanh_fraction(candidate[k]);
        const doped_fraction o = doped_sigmoid_fraction(output[k]);
        const float under = i.under * g.under;
        const float sum = f.over * c[k] * under + i.over * g.over * f.under;
        const uint32_t widest = doped_greater(doped_greater(doped_greater(0, input[k]), forget[k]), candidate[k]);
        const float cell = doped_float(doped_bits(sum / (f.under * under)) | doped_nan_bits(widest));
        const doped_fraction t = doped_tanh_fraction(cell);
        const uint32_t wide = doped_greater(doped_greater(0, output[k]), cell);
        const float hidden = o.over * t.over / (o.under * t.under);
        c[k] = cell;
        h[k] = doped_float(doped_bits(hidden) | doped_nan_bits(wide));
    }
}

/* c = sigmoid(gates[f..]) * c + sigmoid(gates[i..]) * tanh(gates[g..]), then h = sigmoid(gates[o..]) * tanh(c), for
 * `hidden` units, within 1e-6 of the terms' magnitudes; i, f, g, o say where each gate's sums start. NaN gives NaN. h, c
 * and gates must not overlap. */
DOPED_APART void doped_lstm_cell(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c, const float *DOPED_RESTRICT gates,
                                 size_t hidden, size_t i, size_t f, size_t g, size_t o) {
    const size_t rest = hidden % DOPED_PARTIALS; /* parts of a known even length are vector code at -O2, too */
    const size_t whole = hidden - rest;
    for (size_t k = 0; k < whole; k += DOPED_PARTIALS) {
        const float *at = gates + k;
        doped_lstm_cell_part(h + k, c + k, at + i, at + f, at + g, at + o, DOPED_PARTIALS);
    }
    if (rest != 0) {
        const float *at = gates + whole;
        doped_lstm_cell_part(h + whole, c + whole, at + i, at + f, at + g, at + o, rest);
    }
}

#endif /* DOPED_LSTM_CELL_H */
