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

static OURS(_state) state;
static OURS(_scratch) scratch;

PEER_EXPORT int peer_open(const char *weights) {
    (void)weights;
    peer_reset();
    return 0;
}

PEER_EXPORT const char *peer_about(void) {
    return "emitted C";
}

PEER_EXPORT void peer_reset(void) {
    OURS(_reset)(&state);
}

PEER_EXPORT void peer_step(const void *in, float *out) {
#if TOKENS
    OURS(_step)(&state, &scratch, *(const uint32_t *)in, out);
#else
    OURS(_step)(&state, &scratch, (const float *)in, out);
#endif
}

PEER_EXPORT void peer_run(const void *in, size_t steps, float *out) {
    OURS(_run)(&state, &scratch, in, steps, out);
}
