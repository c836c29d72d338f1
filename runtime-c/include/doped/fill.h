/* A vector set to what sums start from. Takes a bias or NULL; gives a copy of it, or zeros. */
#ifndef DOPED_FILL_H
#define DOPED_FILL_H
#include "doped/base.h"

/* y[i] = init[i], or 0 when init is NULL. init must not overlap y. */
DOPED_INLINE void doped_fill(float *y, const float *init, size_t n) {
    if (init != NULL) {
        memcpy(y, init, n * sizeof *y);
    } else {
        memset(y, 0, n * sizeof *y);
    }
}

#endif /* DOPED_FILL_H */
