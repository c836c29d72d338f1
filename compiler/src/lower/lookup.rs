//! Sparse parts by look-ups in registers, for AVX-512 and AVX2: which of them, and their tables; [`super::windows`] places
//! their windows.
//!
//! 32 neighbouring inputs, a window, stand in two registers; one instruction takes an input out of them for each of 16
//! rows. A matrix is cut into bands of 128 rows (256 where two share a lane), what remains into bands of 64, 32 and 16,
//! and each band has windows of its own: as many as are cheapest, placed where its elements are. A row has a slot in each
//! window of its band; an element takes the first that is free of those that reach it, and what finds none is left over.
//! Rows keep their order, or where they are too uneven for that stand sorted by length, so that those of a band need as
//! many windows each; their sums then go to their places one by one. Tables have a value for every row of a slot, or
//! where that is cheaper sixteen for two slots ([`super::paired`]); from the part with the largest tables down packed
//! values, until those of all parts stay in the cache ([`BUDGET`]), since beyond it bytes decide. Where they exceed a
//! smaller one ([`NEAR`]), the largest have words with value and index, and two rows to a lane ([`super::folded`]).
//!
//! AVX2 has half of all that: windows of 8 columns in one register, groups of 8 rows, bands of 32. Its slots are padded and
//! often empty, so that only parts are looked up whose tables stay in the cache together, the smallest first.

use std::cmp::Reverse;

use super::builder::Builder;
use super::lanes::{GROUP, Slots};
use super::parts::Part;
use super::path::Path;
use super::plan::{FAR_LEFT_OVER_TERMS, LEFT_OVER_TERMS};
use super::threads::each_band;
use super::windows::{bands, count_held, windows};
use super::words::{Elements, Least};
use super::{cost, folded, padded, paired, table, words};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Data, Init, Kernel, Source, Table, View};
use crate::ways::Way;

/// The most bytes that the tables of all look-ups of a model may take on AVX-512 before values are packed: they should stay
/// in a second-level cache where what is behind it is slow, as on Intel's servers since Sapphire Rapids, which have 2 MB.
/// Processors with a smaller one have a fast third level, and would rather have pairs of slots than packed ones at any
/// size, which `--tune` finds out.
const BUDGET: usize = 2 << 20;

/// The most bytes that they may take before rows share lanes, whose tables are the smallest and take the most instructions: AMD's
/// processors have a second-level cache of 1 MB.
const NEAR: usize = 1 << 20;

/// The same as [`BUDGET`] on AVX2, where slots of eight rows are compared with slices, which take half as many bytes.
const EIGHT_BUDGET: usize = 3 << 19;

/// About what a non-zero takes in pairs of slots, and at least in slots of eight rows: 9 at 10% non-zeros, 11 to 13 at 4%.
const PAIRED_BYTES: usize = 7;
const EIGHT_BYTES: usize = 9;

/// Elements of the smallest part that slots of eight rows take: straight-line code is about as fast over fewer, and AVX-512 and
/// portable code may hold it already.
const EIGHT_LEAST: usize = 512;

/// The most rows that can stand in an order of their own: their numbers have 16 bits.
const NUMBERED: usize = 1 << 16;

/// How a part is looked up.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// The rows in the order of the bands.
    rows: Vec<u32>,
    /// Whether that is an order of its own.
    sorted: bool,
    /// Where the windows of each band start.
    bands: Vec<Vec<usize>>,
    /// What its slots have room for.
    form: Slots,
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

/// The cheapest look-ups for a part, where they are cheaper than sliced ELLPACK.
fn cheaper(part: &Part<'_>, form: Slots) -> Option<Choice> {
    let rows = part.csr.row_ptr.len() - 1;
    let sliced = cost::SLICED * part.csr.nnz() as f64 + cost::ROW * rows as f64;
    best(part.csr, part.cols, part.added, form).filter(|choice| choice.cost < sliced)
}

