/* The peer that compiled models are measured against: a doped LSTM as a careful person writes it without a compiler's
 * knowledge of the model. Plain loops over compressed sparse rows with 16-bit columns, and the contraction of a
 * Kronecker product of two factors in its cheaper order, the second factor transposed beforehand so that its inner
 * loop vectorises. Shapes are literals at every call. The cell is dopec's own (cell.c): only matrices differ. */
#ifndef PLAIN_H
#define PLAIN_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PLAIN static inline __attribute__((always_inline, unused))

/* y += S x */
PLAIN void plain_csr(float *restrict y, const uint32_t *restrict row_ptr, const uint16_t *restrict columns,
                     const float *restrict values, const float *restrict x, size_t rows) {
    for (size_t i = 0; i < rows; i++) {
        float sum = 0.0f;
        for (size_t k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            sum += values[k] * x[columns[k]];
        }
        y[i] += sum;
    }
}

/* y[m][p] += a[m][n] x[n][p] */
PLAIN void plain_product(float *restrict y, const float *restrict a, const float *restrict x, size_t m, size_t n,
                         size_t p) {
    for (size_t i = 0; i < m; i++) {
        for (size_t k = 0; k < n; k++) {
            for (size_t j = 0; j < p; j++) {
                y[i * p + j] += a[i * n + k] * x[k * p + j];
            }
        }
    }
}

/* y += (A kron B) x, with A [m1][n1], B transposed as [n2][m2], x as [n1][n2], y as [m1][m2]; scratch holds the larger
 * of n1*m2 and m1*n2 floats. */
PLAIN void plain_kronecker(float *restrict y, const float *restrict a, const float *restrict bt,
                           const float *restrict x, float *restrict scratch, size_t m1, size_t n1, size_t m2,
                           size_t n2) {
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

/* y = W x + what y holds, W [rows][cols] transposed as [cols][rows] */
PLAIN void plain_dense(float *restrict y, const float *restrict wt, const float *restrict x, size_t rows, size_t cols) {
    plain_product(y, x, wt, 1, cols, rows);
}

/* The cell, gates in the order i, f, g, o. */
void plain_cell(float *h, float *c, const float *gates, size_t hidden);

#endif /* PLAIN_H */
