//! Look-ups as straight-line code: for each sixteen rows the picks that make their sums.

use super::{ConstantId, Init, View};

/// Look-ups as straight-line code for one sparse matrix: all inputs stand in registers, in **blocks** of
/// [`Picks::LANES`], and a **pick** takes one out of two blocks for each of as many rows, times a value each.
#[derive(Debug, Clone)]
pub struct Picks {
    /// The function's name, unique in the program.
    pub name: String,
    /// The sums, in an order in which each stands before those that read it.
    pub sums: Vec<PickSum>,
    /// A value for each pick and lane.
    pub values: ConstantId,
    /// The indices of picks into their two blocks, five bits each, so many of a sum's picks in a word: for each word as many
    /// words as lanes, the first pick lowest. A sum starts a word of its own.
    pub indices: ConstantId,
    /// Indices in a word.
    pub per_word: usize,
    /// y, the whole matrix's rows.
    pub output: View,
    /// What y starts from.
    pub init: Init,
    /// x, the whole matrix's columns.
    pub input: View,
    /// Multiply-adds: an element each.
    pub multiply_adds: u64,
    /// What it computes, and why in this way.
    pub why: String,
}

/// The sums of [`Picks::LANES`] rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickSum {
    /// The first of the rows, which end with the matrix at the latest; none where lanes are rows from anywhere: such a sum
    /// starts from zero, and others pick from it.
    pub first: Option<usize>,
    /// The two blocks of each pick.
    pub picks: Vec<[Block; 2]>,
}

/// Where a pick and what it reads stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickPlace {
    /// The two blocks it takes from.
    pub blocks: [Block; 2],
    /// The sum of [`PickSum::chains`] that it is added to.
    pub chain: usize,
    /// The first of its values.
    pub values: usize,
    /// The first of its words of indices.
    pub words: usize,
    /// Where its index starts in a word.
    pub shift: usize,
}

/// Where a pick takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Inputs from so many times [`Picks::LANES`] on.
    Inputs(usize),
    /// The sum at this place among [`Picks::sums`].
    Sum(usize),
}

impl Picks {
    /// Rows of a sum, and inputs of a block.
    pub const LANES: usize = 16;

    /// Bits of an index.
    pub const BITS: usize = 5;

    /// Number of picks.
    pub fn count(&self) -> usize {
        self.sums.iter().map(|sum| sum.picks.len()).sum()
    }

    /// Blocks of inputs.
    pub fn blocks(&self) -> usize {
        self.input.len.div_ceil(Picks::LANES)
    }

    /// Inputs of a block.
    pub fn inputs(&self, block: usize) -> usize {
        Picks::LANES.min(self.input.len - block * Picks::LANES)
    }

    /// Rows of a sum.
    pub fn rows(&self, sum: &PickSum) -> usize {
        sum.first.map_or(Picks::LANES, |first| Picks::LANES.min(self.output.len - first))
    }

    /// Each sum with where its picks stand.
    pub fn places(&self) -> impl Iterator<Item = (&PickSum, Vec<PickPlace>)> {
        let (mut values, mut first_word) = (0, 0);
        self.sums.iter().map(move |sum| {
            let place = |(at, &blocks)| PickPlace {
                blocks,
                chain: at % sum.chains(),
                values: values + at * Picks::LANES,
                words: first_word + at / self.per_word * Picks::LANES,
                shift: Picks::BITS * (at % self.per_word),
            };
            let places: Vec<PickPlace> = sum.picks.iter().enumerate().map(place).collect();
            values += places.len() * Picks::LANES;
            first_word += places.len().div_ceil(self.per_word) * Picks::LANES;
            (sum, places)
        })
    }
}

impl PickSum {
    /// Sums that picks are added to in turn, so that no addition waits for all before it.
    pub fn chains(&self) -> usize {
        if self.picks.len() > 2 { 2 } else { 1 }
    }
}
