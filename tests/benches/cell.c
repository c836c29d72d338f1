/* The cell of the plain peer, a unit of its own: dopec's own cell, compiled for the processor at hand whatever the flags
 * of the loops are, since that is the cell that emitted code picks there. */
#include "doped/lstm_cell.h"
#include "plain.h"

void plain_cell(float *h, float *c, const float *gates, size_t hidden) {
    doped_lstm_cell(h, c, gates, hidden, 0, hidden, 2 * hidden, 3 * hidden);
}
