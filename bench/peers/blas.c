/* A dense network by cblas_sgemv, of MKL (-DMKL) or OpenBLAS; the matrix by rows, or by columns (-DBY_COLUMNS): which
 * is faster differs. One thread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#ifdef MKL
#include <mkl.h>
#else
#include <cblas.h>
void openblas_set_num_threads(int threads);
char *openblas_get_config(void);
char *openblas_get_corename(void);
#endif
#include "peer.h"
#ifdef MKL
#include "mkl_path.h"
#endif
#include "shape.h"

struct matrix {
    float *weights;
};

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    char name[48];
    snprintf(name, sizeof name, "%d.dense", layer);
    const float *from = (const float *)peer_array(name, NULL);
    matrix->weights = (float *)peer_memory(rows * cols * sizeof(float));
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
#ifdef BY_COLUMNS
            matrix->weights[j * rows + i] = from[i * cols + j];
#else
            matrix->weights[i * cols + j] = from[i * cols + j];
#endif
        }
    }
#ifdef MKL
    mkl_set_threading_layer(MKL_THREADING_SEQUENTIAL);
    mkl_set_num_threads(1);
#else
    openblas_set_num_threads(1);
#endif
}

PEER_INLINE void matrix_multiply(const struct matrix *matrix, int layer, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    const int m = (int)rows, n = (int)cols;
    (void)layer;
    if (init != NULL) {
        memcpy(y, init, rows * sizeof(float));
    }
    const float beta = init != NULL ? 1.0f : 0.0f;
#ifdef BY_COLUMNS
    cblas_sgemv(CblasColMajor, CblasNoTrans, m, n, 1.0f, matrix->weights, m, x, 1, beta, y, 1);
#else
    cblas_sgemv(CblasRowMajor, CblasNoTrans, m, n, 1.0f, matrix->weights, n, x, 1, beta, y, 1);
#endif
}

#include "network.h"

PEER_EXPORT const char *peer_about(void) {
    static char text[512];
#ifdef MKL
    float one = 1.0f, result = 0.0f;
    cblas_sgemv(CblasRowMajor, CblasNoTrans, 1, 1, 1.0f, &one, 1, &one, 1, 0.0f, &result, 1); /* loads the code path */
    mkl_about(text, sizeof text);
#else
    Dl_info where = {0};
    dladdr((void *)cblas_sgemv, &where);
    const char *file = where.dli_fname != NULL ? where.dli_fname : "?";
    const char *slash = strrchr(file, '/');
    file = slash != NULL ? slash + 1 : file;
    snprintf(text, sizeof text, "%s, code path: %s (%s)", openblas_get_config(), openblas_get_corename(), file);
#endif
    return text;
}
