/* Checks the kernels of rows, cells, activations and normalisation against 64-bit floats and the C library. */
#include "check.h"
#include "doped/activations.h"
#include "doped/add.h"
#include "doped/fill.h"
#include "doped/gru_cell.h"
#include "doped/layer_norm.h"
#include "doped/lstm_cell.h"
#include "doped/monarch_row.h"
#include "doped/outer.h"

static double logistic(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static void check_outer_and_add(size_t a_len, size_t b_len) {
    const size_t n = a_len * b_len;
    float *a = random_floats(a_len);
    float *b = random_floats(b_len);
    float *x = random_floats(n);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n);
        float *y = guarded(n);
        const float *init = start(kind, y, table, n);
        doped_outer(y, init, a, b, a_len, b_len);
        for (size_t i = 0; i < n; i++) {
            const double begin = kind == START_ZERO ? 0.0 : (double)table[i];
            expect("outer", i, y[i], begin + (double)a[i / b_len] * (double)b[i % b_len], 2.0);
        }
        init = start(kind, y, table, n);
        doped_add(y, init, x, n);
        for (size_t i = 0; i < n; i++) {
            expect("add", i, y[i], (kind == START_ZERO ? 0.0 : (double)table[i]) + (double)x[i], 2.0);
        }
        if (kind != START_SELF) {
            doped_fill(y, init, n);
            for (size_t i = 0; i < n; i++) {
                expect("fill", i, y[i], kind == START_ZERO ? 0.0 : (double)table[i], 0.0);
            }
        }
        unguard(y, n, "outer, add or fill");
        free(table);
    }
    free(a);
    free(b);
    free(x);
}

/* Every row, against the matrix times each unit vector by the definition of a Monarch product. */
static void check_monarch_row(size_t k, size_t q, size_t p, size_t l, size_t s, size_t r) {
    float *first = random_floats(k * q * p);
    float *second = random_floats(l * s * r);
    for (size_t row = 0; row < l * s; row++) {
        const size_t l0 = row % l, s0 = row / l;
        float *y = guarded(k * p);
        for (size_t j = 0; j < k * p; j++) {
            y[j] = (float)j;
        }
        doped_monarch_row(y, first, second, row, k, q, p, l, s, r);
        for (size_t j = 0; j < k * p; j++) {
            double want = (double)j;
            for (size_t r0 = 0; r0 < r; r0++) {
                const size_t o = r0 * l + l0;
                if (o / q == j / p) {
                    want += (double)second[(l0 * s + s0) * r + r0] * (double)first[o * p + j % p];
                }
            }
            expect("monarch_row", j, y[j], want, (double)(j + r));
        }
        unguard(y, k * p, "monarch_row");
    }
    free(first);
    free(second);
}

static void check_cells(size_t n) {
    static const size_t orders[2][4] = {{0, 1, 2, 3}, {0, 3, 2, 1}};
    float *gates = random_floats(4 * n);
    float *other = random_floats(3 * n);
    float *old = random_floats(n);
    for (size_t i = 0; i < 4 * n; i++) {
        gates[i] *= 8.0f;
    }
    for (size_t order = 0; order < 2; order++) {
        const size_t *at = orders[order];
        float *h = guarded(n);
        float *c = guarded(n);
        for (size_t k = 0; k < n; k++) {
            c[k] = old[k];
        }
        doped_lstm_cell(h, c, gates, n, at[0] * n, at[1] * n, at[2] * n, at[3] * n);
        for (size_t k = 0; k < n; k++) {
            const double i = logistic((double)gates[at[0] * n + k]);
            const double f = logistic((double)gates[at[1] * n + k]);
            const double o = logistic((double)gates[at[3] * n + k]);
            const double cell = f * (double)old[k] + i * tanh((double)gates[at[2] * n + k]);
            expect("lstm_cell c", k, c[k], cell, 1.0);
            expect("lstm_cell h", k, h[k], o * tanh(cell), 1.0);
        }
        unguard(h, n, "lstm_cell");
        unguard(c, n, "lstm_cell");
    }
    float *h = guarded(n);
    for (size_t k = 0; k < n; k++) {
        h[k] = old[k];
    }
    doped_gru_cell(h, gates, other, n);
    for (size_t k = 0; k < n; k++) {
        const double r = logistic((double)gates[k] + (double)other[k]);
        const double z = logistic((double)gates[n + k] + (double)other[n + k]);
        const double candidate = tanh((double)gates[2 * n + k] + r * (double)other[2 * n + k]);
        expect("gru_cell", k, h[k], (1.0 - z) * candidate + z * (double)old[k], 1.0);
    }
    unguard(h, n, "gru_cell");
    free(gates);
    free(other);
    free(old);
}

static void check_activations(size_t n, float spread) {
    float *x = random_floats(n);
    float *y = guarded(n);
    double greatest = -1e30;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        x[i] *= spread;
        greatest = fmax(greatest, (double)x[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += exp((double)x[i] - greatest);
    }
    doped_relu(y, x, n);
    for (size_t i = 0; i < n; i++) {
        expect("relu", i, y[i], fmax((double)x[i], 0.0), 0.0);
    }
    doped_tanh_vector(y, x, n);
    for (size_t i = 0; i < n; i++) {
        expect("tanh_vector", i, y[i], tanh((double)x[i]), 1.0);
    }
    doped_sigmoid_vector(y, x, n);
    for (size_t i = 0; i < n; i++) {
        expect("sigmoid_vector", i, y[i], logistic((double)x[i]), 1.0);
    }
    doped_softmax(y, x, n);
    for (size_t i = 0; i < n; i++) {
        expect("softmax", i, y[i], exp((double)x[i] - greatest) / sum, 1.0);
    }
    doped_log_softmax(y, x, n);
    for (size_t i = 0; i < n; i++) {
        const double want = (double)x[i] - greatest - log(sum);
        expect("log_softmax", i, y[i], want, 1.0 + fabs(want));
    }
    unguard(y, n, "activations");
    free(x);
}

static void check_layer_norm(size_t n, float offset) {
    float *x = random_floats(n);
    float *w = random_floats(n);
    float *bias = random_floats(n);
    double mean = 0.0;
    double variance = 0.0;
    for (size_t i = 0; i < n; i++) {
        x[i] += offset;
        mean += (double)x[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
    }
    for (int with = 0; with < 2; with++) {
        float *y = guarded(n);
        doped_layer_norm(y, w, with ? bias : NULL, x, n, 1e-3f);
        for (size_t i = 0; i < n; i++) {
            const double want = ((double)x[i] - mean) / sqrt(variance + (double)1e-3f) * (double)w[i];
            expect("layer_norm", i, y[i], want + (with ? (double)bias[i] : 0.0), 4.0 + 40.0 * fabs((double)offset));
        }
        unguard(y, n, "layer_norm");
    }
    free(x);
    free(w);
    free(bias);
}

int main(void) {
    for (size_t n = 1; n < 70; n++) {
        check_cells(n);
        check_activations(n, 1.0f);
        check_activations(n, 60.0f);
        check_layer_norm(n, 0.0f);
        check_layer_norm(n, 3.0f);
        check_outer_and_add(n, n % 7 + 1);
        check_outer_and_add(n % 5 + 1, n);
    }
    check_monarch_row(1, 1, 1, 1, 1, 1);
    check_monarch_row(4, 3, 5, 2, 7, 6);
    check_monarch_row(2, 6, 3, 4, 2, 3);
    check_monarch_row(3, 8, 17, 8, 5, 3);
    check_monarch_row(5, 2, 4, 10, 3, 1);
    return check_end();
}
