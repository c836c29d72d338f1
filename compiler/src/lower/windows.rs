//! Where the windows of look-ups stand: the bands of rows, how many windows each has, and which element takes which.
//!
//! Takes a sparse part and the rows of a band; gives the first column of each window, placed by quantiles of the band's
//! elements. [`super::lookup`] makes tables of them.

use super::lanes::{GROUP, Slots};
use super::{folded, paired};
use crate::model::Csr;

/// The bands that rows are cut into: as many of the highest as they fill, then halves of it, the last perhaps in part.
pub(super) fn bands(rows: &[u32], slots: Slots) -> impl Iterator<Item = &[u32]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let groups = rest.len().div_ceil(slots.group()).min(slots.band());
        let height = slots.group() * groups.checked_ilog2().map(|log| 1 << log)?;
        let (band, others) = rest.split_at(height.min(rest.len()));
        rest = others;
        Some(band)
    })
}

/// Which numbers of windows are tried for a band: each a part larger than the one before, until they are far above the best
/// of them; then closer around that.
struct Tries {
    first: usize,
    /// Part of a number by which the next is larger.
    apart: usize,
    /// Part of the best by which numbers are far above it.
    far: usize,
    /// Parts of the best that are looked at below and above it, and the part that is a step there.
    around: (usize, usize),
    step: usize,
}

impl Tries {
    /// For so many elements in so many groups. Slots in pairs and those that two rows share are tried from where they would all
    /// be full, and fewer numbers of them, since dealing takes its time.
    fn new(slots: Slots, elements: usize, groups: usize) -> Tries {
        match slots {
            Slots::Padded | Slots::Packed | Slots::Eight => {
                Tries { first: 1, apart: 4, far: 1, around: (5, 4), step: 32 }
            }
            Slots::Paired | Slots::Folded => {
                let room = if slots == Slots::Paired { paired::HALF } else { GROUP };
                let full = elements.div_ceil(groups * room).max(1);
                Tries { first: full, apart: 8, far: 4, around: (16, 12), step: 24 }
            }
        }
    }
}

/// The most windows of a band, an even number: what counts them has 16 bits.
const MOST: usize = u16::MAX as usize - 1;

/// The windows of a band: their number is the cheapest of those tried.
pub(super) fn windows(csr: &Csr, rows: &[u32], cols: usize, slots: Slots) -> Vec<usize> {
    let groups = rows.len().div_ceil(slots.group());
    let columns = Quantiles::new(csr, rows, cols);
    let elements = columns.before[cols] as usize;
    let mut best = (slots.left_over(csr.nnz()) * elements as f64, Vec::new());
    let mut attempt = |count: usize| {
        let count =
            if slots == Slots::Paired { count.next_multiple_of(paired::PAIR) } else { count }.min(MOST);
        let starts = columns.windows(count, slots.window());
        let left_over = elements - count_held(csr, rows, &starts, cols, slots);
        let cost = slots.cost() * (groups * count) as f64 + slots.left_over(csr.nnz()) * left_over as f64;
        if cost < best.0 {
            best = (cost, starts);
        }
        (left_over, best.1.len())
    };
    let tries = Tries::new(slots, elements, groups);
    let mut count = tries.first;
    while count <= MOST {
        let (left_over, best) = attempt(count);
        if left_over == 0 || count > best + best / tries.far + 8 {
            break;
        }
        count += 1 + count / tries.apart;
    }
    let (_, middle) = attempt(1);
    let around = middle - middle / tries.around.0..=middle + middle / tries.around.1;
    for count in around.step_by(1 + middle / tries.step).filter(|&count| count > 0) {
        attempt(count);
    }
    best.1
}

/// So many windows, spread over a band's elements.
pub(super) fn spread(csr: &Csr, rows: &[u32], cols: usize, count: usize, slots: Slots) -> Vec<usize> {
    Quantiles::new(csr, rows, cols).windows(count, slots.window())
}

/// The columns of a band's elements in order.
struct Quantiles {
    /// How many stand before each column.
    before: Vec<u32>,
}

impl Quantiles {
    fn new(csr: &Csr, rows: &[u32], cols: usize) -> Quantiles {
        let mut before = vec![0; cols + 1];
        for &row in rows {
            for (column, _) in csr.row(row as usize) {
                before[column + 1] += 1;
            }
        }
        for column in 0..cols {
            before[column + 1] += before[column];
        }
        Quantiles { before }
    }

    /// So many windows of so many columns, with equal numbers of elements between the middles of neighbours.
    fn windows(&self, count: usize, window: usize) -> Vec<usize> {
        let cols = self.before.len() - 1;
        let elements = u64::from(self.before[cols]);
        let mut column = 0;
        (0..count as u64)
            .map(|k| {
                let middle = (2 * k + 1) * elements / (2 * count as u64);
                while column + 1 < cols && u64::from(self.before[column + 1]) <= middle {
                    column += 1;
                }
                column.saturating_sub(window / 2).min(cols.saturating_sub(window))
            })
            .collect()
    }
}

/// Gives each window of a row the first element that it reaches and that no window before it has, which no other way
/// betters; calls `visit` with the window and the element.
pub(super) fn assign(
    csr: &Csr,
    row: usize,
    starts: &[usize],
    window: usize,
    visit: &mut impl FnMut(usize, usize),
) {
    let (mut element, end) = (csr.row_ptr[row] as usize, csr.row_ptr[row + 1] as usize);
    for (k, &start) in starts.iter().enumerate() {
        while element < end && (csr.col_idx[element] as usize) < start {
            element += 1;
        }
        if element == end {
            return;
        }
        if (csr.col_idx[element] as usize) < start + window {
            visit(k, element);
            element += 1;
        }
    }
}

/// Elements of a band that its slots hold.
pub(super) fn count_held(csr: &Csr, rows: &[u32], starts: &[usize], cols: usize, slots: Slots) -> usize {
    match slots {
        Slots::Paired => paired::count_held(csr, rows, starts, cols),
        Slots::Folded => folded::count_held(csr, rows, starts),
        Slots::Padded | Slots::Packed | Slots::Eight => {
            let mut held = 0;
            let mut assign = |row| assign(csr, row, starts, slots.window(), &mut |_, _| held += 1);
            rows.iter().for_each(|&row| assign(row as usize));
            held
        }
    }
}
