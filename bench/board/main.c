/* Steps of an emitted model on a bare Cortex-M, with what a program needs there: vectors, the FPU switched on, two functions of
 * a C library, and a debugger's channel to print by. MODEL is the model's name; TOKENS says whether it takes tokens, and
 * INPUTS and OUTPUTS how many floats it takes and gives. */
#include <stddef.h>
#include <stdint.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define OURS(what) PASTE(MODEL, what)
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#include TEXT(MODEL.h)

#define STEPS 20

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYSTICK_CONTROL REGISTER(0xE000E010u)
#define SYSTICK_RELOAD REGISTER(0xE000E014u)
#define SYSTICK_VALUE REGISTER(0xE000E018u)
#define COPROCESSORS REGISTER(0xE000ED88u)
/* The counter goes down 25 times a microsecond of the emulator, which is a thousand instructions. */
#define INSTRUCTIONS_A_TICK 40u
#define TICKS 0xFFFFFFu

static OURS(_state) state;
static OURS(_scratch) scratch;
static float output[OUTPUTS];
#if !TOKENS
static float input[INPUTS];
#endif

void *memset(void *to, int value, size_t count) {
    for (unsigned char *byte = to; count > 0; count--) {
        *byte++ = (unsigned char)value;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
    unsigned char *byte = to;
    for (const unsigned char *source = from; count > 0; count--) {
        *byte++ = *source++;
    }
    return to;
}

static void call_debugger(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void print_number(uint32_t number) {
    char digits[16];
    size_t at = sizeof digits - 1;
    for (digits[at] = '\0'; at == sizeof digits - 1 || number > 0; number /= 10) {
        digits[--at] = (char)('0' + number % 10);
    }
    call_debugger(4, digits + at);
}

static void step(uint32_t i) {
#if TOKENS
    OURS(_step)(&state, &scratch, i % 2, output);
#else
    for (size_t k = 0; k < INPUTS; k++) {
        input[k] = (float)((i + k) % 5) - 2.0f;
    }
    OURS(_step)(&state, &scratch, input, output);
#endif
}

/* A function of its own: what begins it may save registers of the FPU. */
__attribute__((noinline)) static void measure(void) {
    SYSTICK_RELOAD = TICKS;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5;
    OURS(_reset)(&state);
    step(0);
    const uint32_t begin = SYSTICK_VALUE;
    for (uint32_t i = 1; i <= STEPS; i++) {
        step(i);
    }
    const uint32_t ticks = (begin - SYSTICK_VALUE) & TICKS;
    call_debugger(4, "instructions a step: ");
    print_number(ticks * INSTRUCTIONS_A_TICK / STEPS);
    call_debugger(4, "\n");
    call_debugger(0x18, (const void *)0x20026);
}

static void start(void) {
    COPROCESSORS |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
    measure();
}

extern uint32_t stack_top;
__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    &stack_top, (const void *)start, (const void *)start, (const void *)start,
};
