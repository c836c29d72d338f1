/* What the core can do at most: reads from memory of a given size, loads from the first cache, multiply-adds; and what
 * dopec's LSTM cell takes alone. Each function measures for about the seconds given and gives the best of its trials:
 * bounds are meant to be bounds. */
#include <time.h>

#include "doped/lstm_cell.h"
#include "peer.h"

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
typedef float vector __attribute__((vector_size(4 * WIDTH)));

/* Seconds of this process on a core: those that others take are not its own. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A vector made or used where the compiler can't see: in a register. */
#if defined(__x86_64__)
#define IN_REGISTER(v) __asm__ volatile("" : "+v"(v))
#elif defined(__aarch64__)
#define IN_REGISTER(v) __asm__ volatile("" : "+w"(v))
#else
#define IN_REGISTER(v) __asm__ volatile("" : "+m"(v))
#endif

/* The best rate of `count` things done by `work`, repeated until the seconds are over. */
#define BEST_RATE(seconds, count, work)                                                                                \
    double best = 0.0;                                                                                                 \
    size_t repeats = 1;                                                                                                \
    const double end = now() + (seconds);                                                                              \
    for (;;) {                                                                                                         \
        const double start = now();                                                                                    \
        for (size_t repeat = 0; repeat < repeats; repeat++) {                                                          \
            work                                                                                                       \
        }                                                                                                              \
        const double taken = now() - start;                                                                            \
        if (taken < 2e-4) {                                                                                            \
            repeats *= 2;                                                                                              \
            continue;                                                                                                  \
        }                                                                                                              \
        const double rate = (double)(count) * (double)repeats / taken;                                                 \
        best = rate > best ? rate : best;                                                                              \
        if (now() > end) {                                                                                             \
            return best;                                                                                               \
        }                                                                                                              \
    }

/* Floats in a vector of the widest kind. */
PEER_EXPORT size_t roofline_lanes(void) {
    return WIDTH;
}

/* A piece of work for BEST_RATE: a pass over as many floats of data. */
#define PASS static __attribute__((noinline)) void

PASS read_all(const float *data, size_t floats) {
    for (size_t at = 0; at < floats; at += 8 * WIDTH) {
#pragma GCC unroll 8
        for (size_t t = 0; t < 8; t++) {
            vector v = *(const vector *)(data + at + t * WIDTH);
            IN_REGISTER(v);
        }
    }
}

PASS load_floats(const float *data, size_t times) {
    for (size_t time = 0; time < times; time++) {
#pragma GCC unroll 64
        for (size_t t = 0; t < 64; t++) {
            float v = *(const volatile float *)(data + t);
            IN_REGISTER(v);
        }
    }
}

PASS multiply_add(const float *data, size_t times) {
    vector sums[12] = {{0.0f}};
    vector a = *(const vector *)data, b = *(const vector *)(data + WIDTH);
    for (size_t time = 0; time < times; time++) {
#pragma GCC unroll 12
        for (size_t t = 0; t < 12; t++) {
            sums[t] = sums[t] + a * b;
            IN_REGISTER(sums[t]);
        }
    }
}

/* Small enough for any first cache. */
static float near_data[64 * WIDTH] __attribute__((aligned(64)));

/* Bytes a second, read one after another from as many bytes over and over. */
PEER_EXPORT double roofline_bandwidth(size_t bytes, double seconds) {
    const size_t step = 8 * WIDTH;
    const size_t floats = (bytes / sizeof(float) + step - 1) / step * step;
    float *data = (float *)peer_memory(floats * sizeof(float));
    BEST_RATE(seconds, floats * sizeof(float), read_all(data, floats);)
}

/* Loads of the widest vectors a second, from the first cache. */
PEER_EXPORT double roofline_vector_loads(double seconds) {
    BEST_RATE(seconds, 64, read_all(near_data, 64 * WIDTH);)
}

/* Loads of single floats a second, from the first cache. */
PEER_EXPORT double roofline_loads(double seconds) {
    BEST_RATE(seconds, 64 * 16, load_floats(near_data, 16);)
}

/* Multiply-adds of single floats a second, by the widest vectors. */
PEER_EXPORT double roofline_multiply_adds(double seconds) {
    BEST_RATE(seconds, 12 * WIDTH * 64, multiply_add(near_data, 64);)
}

PASS cell(float *h, float *c, const float *gates, size_t hidden) {
    doped_lstm_cell(h, c, gates, hidden, 0, hidden, 2 * hidden, 3 * hidden);
}

/* Cells of as many units a second. */
PEER_EXPORT double roofline_cells(size_t hidden, double seconds) {
    float *gates = (float *)peer_memory(4 * hidden * sizeof(float));
    float *h = (float *)peer_memory(hidden * sizeof(float));
    float *c = (float *)peer_memory(hidden * sizeof(float));
    for (size_t i = 0; i < 4 * hidden; i++) {
        gates[i] = (float)(i % 17) / 8.0f - 1.0f;
    }
    BEST_RATE(seconds, 1, cell(h, c, gates, hidden);)
}
