/* The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
 * state; gives the new cell state and the new hidden state. With gates as fractions there are two divisions for a unit
 * instead of five. */
#ifndef DOPED_LSTM_CELL_H
#define DOPED_LSTM_CELL_H
#include "doped/base.h"
#include "doped/gates.h"

/* doped_lstm_cell for `count` units, at most DOPED_PARTIALS, each pointer at the first of them. */
DOPED_INLINE void doped_lstm_cell_part(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c,
                                       const float *DOPED_RESTRICT input, const float *DOPED_RESTRICT forget,
                                       const float *DOPED_RESTRICT candidate, const float *DOPED_RESTRICT output,
                                       size_t count) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    const doped_fractions i = doped_sigmoid_fractions(doped_units_load(input, count));
    const doped_fractions f = doped_sigmoid_fractions(doped_units_load(forget, count));
    const doped_fractions g = doped_tanh_fractions(doped_units_load(candidate, count));
    const doped_fractions o = doped_sigmoid_fractions(doped_units_load(output, count));
    const doped_units under = i.under * g.under;
    const doped_units added = i.over * g.over * f.under;
    const doped_units sum = doped_units_multiply_add(f.over * doped_units_load(c, count), under, added);
    const doped_units cell = sum / (f.under * under);
    const doped_fractions t = doped_tanh_fractions(cell);
    doped_units_store(c, cell, count);
    doped_units_store(h, o.over * t.over / (o.under * t.under), count);
#else
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
#endif
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
