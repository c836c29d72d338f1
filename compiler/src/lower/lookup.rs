//! Sparse parts by look-ups in registers, for AVX-512: which of them, and their tables; [`super::windows`] places their
//! windows.
//!
//! 32 neighbouring inputs, a window, stand in two registers; one instruction takes an input out of them for each of
//! 16 rows. A matrix is cut into bands of 128 rows, what remains into bands of 64, 32 and 16, and each band has
//! windows of its own: as many as are cheapest, placed where its elements are. A row has a slot in each window of
//! its band; an element takes the first that is free of those that reach it, and what finds none is left over. Rows
//! keep their order, or where they are too uneven for that stand sorted by length, so that those of a band need as
//! many windows each; their sums then go to their places one by one. Tables have a value for every slot where those
//! of all parts stay in the cache; else values are packed, since there bytes decide, from the part with the largest
//! tables down until they fit into [`BUDGET`].

use std::cmp::Reverse;

use super::builder::Builder;
use super::parts::Part;
use super::path::Path;
use super::table;
use super::windows::{assign, bands, count_held, windows};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Data, Init, Kernel, Source, Table, View};
use crate::ways::Way;

/// What things cost, in nanoseconds: measured with each kernel alone, gcc 12, at 4% non-zeros, on an AMD Zen 4; what the
/// gather instruction takes lies between that processor's 0.37 and an Intel Xeon's 0.19.
pub(super) mod cost {
    /// A slot: 16 values, one look-up, one multiply-add.
    pub(in crate::lower) const SLOT: f64 = 0.8;
    /// A slot with packed values.
    pub(in crate::lower) const PACKED_SLOT: f64 = 1.0;
    /// A look-up of straight-line code out of the first-level cache, on that Xeon.
    pub(in crate::lower) const PICK: f64 = 0.35;
    /// An element left over, by itself; half of it where few are left over and become straight-line code.
    pub(in crate::lower) const LEFT_OVER: f64 = 0.55;
    /// A non-zero of sliced ELLPACK, by the gather instruction.
    pub(in crate::lower) const GATHERED: f64 = 0.25;
    /// A row that is not in its place: its sum goes there, in 0.3 on that processor and 0.6 on an Intel Xeon.
    pub(in crate::lower) const ROW: f64 = 0.6;
    /// A row of sliced ELLPACK with few elements: its sum goes to its place.
    pub(in crate::lower) const SLICED_ROW: f64 = 0.6;
    /// A non-zero of straight-line code: 0.15 to 0.33.
    pub(in crate::lower) const TERM: f64 = 0.3;
}

/// The most bytes that the tables of all look-ups of a model may take before values are packed: they should stay in a
/// second-level cache.
const BUDGET: usize = 3 << 19;

/// Rows of a group, rows of the highest band, columns of a window, indices in a word of 32 bits.
pub(super) const GROUP: usize = 16;
pub(super) const BAND: usize = 128;
pub(super) const WINDOW: usize = 32;
const INDICES: usize = 6;

/// Floats that `lookup_packed` may read behind the last value.
const BEHIND: usize = 15;

/// How a part is looked up.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// The rows in the order of the bands.
    rows: Vec<u32>,
    /// Whether that is an order of its own.
    sorted: bool,
    /// Where the windows of each band start.
    bands: Vec<Vec<usize>>,
    /// Whether values are packed.
    packed: bool,
    /// Whether it was chosen before, whatever it costs.
    tuned: bool,
    slots: usize,
    elements: usize,
    /// Elements that no slot holds.
    pub(super) left_over: usize,
    /// Whether those become straight-line code, as the plan says.
    pub(super) straight: bool,
    /// What they cost, in nanoseconds.
    pub(super) cost: f64,
    /// Bytes of the tables.
    bytes: usize,
}

/// The cheapest look-ups for each part, where they are cheaper than sliced ELLPACK. Where a product is added to what is
/// there, rows without elements can be left out.
pub(super) fn choose(parts: &[Part<'_>]) -> Vec<Option<Choice>> {
    let best = |part: &Part<'_>, packed| {
        let choice = best(part.csr, part.cols, part.added, packed)?;
        let rows = part.csr.row_ptr.len() - 1;
        let gathered = cost::GATHERED * part.csr.nnz() as f64 + cost::ROW * rows as f64;
        (choice.cost < gathered).then_some(choice)
    };
    let mut choices: Vec<_> = parts.iter().map(|part| best(part, false)).collect();
    let bytes = |choice: &Option<Choice>| choice.as_ref().map_or(0, |choice| choice.bytes);
    let mut total: usize = choices.iter().map(bytes).sum();
    let mut largest_first: Vec<_> = (0..parts.len()).filter(|&i| choices[i].is_some()).collect();
    largest_first.sort_by_key(|&i| Reverse(bytes(&choices[i])));
    for i in largest_first {
        if total > BUDGET {
            total -= bytes(&choices[i]);
            choices[i] = best(&parts[i], true);
            total += bytes(&choices[i]);
        }
    }
    choices
}

