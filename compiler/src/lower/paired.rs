//! Look-ups whose slots come in pairs that share sixteen values: which element stands in which slot, and the tables.
//!
//! Takes a sparse part, the rows of a band and its windows, an even number. The first slot of a pair has its values in the
//! lanes of their rows, [`FIRST`] at most; the second has the lanes that are left, for values of any rows. Of the rows with an
//! element in reach those have a value that can wait least. Gives words for each row of each pair, where its inputs and its
//! value of the second slot stand, as the kernel `lookup_paired` reads them.

use super::lanes::{BESIDE_ZERO, GROUP, Slots, ZERO, beside_zero};
use super::windows::bands;
use crate::model::Csr;

/// Slots of a pair, and slots in a word of indices.
pub(super) const PAIR: usize = 2;
pub(super) const QUAD: usize = 4;

/// The most values of a pair's first slot: with the rest left to the second, rows that need both find room.
const FIRST: usize = 12;

/// Values of a slot, if both of a pair have as many.
pub(super) const HALF: usize = 8;

/// Bits of a word: where the second slot's index stands, which of the sixteen its value is, and the next pair.
const SECOND: usize = 5;
const AMONG: usize = 10;
const NEXT_PAIR: usize = 14;

/// Elements of a row that are looked at to tell how long it can wait.
const AHEAD: usize = 4;

/// Rows that stand longest first, in an order in which the groups of each band have about as many elements: they are dealt
/// to the groups up and down.
pub(super) fn evened(rows: &[u32]) -> Vec<u32> {
    let mut evened = Vec::with_capacity(rows.len());
    for band in bands(rows, Slots::Paired) {
        let mut groups = vec![Vec::with_capacity(GROUP); band.len().div_ceil(GROUP)];
        let last = groups.len() - 1;
        let room = |g: usize| if g < last { GROUP } else { band.len() - last * GROUP };
        let mut turns = (0..=last).chain((0..=last).rev()).cycle();
        for &row in band {
            if let Some(g) = turns.find(|&g| groups[g].len() < room(g)) {
                groups[g].push(row);
            }
        }
        evened.extend(groups.concat());
    }
    evened
}

/// Deals the elements of a group's rows to its slots, a slot for each window and sixteen values to two of them; calls `visit`
/// with the window, the row's place in the group and the element. `reached` is what [`reached`] gives for the windows.
pub(super) fn deal(
    csr: &Csr,
    rows: &[u32],
    starts: &[usize],
    reached: &[u32],
    visit: &mut impl FnMut(usize, usize, usize),
) {
    let mut rest = [&[][..]; GROUP];
    let mut next = [0; GROUP];
    for (lane, &row) in rows.iter().enumerate() {
        let (first, end) = (csr.row_ptr[row as usize] as usize, csr.row_ptr[row as usize + 1] as usize);
        (next[lane], rest[lane]) = (first, &csr.col_idx[first..end]);
    }
    let mut free = GROUP;
    for (k, &start) in starts.iter().enumerate() {
        let second = k % PAIR == 1;
        free = if second { free } else { GROUP };
        let room = if second { free } else { FIRST };
        let mut waiting = [(0, 0); GROUP];
        let mut count = 0;
        for lane in 0..rows.len() {
            let lost = rest[lane].iter().take_while(|&&column| (column as usize) < start).count();
            next[lane] += lost;
            rest[lane] = &rest[lane][lost..];
            if rest[lane].first().is_some_and(|&column| (column as usize) < start + BESIDE_ZERO) {
                waiting[count] = (lane, 0);
                count += 1;
            }
        }
        let waiting = &mut waiting[..count];
        if count > room {
            for (lane, slack) in waiting.iter_mut() {
                // The i-th element from here needs a slot after i others of its row, before windows pass it by.
                let spare = |(i, &column): (usize, &u32)| reached[column as usize] as i32 - (k + i) as i32;
                *slack = rest[*lane].iter().take(AHEAD).enumerate().map(spare).min().unwrap_or(0);
            }
            waiting.select_nth_unstable_by_key(room, |&(lane, slack)| (slack, lane));
        }
        let taken = count.min(room);
        free -= taken;
        for &(lane, _) in &waiting[..taken] {
            visit(k, lane, next[lane]);
            next[lane] += 1;
            rest[lane] = &rest[lane][1..];
        }
    }
}

/// For each column the number of windows that start at it or before.
pub(super) fn reached(starts: &[usize], cols: usize) -> Vec<u32> {
    let mut windows = 0;
    (0..cols)
        .map(|column| {
            while starts.get(windows).is_some_and(|&start| start <= column) {
                windows += 1;
            }
            windows as u32
        })
        .collect()
}

/// Elements of a band that its slots hold.
pub(super) fn count_held(csr: &Csr, rows: &[u32], starts: &[usize], cols: usize) -> usize {
    let reached = reached(starts, cols);
    let mut held = 0;
    rows.chunks(GROUP).for_each(|rows| deal(csr, rows, starts, &reached, &mut |_, _, _| held += 1));
    held
}

/// What the kernel reads, band after band.
pub(super) struct Tables {
    /// Sixteen values for each pair of slots, 0 where there are fewer.
    pub(super) values: Vec<f32>,
    /// Fourteen bits for each row of each pair, two pairs to a word.
    pub(super) indices: Vec<u32>,
}

impl Tables {
    /// The tables for rows in the order of the bands, each with its windows; calls `hold` with every element that they hold.
    pub(super) fn new(
        csr: &Csr,
        rows: &[u32],
        windows: &[Vec<usize>],
        cols: usize,
        hold: &mut impl FnMut(usize),
    ) -> Tables {
        let mut tables = Tables { values: Vec::new(), indices: Vec::new() };
        let nothing = (ZERO | ZERO << SECOND) * (1 | 1 << NEXT_PAIR);
        for (rows, starts) in bands(rows, Slots::Paired).zip(windows) {
            let groups = rows.len().div_ceil(GROUP);
            let (value, word) = (tables.values.len(), tables.indices.len());
            tables.values.resize(value + starts.len() / PAIR * groups * GROUP, 0.0);
            tables.indices.resize(word + starts.len().div_ceil(QUAD) * groups * GROUP, nothing);
            let reached = reached(starts, cols);
            for (g, rows) in rows.chunks(GROUP).enumerate() {
                // The lanes that the pairs' values have taken.
                let mut taken = vec![0_u16; starts.len() / PAIR];
                deal(csr, rows, starts, &reached, &mut |k, lane, element| {
                    let (pair, second) = (k / PAIR, k % PAIR == 1);
                    let place = if second { taken[pair].trailing_ones() as usize } else { lane };
                    taken[pair] |= 1 << place;
                    tables.values[value + (pair * groups + g) * GROUP + place] = csr.values[element];
                    let column = csr.col_idx[element] - starts[k] as u32;
                    let index = beside_zero(column);
                    let (among, at) = if second { ((place as u32) << AMONG, SECOND) } else { (0, 0) };
                    let bits = (index ^ ZERO) << at | among;
                    let indices = &mut tables.indices[word + (k / QUAD * groups + g) * GROUP + lane];
                    *indices ^= bits << (k % QUAD / PAIR * NEXT_PAIR);
                    hold(element);
                });
            }
        }
        tables
    }
}
