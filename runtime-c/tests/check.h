/* What the tests of kernels share: random numbers, arrays that notice a write outside them, and a comparison. Takes no
 * part in the library. After check_end, every difference has been printed and the count of them is the exit status. */
#ifndef CHECK_H
#define CHECK_H
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GUARD 24
#define GUARD_VALUE 12345.678f

static int failures;
static int checks;
static uint32_t random_state = 1;

/* A random number below `limit`. */
static inline size_t random_below(size_t limit) {
    random_state = random_state * 1664525u + 1013904223u;
    return (size_t)(random_state >> 8) % limit;
}

/* n random floats within -1 .. 1, in an array of exactly that length; free() it. */
static inline float *random_floats(size_t n) {
    float *values = (float *)malloc((n > 0 ? n : 1) * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)random_below(2000001) / 1e6f - 1.0f;
    }
    return values;
}

/* n floats between guards, filled with what no kernel computes; unguard() it. */
static inline float *guarded(size_t n) {
    float *block = (float *)malloc((n + 2 * GUARD) * sizeof *block);
    for (size_t i = 0; i < n + 2 * GUARD; i++) {
        block[i] = GUARD_VALUE;
    }
    return block + GUARD;
}

/* Notes a write outside values and frees them. */
static inline void unguard(float *values, size_t n, const char *name) {
    float *block = values - GUARD;
    for (size_t i = 0; i < GUARD; i++) {
        if (block[i] != GUARD_VALUE || values[n + i] != GUARD_VALUE) {
            printf("%s wrote outside its %lu outputs\n", name, (unsigned long)n);
            failures++;
            break;
        }
    }
    free(block);
}

/* What rounding may do to a result. The exponential of -ffast-math is coarser. */
#if defined(__FAST_MATH__)
#define TOLERANCE 1e-5
#else
#define TOLERANCE 2e-6
#endif

/* Notes got where it is further from want than TOLERANCE times scale, the sum of what was added up without signs. */
static inline void expect(const char *name, size_t at, float got, double want, double scale) {
    checks++;
    if (!(fabs((double)got - want) <= TOLERANCE * (scale > 1e-30 ? scale : 1e-30))) {
        if (failures++ < 20) {
            printf("%s[%lu] = %.9g, expected %.9g\n", name, (unsigned long)at, (double)got, want);
        }
    }
}

/* Where outputs start from: 0 zeros, 1 a table, 2 themselves. */
enum { START_ZERO, START_TABLE, START_SELF, STARTS };

/* Fills y and table with random starts, and gives the init argument. */
static inline const float *start(int kind, float *y, float *table, size_t n) {
    for (size_t i = 0; i < n && kind != START_ZERO; i++) {
        y[i] = table[i] = (float)random_below(2000001) / 1e6f - 1.0f;
    }
    return kind == START_ZERO ? NULL : kind == START_TABLE ? table : y;
}

/* The exit status. */
static inline int check_end(void) {
    if (checks == 0) {
        printf("nothing was checked\n");
        return 1;
    }
    return failures > 0;
}

#endif /* CHECK_H */