/// The cheapest way to look a part up with packed values or without, whatever else would be cheaper; none where look-ups
/// would hold nothing.
pub(super) fn chosen(csr: &Csr, cols: usize, added: bool, packed: bool) -> Option<Choice> {
    let choice = best(csr, cols, added, packed).filter(|choice| choice.slots > 0)?;
    Some(Choice { tuned: true, ..choice })
}

/// The cheaper of the two orders of rows; none where there are more columns than windows reach.
fn best(csr: &Csr, cols: usize, added: bool, packed: bool) -> Option<Choice> {
    if cols > WINDOW + usize::from(u16::MAX) {
        return None;
    }
    let rows = 0..csr.row_ptr.len() as u32 - 1;
    let natural = Choice::new(csr, cols, packed, rows.collect(), false);
    let listed = table::rows_by_length(csr, added);
    if listed.len() > usize::from(u16::MAX) {
        return Some(natural);
    }
    let sorted = Choice::new(csr, cols, packed, listed, true);
    Some(if sorted.cost < natural.cost { sorted } else { natural })
}

/// Whether elements left over are cheaper one by one than in a table.
pub(super) fn single(left_over: &Csr) -> bool {
    let rows = left_over.row_ptr.windows(2).filter(|bounds| bounds[0] < bounds[1]).count() as f64;
    let elements = left_over.nnz() as f64;
    let sliced = cost::GATHERED * elements + cost::SLICED_ROW * rows;
    cost::LEFT_OVER * elements <= sliced || table::way(left_over, true) == Way::Csr
}

impl Choice {
    fn new(csr: &Csr, cols: usize, packed: bool, rows: Vec<u32>, sorted: bool) -> Choice {
        let slot = if packed { cost::PACKED_SLOT } else { cost::SLOT };
        let starts: Vec<Vec<usize>> = bands(&rows).map(|rows| windows(csr, rows, cols, slot)).collect();
        let (mut slots, mut words, mut elements) = (0, 0, 0);
        for (rows, starts) in bands(&rows).zip(&starts) {
            let groups = rows.len().div_ceil(GROUP);
            slots += groups * starts.len();
            words += groups * starts.len().div_ceil(INDICES);
            elements += count_held(csr, rows, starts);
        }
        let left_over = csr.nnz() - elements;
        let scattered = if sorted { rows.len() } else { 0 };
        let values = if packed { 4 * elements + 2 * slots } else { 4 * GROUP * slots };
        Choice {
            cost: slot * slots as f64 + cost::LEFT_OVER * left_over as f64 + cost::ROW * scattered as f64,
            bytes: values + 4 * GROUP * words + 8 * left_over + 2 * scattered,
            rows,
            sorted,
            bands: starts,
            packed,
            tuned: false,
            slots,
            elements: csr.nnz(),
            left_over,
            straight: false,
        }
    }

    /// Which of the ways it is.
    pub(super) fn way(&self) -> Way {
        if self.packed { Way::LookupPacked } else { Way::Lookup }
    }

    /// The reason in numbers.
    pub(super) fn why(&self) -> String {
        format!(
            "look-ups in registers{}, {} slots of 16 rows and a window of 32 columns, {:.0}% filled{}{}, {} elements left \
             over, about {:.0} ns",
            if self.tuned { ", as tuned" } else { "" },
            thousands(self.slots),
            100.0 * (self.elements - self.left_over) as f64 / (GROUP * self.slots.max(1)) as f64,
            match (self.packed, self.tuned) {
                (false, _) => "",
                (true, false) => " and packed, beyond the budget of bytes",
                (true, true) => " and packed",
            },
            if self.sorted { ", rows sorted by length" } else { "" },
            thousands(self.left_over),
            self.cost
        )
    }
}

/// Adds y = init + S x by look-ups; gives what they do not hold, to be added.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    csr: &Csr,
    (x, y, init): (View, View, Init),
    choice: &Choice,
    why: &str,
) -> Csr {
    let mut tables = Tables::new(csr, choice);
    let field = path.field("sparse");
    let starts = choice.bands.iter().flatten().map(|&start| start as u16).collect();
    let counts = choice.bands.iter().map(|starts| starts.len() as u16).collect();
    let mut arguments = vec![
        Table::Given(builder.constant(
            &field.field("counts"),
            Data::U16(counts),
            "windows of each band of rows",
        )),
        Table::Given(builder.constant(
            &field.field("starts"),
            Data::U16(starts),
            "first column of each window",
        )),
    ];
    let kernel = if choice.packed {
        let note = "values by window, group and lane, and some zeros";
        arguments.push(builder.floats(&field.field("slots"), tables.packed(), note));
        let note = "which lanes of each slot have a value";
        arguments.push(Table::Given(builder.constant(&field.field("masks"), Data::U16(tables.masks), note)));
        Kernel::LOOKUP_PACKED
    } else {
        let note = "values by window, group and lane";
        arguments.push(builder.floats(&field.field("slots"), tables.values, note));
        Kernel::LOOKUP
    };
    let note = "columns in their windows, 5 bits each";
    arguments.push(Table::Given(builder.constant(&field.field("indices"), Data::U32(tables.indices), note)));
    let order = choice.sorted.then(|| {
        let rows = choice.rows.iter().map(|&row| row as u16).collect();
        builder.constant(&field.field("rows"), Data::U16(rows), "the row of each lane, longest first")
    });
    arguments.push(Table::Optional(order));
    let held = csr.nnz() - tables.left_over.nnz();
    let dims = vec![choice.rows.len(), x.len];
    builder.product(kernel, (y, init), arguments, Source::View(x), dims, held, why.to_owned());
    tables.left_over
}