/// The cheapest look-ups for each part on AVX2, where they are cheaper than sliced ELLPACK and their tables fit the budget
/// after those of smaller parts.
pub(super) fn choose_eight(parts: &[Part<'_>]) -> Vec<Option<Choice>> {
    let mut room = EIGHT_BUDGET;
    parts
        .iter()
        .map(|part| {
            let nnz = part.csr.nnz();
            let may_fit = nnz >= EIGHT_LEAST && EIGHT_BYTES * nnz <= room;
            let choice = may_fit.then(|| cheaper(part, Slots::Eight)).flatten()?;
            room = room.checked_sub(choice.bytes)?;
            Some(choice)
        })
        .collect()
}

/// The cheapest look-ups for each part on AVX-512, where they are cheaper than sliced ELLPACK. Where a product is added to
/// what is there, rows without elements can be left out.
pub(super) fn choose(parts: &[Part<'_>]) -> Vec<Option<Choice>> {
    let mut choices = folded(parts);
    let rest: Vec<_> = (0..parts.len()).filter(|&i| choices[i].is_none()).collect();
    rest.iter().for_each(|&i| choices[i] = cheaper(&parts[i], Slots::Padded));
    let mut largest_first: Vec<_> = rest.iter().copied().filter(|&i| choices[i].is_some()).collect();
    let nnz: usize = largest_first.iter().map(|&i| parts[i].csr.nnz()).sum();
    let fewer = if PAIRED_BYTES * nnz <= BUDGET { Slots::Paired } else { Slots::Packed };
    if fewer == Slots::Paired {
        for i in rest {
            let padded = choices[i].as_ref().map_or(f64::INFINITY, |choice| choice.cost);
            if let Some(paired) = cheaper(&parts[i], Slots::Paired).filter(|paired| paired.cost < padded) {
                choices[i] = Some(paired);
            }
        }
    }
    let bytes = |choice: &Option<Choice>| choice.as_ref().map_or(0, |choice| choice.bytes);
    let mut total: usize = choices.iter().map(bytes).sum();
    largest_first.sort_by_key(|&i| Reverse(bytes(&choices[i])));
    for i in largest_first {
        if total > BUDGET {
            total -= bytes(&choices[i]);
            choices[i] = cheaper(&parts[i], fewer);
            total += bytes(&choices[i]);
        }
    }
    choices
}

/// Look-ups of rows that share lanes for the parts with the most elements, until the tables of all parts are near; none for those
/// which pairs of slots suit better, as the values have too many exponents.
fn folded(parts: &[Part<'_>]) -> Vec<Option<Choice>> {
    let mut choices: Vec<_> = parts.iter().map(|_| None).collect();
    let paired = |i: usize| PAIRED_BYTES * parts[i].csr.nnz();
    let mut total: usize = (0..parts.len()).map(paired).sum();
    let mut largest_first: Vec<_> = (0..parts.len()).collect();
    largest_first.sort_by_key(|&i| Reverse(paired(i)));
    for i in largest_first {
        if total > NEAR {
            let most = cost::FAR_BYTE * paired(i) as f64;
            let values = &parts[i].csr.values;
            let left_over = Least::of(values).left_over(values) as f64;
            if Slots::Folded.left_over(values.len()) * left_over > most {
                continue; // whatever the look-ups would take
            }
            choices[i] = cheaper(&parts[i], Slots::Folded).filter(|choice| choice.far() < most);
            total = total - paired(i) + choices[i].as_ref().map_or(paired(i), |choice| choice.bytes);
        }
    }
    choices
}

/// The cheapest way to look a part up with such slots, whatever else would be cheaper; none where look-ups would hold
/// nothing.
pub(super) fn chosen(csr: &Csr, cols: usize, added: bool, form: Slots) -> Option<Choice> {
    let choice = best(csr, cols, added, form).filter(|choice| choice.slots > 0)?;
    Some(Choice { tuned: true, ..choice })
}

/// The cheaper of the two orders of rows; none where there are more columns than windows reach.
fn best(csr: &Csr, cols: usize, added: bool, form: Slots) -> Option<Choice> {
    if cols > form.window() + usize::from(u16::MAX) {
        return None;
    }
    let rows = csr.row_ptr.len() - 1;
    let elements = Elements::new(csr, form);
    let natural = || Choice::new(&elements, csr.nnz(), cols, form, (0..rows as u32).collect(), false);
    if rows > NUMBERED {
        return Some(natural());
    }
    let listed = table::rows_by_length(&elements.csr, added);
    let listed = if form == Slots::Paired { paired::evened(&listed) } else { listed };
    let sorted = Choice::new(&elements, csr.nnz(), cols, form, listed, true);
    if form == Slots::Folded {
        return Some(sorted); // rows that share a lane are seldom neighbours
    }
    let natural = natural();
    Some(if sorted.cost < natural.cost { sorted } else { natural })
}

/// Whether elements left over are cheaper with their rows grouped by length than in a table.
pub(super) fn grouped(left_over: &Csr) -> bool {
    let rows = left_over.row_ptr.windows(2).filter(|bounds| bounds[0] < bounds[1]).count() as f64;
    let elements = left_over.nnz() as f64;
    let sliced = cost::SLICED * elements + cost::SLICED_ROW * rows;
    cost::GROUPED * elements <= sliced || table::way(left_over, true) == Way::Csr
}

impl Choice {
    /// Look-ups of those elements of a part, out of `nnz`, that slots may hold, for rows in that order; rows that share lanes
    /// may stand in another within their band.
    fn new(
        elements: &Elements<'_>,
        nnz: usize,
        cols: usize,
        form: Slots,
        mut rows: Vec<u32>,
        sorted: bool,
    ) -> Choice {
        let csr = &*elements.csr;
        let starts: Vec<Vec<usize>> = if sorted && form == Slots::Folded {
            let matched = each_band(bands(&rows, form), |rows| folded::matched(csr, rows, cols));
            let (orders, starts): (Vec<_>, _) = matched.into_iter().unzip();
            rows = orders.concat();
            starts
        } else {
            each_band(bands(&rows, form), |rows| windows(csr, rows, cols, form))
        };
        let (mut slots, mut words, mut held) = (0, 0, 0);
        for (rows, starts) in bands(&rows, form).zip(&starts) {
            let groups = rows.len().div_ceil(form.group());
            slots += groups * starts.len();
            words += groups * starts.len().div_ceil(form.in_a_word());
            held += count_held(csr, rows, starts, cols, form);
        }
        let left_over = nnz - held;
        let scattered = if sorted { rows.len() } else { 0 };
        Choice {
            cost: form.cost() * slots as f64
                + form.left_over(nnz) * left_over as f64
                + cost::ROW * scattered as f64,
            bytes: form.bytes(slots, held) + 4 * form.lanes() * words + 8 * left_over + 2 * scattered,
            rows,
            sorted,
            bands: starts,
            form,
            tuned: false,
            slots,
            elements: nnz,
            left_over,
            straight: false,
        }
    }

    /// What it costs where the tables come from beyond the second level of cache, in nanoseconds.
    fn far(&self) -> f64 {
        cost::FAR_BYTE * self.bytes as f64 + self.form.left_over(self.elements) * self.left_over as f64
    }

    /// The most elements left over that become straight-line code.
    pub(super) fn most_straight(&self) -> usize {
        if self.form == Slots::Folded { FAR_LEFT_OVER_TERMS } else { LEFT_OVER_TERMS }
    }

    /// Which of the ways it is.
    pub(super) fn way(&self) -> Way {
        match self.form {
            Slots::Padded | Slots::Eight => Way::Lookup,
            Slots::Paired => Way::LookupPaired,
            Slots::Packed => Way::LookupPacked,
            Slots::Folded => Way::LookupFolded,
        }
    }

    /// The reason in numbers.
    pub(super) fn why(&self) -> String {
        let (room, filled) = match self.form {
            Slots::Padded | Slots::Eight => (self.form.lanes(), "filled"),
            Slots::Paired => (paired::HALF, "of sixteen values for two slots filled"),
            Slots::Packed => (GROUP, "filled and packed"),
            Slots::Folded => (GROUP, "filled, two rows to a lane"),
        };
        format!(
            "look-ups in registers{}, {} slots of {} rows and a window of {} columns, {:.0}% {}{}{}, {} elements left \
             over, about {:.0} ns",
            if self.tuned { ", as tuned" } else { "" },
            thousands(self.slots),
            self.form.group(),
            self.form.window(),
            100.0 * (self.elements - self.left_over) as f64 / (room * self.slots.max(1)) as f64,
            filled,
            if matches!(self.form, Slots::Packed | Slots::Folded) && !self.tuned {
                ", beyond the budget of bytes"
            } else {
                ""
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
    let mut held = vec![false; csr.nnz()];
    let elements = Elements::new(csr, choice.form);
    let indices = if let Some(least) = elements.least {
        let mut hold = |element: usize| held[elements.number(element)] = true;
        words::table(&elements.csr, &choice.rows, &choice.bands, least, &mut hold)
    } else if choice.form == Slots::Paired {
        let tables =
            paired::Tables::new(csr, &choice.rows, &choice.bands, x.len, &mut |element| held[element] = true);
        let note = "sixteen values for each two windows and group";
        arguments.push(builder.floats(&field.field("slots"), tables.values, note));
        tables.indices
    } else {
        let mut tables = padded::Tables::new(csr, &choice.rows, &choice.bands, choice.form, &mut |element| {
            held[element] = true;
        });
        if choice.form == Slots::Packed {
            let note = "values by window, group and lane, and some zeros";
            arguments.push(builder.floats(&field.field("slots"), tables.packed(), note));
            let note = "which lanes of each slot have a value";
            arguments.push(Table::Given(builder.constant(
                &field.field("masks"),
                Data::U16(tables.masks),
                note,
            )));
        } else {
            let note = "values by window, group and lane";
            arguments.push(builder.floats(&field.field("slots"), tables.values, note));
        }
        tables.indices
    };
    let (kernel, note) = match choice.form {
        Slots::Padded => (Kernel::LOOKUP, "columns in their windows, 5 bits each"),
        Slots::Eight => (Kernel::LOOKUP_EIGHT, "columns in their windows, 3 bits each"),
        Slots::Paired => (
            Kernel::LOOKUP_PAIRED,
            "columns in their windows, 5 bits, and which of the pair's values the second's are, 4",
        ),
        Slots::Packed => (Kernel::LOOKUP_PACKED, "columns in their windows, 5 bits each"),
        Slots::Folded => (
            Kernel::LOOKUP_FOLDED,
            "by window, group and lane: columns in their windows, 5 bits, which of the two rows, 1, and values",
        ),
    };
    let name = if elements.least.is_some() { "words" } else { "indices" };
    arguments.push(Table::Given(builder.constant(&field.field(name), Data::U32(indices), note)));
    let order = choice.sorted.then(|| {
        let rows = choice.rows.iter().map(|&row| row as u16).collect();
        let note = match choice.form {
            Slots::Padded | Slots::Packed | Slots::Eight => "the row of each lane, longest first",
            Slots::Paired => "the row of each lane, those of a band dealt to its groups by length",
            Slots::Folded => {
                "by group, the first row of each lane and then the other, those of a band longest first"
            }
        };
        builder.constant(&field.field("rows"), Data::U16(rows), note)
    });
    arguments.push(Table::Optional(order));
    let left_over = csr.kept(|element| !held[element]);
    let mut dims = vec![choice.rows.len(), x.len];
    dims.extend(elements.least.map(|least| least.0 as usize));
    let terms = csr.nnz() - left_over.nnz();
    builder.product(kernel, (y, init), arguments, Source::View(x), dims, terms, why.to_owned());
    left_over
}

#[cfg(test)]
mod tests;
