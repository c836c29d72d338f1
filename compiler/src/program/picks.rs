//! Look-ups as straight-line code: for each sixteen rows the picks that make their sums.

use super::{ConstantId, Init, View};

/// Look-ups as straight-line code for one sparse matrix: all inputs stand in registers, in **blocks** of
/// [`Picks::in_a_block`], and a **pick** takes one out of two blocks for each of [`Picks::LANES`] rows, times a value each.
#[derive(Debug, Clone)]
pub struct Picks {
    /// The function's name, unique in the program.
    pub name: String,
    /// The sums, in an order in which each stands before those that read it.
    pub sums: Vec<PickSum>,
    /// A value for each lane of each pick; picks in pairs share as many, those of the first in the lanes of their rows.
    pub values: ConstantId,
    /// What tells picks where to look, as [`PickWords`] has them: for each word as many words as lanes.
    pub indices: ConstantId,
    /// Where the picks' values and indices stand.
    pub words: PickWords,
    /// Inputs of a block, as many as lanes or one less: then the last lane holds a zero.
    pub in_a_block: usize,
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
    /// The picks; those in pairs come first.
    pub picks: Vec<Pick>,
}

/// A pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The two blocks it takes from.
    pub blocks: [Block; 2],
    /// Whether it is the second of a pair: its values are among those of the pick before it, in lanes that that one leaves.
    pub shares: bool,
}

/// Where a pick takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Inputs from so many times [`Picks::in_a_block`] on.
    Inputs(usize),
    /// The sum at this place among [`Picks::sums`].
    Sum(usize),
}

/// How the indices of picks stand in words: [`Picks::BITS`] for its index into its two blocks, and for the second of a pair
/// behind those [`Picks::AMONG`] for which of the values is its own, the first pick lowest. A pair stands in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickWords {
    /// As many to a word as it has room for.
    Packed,
    /// A word for each pick, none of them in pairs.
    Apart,
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
    /// Where it starts which of the values is its own; none where they stand in the lanes of their rows.
    pub among: Option<usize>,
}

impl Picks {
    /// Rows of a sum.
    pub const LANES: usize = 16;

    /// Bits of an index.
    pub const BITS: usize = 5;

    /// Bits for one of as many values as there are lanes.
    pub const AMONG: usize = 4;

    /// Number of picks.
    pub fn count(&self) -> usize {
        self.sums.iter().map(|sum| sum.picks.len()).sum()
    }

    /// Blocks of inputs.
    pub fn blocks(&self) -> usize {
        self.input.len.div_ceil(self.in_a_block)
    }

    /// Inputs of a block.
    pub fn inputs(&self, block: usize) -> usize {
        self.in_a_block.min(self.input.len - block * self.in_a_block)
    }

    /// Rows of a sum.
    pub fn rows(&self, sum: &PickSum) -> usize {
        sum.first.map_or(Picks::LANES, |first| Picks::LANES.min(self.output.len - first))
    }

    /// Each sum with where its picks stand.
    pub fn places(&self) -> impl Iterator<Item = (&PickSum, Vec<PickPlace>)> {
        self.words.places(&self.sums)
    }
}

impl PickWords {
    /// Bits of a word that are taken.
    fn bits(self) -> usize {
        match self {
            PickWords::Packed => 32,
            PickWords::Apart => Picks::BITS,
        }
    }

    /// Each sum with where its picks stand.
    pub fn places(self, sums: &[PickSum]) -> impl Iterator<Item = (&PickSum, Vec<PickPlace>)> {
        // The values and words that are taken, and bits of the last word.
        let (mut values, mut words, mut taken) = (0, 0, self.bits());
        sums.iter().map(move |sum| {
            let mut places = Vec::with_capacity(sum.picks.len());
            for (at, pick) in sum.picks.iter().enumerate() {
                let is_first = sum.picks.get(at + 1).is_some_and(|next| next.shares);
                let pair = if is_first { Picks::BITS + Picks::AMONG } else { 0 };
                if !pick.shares {
                    values += Picks::LANES;
                    if taken + Picks::BITS + pair > self.bits() {
                        (taken, words) = (0, words + Picks::LANES);
                    }
                }
                let shift = taken;
                taken += Picks::BITS;
                let among = pick.shares.then_some(taken);
                taken += if pick.shares { Picks::AMONG } else { 0 };
                places.push(PickPlace {
                    blocks: pick.blocks,
                    chain: at % sum.chains(),
                    values: values - Picks::LANES,
                    words: words - Picks::LANES,
                    shift,
                    among,
                });
            }
            (sum, places)
        })
    }
}

impl PickSum {
    /// Sums that picks are added to in turn, so that no addition waits for all before it.
    pub fn chains(&self) -> usize {
        if self.picks.len() > 2 { 2 } else { 1 }
    }

    /// Whether some of its picks stand in pairs.
    pub fn has_pairs(&self) -> bool {
        self.picks.iter().any(|pick| pick.shares)
    }
}
