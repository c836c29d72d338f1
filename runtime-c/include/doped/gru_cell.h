/* The cell of a gated recurrent unit, in PyTorch's form: the reset gate acts on the product with the hidden state, after
 * its bias. Takes the three gates' sums from the input and from the hidden state; gives the new hidden state. With gates
 * as fractions there are two divisions for a unit instead of five. */
#ifndef DOPED_GRU_CELL_H
#define DOPED_GRU_CELL_H
#include "doped/base.h"
#include "doped/gates.h"

/* doped_gru_cell for `count` units, at most DOPED_PARTIALS, each pointer at the first of them; gates are `hidden` apart. */
DOPED_INLINE void doped_gru_cell_part(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                      const float *DOPED_RESTRICT from_hidden, size_t hidden, size_t count) {
#if DOPED_FAMILY == 2 && DOPED_VECTORS
    const float *candidate_input = from_input + 2 * hidden;
    const float *candidate_hidden = from_hidden + 2 * hidden;
    const doped_units reset = doped_units_load(from_input, count) + doped_units_load(from_hidden, count);
    const doped_units update =
        doped_units_load(from_input + hidden, count) + doped_units_load(from_hidden + hidden, count);
    const doped_fractions r = doped_sigmoid_fractions(reset);
    const doped_fractions z = doped_sigmoid_fractions(update);
    const doped_units kept = r.over * doped_units_load(candidate_hidden, count) / r.under;
    const doped_fractions n = doped_tanh_fractions(doped_units_load(candidate_input, count) + kept);
    const doped_units old = z.over * doped_units_load(h, count) * n.under;
    const doped_units sum = doped_units_multiply_add(z.under - z.over, n.over, old);
    doped_units_store(h, sum / (z.under * n.under), count);
#else
    for (size_t k = 0; k < count; k++) {
        const float reset = from_input[k] + from_hidden[k];
        const float update = from_input[hidden + k] + from_hidden[hidden + k];
        const doped_fraction r = doped_sigmoid_fraction(reset);
        const doped_fraction z = doped_sigmoid_fraction(update);
        const float candidate = from_input[2 * hidden + k] + r.over * from_hidden[2 * hidden + k] / r.under;
        const doped_fraction n = doped_tanh_fraction(candidate);
        const float sum = (z.under - z.over) * n.over + z.over * h[k] * n.under;
        const uint32_t widest = doped_greater(doped_greater(doped_greater(0, reset), update), candidate);
        h[k] = doped_float(doped_bits(sum / (z.under * n.under)) | doped_nan_bits(widest));
    }
#endif
}

/* With r, z, n the thirds of both sums: r = sigmoid(r_x + r_h), z = sigmoid(z_x + z_h), n = tanh(n_x + r * n_h), then
 * h = (1 - z) * n + z * h, for `hidden` units, within 1e-6 where n_h is at most 1. NaN gives NaN. h, from_input and from_hidden must not overlap. */
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
