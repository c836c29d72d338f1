/* What every native peer exports, and what it stands on: the shapes of one network as literals (shape.h, written for
 * each case) and the weights in a file of named arrays. A peer is compiled for one network into a shared object. */
#ifndef PEER_H
#define PEER_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __cplusplus
#define PEER_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define PEER_EXPORT __attribute__((visibility("default")))
#endif

#define PEER_INLINE static inline __attribute__((always_inline, unused))

/* Reads the weights; 0 when done. */
PEER_EXPORT int peer_open(const char *weights);
/* The library behind the peer with its version and code path; a static string. */
PEER_EXPORT const char *peer_about(void);
/* Sets the state to the start of a stream. */
PEER_EXPORT void peer_reset(void);
/* One step: in holds INPUT_SIZE floats, or one 32-bit token; out takes OUTPUT_SIZE floats. */
PEER_EXPORT void peer_step(const void *in, float *out);
/* As many steps in a row. */
PEER_EXPORT void peer_run(const void *in, size_t steps, float *out);
/* Gives the memory of the weights back; nothing is called after. */
PEER_EXPORT void peer_close(void);

/* The instructions that the compiler was allowed. */
#if defined(__AVX512F__)
#define PEER_INSTRUCTIONS "AVX-512"
#elif defined(__AVX2__)
#define PEER_INSTRUCTIONS "AVX2"
#elif defined(__AVX__)
#define PEER_INSTRUCTIONS "AVX"
#elif defined(__x86_64__)
#define PEER_INSTRUCTIONS "128-bit SSE"
#else
#define PEER_INSTRUCTIONS "this processor"
#endif

#define PEER_HUGE ((size_t)2 << 20)

static void *peer_memories[64];
static size_t peer_memory_count;

/* Memory for weights, on large pages where the system gives them: fewer misses of the address cache, which is in
 * favour of the peers; dopec's own tables lie in its shared object. It lasts until the peer is closed. */
static __attribute__((unused)) void *peer_memory(size_t bytes) {
    void *memory = NULL;
    const size_t size = (bytes + PEER_HUGE) / PEER_HUGE * PEER_HUGE;
    if (peer_memory_count == sizeof peer_memories / sizeof *peer_memories ||
        posix_memalign(&memory, PEER_HUGE, size) != 0) {
        fprintf(stderr, "peer: no memory for %zu bytes\n", bytes);
        abort();
    }
    madvise(memory, size, MADV_HUGEPAGE);
    memset(memory, 0, size);
    peer_memories[peer_memory_count++] = memory;
    return memory;
}

PEER_EXPORT void peer_close(void) {
    while (peer_memory_count > 0) {
        free(peer_memories[--peer_memory_count]);
    }
}

/* The file of weights as it lies in memory. A record is a name of 48 bytes, the number of bytes and zero to fill 64,
 * then the bytes, filled up to 64 again. */
struct peer_record {
    char name[48];
    uint64_t bytes;
    uint64_t zero;
};
static char *peer_file;
static size_t peer_file_bytes;

/* 0 when the file could be read. */
static __attribute__((unused)) int peer_read(const char *path) {
    FILE *file = fopen(path, "rb");
    long size;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        return 1;
    }
    rewind(file);
    peer_file_bytes = (size_t)size;
    peer_file = (char *)malloc(peer_file_bytes + 64);
    if (peer_file == NULL) {
        fclose(file);
        return 1;
    }
    const size_t read = fread(peer_file, 1, peer_file_bytes, file);
    fclose(file);
    return read != peer_file_bytes;
}

/* The array of a name, while the file is there. Ends the program when there is none: peers ask for what the shapes
 * promise. */
static __attribute__((unused)) const void *peer_array(const char *name, size_t *bytes) {
    for (size_t at = 0; at + sizeof(struct peer_record) <= peer_file_bytes;) {
        struct peer_record record;
        memcpy(&record, peer_file + at, sizeof record);
        at += sizeof record;
        if (strncmp(record.name, name, sizeof record.name) == 0) {
            if (bytes != NULL) {
                *bytes = record.bytes;
            }
            return peer_file + at;
        }
        at += (record.bytes + 63) / 64 * 64;
    }
    fprintf(stderr, "peer: the weights hold no %s\n", name);
    abort();
}

/* A copy of an array that outlives the file: of layer.what, or, for a part of at least 0, of layer.part.what. */
static __attribute__((unused)) void *peer_copy(int layer, int part, const char *what) {
    char name[48];
    size_t bytes;
    if (part < 0) {
        snprintf(name, sizeof name, "%d.%s", layer, what);
    } else {
        snprintf(name, sizeof name, "%d.%d.%s", layer, part, what);
    }
    const void *array = peer_array(name, &bytes);
    return memcpy(peer_memory(bytes), array, bytes);
}

/* Set by a peer whose library refused the weights. */
static int peer_failed;

#endif /* PEER_H */
