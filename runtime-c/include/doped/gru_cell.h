/* The cell of a gated recurrent unit, in PyTorch's form: the reset gate acts on the product with the hidden state, after
 * its bias. Takes the three gates' sums from the input and from the hidden state; gives the new hidden state. With gates
 * as fractions there are two divisions for a unit instead of five. */
#ifndef DOPED_GRU_CELL_H
#define DOPED_GRU_CELL_H
#include "doped/base.h"
#include "doped/gates.h"

#if DOPED_FAMILY > 0 && DOPED_VECTORS
/* doped_gru_cell for so many vectors of `count` units, each pointer at the first of them; gates are `hidden`
 * apart. */
DOPED_INLINE void doped_gru_cell_part(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                      const float *DOPED_RESTRICT from_hidden, size_t hidden, size_t vectors,
                                      size_t count) {
    doped_units x[2 * DOPED_TOGETHER];
    doped_fractions r[DOPED_TOGETHER];
    doped_fractions of[2 * DOPED_TOGETHER];
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const size_t at = v * DOPED_UNITS;
        x[v] = doped_units_load(from_input + at, count) + doped_units_load(from_hidden + at, count);
    }
    doped_fractions_abreast(r, x, vectors, 0);
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const size_t update = hidden + v * DOPED_UNITS;
        const size_t candidate = hidden + update;
        x[v] = doped_units_load(from_input + update, count) + doped_units_load(from_hidden + update, count);
        x[vectors + v] = doped_units_load(from_input + candidate, count) +
                         r[v].over * doped_units_load(from_hidden + candidate, count) / r[v].under;
    }
    doped_fractions_abreast(of, x, vectors, vectors);
    DOPED_UNROLL_KNOWN
    for (size_t v = 0; v < vectors; v++) {
        const doped_fractions z = of[v];
        const doped_fractions n = of[vectors + v];
        float *at = h + v * DOPED_UNITS;
        const doped_units old = z.over * doped_units_load(at, count) * n.under;
        const doped_units sum = doped_units_multiply_add(z.under - z.over, n.over, old);
        doped_units_store(at, sum / (z.under * n.under), count);
    }
}
#else
/* doped_gru_cell for `count` units, each pointer at the first of them; gates are `hidden` apart. */
DOPED_INLINE void doped_gru_cell_part(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                      const float *DOPED_RESTRICT from_hidden, size_t hidden, size_t vectors,
                                      size_t count) {
    (void)vectors;
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
}
#endif

/* With r, z, n the thirds of both sums: r = sigmoid(r_x + r_h), z = sigmoid(z_x + z_h), n = tanh(n_x + r * n_h), then
 * h = (1 - z) * n + z * h, for `hidden` units, within 1e-6 where n_h is at most 1. NaN gives NaN. h, from_input and
 * from_hidden must not overlap. */
DOPED_APART void doped_gru_cell(float *DOPED_RESTRICT h, const float *DOPED_RESTRICT from_input,
                                const float *DOPED_RESTRICT from_hidden, size_t hidden) {
    const size_t together = DOPED_TOGETHER * DOPED_UNITS;
    const size_t whole = hidden - hidden % together;
    for (size_t k = 0; k < whole; k += together) {
        doped_gru_cell_part(h + k, from_input + k, from_hidden + k, hidden, DOPED_TOGETHER, DOPED_UNITS);
    }
    for (size_t k = whole; k < hidden; k += DOPED_UNITS) {
        const size_t count = hidden - k < DOPED_UNITS ? hidden - k : DOPED_UNITS;
        doped_gru_cell_part(h + k, from_input + k, from_hidden + k, hidden, 1, count);
    }
}

#endif /* DOPED_GRU_CELL_H */
