/* What dopec emits in C, behind the functions of a peer. MODEL is the model's name; the emitted source is compiled
 * beside this file. Tables are part of it: the file of weights is not read. */
#include "peer.h"
#include "shape.h"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define OURS(what) PASTE(MODEL, what)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#include TEXT(MODEL.h)

/* Where NAME.h says that they are fastest, and where Rust's stand. */
#define ALIGNED __attribute__((aligned(64)))

#if STREAMS > 1
static OURS(_batch_state) state ALIGNED;
static OURS(_batch_scratch) scratch ALIGNED;
#else
static OURS(_state) state ALIGNED;
static OURS(_scratch) scratch ALIGNED;
#endif

PEER_EXPORT int peer_open(const char *weights) {
    (void)weights;
    peer_reset();
    return 0;
}

PEER_EXPORT const char *peer_about(void) {
    return "emitted C";
}

PEER_EXPORT void peer_reset(void) {
#if STREAMS > 1
    OURS(_reset_batch)(&state);
#else
    OURS(_reset)(&state);
#endif
}

PEER_EXPORT void peer_step(const void *in, float *out) {
#if STREAMS > 1
    OURS(_step_batch)(&state, &scratch, in, out);
#elif TOKENS
    OURS(_step)(&state, &scratch, *(const uint32_t *)in, out);
#else
    OURS(_step)(&state, &scratch, (const float *)in, out);
#endif
}

PEER_EXPORT void peer_run(const void *in, size_t steps, float *out) {
#if STREAMS > 1
    for (size_t s = 0; s < steps; s++) {
        peer_step((const float *)in + s * INPUT_SIZE, out + s * OUTPUT_SIZE);
    }
#else
    OURS(_run)(&state, &scratch, in, steps, out);
#endif
}
