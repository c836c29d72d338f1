/* Kernels at shapes of whole vectors, one a function: the test reads the assembly that a compiler makes of them. */
#include "doped/activations.h"
#include "doped/circulant.h"
#include "doped/dense_batch.h"
#include "doped/dense_panels.h"
#include "doped/dense_tall.h"
#include "doped/gru_cell.h"
#include "doped/kron_outer.h"
#include "doped/lstm_cell.h"

void check_lstm_cell(float *h, float *c, const float *gates);
void check_lstm_cell(float *h, float *c, const float *gates) {
    doped_lstm_cell(h, c, gates, 128, 0, 128, 256, 384);
}

void check_gru_cell(float *h, const float *from_input, const float *from_hidden);
void check_gru_cell(float *h, const float *from_input, const float *from_hidden) {
    doped_gru_cell(h, from_input, from_hidden, 128);
}

void check_tanh(float *y, const float *x);
void check_tanh(float *y, const float *x) {
    doped_tanh_vector(y, x, 128);
}

void check_sigmoid(float *y, const float *x);
void check_sigmoid(float *y, const float *x) {
    doped_sigmoid_vector(y, x, 128);
}

void check_dense_panels(float *y, const float *w, const float *x);
void check_dense_panels(float *y, const float *w, const float *x) {
    doped_dense_panels(y, NULL, w, x, 128, 64);
}

void check_dense_tall(float *y, const float *w, const float *x);
void check_dense_tall(float *y, const float *w, const float *x) {
    doped_dense_tall(y, NULL, w, x, 128, 64);
}

void check_dense_batch(float *y, const float *w, const float *x);
void check_dense_batch(float *y, const float *w, const float *x) {
    doped_dense_batch(y, NULL, w, x, 16, 32, 16);
}

void check_kron_outer(float *y, const float *f, const float *x);
void check_kron_outer(float *y, const float *f, const float *x) {
    doped_kron_outer(y, NULL, f, x, 1, 32, 16, 64);
}
