//! Look-ups whose slots have a value for each of their sixteen rows, and packed ones, of which only the values are kept: the
//! tables.
//!
//! Takes a sparse part, its rows in the order of the bands, and each band's windows; gives what the kernels `lookup`,
//! `lookup_eight` and `lookup_packed` read.

use super::lanes::{GROUP, Slots};
use super::windows::{assign, bands};
use crate::model::Csr;

/// Floats that `lookup_packed` may read behind the last value: a slot without one reads as many as a register holds.
pub(super) const BEHIND: usize = 16;

/// What the kernels read, band after band, before values are packed.
pub(super) struct Tables {
    /// A value for each lane of each slot, 0 where there is none.
    pub(super) values: Vec<f32>,
    /// Which lanes of each slot have a value.
    pub(super) masks: Vec<u16>,
    /// Where the input of each lane stands in its window, several slots to a word.
    pub(super) indices: Vec<u32>,
}

impl Tables {
    /// The tables for rows in the order of the bands, each with its windows; calls `hold` with every element that they hold.
    pub(super) fn new(
        csr: &Csr,
        rows: &[u32],
        windows: &[Vec<usize>],
        slots: Slots,
        hold: &mut impl FnMut(usize),
    ) -> Tables {
        let mut tables = Tables { values: Vec::new(), masks: Vec::new(), indices: Vec::new() };
        let (group, in_a_word) = (slots.group(), slots.in_a_word());
        for (rows, starts) in bands(rows, slots).zip(windows) {
            let groups = rows.len().div_ceil(group);
            let (value, mask, word) = (tables.values.len(), tables.masks.len(), tables.indices.len());
            tables.values.resize(value + starts.len() * groups * group, 0.0);
            tables.masks.resize(mask + starts.len() * groups, 0);
            tables.indices.resize(word + starts.len().div_ceil(in_a_word) * groups * group, 0);
            for (i, &row) in rows.iter().enumerate() {
                assign(csr, row as usize, starts, slots.window(), &mut |k, element| {
                    let index = csr.col_idx[element] - starts[k] as u32;
                    tables.values[value + k * groups * group + i] = csr.values[element];
                    tables.masks[mask + k * groups + i / group] |= 1 << (i % group);
                    tables.indices[word + k / in_a_word * groups * group + i] |=
                        index << (slots.bits() * (k % in_a_word));
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
