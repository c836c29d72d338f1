// A network of sparse matrices by Eigen: compressed rows, or compressed columns (-DBY_COLUMNS), times a vector.
#include <Eigen/Sparse>

#include "peer.h"
#include "shape.h"

#ifdef BY_COLUMNS
using Weights = Eigen::SparseMatrix<float, Eigen::ColMajor>;
#else
using Weights = Eigen::SparseMatrix<float, Eigen::RowMajor>;
#endif

struct matrix {
    int *starts, *inner;
    float *values;
    size_t nnz;
};

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    char name[48];
    size_t bytes;
    snprintf(name, sizeof name, "%d.0.columns32", layer);
    int *columns = (int *)peer_array(name, &bytes);
    snprintf(name, sizeof name, "%d.0.row_ptr", layer);
    int *row_ptr = (int *)peer_array(name, nullptr);
    snprintf(name, sizeof name, "%d.0.values", layer);
    float *values = (float *)peer_array(name, nullptr);
    using Given = Eigen::SparseMatrix<float, Eigen::RowMajor>;
    const Weights made = Eigen::Map<const Given>(rows, cols, bytes / 4, row_ptr, columns, values);
    matrix->nnz = made.nonZeros();
    matrix->starts = (int *)peer_memory((made.outerSize() + 1) * sizeof(int));
    matrix->inner = (int *)peer_memory(matrix->nnz * sizeof(int));
    matrix->values = (float *)peer_memory(matrix->nnz * sizeof(float));
    memcpy(matrix->starts, made.outerIndexPtr(), (made.outerSize() + 1) * sizeof(int));
    memcpy(matrix->inner, made.innerIndexPtr(), matrix->nnz * sizeof(int));
    memcpy(matrix->values, made.valuePtr(), matrix->nnz * sizeof(float));
}

PEER_INLINE void matrix_multiply(const struct matrix *matrix, int, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    Eigen::Map<const Weights> weights(rows, cols, matrix->nnz, matrix->starts, matrix->inner, matrix->values);
    Eigen::Map<Eigen::VectorXf> to(y, rows);
    Eigen::Map<const Eigen::VectorXf> from(x, cols);
    if (init != nullptr) {
        memcpy(y, init, rows * sizeof(float));
        to.noalias() += weights * from;
    } else {
        to.noalias() = weights * from;
    }
}

#include "network.h"

#define TEXT(x) #x
#define VERSION(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)
PEER_EXPORT const char *peer_about(void) {
    return "Eigen " VERSION(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION) ", compiled for " PEER_INSTRUCTIONS;
}
