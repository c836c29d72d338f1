/* Matrices in the layout that dense kernels read, written here once more and plainly. Takes them row-major. */
#ifndef PACK_H
#define PACK_H
#include "doped/panels.h"

/* A matrix in panels of DOPED_PANEL rows, the last of what is left. */
static inline void pack_panels(float *panels, const float *w, size_t rows, size_t cols) {
    for (size_t first = 0, lanes; first < rows; first += lanes) {
        lanes = rows - first < DOPED_PANEL ? rows - first : DOPED_PANEL;
        for (size_t j = 0; j < cols; j++) {
            for (size_t i = 0; i < lanes; i++) {
                *panels++ = w[(first + i) * cols + j];
            }
        }
    }
}

/* The same with tall panels before them, as many as there are rows for. */
static inline void pack(float *panels, const float *w, size_t rows, size_t cols) {
    for (; rows >= DOPED_TALL; rows -= DOPED_TALL, w += DOPED_TALL * cols) {
        for (size_t j = 0; j < cols; j++) {
            for (size_t i = 0; i < DOPED_TALL; i++) {
                *panels++ = w[i * cols + j];
            }
        }
    }
    pack_panels(panels, w, rows, cols);
}

#endif /* PACK_H */
