/* What every kernel stands on: inlining, aliasing, the widths that tables are stored in, and one vector of floats with the
 * few operations on it. Takes nothing. After it, the kernels read
 * the same whether the compiler has vector types (GCC, Clang) or not: there a vector is a small array and the loops are
 * plain. Nothing here changes what is computed, only the order in which sums are taken. */
#ifndef DOPED_BASE_H
#define DOPED_BASE_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Rows in a panel of a dense matrix: tables are stored by it, so that it is the same on every target. */
#define DOPED_PANEL 16
/* Rows in a slice of a sliced ELLPACK matrix, likewise. */
#define DOPED_LANES 8
/* Partial sums that a reduction over a vector is taken in. */
#define DOPED_PARTIALS 16

/* Inlined always, so that the shapes a caller passes as literals are known inside. */
#if defined(__GNUC__)
#define DOPED_INLINE static inline __attribute__((always_inline, unused))
#elif defined(_MSC_VER)
#define DOPED_INLINE static __forceinline
#else
#define DOPED_INLINE static inline
#endif

/* For what is long and called in many places: a function of its own, unless a program calls it once. DOPED_ALONE is one in
 * any case, for loops that need most registers: within a longer function GCC keeps some of what they need in memory. */
#if defined(__clang__)
#define DOPED_APART static __attribute__((unused))
#define DOPED_ALONE static __attribute__((noinline, unused))
#elif defined(__GNUC__)
#define DOPED_APART static __attribute__((noclone, unused))
#define DOPED_ALONE static __attribute__((noclone, noinline, unused))
#elif defined(_MSC_VER)
#define DOPED_APART static
#define DOPED_ALONE static __declspec(noinline)
#else
#define DOPED_APART static
#define DOPED_ALONE static
#endif

/* A pointer through which alone its data are reached while the function runs. */
#if defined(_MSC_VER) || (defined(__cplusplus) && defined(__GNUC__))
#define DOPED_RESTRICT __restrict
#elif defined(__cplusplus)
#define DOPED_RESTRICT
#else
#define DOPED_RESTRICT restrict
#endif

/* Before a loop over accumulators: unrolled whole, so that they live in registers. Clang does so unasked, except where loops
 * stand in one another: DOPED_UNROLL_KNOWN tells it, too, and is for loops whose number of turns is a constant in every
 * place, since it warns of others. Defining DOPED_UNROLL as nothing spares GCC time where speed does not matter, as under
 * sanitizers; the address and thread sanitizers can be told here, -fsanitize=undefined alone can't. */
#if defined(DOPED_UNROLL)
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DOPED_UNROLL
#elif defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#define DOPED_UNROLL _Pragma("GCC unroll 32")
#else
#define DOPED_UNROLL
#endif
#if defined(__clang__)
#define DOPED_UNROLL_KNOWN _Pragma("clang loop unroll(full)")
/* Before a loop over tiles: Clang's -O3 would write out all of a small product, beyond what a processor keeps decoded. */
#define DOPED_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define DOPED_UNROLL_KNOWN DOPED_UNROLL
#define DOPED_ROLLED
#endif

/* Whether vectors of more than 16 bytes are out of the question: GCC for Windows lets them stand on the stack at any address, and
 * reads them as if they were aligned. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && (defined(_WIN32) || defined(__CYGWIN__))
#define DOPED_NARROW 1
#else
#define DOPED_NARROW 0
#endif

/* The family of instructions that is compiled for: 2 AVX-512 (F, VL, BW, DQ) with fused multiply-add, 1 AVX2 with it, 0 any
 * other. What the compiler was told to use, unless defined. */
#ifndef DOPED_FAMILY
#if DOPED_NARROW
#define DOPED_FAMILY 0
#elif defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__FMA__)
#define DOPED_FAMILY 2
#elif defined(__AVX2__) && defined(__FMA__)
#define DOPED_FAMILY 1
#else
#define DOPED_FAMILY 0
#endif
#endif

/* Whether the compiler has vector types and the processor registers for them. */
#if defined(__GNUC__) && (defined(__SSE__) || defined(__ARM_NEON) || defined(__ALTIVEC__) || defined(__wasm_simd128__))
#define DOPED_VECTORS 1
#else
#define DOPED_VECTORS 0
#endif

