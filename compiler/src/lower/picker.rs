//! The picks of a sparse part: which elements of sixteen rows are looked up at once, and out of which blocks;
//! [`super::cover`] finds the pairs of blocks, [`super::picks`] makes tables of them.
//!
//! Sixteen neighbouring inputs are a block, sixteen neighbouring rows a group. A pick takes an input out of two blocks
//! for each row of a group, so that a group needs at least as many as its longest row has elements. Picks that would
//! hold less than [`LEAST`] elements more are not made: what a row has too much goes to a lane of a sum of its own, beside
//! fifteen others from anywhere, and a last pick of the group takes that sum like an input. What is too little even for
//! that is left over.

use super::cover::{Pair, assign, gaining, pairs};
use crate::model::Csr;
use crate::program::{Block, PickSum, Picks};

/// The fewest elements that a pick of a group holds: with less, those are cheaper in sums of their own, which two thirds
/// full hold ten a pick.
const LEAST: usize = 6;

/// The fewest elements that a pick of such a sum holds: with less, those are cheaper one by one.
const LEAST_OWN: usize = 2;

/// Lanes of a sum, floats of a block.
const LANES: usize = Picks::LANES;

/// What is picked of a part, and what is not.
pub(super) struct Picked {
    /// The sums, each before those that take from it.
    pub(super) sums: Vec<PickSum>,
    /// A value for each pick and lane, 0 where there is none.
    pub(super) values: Vec<f32>,
    /// An index for each pick and lane.
    pub(super) indices: Vec<u32>,
    /// Elements that no pick holds.
    pub(super) left_over: Csr,
}

/// The picks of a part with so many columns.
pub(super) fn picks(csr: &Csr, cols: usize) -> Picked {
    let blocks = cols.div_ceil(LANES);
    Picker { csr, blocks, groups: Vec::new(), lanes: Vec::new(), left_over: Vec::new() }.picked()
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

struct Picker<'a> {
    csr: &'a Csr,
    blocks: usize,
    groups: Vec<Sum>,
    lanes: Vec<Lane>,
    /// Row, column and value.
    left_over: Vec<(usize, usize, f32)>,
}

impl Picked {
    fn new(sums: Vec<PickSum>, made: &[Sum], left_over: Csr) -> Picked {
        let (mut values, mut indices) = (Vec::new(), Vec::new());
        for (pick, lanes) in made.iter().flat_map(|sum| sum.picks.iter().zip(&sum.held)) {
            for element in lanes {
                let Element { block, index, value } =
                    element.unwrap_or(Element { block: pick[0], index: 0, value: 0.0 });
                let behind = if block == pick[0] { 0 } else { LANES };
                values.push(value);
                indices.push((index + behind) as u32);
            }
        }
        Picked { sums, values, indices, left_over }
    }
}

