/* A network around one kind of matrix product: the peer that includes it says how a layer's matrix is read
 * (matrix_open) and multiplied (matrix_multiply); embeddings, gates and the order of layers are the same for all. The
 * gates are dopec's own functions (doped/lstm_cell.h), so that peers of which no library has gates are not slowed by
 * them. An LSTM's x and h stand side by side: one product for both.
 *
 * The peer defines before: struct matrix, and
 *   static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols);
 *   static void matrix_multiply(const struct matrix *matrix, int layer, float *y, const float *init, const float *x,
 *                               size_t rows, size_t cols);      y = init + W x, init NULL for nothing
 * and shape.h gives LAYERS(X), X(layer, kind, input, output, bias), INPUT_SIZE, OUTPUT_SIZE, TOKENS. */
#include "doped/lstm_cell.h"

#define NETWORK_EMBEDDING_DATA(i, in, out, has_bias) static const float *table##i;
#define NETWORK_LSTM_DATA(i, in, out, has_bias)                                                                        \
    static struct matrix matrix##i;                                                                                    \
    static const float *bias##i;                                                                                       \
    static float x##i[(in) + (out) + 64] __attribute__((aligned(64)));                                                 \
    static float c##i[(out) + 64] __attribute__((aligned(64)));                                                        \
    static float sums##i[4 * (out) + 64] __attribute__((aligned(64)));
#define NETWORK_LINEAR_DATA(i, in, out, has_bias)                                                                      \
    static struct matrix matrix##i;                                                                                    \
    static const float *bias##i;
#define NETWORK_DATA(i, kind, in, out, has_bias) NETWORK_##kind##_DATA(i, in, out, has_bias)
LAYERS(NETWORK_DATA)

#define NETWORK_EMBEDDING_OPEN(i, in, out, has_bias) table##i = (const float *)peer_copy(i, -1, "table");
#define NETWORK_LSTM_OPEN(i, in, out, has_bias)                                                                        \
    matrix_open(&matrix##i, i, 4 * (out), (in) + (out));                                                               \
    bias##i = (has_bias) ? (const float *)peer_copy(i, -1, "bias") : NULL;
#define NETWORK_LINEAR_OPEN(i, in, out, has_bias)                                                                      \
    matrix_open(&matrix##i, i, out, in);                                                                               \
    bias##i = (has_bias) ? (const float *)peer_copy(i, -1, "bias") : NULL;
#define NETWORK_OPEN(i, kind, in, out, has_bias) NETWORK_##kind##_OPEN(i, in, out, has_bias)

PEER_EXPORT int peer_open(const char *weights) {
    if (peer_read(weights) != 0) {
        return 1;
    }
    LAYERS(NETWORK_OPEN)
    free(peer_file);
    peer_file = NULL;
    peer_reset();
    return peer_failed;
}

#define NETWORK_EMBEDDING_RESET(i, in, out, has_bias)
#define NETWORK_LSTM_RESET(i, in, out, has_bias)                                                                       \
    memset(x##i, 0, sizeof x##i);                                                                                      \
    memset(c##i, 0, sizeof c##i);
#define NETWORK_LINEAR_RESET(i, in, out, has_bias)
#define NETWORK_RESET(i, kind, in, out, has_bias) NETWORK_##kind##_RESET(i, in, out, has_bias)

PEER_EXPORT void peer_reset(void) {
    LAYERS(NETWORK_RESET)
}

#define NETWORK_EMBEDDING_STEP(i, in, out, has_bias)                                                                   \
    uint32_t token;                                                                                                    \
    memcpy(&token, input, sizeof token);                                                                               \
    at = table##i + (size_t)token * (out);
#define NETWORK_LSTM_STEP(i, in, out, has_bias)                                                                        \
    memcpy(x##i, at, (in) * sizeof(float));                                                                            \
    matrix_multiply(&matrix##i, i, sums##i, (has_bias) ? bias##i : NULL, x##i, 4 * (out), (in) + (out));                  \
    doped_lstm_cell(x##i + (in), c##i, sums##i, out, 0, out, 2 * (out), 3 * (out));                                       \
    at = x##i + (in);
#define NETWORK_LINEAR_STEP(i, in, out, has_bias)                                                                      \
    matrix_multiply(&matrix##i, i, result, (has_bias) ? bias##i : NULL, at, out, in);                                  \
    at = result;
#define NETWORK_STEP(i, kind, in, out, has_bias) NETWORK_##kind##_STEP(i, in, out, has_bias)

/* A linear layer stands last, if at all, and writes the caller's vector. */
PEER_EXPORT void peer_step(const void *input, float *result) {
    const float *at = (const float *)input;
    LAYERS(NETWORK_STEP)
    if (at != result) {
        memcpy(result, at, OUTPUT_SIZE * sizeof(float));
    }
}

PEER_EXPORT void peer_run(const void *inputs, size_t steps, float *results) {
    for (size_t s = 0; s < steps; s++) {
        peer_step((const float *)inputs + s * (TOKENS ? 1 : INPUT_SIZE), results + s * OUTPUT_SIZE);
    }
}
