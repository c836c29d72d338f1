/* Checks the kernels of dense structures against plain loops in 64-bit floats, over awkward shapes: one row, one
 * column, primes, one beside a panel, for every kind of init. */
#include "check.h"
#include "doped/circulant.h"
#include "doped/dense_batch.h"
#include "doped/dense_blocks.h"
#include "doped/dense_dots.h"
#include "doped/dense_panels.h"
#include "doped/dense_tall.h"
#include "doped/kron_outer.h"
#include "doped/monarch_mix.h"
#include "pack.h"

static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 32, 33, 37, 50, 65, 83, 96};
#define SIZES (sizeof sizes / sizeof *sizes)

/* Compares y[b*rows + i] with begin + sum of W_b x_b, where W_b starts w_step after W_(b-1). */
static void compare(const char *name, const float *y, const float *begin, const float *w, const float *x, size_t w_step,
                    size_t count, size_t rows, size_t cols) {
    for (size_t b = 0; b < count; b++) {
        for (size_t i = 0; i < rows; i++) {
            double want = begin != NULL ? (double)begin[b * rows + i] : 0.0;
            double scale = fabs(want);
            for (size_t j = 0; j < cols; j++) {
                const double term = (double)w[b * w_step + i * cols + j] * (double)x[b * cols + j];
                want += term;
                scale += fabs(term);
            }
            expect(name, b * rows + i, y[b * rows + i], want, scale);
        }
    }
}

/* All kernels of a dense matrix; inlined, so that literal shapes are compiled as emitted code compiles them. */
DOPED_INLINE void check_dense(size_t count, size_t rows, size_t cols) {
    const size_t n = count * rows;
    float *w = random_floats(n * cols);
    float *x = random_floats(count * cols);
    float *panels = random_floats(n * cols);
    float *low = random_floats(rows * cols);
    for (size_t b = 0; b < count; b++) {
        pack(panels + b * rows * cols, w + b * rows * cols, rows, cols);
    }
    pack_panels(low, w, rows, cols);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n);
        float *y = guarded(n);
        const float *begin = kind == START_ZERO ? NULL : table;
        doped_dense_blocks(y, start(kind, y, table, n), panels, x, count, rows, cols);
        compare("dense_blocks", y, begin, w, x, rows * cols, count, rows, cols);
        doped_dense_batch(y, start(kind, y, table, n), panels, x, count, rows, cols);
        compare("dense_batch", y, begin, w, x, 0, count, rows, cols);
        unguard(y, n, "dense_blocks or dense_batch");
        y = guarded(rows);
        doped_dense_tall(y, start(kind, y, table, rows), panels, x, rows, cols);
        compare("dense_tall", y, begin, w, x, 0, 1, rows, cols);
        doped_dense_panels(y, start(kind, y, table, rows), low, x, rows, cols);
        compare("dense_panels", y, begin, w, x, 0, 1, rows, cols);
        doped_dense_dots(y, start(kind, y, table, rows), w, x, rows, cols);
        compare("dense_dots", y, begin, w, x, 0, 1, rows, cols);
        unguard(y, rows, "dense_tall, dense_panels or dense_dots");
        free(table);
    }
    free(w);
    free(x);
    free(panels);
    free(low);
}

DOPED_INLINE void check_kron(size_t left, size_t m, size_t n, size_t right) {
    const size_t size = left * m * right;
    float *f = random_floats(m * n);
    float *x = random_floats(left * n * right);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(size);
        float *y = guarded(size);
        doped_kron_outer(y, start(kind, y, table, size), f, x, left, m, n, right);
        for (size_t i = 0; i < size; i++) {
            const size_t l = i / (m * right), a = i / right % m, r = i % right;
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (size_t b = 0; b < n; b++) {
                const double term = (double)f[a * n + b] * (double)x[(l * n + b) * right + r];
                want += term;
                scale += fabs(term);
            }
            expect("kron_outer", i, y[i], want, scale);
        }
        unguard(y, size, "kron_outer");
        free(table);
    }
    free(f);
    free(x);
}

DOPED_INLINE void check_monarch(size_t s, size_t r, size_t l) {
    float *w = random_floats(s * r * l);
    float *x = random_floats(r * l);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(s * l);
        float *y = guarded(s * l);
        doped_monarch_mix(y, start(kind, y, table, s * l), w, x, s, r, l);
        for (size_t i = 0; i < s * l; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (size_t k = 0; k < r; k++) {
                const double term = (double)w[(i / l * r + k) * l + i % l] * (double)x[k * l + i % l];
                want += term;
                scale += fabs(term);
            }
            expect("monarch_mix", i, y[i], want, scale);
        }
        unguard(y, s * l, "monarch_mix");
        free(table);
    }
    free(w);
    free(x);
}

DOPED_INLINE void check_circulant(size_t n) {
    float *c = random_floats(2 * n);
    float *x = random_floats(n);
    memcpy(c + n, c, n * sizeof *c);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n);
        float *y = guarded(n);
        doped_circulant(y, start(kind, y, table, n), c, x, n);
        for (size_t i = 0; i < n; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (size_t j = 0; j < n; j++) {
                const double term = (double)c[(n + i - j) % n] * (double)x[j];
                want += term;
                scale += fabs(term);
            }
            expect("circulant", i, y[i], want, scale);
        }
        unguard(y, n, "circulant");
        free(table);
    }
    free(c);
    free(x);
}

static void check_every_shape(void) {
    for (size_t i = 0; i < SIZES; i++) {
        check_circulant(sizes[i]);
        for (size_t j = 0; j < SIZES; j++) {
            for (size_t count = 1; count <= 9; count += 2) {
                check_dense(count, sizes[i], sizes[j]);
                check_kron(2, count, sizes[i], sizes[j]);
                check_monarch(count, sizes[i], sizes[j]);
            }
            check_kron(1, sizes[i], 3, sizes[j]);
        }
    }
}

int main(void) {
    check_every_shape();
    check_dense(1, 1, 1);
    check_dense(5, 17, 3);
    check_dense(4, 47, 11);
    check_dense(6, 64, 33);
    check_kron(1, 5, 3, 2);
    check_kron(3, 13, 7, 50);
    check_kron(1, 52, 26, 50); /* two lanes are few, and one; more columns than their strips hold */
    check_kron(2, 5, 19, 33);
    check_kron(1, 9, 70, 18);
    check_dense(5, 50, 50);
    check_dense(3, 65, 21);
    check_monarch(5, 3, 45);
    check_circulant(43);
    check_circulant(1);
    return check_end();
}
