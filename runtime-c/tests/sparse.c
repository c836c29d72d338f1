/* Checks the sparse kernels against plain loops in 64-bit floats, for every index type: random matrices with empty
 * rows, no non-zeros at all, and full ones. */
#include "check.h"
#include "doped/base.h"
#include "doped/lookup.h"
#include "doped/lookup_eight.h"
#include "doped/lookup_folded.h"
#include "doped/lookup_paired.h"
#include "doped/lookup_packed.h"
#include "doped/pick.h"

/* The kernels without index types, compiled once for shapes that are not known. */
static void look_up(float *y, const float *init, const uint16_t *counts, const uint16_t *starts, const float *values,
                    const uint32_t *indices, const uint16_t *row_of, const float *x, size_t rows, size_t cols) {
    doped_lookup(y, init, counts, starts, values, indices, row_of, x, rows, cols);
}

static void look_up_eight(float *y, const float *init, const uint16_t *counts, const uint16_t *starts,
                          const float *values, const uint32_t *indices, const uint16_t *row_of, const float *x,
                          size_t rows, size_t cols) {
    doped_lookup_eight(y, init, counts, starts, values, indices, row_of, x, rows, cols);
}

static void look_up_packed(float *y, const float *init, const uint16_t *counts, const uint16_t *starts,
                           const float *values, const uint16_t *masks, const uint32_t *indices,
                           const uint16_t *row_of, const float *x, size_t rows, size_t cols) {
    doped_lookup_packed(y, init, counts, starts, values, masks, indices, row_of, x, rows, cols);
}

static void look_up_paired(float *y, const float *init, const uint16_t *counts, const uint16_t *starts,
                           const float *values, const uint32_t *indices, const uint16_t *row_of, const float *x,
                           size_t rows, size_t cols) {
    doped_lookup_paired(y, init, counts, starts, values, indices, row_of, x, rows, cols);
}

static void look_up_folded(float *y, const float *init, const uint16_t *counts, const uint16_t *starts,
                           const uint32_t *words, const uint16_t *row_of, const float *x, size_t rows, size_t cols,
                           size_t least) {
    doped_lookup_folded(y, init, counts, starts, words, row_of, x, rows, cols, least);
}

#define column_t uint8_t
#define row_t uint8_t
#define PASTE(name) name##_u8_u8
#include "sparse_types.h"
#define column_t uint8_t
#define row_t uint16_t
#define PASTE(name) name##_u8_u16
#include "sparse_types.h"
#define column_t uint16_t
#define row_t uint16_t
#define PASTE(name) name##_u16_u16
#include "sparse_types.h"
#define column_t uint16_t
#define row_t uint32_t
#define PASTE(name) name##_u16_u32
#include "sparse_types.h"
#define column_t uint32_t
#define row_t uint8_t
#define PASTE(name) name##_u32_u8
#include "sparse_types.h"
#define column_t uint32_t
#define row_t uint32_t
#define PASTE(name) name##_u32_u32
#include "sparse_types.h"

static void check_all(size_t rows, size_t cols, size_t percent) {
    if (cols <= 256) {
        check_u8_u16(rows, cols, percent);
        check_u8_u8(rows < 256 ? rows : 256, cols, percent);
    }
    check_u16_u16(rows, cols, percent);
    check_u16_u32(rows, cols, percent);
    check_u32_u8(rows < 256 ? rows : 256, cols, percent);
    check_u32_u32(rows, cols, percent);
}

/* Three picks for `rows` rows out of two blocks, of which the second has `cols` inputs and the first one less than
 * sixteen where `zero` is 1, from each start: that is what rows without an element take. The third takes its values from
 * anywhere among its sixteen. */