/* Floats in a vector. Eight also where sixteen would do: both feed on the same caches. */
#if DOPED_VECTORS && (DOPED_FAMILY > 0 || (defined(__AVX__) && !DOPED_NARROW))
#define DOPED_WIDTH 8
#else
#define DOPED_WIDTH 4
#endif

/* Vectors that a tile accumulates in at most: half of sixteen registers, so that operands find room; of 32 registers for single
 * floats, as microcontrollers have them, where vectors are arrays. */
#if DOPED_VECTORS || defined(_MSC_VER)
#define DOPED_ACCUMULATORS 8
#else
#define DOPED_ACCUMULATORS 4
#endif

#if DOPED_VECTORS
typedef float doped_vector __attribute__((vector_size(4 * DOPED_WIDTH)));

/* Clang says it so since 16 or 17, and no longer knows the builtin since 22. */
#if defined(__clang__) && defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_fma)
#define DOPED_FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)
#endif
#endif
#ifndef DOPED_FUSED
#define DOPED_FUSED(a, b, c) __builtin_ia32_vfmaddps256(a, b, c)
#endif

/* sum + a * b, lane by lane; fused where there is an instruction for it, which compilers do not use by themselves when
 * they are held to the letter of C99. */
DOPED_INLINE doped_vector doped_add_product(doped_vector sum, doped_vector a, doped_vector b) {
#if DOPED_FAMILY > 0
    return DOPED_FUSED(a, b, sum);
#else
    return sum + a * b;
#endif
}

/* sum + a * b for every lane of a. */
DOPED_INLINE doped_vector doped_add_scaled(doped_vector sum, doped_vector a, float b) {
#if DOPED_FAMILY > 0
    const doped_vector scale = {b, b, b, b, b, b, b, b};
    return DOPED_FUSED(a, scale, sum);
#else
    return sum + a * b;
#endif
}

/* DOPED_WIDTH floats from any address. */
DOPED_INLINE doped_vector doped_load(const float *from) {
    doped_vector vector;
    memcpy(&vector, from, sizeof vector);
    return vector;
}

/* Writes DOPED_WIDTH floats to any address. */
DOPED_INLINE void doped_store(float *to, doped_vector vector) {
    memcpy(to, &vector, sizeof vector);
}
#else
/* Lane by lane: what loops step through and memcpy moves would go through memory at -O2 and -Os. */
typedef struct doped_vector {
    float lane[DOPED_WIDTH];
} doped_vector;

DOPED_INLINE doped_vector doped_load(const float *from) {
    const doped_vector vector = {{from[0], from[1], from[2], from[3]}};
    return vector;
}

DOPED_INLINE void doped_store(float *to, doped_vector vector) {
    to[0] = vector.lane[0];
    to[1] = vector.lane[1];
    to[2] = vector.lane[2];
    to[3] = vector.lane[3];
}

DOPED_INLINE doped_vector doped_add_product(doped_vector sum, doped_vector a, doped_vector b) {
    sum.lane[0] += a.lane[0] * b.lane[0];
    sum.lane[1] += a.lane[1] * b.lane[1];
    sum.lane[2] += a.lane[2] * b.lane[2];
    sum.lane[3] += a.lane[3] * b.lane[3];
    return sum;
}

DOPED_INLINE doped_vector doped_add_scaled(doped_vector sum, doped_vector a, float b) {
    const doped_vector scale = {{b, b, b, b}};
    return doped_add_product(sum, a, scale);
}
#endif

/* What DOPED_WIDTH outputs start from: zeros when init is NULL. */
DOPED_INLINE doped_vector doped_start(const float *init) {
    const doped_vector zeros = {0};
    return init != NULL ? doped_load(init) : zeros;
}

/* The same for one output. */
DOPED_INLINE float doped_start_one(const float *init) {
    return init != NULL ? *init : 0.0f;
}

/* init from element `at` on; NULL stays NULL. */
DOPED_INLINE const float *doped_from(const float *init, size_t at) {
    return init != NULL ? init + at : NULL;
}

