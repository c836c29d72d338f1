/* A dense network by hand: gemv over panels of up to eight vectors of rows, stored column by column, so that a panel's
 * sums stay in registers, every weight is read once, in order and aligned, and no reduction is left. Rows are dealt to
 * panels evenly, so that none is too low to hide the latency of a multiply-add. Prefetching by hand, 4 or 8 KB
 * ahead, took a quarter longer at 256 units and made no difference that stood out of the noise at 650 and 1500. */
#include "peer.h"
#include "shape.h"

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define HEIGHT 8

typedef float vector __attribute__((vector_size(4 * WIDTH)));

struct matrix {
    float *panels;
};

/* Vectors of rows, and the panels that they are dealt to: the first `taller` have one more than the others. */
#define VECTORS(rows) (((rows) + WIDTH - 1) / WIDTH)
#define PANELS(rows) ((VECTORS(rows) + HEIGHT - 1) / HEIGHT)

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    char name[48];
    snprintf(name, sizeof name, "%d.dense", layer);
    const float *from = (const float *)peer_array(name, NULL);
    const size_t panels = PANELS(rows), low = VECTORS(rows) / panels, taller = VECTORS(rows) % panels;
    matrix->panels = (float *)peer_memory(VECTORS(rows) * WIDTH * cols * sizeof(float));
    float *to = matrix->panels;
    size_t first = 0;
    for (size_t p = 0; p < panels; p++) {
        const size_t lanes = (low + (p < taller)) * WIDTH;
        for (size_t j = 0; j < cols; j++) {
            for (size_t lane = 0; lane < lanes; lane++) {
                *to++ = first + lane < rows ? from[(first + lane) * cols + j] : 0.0f;
            }
        }
        first += lanes;
    }
}

/* One panel; gives what follows it. */
PEER_INLINE const float *panel(float *y, const float *init, const float *w, const float *x, size_t height, size_t cols,
                               size_t rows) {
    vector sums[HEIGHT];
    float edge[HEIGHT * WIDTH] __attribute__((aligned(64)));
    const size_t lanes = rows < height * WIDTH ? rows : height * WIDTH;
    memset(sums, 0, sizeof sums);
    for (size_t j = 0; j < cols; j++) {
        const float scale = x[j];
#pragma GCC unroll 8
        for (size_t t = 0; t < height; t++) {
            sums[t] += *(const vector *)(w + t * WIDTH) * scale;
        }
        w += height * WIDTH;
    }
    if (lanes == height * WIDTH) {
#pragma GCC unroll 8
        for (size_t t = 0; t < height; t++) {
            if (init != NULL) {
                vector start;
                memcpy(&start, init + t * WIDTH, sizeof start);
                sums[t] += start;
            }
            memcpy(y + t * WIDTH, &sums[t], sizeof sums[t]);
        }
    } else {
        memcpy(edge, sums, sizeof edge);
        for (size_t lane = 0; lane < lanes; lane++) {
            y[lane] = edge[lane] + (init != NULL ? init[lane] : 0.0f);
        }
    }
    return w;
}

PEER_INLINE void matrix_multiply(const struct matrix *matrix, int layer, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    const size_t panels = PANELS(rows), low = VECTORS(rows) / panels, taller = VECTORS(rows) % panels;
    const float *w = matrix->panels;
    size_t first = 0;
    (void)layer;
    for (size_t p = 0; p < taller; p++) {
        w = panel(y + first, init != NULL ? init + first : NULL, w, x, low + 1, cols, rows - first);
        first += (low + 1) * WIDTH;
    }
    for (size_t p = taller; p < panels; p++) {
        w = panel(y + first, init != NULL ? init + first : NULL, w, x, low, cols, rows - first);
        first += low * WIDTH;
    }
}

#include "network.h"

PEER_EXPORT const char *peer_about(void) {
    return WIDTH == 16  ? "vectors of 16 floats, " PEER_INSTRUCTIONS
           : WIDTH == 8 ? "vectors of 8 floats, " PEER_INSTRUCTIONS
                        : "vectors of 4 floats, " PEER_INSTRUCTIONS;
}