static void check_pick(size_t rows, size_t cols, size_t zero) {
    const int shifts[] = {0, 5, 19};
    const int among = 24;
    const size_t first = 16 - zero;
    float *x = random_floats(16 + cols);
    float *values = random_floats(3 * 16);
    uint32_t words[16] = {0};
    size_t columns[3][16];
    size_t places[3][16];
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < 16; i++) {
            const size_t column = random_below(first + cols + zero);
            const size_t nothing = column == first + cols;
            columns[k][i] = column;
            places[k][i] = k == 2 ? random_below(16) : i;
            words[i] |= (uint32_t)(nothing ? first : column < first ? column : column + zero) << shifts[k];
        }
    }
    for (size_t i = 0; i < 16; i++) {
        words[i] |= (uint32_t)places[2][i] << among;
    }
    for (int kind = 0; kind < STARTS; kind++) {
        float *y = guarded(rows);
        float *table = random_floats(rows);
        const float *init = start(kind, y, table, rows);
        const doped_sixteen low = zero ? doped_block_and_zero(x) : doped_block(x, 16);
        const doped_sixteen high = kind % 2 ? doped_block(x + first, cols) : doped_block_behind(x + first, cols);
        doped_sixteen even = doped_pick_start(init, rows);
        doped_sixteen odd = doped_sixteen_zero();
        even = doped_pick(even, values, low, high, words, shifts[0]);
        odd = doped_pick(odd, values + 16, low, high, words, shifts[1]);
        even = doped_pick_among(even, values + 32, low, high, words, shifts[2], among);
        doped_pick_end(y, doped_pick_sum(even, odd), rows);
        for (size_t i = 0; i < rows; i++) {
            double want = kind == START_ZERO ? 0.0 : (double)table[i];
            double scale = fabs(want);
            for (size_t k = 0; k < 3; k++) {
                const double input = columns[k][i] < first + cols ? (double)x[columns[k][i]] : 0.0;
                const double term = (double)values[16 * k + places[k][i]] * input;
                want += term;
                scale += fabs(term);
            }
            expect("pick", i, y[i], want, scale);
        }
        unguard(y, rows, "pick");
        free(table);
    }
    free(x);
    free(values);
}

/* Random pairs of slots with sixteen values or fewer, so many windows in each band, from each start; rows in their order or
 * from the last to the first. An input that no slot takes is infinite: what is empty must not meet it. */
