//! The picks of a sparse part: which elements of sixteen rows are looked up at once, and out of which blocks;
//! [`super::cover`] finds the pairs of blocks, [`super::pick_tables`] makes tables of them.
//!
//! Sixteen neighbouring inputs are a block, or fifteen and a zero; sixteen neighbouring rows are a group. A pick takes an
//! input out of two blocks for each row of a group, so that a group needs at least as many as its longest row has
//! elements. Picks that would hold less than [`LEAST`] elements more are not made: what a row has too much goes to a lane
//! of a sum of its own, beside others from anywhere, as many as a block has inputs, and a last pick of the group takes
//! that sum like an input. What is too little even for that is left over.

use super::cover::{Pair, assign, gaining, pairs};
use crate::model::Csr;
use crate::program::{Block, Pick, PickSum, Picks};

/// The fewest elements that a pick of a group holds: with less, those are cheaper in sums of their own, which two thirds
/// full hold ten a pick.
const LEAST: usize = 6;

/// The same where picks share their values two by two, so that one with fewer elements takes fewer bytes.
const LEAST_SHARED: usize = 5;

/// The fewest elements that a pick of such a sum holds: with less, those are cheaper one by one.
const LEAST_OWN: usize = 2;

/// Lanes of a sum.
const LANES: usize = Picks::LANES;

/// What is picked of a part, and what is not.
#[derive(Debug, Clone)]
pub(super) struct Picked {
    /// The sums, each before those that take from it.
    pub(super) sums: Vec<PickSum>,
    /// What each of their picks takes for each lane, if anything.
    pub(super) taken: Vec<[Option<Taken>; LANES]>,
    /// Elements that no pick holds.
    pub(super) left_over: Csr,
}

/// What a pick takes for a lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Where its input stands in the two blocks.
    pub(super) index: usize,
    /// What that is multiplied by.
    pub(super) value: f32,
}

/// The picks of a part with so many columns, out of blocks of so many: lanes, or one less.
pub(super) fn picks(csr: &Csr, cols: usize, in_a_block: usize) -> Picked {
    let blocks = cols.div_ceil(in_a_block);
    Picker { csr, in_a_block, blocks, groups: Vec::new(), lanes: Vec::new(), left_over: Vec::new() }.picked()
}

/// An element of a row: where it stands, and its value.
#[derive(Debug, Clone, Copy)]
struct Element {
    /// A block of inputs, or behind those a sum of its own.
    block: usize,
    index: usize,
    value: f32,
}

/// A lane of a sum of its own: what its row has too much.
#[derive(Debug)]
struct Lane {
    row: usize,
    elements: Vec<Element>,
}

/// A sum with what its picks take: for each pick and lane an element, if any.
#[derive(Debug)]
struct Sum {
    first: Option<usize>,
    picks: Vec<Pair>,
    held: Vec<[Option<Element>; LANES]>,
}

/// Up to sixteen rows, the pairs of blocks that they pick from, and which element each pair holds of each.
struct Rows {
    elements: Vec<Vec<Element>>,
    /// The blocks of the elements.
    blocks: Vec<Vec<usize>>,
    pairs: Vec<Pair>,
    owners: Vec<Vec<Option<usize>>>,
}

impl Rows {
    /// Picks that hold at least `least` elements more each.
    fn new(elements: Vec<Vec<Element>>, blocks: usize, least: usize) -> Rows {
        let blocks_of = |row: &Vec<Element>| row.iter().map(|element| element.block).collect();
        let of_rows: Vec<Vec<usize>> = elements.iter().map(blocks_of).collect();
        let pairs = pairs(&of_rows, blocks, least);
        let owners = of_rows.iter().map(|row| assign(row, &pairs)).collect();
        Rows { elements, blocks: of_rows, pairs, owners }
    }

    /// The elements of a row that no pick holds.
    fn alone(&self, row: usize) -> Vec<usize> {
        let is_alone = |&element: &usize| !self.owners[row].contains(&Some(element));
        (0..self.elements[row].len()).filter(is_alone).collect()
    }

    /// Whether one more pick out of a block would leave a row nothing too much.
    fn helped(&self, row: usize, block: usize) -> bool {
        self.alone(row).len() == 1
            && gaining(&self.blocks[row], &self.pairs, &self.owners[row]) >> block & 1 == 1
    }

    /// What each pick takes for each row.
    fn held(&self) -> Vec<[Option<Element>; LANES]> {
        let mut held = vec![[None; LANES]; self.pairs.len()];
        for (row, owners) in self.owners.iter().enumerate() {
            for (pick, &owner) in owners.iter().enumerate() {
                held[pick][row] = owner.map(|element| self.elements[row][element]);
            }
        }
        held
    }
}

struct Picker<'a> {
    csr: &'a Csr,
    /// Inputs of a block, and lanes of a sum of its own that are taken.
    in_a_block: usize,
    blocks: usize,
    groups: Vec<Sum>,
    lanes: Vec<Lane>,
    /// Row, column and value.
    left_over: Vec<(usize, usize, f32)>,
}

