//! Look-ups with two rows to a lane: which rows share one, and which element of them takes which window.
//!
//! Takes a sparse part, a band's rows and its windows. Lane l of a group has the group's rows l and 16 + l; a window takes the
//! first element that it reaches of either. Rows of any order are brought into one in which the windows hold most: long ones
//! share a lane with short ones, and then rows change places as long as fewer elements are left over.

use super::lanes::{BESIDE_ZERO, GROUP, Slots};
use super::windows::{self, windows};
use crate::model::Csr;

/// Times that rows change places, each for windows of their own.
const ROUNDS: usize = 3;

/// The part of a band's windows by which each time has fewer than the one before: about what is saved in the end.
const FEWER: usize = 40;

/// Lanes that one which leaves elements over tries to change rows with.
const TRIES: usize = 16;

/// How far apart those stand.
const APART: usize = 37;

/// The two rows of a lane.
type Pair = [Option<u32>; 2];

/// The lanes of a band, with their numbers, first those of its first group.
pub(super) fn lanes(rows: &[u32]) -> impl Iterator<Item = (usize, Pair)> + '_ {
    rows.chunks(2 * GROUP).enumerate().flat_map(|(g, rows)| {
        let pair = move |lane: usize| [rows.get(lane).copied(), rows.get(GROUP + lane).copied()];
        (0..rows.len().min(GROUP)).map(move |lane| (g * GROUP + lane, pair(lane)))
    })
}

/// Gives each window of a lane the first element that it reaches of either row and that no window before it has, which no
/// other way betters; calls `visit` with the window, the element, and whether that is of the second row. Gives the number
/// of elements that are left over, or stops where these are more than `most` and gives a number above that.
pub(super) fn assign(
    csr: &Csr,
    pair: Pair,
    starts: &[usize],
    most: usize,
    visit: &mut impl FnMut(usize, usize, bool),
) -> usize {
    let bounds = |row: u32| (csr.row_ptr[row as usize] as usize, csr.row_ptr[row as usize + 1] as usize);
    let [(mut first, first_end), (mut second, second_end)] = pair.map(|row| row.map_or((0, 0), bounds));
    let column = |element: usize, end: usize| {
        if element < end { csr.col_idx[element] as usize } else { usize::MAX }
    };
    let mut passed = 0;
    for (k, &start) in starts.iter().enumerate() {
        while column(first, first_end) < start {
            (first, passed) = (first + 1, passed + 1);
        }
        while column(second, second_end) < start {
            (second, passed) = (second + 1, passed + 1);
        }
        if passed > most {
            return passed;
        }
        let columns = [column(first, first_end), column(second, second_end)];
        let of_second = columns[1] < columns[0];
        let next = columns[usize::from(of_second)];
        if next == usize::MAX {
            return passed;
        }
        if next < start + BESIDE_ZERO {
            let element = if of_second { &mut second } else { &mut first };
            visit(k, *element, of_second);
            *element += 1;
        }
    }
    passed + (first_end - first) + (second_end - second)
}

/// Elements of a lane that windows leave over; stops as [`assign`] does.
fn left_over(csr: &Csr, pair: Pair, starts: &[usize], most: usize) -> usize {
    assign(csr, pair, starts, most, &mut |_, _, _| {})
}

/// Elements of a band that its windows hold.
pub(super) fn count_held(csr: &Csr, rows: &[u32], starts: &[usize]) -> usize {
    let elements = |row: u32| (csr.row_ptr[row as usize + 1] - csr.row_ptr[row as usize]) as usize;
    let all: usize = rows.iter().map(|&row| elements(row)).sum();
    all - lanes(rows).map(|(_, pair)| left_over(csr, pair, starts, usize::MAX)).sum::<usize>()
}

/// A band's rows, longest first, in an order in which few windows hold most of their elements; and those windows.
pub(super) fn matched(csr: &Csr, rows: &[u32], cols: usize) -> (Vec<u32>, Vec<usize>) {
    let alone = lanes(rows).filter(|(_, pair)| pair[1].is_none()).count();
    let (alone, rest) = rows.split_at(alone);
    let mut pairs: Vec<[u32; 2]> = (0..rest.len() / 2).map(|i| [rest[i], rest[rest.len() - 1 - i]]).collect();
    let mut order = ordered(rows, &pairs, alone);
    let count = windows(csr, &order, cols, Slots::Folded).len();
    for round in 1..=ROUNDS {
        // With fewer windows than were cheapest, since they hold more after it.
        let fewer = count - count * round / FEWER;
        let tried = windows::spread(csr, &order, cols, fewer, Slots::Folded);
        change_places(csr, &mut pairs, &tried);
        order = ordered(rows, &pairs, alone);
    }
    let starts = windows(csr, &order, cols, Slots::Folded);
    (order, starts)
}

/// The rows of pairs and of lanes that have but one, in the order of a band of as many as `rows`.
fn ordered(rows: &[u32], pairs: &[[u32; 2]], alone: &[u32]) -> Vec<u32> {
    let mut order = rows.to_vec();
    let (mut pairs, mut alone) = (pairs.iter(), alone.iter());
    for (lane, [_, second]) in lanes(rows) {
        let first = lane / GROUP * 2 * GROUP + lane % GROUP;
        if second.is_none() {
            alone.next().into_iter().for_each(|&row| order[first] = row);
        } else if let Some(&[row, other]) = pairs.next() {
            (order[first], order[first + GROUP]) = (row, other);
        }
    }
    order
}

/// Rows of two pairs change places where the windows hold more of both then.
fn change_places(csr: &Csr, pairs: &mut [[u32; 2]], starts: &[usize]) {
    let left = |pair: [u32; 2], most| left_over(csr, pair.map(Some), starts, most);
    let mut left_of: Vec<usize> = pairs.iter().map(|&pair| left(pair, usize::MAX)).collect();
    let count = pairs.len();
    for a in 0..count {
        for b in (1..=TRIES).map(|i| (a + i * APART) % count).filter(|&b| b != a) {
            let now = left_of[a] + left_of[b];
            if left_of[a] == 0 {
                break;
            }
            let [[i, j], [k, l]] = [pairs[a], pairs[b]];
            for changed in [[[i, l], [k, j]], [[i, k], [j, l]]] {
                let first = left(changed[0], now - 1);
                let second = if first < now { left(changed[1], now - 1 - first) } else { 0 };
                if first + second < now {
                    [pairs[a], pairs[b]] = changed;
                    [left_of[a], left_of[b]] = [first, second];
                    break;
                }
            }
        }
    }
}