static void check_paired(size_t rows, size_t cols, size_t windows, int reversed) {
    const size_t room = (rows + DOPED_BAND * DOPED_GROUP) * (windows + DOPED_QUAD);
    uint16_t *order = (uint16_t *)calloc(rows, sizeof *order);
    uint16_t *counts = (uint16_t *)calloc(rows / DOPED_GROUP + 1, sizeof *counts);
    uint16_t *starts = (uint16_t *)calloc(rows * windows + 1, sizeof *starts);
    float *values = (float *)calloc(room, sizeof *values);
    uint32_t *indices = (uint32_t *)calloc(room, sizeof *indices);
    double *want = (double *)calloc(rows, sizeof *want);
    double *scale = (double *)calloc(rows, sizeof *scale);
    float *x = random_floats(cols);
    size_t at = 0, pair = 0, word = 0, band = 0;
#ifndef __FAST_MATH__ /* which knows no infinity */
    x[cols / 2] = INFINITY;
#endif
    for (size_t first = 0, slots = 0; first < rows; first += slots, band++) {
        const size_t groups = doped_lookup_height(rows - first, DOPED_GROUP, DOPED_BAND);
        slots = groups * DOPED_GROUP;
        counts[band] = (uint16_t)windows;
        for (size_t i = 0; i < (windows + DOPED_QUAD - 1) / DOPED_QUAD * slots; i++) {
            const uint32_t nothing = DOPED_NOTHING | DOPED_NOTHING << DOPED_SECOND;
            indices[word + i] = nothing | nothing << DOPED_NEXT_PAIR;
        }
        for (size_t k = 0; k < windows; k++, at++) {
            starts[at] = (uint16_t)(cols > DOPED_WINDOW ? k * (cols - DOPED_WINDOW + 1) / windows : 0);
        }
        for (size_t k = 0; k < windows; k += DOPED_PAIR) {
            for (size_t g = 0; g < groups; g++, pair++) {
                unsigned taken = 0;
                for (size_t n = 0; n < DOPED_PAIR * DOPED_GROUP; n++) {
                    const size_t lane = n % DOPED_GROUP, second = n / DOPED_GROUP;
                    const size_t row = first + g * DOPED_GROUP + lane;
                    const size_t index = random_below(cols < DOPED_WINDOW ? (unsigned)cols : DOPED_WINDOW - 1);
                    const size_t column = starts[at - windows + k + second] + index;
                    const unsigned shift = (unsigned)(k % DOPED_QUAD / DOPED_PAIR) * DOPED_NEXT_PAIR;
                    uint32_t *indexed = &indices[word + k / DOPED_QUAD * slots + g * DOPED_GROUP + lane];
                    if (row < rows && column != cols / 2 && taken != 0xffffu && random_below(5) > second) {
                        const size_t i = reversed ? rows - 1 - row : row;
                        const float value = (float)random_below(1000) / 500.0f - 1.0f;
                        const double term = (double)value * (double)x[column];
                        uint32_t bits = (uint32_t)(index + (index >= DOPED_NOTHING)) ^ DOPED_NOTHING;
                        size_t place = lane;
                        if (second != 0) {
                            for (place = 0; (taken >> place & 1u) != 0; place++) {
                            }
                            bits = bits << DOPED_SECOND | (uint32_t)place << DOPED_AMONG;
                        }
                        taken |= 1u << place;
                        values[pair * DOPED_GROUP + place] = value;
                        *indexed ^= bits << shift;
                        want[i] += term;
                        scale[i] += fabs(term);
                    }
                }
            }
        }
        word += (windows + DOPED_QUAD - 1) / DOPED_QUAD * slots;
    }
    for (size_t i = 0; i < rows; i++) {
        order[i] = (uint16_t)(reversed ? rows - 1 - i : i);
    }
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(rows);
        float *y = guarded(rows);
        const float *init = start(kind, y, table, rows);
        look_up_paired(y, init, counts, starts, values, indices, reversed ? order : NULL, x, rows, cols);
        for (size_t i = 0; i < rows; i++) {
            const double begin = kind == START_ZERO ? 0.0 : (double)table[i];
            expect("lookup_paired", i, y[i], begin + want[i], fabs(begin) + scale[i]);
        }
        unguard(y, rows, "lookup_paired");
        free(table);
    }
    free(order);
    free(counts);
    free(starts);
    free(values);
    free(indices);
    free(want);
    free(scale);
    free(x);
}

/* Random words for two rows to a lane, so many windows in each band, with values of the four exponents from `least` on, from
 * each start; rows in their order or from the last to the first. An input that no word takes is infinite: what is empty, or
 * of a lane's other row, must not meet it. */
