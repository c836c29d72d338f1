// A dense network by Eigen: a matrix stored by rows, or by columns (-DBY_COLUMNS), times a vector.
#include <Eigen/Dense>

#include "peer.h"
#include "shape.h"

#ifdef BY_COLUMNS
using Weights = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
#else
using Weights = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
#endif

struct matrix {
    float *weights;
};

static void matrix_open(struct matrix *matrix, int layer, size_t rows, size_t cols) {
    char name[48];
    snprintf(name, sizeof name, "%d.dense", layer);
    using Given = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    matrix->weights = (float *)peer_memory(rows * cols * sizeof(float));
    Eigen::Map<Weights, Eigen::Aligned64>(matrix->weights, rows, cols) =
        Eigen::Map<const Given>((const float *)peer_array(name, nullptr), rows, cols);
}

PEER_INLINE void matrix_multiply(const struct matrix *matrix, int, float *y, const float *init, const float *x,
                                 size_t rows, size_t cols) {
    Eigen::Map<const Weights, Eigen::Aligned64> weights(matrix->weights, rows, cols);
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
