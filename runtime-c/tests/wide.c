/* Checks the wide kernels against plain loops in 64-bit floats, over awkward shapes and numbers of lanes: one, fewer than a
 * vector, one beside a vector, several and a rest. */
#include "check.h"
#include "doped/circulant_wide.h"
#include "doped/dense_wide.h"
#include "doped/fill_wide.h"
#include "doped/monarch_mix_wide.h"
#include "doped/transpose.h"
#include "pack.h"

#define column_t uint8_t
#define row_t uint8_t
#define PASTE(name) name##_u8
#include "wide_types.h"
#define column_t uint16_t
#define row_t uint16_t
#define PASTE(name) name##_u16
#include "wide_types.h"
#define column_t uint32_t
#define row_t uint32_t
#define PASTE(name) name##_u32
#include "wide_types.h"

static const size_t all_lanes[] = {1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100};
#define LANES (sizeof all_lanes / sizeof *all_lanes)

static const size_t sizes[] = {1, 2, 3, 5, 8, 15, 16, 17, 21, 37, 53};
#define SIZES (sizeof sizes / sizeof *sizes)

/* One matrix for all of `count` pieces when `shared`, else one for each. */
static void check_dense(size_t count, int shared, size_t rows, size_t cols, size_t lanes) {
    const size_t n = count * rows * lanes;
    const size_t apart = shared ? 0 : rows * cols;
    float *w = random_floats(count * rows * cols);
    float *panels = random_floats(count * rows * cols);
    float *x = random_floats(count * cols * lanes);
    for (size_t b = 0; b < count; b++) {
        pack(panels + b * rows * cols, w + b * rows * cols, rows, cols);
    }
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n);
        float *y = guarded(n);
        doped_dense_wide(y, start(kind, y, table, n), panels, x, count, apart, rows, cols, lanes);
        for (size_t at = 0; at < n; at++) {
            const size_t b = at / (rows * lanes), i = at / lanes % rows;
            double want = kind == START_ZERO ? 0.0 : (double)table[at];
            double scale = fabs(want);
            for (size_t j = 0; j < cols; j++) {
                const double term =
                    (double)w[b * apart + i * cols + j] * (double)x[(b * cols + j) * lanes + at % lanes];
                want += term;
                scale += fabs(term);
            }
            expect("dense_wide", at, y[at], want, scale);
        }
        unguard(y, n, "dense_wide");
        free(table);
    }
    free(w);
    free(panels);
    free(x);
}

static void check_circulant(size_t n, size_t lanes) {
    float *c = random_floats(2 * n);
    float *x = random_floats(n * lanes);
    memcpy(c + n, c, n * sizeof *c);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n * lanes);
        float *y = guarded(n * lanes);
        doped_circulant_wide(y, start(kind, y, table, n * lanes), c, x, n, lanes);
        for (size_t at = 0; at < n * lanes; at++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[at];
            double scale = fabs(want);
            for (size_t j = 0; j < n; j++) {
                const double term = (double)c[(n + at / lanes - j) % n] * (double)x[j * lanes + at % lanes];
                want += term;
                scale += fabs(term);
            }
            expect("circulant_wide", at, y[at], want, scale);
        }
        unguard(y, n * lanes, "circulant_wide");
        free(table);
    }
    free(c);
    free(x);
}

static void check_monarch(size_t s, size_t r, size_t l, size_t lanes) {
    const size_t n = s * l * lanes;
    float *w = random_floats(s * r * l);
    float *x = random_floats(r * l * lanes);
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(n);
        float *y = guarded(n);
        doped_monarch_mix_wide(y, start(kind, y, table, n), w, x, s, r, l, lanes);
        for (size_t at = 0; at < n; at++) {
            const size_t s0 = at / (l * lanes), i = at / lanes % l;
            double want = kind == START_ZERO ? 0.0 : (double)table[at];
            double scale = fabs(want);
            for (size_t r0 = 0; r0 < r; r0++) {
                const double term = (double)w[(s0 * r + r0) * l + i] * (double)x[(r0 * l + i) * lanes + at % lanes];
                want += term;
                scale += fabs(term);
            }
            expect("monarch_mix_wide", at, y[at], want, scale);
        }
        unguard(y, n, "monarch_mix_wide");
        free(table);
    }
    free(w);
    free(x);
}

static void check_moves(size_t rows, size_t cols) {
    float *x = random_floats(rows * cols);
    float *y = guarded(rows * cols);
    doped_transpose(y, x, rows, cols);
    for (size_t i = 0; i < rows * cols; i++) {
        expect("transpose", i, y[i], (double)x[i % rows * cols + i / rows], 0.0);
    }
    doped_fill_wide(y, x, rows, cols);
    for (size_t i = 0; i < rows * cols; i++) {
        expect("fill_wide", i, y[i], (double)x[i / cols], 0.0);
    }
    unguard(y, rows * cols, "transpose or fill_wide");
    free(x);
}

int main(void) {
    for (size_t k = 0; k < LANES; k++) {
        const size_t lanes = all_lanes[k];
        for (size_t i = 0; i < SIZES; i++) {
            check_circulant(sizes[i], lanes);
            for (size_t j = 0; j < SIZES; j += 3) {
                check_dense(1, 1, sizes[i], sizes[j], lanes);
                check_dense(3, (int)(i % 2), sizes[i], sizes[j], lanes);
                check_monarch(sizes[i], sizes[j], 3, lanes);
                check_u8(sizes[i], sizes[j], 30, lanes);
                check_u16(sizes[i], sizes[j], 100, lanes);
                check_u32(sizes[i], sizes[j], 5, lanes);
            }
            for (size_t j = 0; j < LANES; j++) {
                check_moves(all_lanes[j], sizes[i]);
                check_moves(sizes[i], all_lanes[j]);
            }
        }
        check_u16(7, 300, 20, lanes);
        check_u32(2, 70000, 1, lanes % 20);
    }
    return check_end();
}
