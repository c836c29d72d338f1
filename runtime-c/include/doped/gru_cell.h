/* The cell of a gated recurrent unit, in PyTorch's form: the reset gate acts on the product with the hidden state, after
 * its bias. Takes the three gates' sums from the input and from the hidden state; gives the new hidden state. */
#ifndef DOPED_GRU_CELL_H
#define DOPED_GRU_CELL_H
#include "doped/base.h"
#include "doped/math.h"

/* doped_gru_cell for `count` units, each pointer at the first of them; gates are `hidden` apart. */
DOPED_INLINE void doped_gru_cell_part(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                      const float *DOPED_RESTRICT from_hidden, size_t hidden, size_t count) {
    for (size_t k = 0; k < count; k++) {
        const float reset = doped_sigmoid(from_input[k] + from_hidden[k]);
        const float update = doped_sigmoid(from_input[hidden + k] + from_hidden[hidden + k]);
        const float candidate = doped_tanh(from_input[2 * hidden + k] + reset * from_hidden[2 * hidden + k]);
        h[k] = (1.0f - update) * candidate + update * h[k];
    }
}

/* With r, z, n the thirds of both sums: r = sigmoid(r_x + r_h), z = sigmoid(z_x + z_h), n = tanh(n_x + r * n_h), then
 * h = (1 - z) * n + z * h, for `hidden` units. h, from_input and from_hidden must not overlap. */
DOPED_APART void doped_gru_cell(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                const float *DOPED_RESTRICT from_hidden, size_t hidden) {
    const size_t rest = hidden % DOPED_PARTIALS; /* parts of a known even length are vector code at -O2, too */
    const size_t whole = hidden - rest;
    for (size_t k = 0; k < whole; k += DOPED_PARTIALS) {
        doped_gru_cell_part(h + k, from_input + k, from_hidden + k, hidden, DOPED_PARTIALS);
    }
    if (rest != 0) {
        doped_gru_cell_part(h + whole, from_input + whole, from_hidden + whole, hidden, rest);
    }
}

#endif /* DOPED_GRU_CELL_H */
