/* A dense matrix of DOPED_TALL rows and more times a vector. Takes it in panels, as panels.h has them; gives every row's sum. A
 * tall panel is read from front to back, and one element of x serves all of its rows. */
#ifndef DOPED_DENSE_TALL_H
#define DOPED_DENSE_TALL_H
#include "doped/base.h"
#include "doped/dense_panels.h"
#include "doped/panels.h"
#include "doped/wide.h"

/* Strips of a panel's column that have sums at once. */
#define DOPED_TALL_STRIPS (DOPED_TALL < DOPED_STRIPS * DOPED_STRIP ? DOPED_TALL / DOPED_STRIP : DOPED_STRIPS)

/* y[i] = init + sum over j of W[i,j] * x[j], for i < rows and j < cols. w holds the panels one after another, each
 * [cols][its rows]. init may be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_dense_tall(float *y, const float *init, const float *DOPED_RESTRICT w,
                                   const float *DOPED_RESTRICT x, size_t rows, size_t cols) {
    const size_t strips = DOPED_TALL_STRIPS;
    const size_t columns = DOPED_STRIPS / strips; /* that have sums of their own, so that no addition waits for the one before */
    const size_t tall = rows - rows % DOPED_TALL;
    for (size_t i = 0; i < tall; i += DOPED_TALL_STRIPS * DOPED_STRIP) {
        const float *panel = doped_panel_at(w, i, rows, cols);
        doped_strip sums[DOPED_STRIPS];
        size_t j = 0;
        DOPED_UNROLL_KNOWN
        for (size_t t = 0; t < DOPED_STRIPS; t++) {
            sums[t] = doped_strip_start(t < strips ? doped_from(init, i + t * DOPED_STRIP) : NULL);
        }
        for (; j + columns <= cols; j += columns) {
            DOPED_UNROLL_KNOWN
            for (size_t t = 0; t < DOPED_STRIPS; t++) {
                const float *weights = panel + (j + t / strips) * DOPED_TALL + t % strips * DOPED_STRIP;
                sums[t] = doped_strip_add_scaled(sums[t], doped_strip_load(weights), x[j + t / strips]);
            }
        }
        for (; j < cols; j++) {
            DOPED_UNROLL_KNOWN
            for (size_t t = 0; t < DOPED_TALL_STRIPS; t++) {
                const float *weights = panel + j * DOPED_TALL + t * DOPED_STRIP;
                sums[t] = doped_strip_add_scaled(sums[t], doped_strip_load(weights), x[j]);
            }
        }
        DOPED_UNROLL_KNOWN
        for (size_t t = 0; t < DOPED_STRIPS; t++) {
            if (t >= strips) {
                sums[t % strips] = doped_strip_add_scaled(sums[t % strips], sums[t], 1.0f);
            }
        }
        DOPED_UNROLL_KNOWN
        for (size_t t = 0; t < DOPED_TALL_STRIPS; t++) {
            doped_strip_store(y + i + t * DOPED_STRIP, sums[t]);
        }
    }
    if (tall < rows) {
        doped_dense_panels(y + tall, doped_from(init, tall), w + tall * cols, x, rows - tall, cols);
    }
}

#endif /* DOPED_DENSE_TALL_H */
