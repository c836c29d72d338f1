/* One sparse matrix times STREAMS vectors at once, around one kind of product: x as [cols][STREAMS] and y as
 * [rows][STREAMS], or both as [STREAMS][...]. The peer defines before: struct matrix, matrix_open, and
 *   static void matrix_multiply_streams(const struct matrix *matrix, float *y, const float *x, size_t rows, size_t cols);
 * shape.h gives INPUT_SIZE and OUTPUT_SIZE of all streams together. */
static struct matrix streams_matrix;

PEER_EXPORT int peer_open(const char *weights) {
    if (peer_read(weights) != 0) {
        return 1;
    }
    matrix_open(&streams_matrix, 0, OUTPUT_SIZE / STREAMS, INPUT_SIZE / STREAMS);
    free(peer_file);
    peer_file = NULL;
    return peer_failed;
}

PEER_EXPORT void peer_reset(void) {
}

PEER_EXPORT void peer_step(const void *input, float *result) {
    matrix_multiply_streams(&streams_matrix, result, (const float *)input, OUTPUT_SIZE / STREAMS,
                            INPUT_SIZE / STREAMS);
}

PEER_EXPORT void peer_run(const void *inputs, size_t steps, float *results) {
    for (size_t s = 0; s < steps; s++) {
        peer_step((const float *)inputs + s * INPUT_SIZE, results + s * OUTPUT_SIZE);
    }
}
