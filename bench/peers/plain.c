/* A doped network as a careful person writes it: plain loops over compressed sparse rows with 16-bit columns, and the
 * contraction of a Kronecker product of two factors in its cheaper order, the second factor transposed beforehand so
 * that its inner loop vectorises. A sparse matrix alone, or one that is dense, is a case of it. With STREAMS, a sparse
 * matrix times that many vectors: one multiply-add of a vector for each non-zero. Shapes are literals. */
#include "peer.h"
#include "shape.h"

/* What a layer's matrix is made of, at most two parts: those that act on x and on h. */
struct matrix {
    struct part {
        const float *a, *bt, *dense, *values;
        const uint32_t *row_ptr;
        const uint16_t *columns;
    } parts[2];
};

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    (void)rows, (void)cols;
#define OPEN(i, p, first, width, m1, n1, m2, n2, has_dense, has_sparse)                                                \
    if (layer == i) {                                                                                                  \
        struct part *part = &matrix->parts[p];                                                                         \
        part->a = (m1) > 0 ? (const float *)peer_copy(i, p, "a") : NULL;                                                          \
        part->bt = (m1) > 0 ? (const float *)peer_copy(i, p, "bt") : NULL;                                                        \
        part->dense = has_dense ? (const float *)peer_copy(i, p, "transposed") : NULL;                                            \
        part->values = has_sparse ? (const float *)peer_copy(i, p, "values") : NULL;                                              \
        part->row_ptr = has_sparse ? (const uint32_t *)peer_copy(i, p, "row_ptr") : NULL;                                         \
        part->columns = has_sparse ? (const uint16_t *)peer_copy(i, p, "columns16") : NULL;                                       \
    }
    PARTS(OPEN)
}

/* y[i] = init + sum of the row */
PEER_INLINE void plain_csr(float *restrict y, const float *init, const struct part *part, const float *restrict x,
                           size_t rows) {
    const uint32_t *restrict row_ptr = part->row_ptr;
    const uint16_t *restrict columns = part->columns;
    const float *restrict values = part->values;
    for (size_t i = 0; i < rows; i++) {
        float sum = 0.0f;
        for (size_t k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            sum += values[k] * x[columns[k]];
        }
        y[i] = (init != NULL ? init[i] : 0.0f) + sum;
    }
}

/* y[m][p] += a[m][n] x[n][p] */
PEER_INLINE void plain_product(float *restrict y, const float *restrict a, const float *restrict x, size_t m, size_t n,
                               size_t p) {
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k < n; k++) {
            for (size_t j = 0; j < p; j++) {
                y[i * p + j] += a[i * n + k] * x[k * p + j];
            }
        }
    }
}

/* y += (A kron B) x, with A [m1][n1], B transposed as [n2][m2], x as [n1][n2], y as [m1][m2] */
PEER_INLINE void plain_kronecker(float *restrict y, const float *restrict a, const float *restrict bt,
                                 const float *restrict x, size_t m1, size_t n1, size_t m2, size_t n2) {
    static float scratch[SCRATCH] __attribute__((aligned(64)));
    if (n1 * n2 * m2 + m1 * n1 * m2 <= m1 * n1 * n2 + m1 * n2 * m2) {
        memset(scratch, 0, n1 * m2 * sizeof *scratch);
        plain_product(scratch, x, bt, n1, n2, m2);
        plain_product(y, a, scratch, m1, n1, m2);
    } else {
        memset(scratch, 0, m1 * n2 * sizeof *scratch);
        plain_product(scratch, a, x, m1, n1, n2);
        plain_product(y, scratch, bt, m1, n2, m2);
    }
}

#if STREAMS > 1
PEER_INLINE void matrix_multiply_streams(const struct matrix *matrix, float *restrict y, const float *restrict x,
                                         size_t rows, size_t cols) {
    const struct part *part = &matrix->parts[0];
    (void)cols;
    for (size_t i = 0; i < rows; i++) {
        float sums[STREAMS] = {0.0f};
        for (size_t k = part->row_ptr[i]; k < part->row_ptr[i + 1]; k++) {
            const float *from = x + (size_t)part->columns[k] * STREAMS;
            for (size_t s = 0; s < STREAMS; s++) {
                sums[s] += part->values[k] * from[s];
            }
        }
        memcpy(y + i * STREAMS, sums, sizeof sums);
    }
}
#include "streams.h"
#else
/* The sparse part comes first and writes y; what has none starts from the bias. */
PEER_INLINE void matrix_multiply(const struct matrix *matrix, int layer, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    int begun = 0;
    (void)cols;
#define MULTIPLY(i, p, first, width, m1, n1, m2, n2, has_dense, has_sparse)                                            \
    if (layer == i) {                                                                                                  \
        const struct part *part = &matrix->parts[p];                                                                   \
        if (has_sparse) {                                                                                              \
            plain_csr(y, begun ? y : init, part, x + (first), rows);                                                   \
        } else if (!begun && init != NULL) {                                                                           \
            memcpy(y, init, rows * sizeof(float));                                                                     \
        } else if (!begun) {                                                                                           \
            memset(y, 0, rows * sizeof(float));                                                                        \
        }                                                                                                              \
        begun = 1;                                                                                                     \
        if ((m1) > 0) {                                                                                                \
            plain_kronecker(y, part->a, part->bt, x + (first), m1, n1, m2, n2);                                        \
        }                                                                                                              \
        if (has_dense) {                                                                                               \
            plain_product(y, x + (first), part->dense, 1, width, rows);                                                \
        }                                                                                                              \
    }
    PARTS(MULTIPLY)
}
#include "network.h"
#endif

PEER_EXPORT const char *peer_about(void) {
    return "plain loops, compiled for " PEER_INSTRUCTIONS;
}
