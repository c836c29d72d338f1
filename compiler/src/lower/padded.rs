//! Look-ups whose slots have a value for each of their sixteen rows, and packed ones, of which only the values are kept: the
//! tables.
//!
//! Takes a sparse part, its rows in the order of the bands, and each band's windows; gives what the kernels `lookup` and
//! `lookup_packed` read.

use super::lookup::{GROUP, INDICES};
use super::windows::{assign, bands};
use crate::model::Csr;

/// Floats that `lookup_packed` may read behind the last value.
pub(super) const BEHIND: usize = 15;

/// What the kernels read, band after band, before values are packed.
pub(super) struct Tables {
    /// A value for each lane of each slot, 0 where there is none.
    pub(super) values: Vec<f32>,
    /// Which lanes of each slot have a value.
    pub(super) masks: Vec<u16>,
    /// Where the input of each lane stands in its window, in words for [`INDICES`] slots.
    pub(super) indices: Vec<u32>,
}

impl Tables {
    /// The tables for rows in the order of the bands, each with its windows; calls `hold` with every element that they hold.
    pub(super) fn new(
        csr: &Csr,
        rows: &[u32],
        windows: &[Vec<usize>],
        hold: &mut impl FnMut(usize),
    ) -> Tables {
        let mut tables = Tables { values: Vec::new(), masks: Vec::new(), indices: Vec::new() };
        for (rows, starts) in bands(rows).zip(windows) {
            let groups = rows.len().div_ceil(GROUP);
            let (value, mask, word) = (tables.values.len(), tables.masks.len(), tables.indices.len());
            tables.values.resize(value + starts.len() * groups * GROUP, 0.0);
            tables.masks.resize(mask + starts.len() * groups, 0);
            tables.indices.resize(word + starts.len().div_ceil(INDICES) * groups * GROUP, 0);
            for (i, &row) in rows.iter().enumerate() {
                assign(csr, row as usize, starts, &mut |k, element| {
                    let index = csr.col_idx[element] - starts[k] as u32;
                    tables.values[value + k * groups * GROUP + i] = csr.values[element];
                    tables.masks[mask + k * groups + i / GROUP] |= 1 << (i % GROUP);
                    tables.indices[word + k / INDICES * groups * GROUP + i] |= index << (5 * (k % INDICES));
                    hold(element);
                });
            }
        }
        tables
    }

    /// Takes the values that there are, and the zeros that the kernel may read behind them.
    pub(super) fn packed(&mut self) -> Vec<f32> {
        let mut values = std::mem::take(&mut self.values);
        let mut lanes = self.masks.iter().flat_map(|mask| (0..GROUP).map(move |lane| mask >> lane & 1 == 1));
        values.retain(|_| lanes.next() == Some(true));
        values.extend([0.0; BEHIND]);
        values
    }
}
