//! Where the windows of look-ups stand: the bands of rows, how many windows each has, and which element takes which.
//!
//! Takes a sparse part and the rows of a band; gives the first column of each window, placed by quantiles of the band's
//! elements. [`super::lookup`] makes tables of them.

use super::lookup::{BAND, GROUP, WINDOW, cost};
use crate::model::Csr;

/// The bands that rows are cut into: as many of the highest as they fill, then halves of it, the last perhaps in part.
pub(super) fn bands(rows: &[u32]) -> impl Iterator<Item = &[u32]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let groups = rest.len().div_ceil(GROUP).min(BAND / GROUP);
        let height = GROUP * groups.checked_ilog2().map(|log| 1 << log)?;
        let (band, others) = rest.split_at(height.min(rest.len()));
        rest = others;
        Some(band)
    })
}

/// The windows of a band: their number is the cheapest of those tried, which are a quarter apart at first and closer
/// around the best of them.
pub(super) fn windows(csr: &Csr, rows: &[u32], cols: usize, slot: f64) -> Vec<usize> {
    let groups = rows.len().div_ceil(GROUP);
    let columns = Quantiles::new(csr, rows, cols);
    let elements = columns.before[cols] as usize;
    let mut best = (cost::LEFT_OVER * elements as f64, Vec::new());
    let mut attempt = |count: usize| {
        let starts = columns.windows(count);
        let left_over = elements - count_held(csr, rows, &starts);
        let cost = slot * (groups * count) as f64 + cost::LEFT_OVER * left_over as f64;
        if cost < best.0 {
            best = (cost, starts);
        }
        (left_over, best.1.len())
    };
    let mut count = 1;
    while count <= usize::from(u16::MAX) {
        let (left_over, best) = attempt(count);
        if left_over == 0 || count > 2 * best + 8 {
            break;
        }
        count += 1 + count / 4;
    }
    let (_, middle) = attempt(1);
    let step = 1 + middle / 32;
    for count in (middle - middle / 5..=middle + middle / 4).step_by(step).filter(|&count| count > 0) {
        attempt(count);
    }
    best.1
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

    /// So many windows, with equal numbers of elements between the middles of neighbours.
    fn windows(&self, count: usize) -> Vec<usize> {
        let cols = self.before.len() - 1;
        let elements = u64::from(self.before[cols]);
        let mut column = 0;
        (0..count as u64)
            .map(|k| {
                let middle = (2 * k + 1) * elements / (2 * count as u64);
                while column + 1 < cols && u64::from(self.before[column + 1]) <= middle {
                    column += 1;
                }
                column.saturating_sub(WINDOW / 2).min(cols.saturating_sub(WINDOW))
            })
            .collect()
    }
}

/// Gives each window of a row the first element that it reaches and that no window before it has, which no other way
/// betters; calls `visit` with the window and the element.
pub(super) fn assign(csr: &Csr, row: usize, starts: &[usize], visit: &mut impl FnMut(usize, usize)) {
    let (mut element, end) = (csr.row_ptr[row] as usize, csr.row_ptr[row + 1] as usize);
    for (k, &start) in starts.iter().enumerate() {
        while element < end && (csr.col_idx[element] as usize) < start {
            element += 1;
        }
        if element == end {
            return;
        }
        if (csr.col_idx[element] as usize) < start + WINDOW {
            visit(k, element);
            element += 1;
        }
    }
}

pub(super) fn count_held(csr: &Csr, rows: &[u32], starts: &[usize]) -> usize {
    let mut held = 0;
    rows.iter().for_each(|&row| assign(csr, row as usize, starts, &mut |_, _| held += 1));
    held
}
