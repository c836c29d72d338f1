//! Sparse parts by look-ups as straight-line code, for AVX-512 and matrices whose inputs all stand in registers: which
//! parts, and their tables; [`super::picker`] makes the picks.

use super::builder::Builder;
use super::cost;
use super::path::Path;
use super::{cover, picker};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Data, Init, Operation, PickSum, Picks, View};

/// The most blocks of inputs: half of the registers.
const BLOCKS: usize = 16;

/// The most picks of a part: about 25 bytes of code each, which stays in a first-level cache, and a line each for compilers.
const MOST: usize = 768;

/// The most elements that picks hold in the mean.
const HELD: usize = 10;

/// The most picks of a part whose indices stand in words of their own, which spares a shift: the tables then stay in a
/// first-level cache of 32 KB.
const UNPACKED: usize = 192;

/// Lanes of a sum, floats of a block.
const LANES: usize = Picks::LANES;

/// The picks of a part.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    sums: Vec<PickSum>,
    /// A value for each pick and lane, 0 where there is none.
    values: Vec<f32>,
    /// An index for each pick and lane.
    indices: Vec<u32>,
    /// Elements that picks hold.
    held: usize,
    /// Elements that no pick holds.
    left_over: Csr,
    /// Whether it was chosen before, whatever it costs.
    pub(super) tuned: bool,
    /// What they cost, in nanoseconds.
    pub(super) cost: f64,
}

/// Picks for a part; none where the inputs do not stand in registers or there would be too many.
pub(super) fn choose(csr: &Csr, cols: usize) -> Option<Choice> {
    let rows = csr.row_ptr.len() - 1;
    if cols > BLOCKS * LANES || csr.nnz() > (MOST * HELD).min(cover::MOST * rows) {
        return None;
    }
    let choice = Choice::new(picker::picks(csr, cols), csr.nnz(), cols.div_ceil(LANES));
    (1..=MOST).contains(&choice.count()).then_some(choice)
}

impl Choice {
    fn new(picked: picker::Picked, elements: usize, blocks: usize) -> Choice {
        let picker::Picked { sums, values, indices, left_over } = picked;
        // Blocks are loaded, and sums started and stored.
        let like_picks = values.len() / LANES + sums.len() + blocks;
        let cost = cost::PICK * like_picks as f64 + cost::TERM * left_over.nnz() as f64;
        Choice { held: elements - left_over.nnz(), sums, values, indices, left_over, tuned: false, cost }
    }

    /// Number of picks.
    pub(super) fn count(&self) -> usize {
        self.values.len() / LANES
    }

    /// Elements that no pick holds.
    pub(super) fn left_over(&self) -> usize {
        self.left_over.nnz()
    }

    /// What they take of the budget of straight-line code.
    pub(super) fn terms(&self) -> usize {
        self.count() + self.left_over()
    }

    /// The reason in numbers.
    pub(super) fn why(&self) -> String {
        format!(
            "look-ups as straight-line code{}, {} picks for {LANES} rows out of two blocks of {LANES} inputs, {:.0}% filled, {} \
             elements left over, about {:.0} ns",
            if self.tuned { ", as tuned" } else { "" },
            thousands(self.count()),
            100.0 * self.held as f64 / self.values.len() as f64,
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
    let Choice { sums, values, indices, held, left_over, .. } = choice;
    let field = path.field("sparse");
    let count = values.len() / LANES;
    let per_word = if count <= UNPACKED { 1 } else { 32 / Picks::BITS };
    let words = words(&sums, &indices, per_word);
    let values = builder.constant(&field.field("slots"), Data::F32(values), "values by pick and lane");
    let note = format!("where picks take from, {} bits each, {per_word} to a word", Picks::BITS);
    let indices = builder.constant(&field.field("indices"), Data::U32(words), note);
    let name = builder.unique(&field.field("picks"));
    builder.operations.push(Operation::Picks(Picks {
        name,
        sums,
        values,
        indices,
        per_word,
        output: y,
        init,
        input: x,
        multiply_adds: held as u64,
        why,
    }));
    left_over
}

/// Indices in words, those of each sum from a word of its own on.
fn words(sums: &[PickSum], indices: &[u32], per_word: usize) -> Vec<u32> {
    let mut words = Vec::new();
    let mut rest = indices;
    for sum in sums {
        let (own, others) = rest.split_at(LANES * sum.picks.len());
        rest = others;
        for picks in own.chunks(LANES * per_word) {
            words.extend((0..LANES).map(|lane| {
                let lanes = picks.iter().skip(lane).step_by(LANES).enumerate();
                lanes.fold(0, |word, (k, index)| word | index << (Picks::BITS * k))
            }));
        }
    }
    words
}