#if DOPED_WIDTH == 8
/* The vector of eight floats. */
DOPED_INLINE doped_vector doped_eight(float a, float b, float c, float d, float e, float f, float g, float h) {
    const doped_vector vector = {a, b, c, d, e, f, g, h};
    return vector;
}
#else
/* The vector of four floats. */
DOPED_INLINE doped_vector doped_four(float a, float b, float c, float d) {
#if DOPED_VECTORS
    const doped_vector vector = {a, b, c, d};
#else
    const doped_vector vector = {{a, b, c, d}};
#endif
    return vector;
}
#endif

/* The sum of DOPED_PARTIALS floats, halved step by step; overwrites them. */
DOPED_INLINE float doped_reduce(float *partial) {
    for (size_t i = 0; i < 8; i++) {
        partial[i] += partial[i + 8];
    }
    for (size_t i = 0; i < 4; i++) {
        partial[i] += partial[i + 4];
    }
    return (partial[0] + partial[2]) + (partial[1] + partial[3]);
}

/* Keeps a vector that is used several times in a register: GCC would load it anew for each multiply-add, and loads are
 * what there are too few of. */
#if DOPED_FAMILY > 0 && defined(__GNUC__) && !defined(__clang__)
#define DOPED_KEEP(vector) __asm__("" : "+v"(vector))
#else
#define DOPED_KEEP(vector) ((void)0)
#endif

/* Keeps GCC from computing what goes into a vector of AVX2 or AVX-512 before or after that of the next one named so. Where it
 * moves loads about, tables are not read from front to back, and processors foresee less. */
#if defined(__GNUC__) && !defined(__clang__) && DOPED_FAMILY > 0
#define DOPED_IN_TURN(vector) __asm__ volatile("" : "+v"(vector))
#else
#define DOPED_IN_TURN(vector) ((void)0)
#endif

/* Hides which table a pointer leads to from GCC, which would take each load that it can place, and go through the text of
 * the whole table for it: seconds for a large one. */
#if defined(__GNUC__) && !defined(__clang__)
#define DOPED_HIDE(pointer) __asm__("" : "+r"(pointer))
#else
#define DOPED_HIDE(pointer) ((void)0)
#endif

/* Asks that what lies so many bytes behind a place be brought into the first-level cache. Nothing is read, so that it may
 * lie behind the table. */
#if defined(__GNUC__)
#define DOPED_FETCH(pointer, bytes) __builtin_prefetch((const void *)((uintptr_t)(pointer) + (bytes)))
#else
#define DOPED_FETCH(pointer, bytes) ((void)0)
#endif

/* Whether a vector can be read and written in part: where there is an instruction that leaves the other lanes alone. */
#if DOPED_FAMILY > 0 && DOPED_VECTORS
#define DOPED_PARTS 1
typedef int32_t doped_mask __attribute__((vector_size(32)));

/* The first `count` lanes. */
DOPED_INLINE doped_mask doped_first_lanes(size_t count) {
    const int32_t n = (int32_t)count;
    const doped_mask mask = {-(n > 0), -(n > 1), -(n > 2), -(n > 3), -(n > 4), -(n > 5), -(n > 6), -(n > 7)};
    return mask;
}

/* `count` floats from any address, then zeros. */
DOPED_INLINE doped_vector doped_load_part(const float *from, size_t count) {
    return __builtin_ia32_maskloadps256((const doped_vector *)(const void *)from, doped_first_lanes(count));
}

/* Writes the first `count` floats to any address. */
DOPED_INLINE void doped_store_part(float *to, doped_vector vector, size_t count) {
    float lanes[DOPED_WIDTH]; /* the instruction for it is slow on AMD's processors */
    memcpy(lanes, &vector, sizeof lanes);
    memcpy(to, lanes, count * sizeof *lanes);
}
#else
#define DOPED_PARTS 0

/* Never called. */
DOPED_INLINE doped_vector doped_load_part(const float *from, size_t count) {
    (void)count;
    return doped_load(from);
}

/* Never called. */
DOPED_INLINE void doped_store_part(float *to, doped_vector vector, size_t count) {
    (void)count;
    doped_store(to, vector);
}
#endif

#endif /* DOPED_BASE_H */