/// What the kernels read, band after band, before values are packed.
struct Tables {
    /// A value for each lane of each slot, 0 where there is none.
    values: Vec<f32>,
    /// Which lanes of each slot have a value.
    masks: Vec<u16>,
    indices: Vec<u32>,
    left_over: Csr,
}

impl Tables {
    fn new(csr: &Csr, choice: &Choice) -> Tables {
        let mut held = vec![false; csr.nnz()];
        let mut tables = Tables {
            values: Vec::with_capacity(GROUP * choice.slots),
            masks: Vec::with_capacity(choice.slots),
            indices: Vec::new(),
            left_over: Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() },
        };
        for (rows, starts) in bands(&choice.rows).zip(&choice.bands) {
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
                    held[element] = true;
                });
            }
        }
        let left_over = &mut tables.left_over;
        for bounds in csr.row_ptr.windows(2) {
            for element in (bounds[0] as usize..bounds[1] as usize).filter(|&element| !held[element]) {
                left_over.col_idx.push(csr.col_idx[element]);
                left_over.values.push(csr.values[element]);
            }
            left_over.row_ptr.push(left_over.values.len() as u32);
        }
        tables
    }

    /// Takes the values that there are, and the zeros that the kernel may read behind them.
    fn packed(&mut self) -> Vec<f32> {
        let mut values = std::mem::take(&mut self.values);
        let mut lanes = self.masks.iter().flat_map(|mask| (0..GROUP).map(move |lane| mask >> lane & 1 == 1));
        values.retain(|_| lanes.next() == Some(true));
        values.extend([0.0; BEHIND]);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csr(rows: u32, cols: u32, percent: u64) -> Csr {
        let mut seed = 1_u64;
        let mut below = move |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        let mut csr = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
        for _ in 0..rows {
            csr.col_idx.extend((0..cols).filter(|_| below(100) < percent));
            csr.row_ptr.push(csr.col_idx.len() as u32);
        }
        csr.values = (1..=csr.col_idx.len()).map(|k| k as f32).collect();
        csr
    }

    #[test]
    fn values_are_packed_from_the_largest_part_down_until_all_fit() {
        let (large, half) = (csr(2600, 1300, 4), csr(1300, 1300, 4));
        let packed = |matrices: &[&Csr]| -> Vec<bool> {
            let part = |&csr| Part { path: String::new(), csr, cols: 1300, added: false };
            let parts: Vec<_> = matrices.iter().map(part).collect();
            choose(&parts).into_iter().map(|choice| choice.unwrap().packed).collect()
        };
        assert_eq!(packed(&[&half, &half]), [false, false]);
        assert_eq!(packed(&[&half, &large]), [false, true]);
        assert_eq!(packed(&[&large, &large]), [true, true]);
    }

    #[test]
    fn every_element_is_held_once_or_left_over() {
        for (rows, cols, percent) in [(1, 1, 100), (5, 31, 50), (130, 33, 100), (300, 200, 5), (40, 500, 0)] {
            let csr = csr(rows, cols, percent);
            for sorted in [false, true] {
                let natural = (0..rows).collect();
                let order = if sorted { super::super::table::rows_by_length(&csr, true) } else { natural };
                let choice = Choice::new(&csr, cols as usize, false, order, sorted);
                let within = |&start: &usize| start == 0 || start + WINDOW <= cols as usize;
                assert!(choice.bands.iter().flatten().all(within));
                let mut tables = Tables::new(&csr, &choice);
                let without: f32 = tables.values.iter().sum();
                let mut found = tables.packed();
                assert_eq!(found.split_off(found.len() - BEHIND), [0.0; BEHIND]);
                assert_eq!(found.len(), csr.nnz() - choice.left_over);
                assert_eq!(found.iter().sum::<f32>(), without);
                found.extend(&tables.left_over.values);
                found.sort_by(f32::total_cmp);
                assert_eq!(found, csr.values);
            }
        }
    }
}
