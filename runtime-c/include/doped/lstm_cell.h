/* The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
 * state; gives the new cell state and the new hidden state. */
#ifndef DOPED_LSTM_CELL_H
#define DOPED_LSTM_CELL_H
#include "doped/base.h"
#include "doped/math.h"

/* doped_lstm_cell for `count` units, each pointer at the first of them. */
DOPED_INLINE void doped_lstm_cell_part(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c,
                                       const float *DOPED_RESTRICT input, const float *DOPED_RESTRICT forget,
                                       const float *DOPED_RESTRICT candidate, const float *DOPED_RESTRICT output,
                                       size_t count) {
    for (size_t k = 0; k < count; k++) {
        const float kept = doped_sigmoid(forget[k]) * c[k];
        const float added = doped_sigmoid(input[k]) * doped_tanh(candidate[k]);
        const float cell = kept + added;
        c[k] = cell;
        h[k] = doped_sigmoid(output[k]) * doped_tanh(cell);
    }
}

/* c = sigmoid(gates[f..]) * c + sigmoid(gates[i..]) * tanh(gates[g..]), then h = sigmoid(gates[o..]) * tanh(c), for
 * `hidden` units; i, f, g, o say where each gate's sums start. h, c and gates must not overlap. */
DOPED_INLINE void doped_lstm_cell(float *DOPED_RESTRICT h, float *DOPED_RESTRICT c, const float *DOPED_RESTRICT gates,
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
