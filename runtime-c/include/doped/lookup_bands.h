/* What look-ups in registers share, whatever a register holds: how high bands are, where inputs stand, and how the sums of a
 * band reach y. */
#ifndef DOPED_LOOKUP_BANDS_H
#define DOPED_LOOKUP_BANDS_H
#include "doped/base.h"

/* Groups of the highest band, the most rows of one, and columns of the widest window. */
#define DOPED_BAND 8
#define DOPED_BAND_ROWS 256
#define DOPED_WINDOW 32

/* Groups of the next band where so many rows are to come, `group` rows each: the highest band of `most` groups that they
 * fill, or half of it and so on, one perhaps in part. */
DOPED_INLINE size_t doped_lookup_height(size_t rows, size_t group, size_t most) {
    const size_t groups = (rows + group - 1) / group;
    return groups >= most ? most : groups >= 4 ? 4 : groups >= 2 ? 2 : 1;
}

/* x, or where it is shorter than a window a copy in `room`, which has that length, with zeros behind. */
DOPED_INLINE const float *doped_lookup_input(const float *x, size_t cols, float *room) {
    const size_t held = cols < DOPED_WINDOW ? cols : DOPED_WINDOW; /* so that no compiler sees more copied than fits */
    if (cols >= DOPED_WINDOW) {
        return x;
    }
    memset(room, 0, DOPED_WINDOW * sizeof *room);
    memcpy(room, x, held * sizeof *room);
    return room;
}

/* y = init + sums for `rows` rows; row_of says which, unless it is NULL. */
DOPED_INLINE void doped_lookup_finish(float *y, const float *init, const uint16_t *row_of, const float *sums,
                                      size_t rows) {
    if (row_of == NULL) {
        const size_t rest = rows % DOPED_WIDTH;
        const size_t whole = rows - rest;
        for (size_t i = 0; i < whole; i += DOPED_WIDTH) {
            doped_store(y + i, doped_add_scaled(doped_start(doped_from(init, i)), doped_load(sums + i), 1.0f));
        }
        for (size_t i = whole; i < rows; i++) {
            y[i] = doped_start_one(doped_from(init, i)) + sums[i];
        }
        return;
    }
    if (init == NULL) {
        for (size_t i = 0; i < rows; i++) {
            y[row_of[i]] = sums[i];
        }
        return;
    }
    size_t i = 0;
    for (; i + DOPED_LANES <= rows; i += DOPED_LANES) { /* by eight: the loop's own work would take a third */
        DOPED_UNROLL
        for (size_t lane = 0; lane < DOPED_LANES; lane++) {
            const size_t row = row_of[i + lane];
            y[row] = init[row] + sums[i + lane];
        }
    }
    for (; i < rows; i++) {
        y[row_of[i]] = init[row_of[i]] + sums[i];
    }
}

/* Sums of a band whose rows stand out of their order. They go to their places while the next band is computed: look-ups
 * leave idle what that takes, and wait for it if it comes between two bands. */
typedef struct doped_waiting {
    const uint16_t *row_of;
    const float *sums; /* of `count` rows that are still to go */
    size_t count;
    size_t turn;
    float lanes[2][DOPED_BAND_ROWS]; /* of two bands by turns */
} doped_waiting;

/* Before the first band. */
DOPED_INLINE void doped_lookup_none_wait(doped_waiting *waiting) {
    waiting->row_of = NULL;
    waiting->sums = waiting->lanes[0];
    waiting->count = 0;
    waiting->turn = 0;
}

/* Brings eight of the sums that wait to their places, where there are as many. */
DOPED_INLINE void doped_lookup_place(float *y, const float *init, doped_waiting *waiting) {
    if (waiting->count >= DOPED_LANES) {
        doped_lookup_finish(y, init, waiting->row_of, waiting->sums, DOPED_LANES);
        waiting->row_of += DOPED_LANES;
        waiting->sums += DOPED_LANES;
        waiting->count -= DOPED_LANES;
    }
}

/* Where the sums of the next band may stand. */
DOPED_INLINE float *doped_lookup_lanes(doped_waiting *waiting) {
    waiting->turn ^= 1;
    return waiting->lanes[waiting->turn];
}

/* Brings all of them to their places. A function of its own, so that the bands' sums have all registers. */
DOPED_ALONE void doped_lookup_place_all(float *y, const float *init, doped_waiting *waiting) {
    doped_lookup_finish(y, init, waiting->row_of, waiting->sums, waiting->count);
    waiting->count = 0;
}

/* The sums of the next `rows` rows wait, unless these are in order; those that wait go to their places. */
DOPED_INLINE void doped_lookup_wait(float *y, const float *init, const uint16_t *row_of, const float *sums, size_t rows,
                                    doped_waiting *waiting) {
    doped_lookup_place_all(y, init, waiting);
    waiting->row_of = row_of;
    waiting->sums = sums;
    waiting->count = rows;
    if (row_of == NULL) {
        doped_lookup_place_all(y, init, waiting);
    }
}

/* y = init + the sums of one band of so many groups, of which `rows` rows are there; its windows start where `starts` says.
 * Sums of the band before that wait go to their places, and this one's may wait instead. */
typedef void doped_lookup_function(float *y, const float *init, const uint16_t *row_of, const uint16_t *starts,
                                   const float *values, const uint32_t *indices, const float *x, size_t rows,
                                   size_t windows, size_t groups, doped_waiting *waiting);

/* Band after band, each of at most `most` groups of `group` rows: as many values for every `sharing` windows as a band has
 * lanes, as many words of indices for every `per_word`. */
DOPED_INLINE void doped_lookup_bands(float *y, const float *init, const uint16_t *DOPED_RESTRICT counts,
                                     const uint16_t *DOPED_RESTRICT starts, const float *DOPED_RESTRICT values,
                                     const uint32_t *DOPED_RESTRICT indices, const uint16_t *DOPED_RESTRICT row_of,
                                     const float *DOPED_RESTRICT x, size_t rows, size_t cols, size_t group, size_t most,
                                     size_t sharing, size_t per_word, doped_lookup_function *band) {
    float room[DOPED_WINDOW];
    const float *from = doped_lookup_input(x, cols, room);
    doped_waiting waiting;
    doped_lookup_none_wait(&waiting);
    for (size_t i = 0; i < rows; counts++) {
        const size_t groups = doped_lookup_height(rows - i, group, most);
        const size_t slots = groups * group;
        const size_t count = rows - i < slots ? rows - i : slots;
        const size_t windows = *counts;
        const size_t place = row_of != NULL ? 0 : i;
        const uint16_t *order = row_of != NULL ? row_of + i : NULL;
        band(y + place, doped_from(init, place), order, starts, values, indices, from, count, windows, groups, &waiting);
        starts += windows;
        values += windows / sharing * slots;
        indices += (windows + per_word - 1) / per_word * slots;
        i += slots;
    }
    doped_lookup_place_all(y, init, &waiting);
}

#endif /* DOPED_LOOKUP_BANDS_H */