impl Picked {
    fn new(sums: Vec<PickSum>, made: &[Sum], left_over: Csr) -> Picked {
        let taken = |pick: &Pair, element: Element| {
            let behind = if element.block == pick[0] { 0 } else { LANES };
            Taken { index: element.index + behind, value: element.value }
        };
        let picks = made.iter().flat_map(|sum| sum.picks.iter().zip(&sum.held));
        let taken = picks.map(|(pick, held)| held.map(|element| element.map(|element| taken(pick, element))));
        Picked { sums, taken: taken.collect(), left_over }
    }
}

impl Picker<'_> {
    fn picked(mut self) -> Picked {
        let rows = self.csr.row_ptr.len() - 1;
        (0..rows).step_by(LANES).for_each(|first| self.group(first, LANES.min(rows - first)));
        let mut own: Vec<Option<Sum>> = Vec::new();
        let lanes = std::mem::take(&mut self.lanes);
        for lanes in lanes.chunks(self.in_a_block) {
            own.push(Some(self.own(lanes)));
        }
        // Each sum stands before the first group that takes from it, so that few registers are taken at a time.
        let (mut sums, mut names) = (Vec::new(), Vec::new());
        let mut places = vec![0; own.len()];
        for group in std::mem::take(&mut self.groups) {
            for at in group.picks.iter().flatten().filter_map(|block| block.checked_sub(self.blocks)) {
                if let Some(sum) = own[at].take() {
                    places[at] = sums.len();
                    names.push(self.name(&sum, &places));
                    sums.push(sum);
                }
            }
            names.push(self.name(&group, &places));
            sums.push(group);
        }
        Picked::new(names, &sums, self.left_over(rows))
    }

    /// A sum with its blocks by name; `places` has those of sums of their own.
    fn name(&self, sum: &Sum, places: &[usize]) -> PickSum {
        let name = |block: usize| match block.checked_sub(self.blocks) {
            None => Block::Inputs(block),
            Some(own) => Block::Sum(places[own]),
        };
        let pick = |pair: &Pair| Pick { blocks: pair.map(name), shares: false };
        PickSum { first: sum.first, picks: sum.picks.iter().map(pick).collect() }
    }

    /// Makes the picks of the rows from `first` on; what they have too much goes to lanes.
    fn group(&mut self, first: usize, count: usize) {
        let element =
            |(col, value)| Element { block: col / self.in_a_block, index: col % self.in_a_block, value };
        let elements = (first..first + count).map(|row| self.csr.row(row).map(element).collect()).collect();
        let least = if self.in_a_block < LANES { LEAST_SHARED } else { LEAST };
        let mut rows = Rows::new(elements, self.blocks, least);
        let too_much: usize = (0..count).map(|row| rows.alone(row).len()).sum();
        let mut lane_of = vec![None; count];
        if too_much > LEAST_OWN {
            self.spill(&mut rows, first, &mut lane_of);
        } else {
            (0..count).for_each(|row| self.leave_over(&rows, row, first + row));
        }
        let mut held = rows.held();
        for (row, lane) in lane_of.into_iter().enumerate() {
            if let (Some(lane), Some(last)) = (lane, held.last_mut()) {
                let block = self.blocks + lane / self.in_a_block;
                last[row] = Some(Element { block, index: lane % self.in_a_block, value: 1.0 });
            }
        }
        self.groups.push(Sum { first: Some(first), picks: rows.pairs, held });
    }

    /// Adds a last pick to a group and gives the rows that still have too much lanes of sums that it takes.
    fn spill(&mut self, rows: &mut Rows, first: usize, lane_of: &mut [Option<usize>]) {
        let long: Vec<usize> = (0..lane_of.len()).filter(|&row| !rows.alone(row).is_empty()).collect();
        let sum = self.blocks + self.lanes.len() / self.in_a_block;
        let free = self.in_a_block - self.lanes.len() % self.in_a_block;
        // Out of the lanes of two sums where one hasn't enough; else the other block is one of inputs, which helps rows
        // that have a single element too much.
        let helped = |block: usize| long.iter().filter(|&&row| rows.helped(row, block)).count();
        let input = || (0..self.blocks).rev().max_by_key(|&block| helped(block)).unwrap_or(0);
        let last = if long.len() > free { [sum, sum + 1] } else { [input(), sum] };
        rows.pairs.push(last);
        for &row in &long {
            rows.owners[row] = assign(&rows.blocks[row], &rows.pairs);
            let alone = rows.alone(row);
            if !alone.is_empty() {
                // What the last pick took goes there, too, since it takes the sum.
                let taken = rows.owners[row].last_mut().and_then(Option::take);
                let elements = alone.into_iter().chain(taken).map(|element| rows.elements[row][element]);
                lane_of[row] = Some(self.lanes.len());
                self.lanes.push(Lane { row: first + row, elements: elements.collect() });
            }
        }
        if let Some([low, high]) = rows.pairs.last_mut()
            && lane_of.iter().all(Option::is_none)
        {
            *high = *low;
        }
    }

    /// Makes the picks of a sum of its own.
    fn own(&mut self, lanes: &[Lane]) -> Sum {
        let elements = lanes.iter().map(|lane| lane.elements.clone()).collect();
        let rows = Rows::new(elements, self.blocks, LEAST_OWN);
        lanes.iter().enumerate().for_each(|(at, lane)| self.leave_over(&rows, at, lane.row));
        Sum { first: None, held: rows.held(), picks: rows.pairs }
    }

    /// Leaves over what is without a pick, for row number `row` of the matrix.
    fn leave_over(&mut self, rows: &Rows, at: usize, row: usize) {
        self.left_over.extend(rows.alone(at).into_iter().map(|element| {
            let Element { block, index, value } = rows.elements[at][element];
            (row, block * self.in_a_block + index, value)
        }));
    }

    /// What is left over, as a matrix of so many rows.
    fn left_over(&mut self, rows: usize) -> Csr {
        self.left_over.sort_by_key(|&(row, column, _)| (row, column));
        let mut csr = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
        let mut rest = self.left_over.iter().peekable();
        for row in 0..rows {
            while let Some((_, column, value)) = rest.next_if(|(at, ..)| *at == row) {
                csr.col_idx.push(*column as u32);
                csr.values.push(*value);
            }
            csr.row_ptr.push(csr.values.len() as u32);
        }
        csr
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A matrix with so many of a thousand elements of each row, more where `row` is a multiple of five.
    pub(in crate::lower) fn matrix(rows: usize, cols: usize, thousandths: usize) -> Csr {
        let mut seed = 1_u32;
        let mut below = |n: usize| {
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            (seed >> 8) as usize % n
        };
        let mut csr = Csr { row_ptr: vec![0], col_idx: Vec::new(), values: Vec::new() };
        for row in 0..rows {
            let chance = if row % 5 == 0 { 2 * thousandths } else { thousandths };
            csr.col_idx.extend((0..cols as u32).filter(|_| below(1000) < chance));
            csr.row_ptr.push(csr.col_idx.len() as u32);
        }
        csr.values = (1..=csr.col_idx.len()).map(|k| k as f32).collect();
        csr
    }

    /// What the picks and what they leave over make of inputs.
    fn product(picked: &Picked, rows: usize, x: &[f64], in_a_block: usize) -> Vec<f64> {
        let mut y = vec![0.0; rows];
        let mut sums: Vec<Vec<f64>> = Vec::new();
        let mut taken = picked.taken.iter();
        for sum in &picked.sums {
            let mut own = vec![0.0; LANES];
            for (pick, lanes) in sum.picks.iter().zip(taken.by_ref()) {
                for (own, taken) in own.iter_mut().zip(lanes) {
                    let Some(Taken { index, value }) = taken else { continue };
                    assert!(index % LANES < in_a_block, "{index} of {in_a_block} in a block");
                    let input = match pick.blocks[index / LANES] {
                        Block::Inputs(block) => x[block * in_a_block + index % LANES],
                        Block::Sum(at) => sums[at][index % LANES],
                    };
                    *own += f64::from(*value) * input;
                }
            }
            if let Some(first) = sum.first {
                y.iter_mut().skip(first).zip(&own).for_each(|(y, sum)| *y += sum);
            }
            sums.push(own);
        }
        assert!(taken.next().is_none());
        for (row, y) in y.iter_mut().enumerate() {
            *y += picked.left_over.row(row).map(|(col, value)| f64::from(value) * x[col]).sum::<f64>();
        }
        y
    }

    #[test]
    fn every_element_is_picked_once_or_left_over() {
        for (rows, cols) in [(1, 1), (5, 31), (16, 16), (33, 70), (256, 128), (130, 255)] {
            for thousandths in [0, 10, 40, if rows < 50 { 1000 } else { 100 }] {
                for in_a_block in [LANES, LANES - 1] {
                    let csr = matrix(rows, cols, thousandths);
                    let picked = picks(&csr, cols, in_a_block);
                    let x: Vec<f64> = (0..cols).map(|col| (col * col + 1) as f64).collect();
                    let expected: Vec<f64> = (0..rows)
                        .map(|row| csr.row(row).map(|(col, value)| f64::from(value) * x[col]).sum())
                        .collect();
                    assert_eq!(
                        product(&picked, rows, &x, in_a_block),
                        expected,
                        "{rows}×{cols}, {thousandths}, {in_a_block} in a block"
                    );
                }
            }
        }
    }

    #[test]
    fn long_rows_end_in_sums_of_their_own() {
        let csr = matrix(256, 128, 40);
        let picked = picks(&csr, 128, LANES);
        let own = picked.sums.iter().filter(|sum| sum.first.is_none()).count();
        let longest: usize = (0..16)
            .map(|group| (16 * group..16 * group + 16).map(|row| csr.row(row).count()).max().unwrap_or(0))
            .sum();
        let picks = picked.taken.len();
        assert!(
            own > 2 && picks < longest,
            "{own} sums, {picks} picks where the longest rows have {longest}"
        );
        assert!(picked.left_over.nnz() * 50 < csr.nnz(), "{} left over", picked.left_over.nnz());
    }
}
