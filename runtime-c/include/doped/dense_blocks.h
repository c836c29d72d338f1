/* Several dense matrices, each times its own piece of a vector: a block diagonal, or the first stage of a Monarch
 * matrix. Takes the blocks' panels one after another; gives every row's sum. */
#ifndef DOPED_DENSE_BLOCKS_H
#define DOPED_DENSE_BLOCKS_H
#include "doped/base.h"
#include "doped/dense_tall.h"

/* y[b*rows + i] = init + sum over j of W_b[i,j] * x[b*cols + j], for b < blocks. w holds the blocks one after
 * another, each as doped_dense_tall takes it. init may be NULL or y; x and w must not overlap y. */
DOPED_INLINE void doped_dense_blocks(float *y, const float *init, const float *DOPED_RESTRICT w,
                                     const float *DOPED_RESTRICT x, size_t blocks, size_t rows, size_t cols) {
    for (size_t b = 0; b < blocks; b++) {
        doped_dense_tall(y + b * rows, doped_from(init, b * rows), w + b * rows * cols, x + b * cols, rows, cols);
    }
}

#endif /* DOPED_DENSE_BLOCKS_H */
