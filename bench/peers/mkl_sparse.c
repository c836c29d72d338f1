/* A network of sparse matrices by MKL's handles for compressed rows, told of a million products and optimised; with
 * STREAMS, one such matrix times that many vectors. One thread. */
#include <mkl.h>
#include <mkl_spblas.h>

#include "mkl_path.h"
#include "peer.h"
#include "shape.h"

/* Streams one after another (-DBY_STREAMS), or side by side. */
#ifdef BY_STREAMS
#define LAYOUT SPARSE_LAYOUT_COLUMN_MAJOR
#else
#define LAYOUT SPARSE_LAYOUT_ROW_MAJOR
#endif

struct matrix {
    sparse_matrix_t handle;
    struct matrix_descr description;
};

/* Does it, and remembers when it failed. */
#define DONE(call)                                                                                                     \
    do {                                                                                                               \
        if ((call) != SPARSE_STATUS_SUCCESS) {                                                                         \
            peer_failed = 1;                                                                                           \
        }                                                                                                              \
    } while (0)

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    mkl_set_threading_layer(MKL_THREADING_SEQUENTIAL);
    mkl_set_num_threads(1);
    MKL_INT *row_ptr = (MKL_INT *)peer_copy(layer, 0, "row_ptr");
    DONE(mkl_sparse_s_create_csr(&matrix->handle, SPARSE_INDEX_BASE_ZERO, (MKL_INT)rows, (MKL_INT)cols, row_ptr,
                                 row_ptr + 1, (MKL_INT *)peer_copy(layer, 0, "columns32"),
                                 (float *)peer_copy(layer, 0, "values")));
    matrix->description.type = SPARSE_MATRIX_TYPE_GENERAL;
#if STREAMS > 1
    DONE(mkl_sparse_set_mm_hint(matrix->handle, SPARSE_OPERATION_NON_TRANSPOSE, matrix->description,
                                LAYOUT, STREAMS, 1000000));
#else
    DONE(mkl_sparse_set_mv_hint(matrix->handle, SPARSE_OPERATION_NON_TRANSPOSE, matrix->description, 1000000));
#endif
    DONE(mkl_sparse_optimize(matrix->handle));
}

#if STREAMS > 1
/* y = W x for all streams. */
PEER_INLINE void matrix_multiply_streams(const struct matrix *matrix, float *y, const float *x, size_t rows,
                                         size_t cols) {
    const MKL_INT x_step = LAYOUT == SPARSE_LAYOUT_ROW_MAJOR ? STREAMS : (MKL_INT)cols;
    const MKL_INT y_step = LAYOUT == SPARSE_LAYOUT_ROW_MAJOR ? STREAMS : (MKL_INT)rows;
    mkl_sparse_s_mm(SPARSE_OPERATION_NON_TRANSPOSE, 1.0f, matrix->handle, matrix->description, LAYOUT, x, STREAMS,
                    x_step, 0.0f, y, y_step);
}
#include "streams.h"
#else
PEER_INLINE void matrix_multiply(const struct matrix *matrix, int layer, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    (void)layer, (void)cols;
    if (init != NULL) {
        memcpy(y, init, rows * sizeof(float));
    }
    mkl_sparse_s_mv(SPARSE_OPERATION_NON_TRANSPOSE, 1.0f, matrix->handle, matrix->description, x,
                    init != NULL ? 1.0f : 0.0f, y);
}
#include "network.h"
#endif

PEER_EXPORT const char *peer_about(void) {
    static char text[512];
    mkl_about(text, sizeof text);
    return text;
}