impl Picker<'_> {
    fn picked(mut self) -> Picked {
        let rows = self.csr.row_ptr.len() - 1;
        (0..rows).step_by(LANES).for_each(|first| self.group(first, LANES.min(rows - first)));
        let mut own: Vec<Option<Sum>> = Vec::new();
        let lanes = std::mem::take(&mut self.lanes);
        for lanes in lanes.chunks(LANES) {
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
        PickSum { first: sum.first, picks: sum.picks.iter().map(|pair| pair.map(name)).collect() }
    }

    /// Makes the picks of the rows from `first` on; what they have too much goes to lanes.
    fn group(&mut self, first: usize, count: usize) {
        let rows: Vec<Vec<Element>> = (first..first + count)
            .map(|row| {
                let element = |(col, value)| Element { block: col / LANES, index: col % LANES, value };
                self.csr.row(row).map(element).collect()
            })
            .collect();
        let blocks = blocks_of(&rows);
        let mut pairs = pairs(&blocks, self.blocks, LEAST);
        let mut owners: Vec<_> = blocks.iter().map(|row| assign(row, &pairs)).collect();
        let alone = |row: usize, owners: &[Vec<Option<usize>>]| -> Vec<usize> {
            (0..rows[row].len()).filter(|&element| !owners[row].contains(&Some(element))).collect()
        };
        let long: Vec<usize> = (0..count).filter(|&row| !alone(row, &owners).is_empty()).collect();
        let too_much: usize = long.iter().map(|&row| alone(row, &owners).len()).sum();
        let mut sum_of = vec![None; count];
        if too_much > LEAST_OWN {
            let fit = self.lanes.len().next_multiple_of(LANES) - self.lanes.len();
            let sum = self.lanes.len() / LANES;
            if fit > 0 && long.len() > fit {
                // The lanes of two sums, which the last pick takes from both.
                pairs.push([self.blocks + sum, self.blocks + sum + 1]);
            } else {
                // The other block of the last pick helps rows with a single element too much.
                let helped = |block: usize| {
                    let helps = |&&row: &&usize| {
                        alone(row, &owners).len() == 1
                            && gaining(&blocks[row], &pairs, &owners[row]) >> block & 1 == 1
                    };
                    long.iter().filter(helps).count()
                };
                let block = (0..self.blocks).rev().max_by_key(|&block| helped(block)).unwrap_or(0);
                pairs.push([block, self.blocks + sum]);
            }
            for &row in &long {
                owners[row] = assign(&blocks[row], &pairs);
                let rest = alone(row, &owners);
                if rest.is_empty() {
                    continue;
                }
                // The last pick takes the sum: what it took goes there, too.
                let last = owners[row][pairs.len() - 1].take();
                let elements = rest.into_iter().chain(last).map(|element| rows[row][element]).collect();
                sum_of[row] = Some(self.lanes.len());
                self.lanes.push(Lane { row: first + row, elements });
            }
        } else {
            for &row in &long {
                for element in alone(row, &owners) {
                    let Element { block, index, value } = rows[row][element];
                    self.left_over.push((first + row, block * LANES + index, value));
                }
            }
        }
        if sum_of.iter().all(Option::is_none)
            && let Some([low, high]) = pairs.last_mut()
            && *high >= self.blocks
        {
            *high = *low;
        }
        let mut held = vec![[None; LANES]; pairs.len()];
        for (row, owners) in owners.iter().enumerate() {
            for (pick, owner) in owners.iter().enumerate() {
                held[pick][row] = owner.map(|element| rows[row][element]);
            }
            if let (Some(lane), Some(last)) = (sum_of[row], held.last_mut()) {
                let block = self.blocks + lane / LANES;
                last[row] = Some(Element { block, index: lane % LANES, value: 1.0 });
            }
        }
        self.groups.push(Sum { first: Some(first), picks: pairs, held });
    }

    /// Makes the picks of a sum of its own.
    fn own(&mut self, lanes: &[Lane]) -> Sum {
        let rows: Vec<Vec<Element>> = lanes.iter().map(|lane| lane.elements.clone()).collect();
        let blocks = blocks_of(&rows);
        let pairs = pairs(&blocks, self.blocks, LEAST_OWN);
        let mut held = vec![[None; LANES]; pairs.len()];
        for (at, lane) in lanes.iter().enumerate() {
            let owners = assign(&blocks[at], &pairs);
            for (element, &Element { block, index, value }) in lane.elements.iter().enumerate() {
                match owners.iter().position(|&owner| owner == Some(element)) {
                    Some(pick) => held[pick][at] = Some(lane.elements[element]),
                    None => self.left_over.push((lane.row, block * LANES + index, value)),
                }
            }
        }
        Sum { first: None, picks: pairs, held }
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

fn blocks_of(rows: &[Vec<Element>]) -> Vec<Vec<usize>> {
    rows.iter().map(|row| row.iter().map(|element| element.block).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A matrix with so many of a thousand elements of each row, more where `row` is a multiple of five.
    fn csr(rows: usize, cols: usize, thousandths: usize) -> Csr {
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
    fn product(picked: &Picked, rows: usize, x: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; rows];
        let mut sums: Vec<Vec<f64>> = Vec::new();
        let mut slot = 0;
        for sum in &picked.sums {
            let mut own = vec![0.0; LANES];
            for pick in &sum.picks {
                for lane in &mut own {
                    let (value, index) = (picked.values[slot], picked.indices[slot] as usize);
                    let input = match pick[index / LANES] {
                        Block::Inputs(block) => x.get(block * LANES + index % LANES).copied(),
                        Block::Sum(at) => Some(sums[at][index % LANES]),
                    };
                    *lane += f64::from(value) * input.unwrap_or(0.0);
                    slot += 1;
                }
            }
            if let Some(first) = sum.first {
                y.iter_mut().skip(first).zip(&own).for_each(|(y, sum)| *y += sum);
            }
            sums.push(own);
        }
        assert_eq!(slot, picked.values.len());
        for (row, y) in y.iter_mut().enumerate() {
            *y += picked.left_over.row(row).map(|(col, value)| f64::from(value) * x[col]).sum::<f64>();
        }
        y
    }

    #[test]
    fn every_element_is_picked_once_or_left_over() {
        for (rows, cols) in [(1, 1), (5, 31), (16, 16), (33, 70), (256, 128), (130, 255)] {
            for thousandths in [0, 10, 40, if rows < 50 { 1000 } else { 100 }] {
                let csr = csr(rows, cols, thousandths);
                let picked = picks(&csr, cols);
                let x: Vec<f64> = (0..cols).map(|col| (col * col + 1) as f64).collect();
                let expected: Vec<f64> = (0..rows)
                    .map(|row| csr.row(row).map(|(col, value)| f64::from(value) * x[col]).sum())
                    .collect();
                assert_eq!(product(&picked, rows, &x), expected, "{rows}×{cols}, {thousandths}");
            }
        }
    }

    #[test]
    fn long_rows_end_in_sums_of_their_own() {
        let csr = csr(256, 128, 40);
        let picked = picks(&csr, 128);
        let own = picked.sums.iter().filter(|sum| sum.first.is_none()).count();
        let longest: usize = (0..16)
            .map(|group| (16 * group..16 * group + 16).map(|row| csr.row(row).count()).max().unwrap_or(0))
            .sum();
        let picks = picked.values.len() / LANES;
        assert!(
            own > 2 && picks < longest,
            "{own} sums, {picks} picks where the longest rows have {longest}"
        );
        assert!(picked.left_over.nnz() * 50 < csr.nnz(), "{} left over", picked.left_over.nnz());
    }
}
