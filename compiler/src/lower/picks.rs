//! Sparse parts by look-ups as straight-line code, for AVX-512 and matrices whose inputs all stand in registers: which
//! parts, and in what form; [`super::picker`] makes the picks, [`super::pick_tables`] their tables.

use super::builder::Builder;
use super::cost;
use super::cover;
use super::parts::Part;
use super::path::Path;
use super::pick_tables::{Tables, bytes, pair};
use super::picker::{Picked, picks};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Data, Init, Operation, PickSum, PickWords, Picks, View};

/// The most columns: blocks of inputs then take half of the registers, or with a zero in each two more.
const COLUMNS: usize = 16 * LANES;

/// The most picks of a part: about 25 bytes of code each, which stays in a first-level cache, and a line each for compilers.
const MOST: usize = 768;

/// The most elements that picks hold in the mean.
const HELD: usize = 10;

/// The most picks of a part whose indices stand in words of their own, which spares a shift: the tables then stay in a
/// first-level cache of 32 KB.
const APART: usize = 192;

/// The most bytes of all such tables of a model before picks share their values: those stay in a first-level cache of 48 KB
/// beside factors, inputs and sums.
const BUDGET: usize = 40 << 10;

/// Lanes of a sum.
const LANES: usize = Picks::LANES;

/// The picks of a part.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    picked: Picked,
    words: PickWords,
    /// Inputs of a block.
    in_a_block: usize,
    /// Elements that picks hold.
    held: usize,
    /// Whether it was chosen before, whatever it costs.
    pub(super) tuned: bool,
    /// What they cost, in nanoseconds.
    pub(super) cost: f64,
}

/// Picks for each part, whose values are shared where the tables of all of them would leave the first-level cache; none where
/// the inputs do not stand in registers or there would be too many.
pub(super) fn choose(parts: &[Part<'_>]) -> Vec<Option<Choice>> {
    let mut choices: Vec<_> = parts.iter().map(|part| Choice::of(part, false)).collect();
    if choices.iter().flatten().map(Choice::bytes).sum::<usize>() > BUDGET {
        for (choice, part) in choices.iter_mut().zip(parts) {
            *choice = choice.take().map(|choice| Choice::of(part, true).unwrap_or(choice));
        }
    }
    choices
}

impl Choice {
    /// Picks for a part, some of which share their values or none.
    fn of(part: &Part<'_>, shared: bool) -> Option<Choice> {
        let (csr, rows) = (part.csr, part.csr.row_ptr.len() - 1);
        if part.cols > COLUMNS || csr.nnz() > (MOST * HELD).min(cover::MOST * rows) {
            return None;
        }
        let in_a_block = if shared { LANES - 1 } else { LANES };
        let picked = picks(csr, part.cols, in_a_block);
        let picked = if shared { pair(picked) } else { picked };
        let count = picked.taken.len();
        let words = if count <= APART && !shared { PickWords::Apart } else { PickWords::Packed };
        // Blocks are loaded, and sums started and stored.
        let like_picks = count + picked.sums.len() + part.cols.div_ceil(in_a_block);
        let cost = cost::PICK * like_picks as f64 + cost::TERM * picked.left_over.nnz() as f64;
        let held = csr.nnz() - picked.left_over.nnz();
        let choice = Choice { picked, words, in_a_block, held, tuned: false, cost };
        (1..=MOST).contains(&count).then_some(choice)
    }

    /// Number of picks.
    pub(super) fn count(&self) -> usize {
        self.picked.taken.len()
    }

    /// Bytes of the tables.
    fn bytes(&self) -> usize {
        bytes(&self.picked.sums, self.words)
    }

    /// Elements that no pick holds.
    pub(super) fn left_over(&self) -> usize {
        self.picked.left_over.nnz()
    }

    /// What they take of the budget of straight-line code.
    pub(super) fn terms(&self) -> usize {
        self.count() + self.left_over()
    }

    /// The reason in numbers.
    pub(super) fn why(&self) -> String {
        let shared = self.picked.sums.iter().flat_map(|sum| &sum.picks).filter(|pick| pick.shares).count();
        let sets = self.count() - shared;
        format!(
            "look-ups as straight-line code{}, {} picks for {LANES} rows out of two blocks of {} inputs, {}{:.0}% filled, {} \
             elements left over, about {:.0} ns",
            if self.tuned { ", as tuned" } else { "" },
            thousands(self.count()),
            self.in_a_block,
            if shared == 0 {
                String::new()
            } else {
                format!(
                    "{} of them among the values of another, beyond the budget of bytes, values ",
                    thousands(shared)
                )
            },
            100.0 * self.held as f64 / (LANES * sets) as f64,
            thousands(self.left_over()),
            self.cost
        )
    }
}

/// Adds y = init + S x by picks; gives what they do not hold, to be added.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    (x, y, init): (View, View, Init),
    choice: Choice,
    why: String,
) -> Csr {
    let Choice { picked, words, in_a_block, held, .. } = choice;
    let field = path.field("sparse");
    let tables = Tables::new(&picked, words, in_a_block);
    let shared = picked.sums.iter().any(PickSum::has_pairs);
    let note = if shared { "values by pick or pair of picks, and lane" } else { "values by pick and lane" };
    let values = builder.constant(&field.field("slots"), Data::F32(tables.values), note);
    let (bits, among) = (Picks::BITS, Picks::AMONG);
    let note = match words {
        PickWords::Apart => format!("where picks take from, {bits} bits in a word each"),
        PickWords::Packed if shared => format!(
            "where picks take from, {bits} bits each, and which values are those of a pair's second, {among} bits"
        ),
        PickWords::Packed => format!("where picks take from, {bits} bits each, {} to a word", 32 / bits),
    };
    let indices = builder.constant(&field.field("indices"), Data::U32(tables.words), note);
    let name = builder.unique(&field.field("picks"));
    builder.operations.push(Operation::Picks(Picks {
        name,
        sums: picked.sums,
        values,
        indices,
        words,
        in_a_block,
        output: y,
        init,
        input: x,
        multiply_adds: held as u64,
        why,
    }));
    picked.left_over
}
