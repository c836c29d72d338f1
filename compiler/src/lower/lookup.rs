//! Sparse parts by look-ups in registers, for AVX-512: which of them, and their tables.
//!
//! 32 inputs stand in two registers; one instruction takes an input out of them for each of 16 rows. So a matrix is cut
//! into groups of 16 rows and blocks of 32 columns, and every cell has the same number of slots of 16 values; what does
//! not fit becomes a table of its own. More slots hold more and are emptier: the number is chosen by cost.
//! The costs are nanoseconds, measured with each kernel alone on a Xeon with AVX-512, gcc 12, at 4% non-zeros.

use super::builder::Builder;
use super::path::Path;
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Data, Init, Kernel, Source, Table, View};

/// A slot: 16 values, one look-up, one multiply-add.
const SLOT: f64 = 0.7;

/// A non-zero of sliced ELLPACK, by the gather instruction.
const GATHERED: f64 = 0.19;

/// A row of sliced ELLPACK: its sum goes to its place.
const ROW: f64 = 0.3;

/// A non-zero of straight-line code.
const TERM: f64 = 0.15;

/// The most bytes that the tables of all look-ups of a model may take: they must stay in a second-level cache of 2 MB,
/// since past it bytes decide, and sliced ELLPACK has fewer.
pub(super) const BUDGET: usize = 3 << 19;

/// Rows of a group, columns of a block, indices in a word of 32 bits.
const GROUP: usize = 16;
const BLOCK: usize = 32;
const INDICES: usize = 6;

/// How a part would be looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    /// Slots of each cell: 1, 2 or 3.
    pub(super) slots: usize,
    /// Elements that they do not hold.
    left_over: usize,
    cost: f64,
    /// Bytes of the tables.
    pub(super) bytes: usize,
}

/// The cheapest number of slots, where it is cheaper than straight-line code (if there is room for it) and than sliced
/// ELLPACK.
pub(super) fn choose(csr: &Csr, cols: usize, straight_allowed: bool) -> Option<Choice> {
    let rows = csr.row_ptr.len() - 1;
    let (groups, blocks) = (rows.div_ceil(GROUP), cols.div_ceil(BLOCK));
    // Of the elements of all cells, how many are beyond the first, second and third of their cell, and in how many rows.
    let (mut beyond, mut rows_beyond) = ([0; 3], [0; 3]);
    for row in 0..rows {
        let mut most = 0;
        let (mut block, mut number) = (usize::MAX, 0);
        for (column, _) in csr.row(row) {
            number = if column / BLOCK == block { number + 1 } else { 0 };
            block = column / BLOCK;
            most = most.max(number);
            (0..number.min(3)).for_each(|slots| beyond[slots] += 1);
        }
        (0..most.min(3)).for_each(|slots| rows_beyond[slots] += 1);
    }
    let choice = |slots: usize| {
        let left_over = beyond[slots - 1];
        let all_slots = groups * blocks * slots;
        let words = groups * blocks.div_ceil(INDICES / slots);
        let cost =
            SLOT * all_slots as f64 + GATHERED * left_over as f64 + ROW * f64::from(rows_beyond[slots - 1]);
        Choice { slots, left_over, cost, bytes: (all_slots + words) * GROUP * 4 + left_over * 8 }
    };
    let best = (1..=3).map(choice).min_by(|a, b| a.cost.total_cmp(&b.cost))?;
    let gathered = GATHERED * csr.nnz() as f64 + ROW * rows as f64;
    let straight = if straight_allowed { TERM * csr.nnz() as f64 } else { f64::INFINITY };
    (best.cost < gathered.min(straight)).then_some(best)
}

impl Choice {
    /// The reason in numbers.
    pub(super) fn why(&self) -> String {
        format!(
            "look-ups in registers, {} slots for each 16 rows and 32 columns and {} elements left over, about {:.0} ns",
            self.slots,
            thousands(self.left_over),
            self.cost
        )
    }
}

/// Adds y = init + S x by look-ups with so many slots; gives what they do not hold, to be added.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    csr: &Csr,
    (x, y, init): (View, View, Init),
    slots: usize,
    why: &str,
) -> Csr {
    let (groups, blocks) = (y.len.div_ceil(GROUP), x.len.div_ceil(BLOCK));
    let blocks_in_word = INDICES / slots;
    let words = blocks.div_ceil(blocks_in_word);
    let mut values = vec![0.0; groups * blocks * slots * GROUP];
    let mut indices = vec![0_u32; groups * words * GROUP];
    let mut left_over = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
    for row in 0..y.len {
        let (group, lane) = (row / GROUP, row % GROUP);
        let (mut last_block, mut slot) = (usize::MAX, 0);
        for (column, value) in csr.row(row) {
            let block = column / BLOCK;
            slot = if block == last_block { slot + 1 } else { 0 };
            last_block = block;
            if slot < slots {
                values[((group * blocks + block) * slots + slot) * GROUP + lane] = value;
                let shift = 5 * (block % blocks_in_word * slots + slot);
                indices[(group * words + block / blocks_in_word) * GROUP + lane] |=
                    ((column % BLOCK) as u32) << shift;
            } else {
                left_over.col_idx.push(column as u32);
                left_over.values.push(value);
            }
        }
        left_over.row_ptr.push(left_over.values.len() as u32);
    }
    let held = csr.nnz() - left_over.nnz();
    let field = path.field("sparse");
    let indices_note = "columns in their blocks, 5 bits each";
    let tables = vec![
        builder.floats(&field.field("slots"), values, "values by group, block, slot and lane"),
        Table::Given(builder.constant(&field.field("indices"), Data::U32(indices), indices_note)),
    ];
    let dims = vec![y.len, x.len, slots];
    builder.product(Kernel::LOOKUP, (y, init), tables, Source::View(x), dims, held, why.to_owned());
    left_over
}
