/* The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
 * state; gives the new cell state and the new hidden state. With gates as fractions there are two divisions for a unit
 * instead of five. The cell states of all units come first, then the hidden states: in one loop the two tanh and the two
 * divisions of a unit would wait for each other. */
#ifndef DOPED_LSTM_CELL_H
#define DOPED_LSTM_CELL_H
#include "doped/base.h"
#include "doped/gates.h"

#if DOPED_FAMILY > 0 && DOPED_VECTORS
/* c = sigmoid(forget) * c + sigmoid(input) * tanh(candidate) for so many vectors of `count` units. */
DOPED_INLINE void doped_lstm_cell_state(float *DOPED_RESTRICT c, const float *DOPED_RESTRICT input,
                                        const float *DOPED_RESTRICT forget, const float *DOPED_RESTRICT candidate,
                                        size_t vectors, size_t count) {
    doped_units x[3 * DOPED_TOGETHER];
    doped_fractions of[3 * DOPED_TOGETHER];
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const size_t at = v * DOPED_UNITS;
        x[v] = doped_units_load(input + at, count);
        x[vectors + v] = doped_units_load(forget + at, count);
        x[2 * vectors + v] = doped_units_load(candidate + at, count);
    }
    doped_fractions_abreast(of, x, 2 * vectors, vectors);
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const doped_fractions i = of[v];
        const doped_fractions f = of[vectors + v];
        const doped_fractions g = of[2 * vectors + v];
        float *at = c + v * DOPED_UNITS;
        const doped_units under = i.under * g.under;
        const doped_units added = i.over * g.over * f.under;
        const doped_units sum = doped_units_multiply_add(f.over * doped_units_load(at, count), under, added);
        doped_units_store(at, sum / (f.under * under), count);
    }
}

/* h = sigmoid(output) * tanh(c) for so many vectors of `count` units. */
DOPED_INLINE void doped_lstm_hidden_state(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT c,
                                          const float *DOPED_RESTRICT output, size_t vectors, size_t count) {
    doped_units x[2 * DOPED_TOGETHER];
    doped_fractions of[2 * DOPED_TOGETHER];
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        x[v] = doped_units_load(output + v * DOPED_UNITS, count);
        x[vectors + v] = doped_units_load(c + v * DOPED_UNITS, count);
    }
    doped_fractions_abreast(of, x, vectors, vectors);
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const doped_fractions o = of[v];
        const doped_fractions t = of[vectors + v];
        doped_units_store(h + v * DOPED_UNITS, o.over * t.over / (o.under * t.under), count);
    }
}
#else
/* c = sigmoid(forget) * c + sigmoid(input) * tanh(candidate) for `count` units. */
DOPED_INLINE void doped_lstm_cell_state(float *DOPED_RESTRICT c, const float *DOPED_RESTRICT input,
                                        const float *DOPED_RESTRICT forget, const float *DOPED_RESTRICT candidate,
                                        size_t vectors, size_t count) {
    (void)vectors;
    for (size_t k = 0; k < count; k++) {
        const doped_fraction i = doped_sigmoid_fraction(input[k]);
        const doped_fraction f = doped_sigmoid_fraction(forget[k]);
        const doped_fraction g = doped_tanh_fraction(candidate[k]);
        const float under = i.under * g.under;
        const float sum = f.over * c[k] * under + i.over * g.over * f.under;
        const uint32_t widest = doped_greater(doped_greater(doped_greater(0, input[k]), forget[k]), candidate[k]);
        c[k] = doped_float(doped_bits(sum / (f.under * under)) | doped_nan_bits(widest));
    }
}

/* h = sigmoid(output) * tanh(c) for `count` units. */
DOPED_INLINE void doped_lstm_hidden_state(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT c,
                                          const float *DOPED_RESTRICT output, size_t vectors, size_t count) {
    (void)vectors;
    for (size_t k = 0; k < count; k++) {
        const doped_fraction o = doped_sigmoid_fraction(output[k]);
        const doped_fraction t = doped_tanh_fraction(c[k]);
        const uint32_t widest = doped_greater(doped_greater(0, output[k]), c[k]);
        const float hidden = o.over * t.over / (o.under * t.under);
        h[k] = doped_float(doped_bits(hidden) | doped_nan_bits(widest));
    }
}
#endif

/* c = sigmoid(gates[f..]) * c + sigmoid(gates[i..]) * tanh(gates[g..]), then h = sigmoid(gates[o..]) * tanh(c), for
 * `hidden` units, within 1e-6 of the terms' magnitudes; i, f, g, o say where each gate's sums start. NaN gives NaN. h, c
 * and gates must not overlap. */
DOPED_APART void doped_lstm_cell(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c, const float *DOPED_RESTRICT gates,
                                 size_t hidden, size_t i, size_t f, size_t g, size_t o) {
    const size_t together = DOPED_TOGETHER * DOPED_UNITS;
    const size_t whole = hidden - hidden % together;
    for (size_t k = 0; k < whole; k += together) {
        doped_lstm_cell_state(c + k, gates + i + k, gates + f + k, gates + g + k, DOPED_TOGETHER, DOPED_UNITS);
    }
    for (size_t k = whole; k < hidden; k += DOPED_UNITS) {
        const size_t count = hidden - k < DOPED_UNITS ? hidden - k : DOPED_UNITS;
        doped_lstm_cell_state(c + k, gates + i + k, gates + f + k, gates + g + k, 1, count);
    }
    for (size_t k = 0; k < whole; k += together) {
        doped_lstm_hidden_state(h + k, c + k, gates + o + k, DOPED_TOGETHER, DOPED_UNITS);
    }
    for (size_t k = whole; k < hidden; k += DOPED_UNITS) {
        const size_t count = hidden - k < DOPED_UNITS ? hidden - k : DOPED_UNITS;
        doped_lstm_hidden_state(h + k, c + k, gates + o + k, 1, count);
    }
}

#endif /* DOPED_LSTM_CELL_H */
