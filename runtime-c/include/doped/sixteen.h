/* Sixteen floats side by side, as a register of AVX-512 holds them, and the instructions that take sixteen out of one or
 * two such registers (vpermps, vpermi2ps). Takes nothing. Where there are no such registers, sixteen floats are an array and the loop is
 * plain. */
#ifndef DOPED_SIXTEEN_H
#define DOPED_SIXTEEN_H
#include "doped/base.h"

/* Rows of a group: a lane for each. */
#define DOPED_GROUP 16

#if DOPED_FAMILY == 2 && DOPED_VECTORS
typedef float doped_sixteen __attribute__((vector_size(64)));
typedef int32_t doped_sixteen_indices __attribute__((vector_size(64)));

/* Zero in every lane. Cleared by memset, arrays of vectors would stand in memory. */
DOPED_INLINE doped_sixteen doped_sixteen_zero(void) {
    const doped_sixteen zero = {0.0f};
    return zero;
}

/* Zero in every lane. */
DOPED_INLINE doped_sixteen_indices doped_sixteen_indices_zero(void) {
    const doped_sixteen_indices zero = {0};
    return zero;
}

/* Lane by lane the element of low and high, taken together, that the low five bits of `at` name. */
DOPED_INLINE doped_sixteen doped_look_up(doped_sixteen low, doped_sixteen high, doped_sixteen_indices at) {
#if defined(__clang__)
    return __builtin_ia32_vpermi2varps512(low, at, high);
#else
    return __builtin_shuffle(low, high, at);
#endif
}

/* Lane by lane the element of `from` that the low four bits of `at` name. */
DOPED_INLINE doped_sixteen doped_spread(doped_sixteen from, doped_sixteen_indices at) {
#if defined(__clang__)
    return __builtin_ia32_permvarsf512(from, at);
#else
    return __builtin_shuffle(from, at);
#endif
}

/* Eight floats from any address, and eight that may be anything. */
DOPED_INLINE doped_sixteen doped_first_eight(const float *from) {
    float eight __attribute__((vector_size(32)));
    memcpy(&eight, from, sizeof eight);
#if defined(__clang__)
    return __builtin_shufflevector(eight, eight, 0, 1, 2, 3, 4, 5, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1);
#else
    return __builtin_ia32_ps512_256ps(eight);
#endif
}
#else
typedef struct doped_sixteen {
    float lanes[DOPED_GROUP];
} doped_sixteen;

/* Zero in every lane. */
DOPED_INLINE doped_sixteen doped_sixteen_zero(void) {
    const doped_sixteen zero = {{0.0f}};
    return zero;
}
#endif

#endif /* DOPED_SIXTEEN_H */