static void check_folded(size_t rows, size_t cols, size_t windows, size_t least, int reversed) {
    uint16_t *order = (uint16_t *)calloc(rows, sizeof *order);
    uint16_t *counts = (uint16_t *)calloc(rows / DOPED_FOLDED_GROUP + 1, sizeof *counts);
    uint16_t *starts = (uint16_t *)calloc(rows * windows + 1, sizeof *starts);
    uint32_t *words = (uint32_t *)calloc((rows + DOPED_BAND_ROWS) * windows + 1, sizeof *words);
    double *want = (double *)calloc(rows, sizeof *want);
    double *scale = (double *)calloc(rows, sizeof *scale);
    float *x = random_floats(cols);
    size_t at = 0, word = 0, band = 0;
#ifndef __FAST_MATH__ /* which knows no infinity */
    x[cols / 2] = INFINITY;
#endif
    for (size_t first = 0, groups = 0; first < rows; first += groups * DOPED_FOLDED_GROUP, band++) {
        groups = doped_lookup_height(rows - first, DOPED_FOLDED_GROUP, DOPED_BAND);
        counts[band] = (uint16_t)windows;
        for (size_t k = 0; k < windows; k++, at++) {
            starts[at] = (uint16_t)(cols > DOPED_WINDOW ? k * (cols - DOPED_WINDOW + 1) / windows : 0);
            for (size_t lane = 0; lane < groups * DOPED_GROUP; lane++, word++) {
                const size_t second = random_below(2);
                const size_t row = first + lane / DOPED_GROUP * DOPED_FOLDED_GROUP + second * DOPED_GROUP + lane % DOPED_GROUP;
                const size_t index = random_below(cols < DOPED_WINDOW ? (unsigned)cols : DOPED_WINDOW - 1);
                const size_t column = starts[at] + index;
                words[word] = DOPED_NOTHING;
                if (row < rows && column != cols / 2 && random_below(5) > 0) {
                    const size_t i = reversed ? rows - 1 - row : row;
                    const uint32_t exponent = (uint32_t)(least + random_below(4));
                    const uint32_t mantissa = (uint32_t)random_below(1u << 12) << 11 | (uint32_t)random_below(1u << 11);
                    const uint32_t bits = (uint32_t)random_below(2) << 31 | exponent << 23 | mantissa;
                    const uint32_t kept = (bits - ((uint32_t)(least % 4) << 23)) & 0x01ffffffu;
                    float value;
                    memcpy(&value, &bits, sizeof value);
                    words[word] = (bits & 0x80000000u) | kept << 6 | (uint32_t)second << 5 |
                                  (uint32_t)(index + (index >= DOPED_NOTHING));
                    want[i] += (double)value * (double)x[column];
                    scale[i] += fabs((double)value * (double)x[column]);
                }
            }
        }
    }
    for (size_t i = 0; i < rows; i++) {
        order[i] = (uint16_t)(reversed ? rows - 1 - i : i);
    }
    for (int kind = 0; kind < STARTS; kind++) {
        float *table = random_floats(rows);
        float *y = guarded(rows);
        const float *init = start(kind, y, table, rows);
        look_up_folded(y, init, counts, starts, words, reversed ? order : NULL, x, rows, cols, least);
        for (size_t i = 0; i < rows; i++) {
            const double begin = kind == START_ZERO ? 0.0 : (double)table[i];
            expect("lookup_folded", i, y[i], begin + want[i], fabs(begin) + scale[i]);
        }
        unguard(y, rows, "lookup_folded");
        free(table);
    }
    free(order);
    free(counts);
    free(starts);
    free(words);
    free(want);
    free(scale);
    free(x);
}

int main(void) {
    static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 101};
    static const size_t percents[] = {0, 5, 40, 100};
    for (size_t p = 0; p < 4; p++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
                check_all(sizes[i], sizes[j], percents[p]);
            }
        }
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 1; j < sizeof sizes / sizeof *sizes; j++) {
            for (size_t windows = 0; windows <= 12; windows += windows < 6 ? 2 : 6) {
                check_paired(3 * sizes[i], sizes[j], windows, (int)(windows / 2 % 2));
            }
            for (size_t windows = 0; windows <= 10; windows += 1 + windows) {
                check_folded(5 * sizes[i], sizes[j], windows, 121 + windows, (int)(windows % 2));
            }
        }
    }
    for (size_t n = 1; n <= 16; n++) {
        for (size_t zero = 0; zero < 2; zero++) {
            check_pick(n, 17 - n, zero);
            check_pick(16, n, zero);
        }
    }
    check_all(256, 256, 7);
    check_all(300, 257, 7);
    check_all(3, 70000 % 65536, 3);
    check_u32_u32(2, 70000, 3);
    return check_end();
}
