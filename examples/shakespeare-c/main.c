/* Prints text that a small doped LSTM, trained on Shakespeare, makes up character by character. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "shakespeare_small.h"

/* The characters that the model's tokens stand for. */
static const char charset[] = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

int main(int count, char **arguments)
{
    int characters = count > 1 ? atoi(arguments[1]) : 600;
    uint64_t seed = 7;
    uint32_t token = 0;
    float logits[SHAKESPEARE_SMALL_OUTPUT_SIZE];
    shakespeare_small_state state;
    shakespeare_small_scratch scratch;

    shakespeare_small_reset(&state);
    while (characters-- > 0) {
        float sum = 0.0f, left;
        uint32_t i;
        if (shakespeare_small_step(&state, &scratch, token, logits) != SHAKESPEARE_SMALL_OK) {
            return 1;
        }
        for (i = 0; i < SHAKESPEARE_SMALL_OUTPUT_SIZE; i++) {
            logits[i] = expf(logits[i] / 0.7f);
            sum += logits[i];
        }
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        left = sum * (float)(seed >> 40) / 16777216.0f;
        for (token = 0; token + 1 < SHAKESPEARE_SMALL_OUTPUT_SIZE; token++) {
            left -= logits[token];
            if (left < 0.0f) {
                break;
            }
        }
        putchar(charset[token]);
    }
    putchar('\n');
    return 0;
}
