/* Checks the sparse kernels against plain loops in 64-bit floats, for every index type: random matrices with empty
 * rows, no non-zeros at all, and full ones. */
#include "check.h"
#include "doped/base.h"
#include "doped/lookup.h"
#include "doped/lookup_packed.h"

/* The kernels without index types, compiled once for shapes that are not known. */
static void look_up(float *y, const float *init, const uint16_t *counts, const uint16_t *starts, const float *values,
                    const uint32_t *indices, const uint16_t *row_of, const float *x, size_t rows, size_t cols) {
    doped_lookup(y, init, counts, starts, values, indices, row_of, x, rows, cols);
}

static void look_up_packed(float *y, const float *init, const uint16_t *counts, const uint16_t *starts,
                           const float *values, const uint16_t *masks, const uint32_t *indices,
                           const uint16_t *row_of, const float *x, size_t rows, size_t cols) {
    doped_lookup_packed(y, init, counts, starts, values, masks, indices, row_of, x, rows, cols);
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
    check_all(256, 256, 7);
    check_all(300, 257, 7);
    check_all(3, 70000 % 65536, 3);
    check_u32_u32(2, 70000, 3);
    return check_end();
}
