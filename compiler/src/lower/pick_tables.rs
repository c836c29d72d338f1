//! The tables of picks: values and words of indices, and which picks share their values.
//!
//! Takes the picks of [`super::picker`]; [`pair`] orders those of each sum so that pairs with no more than sixteen elements
//! together come first. A pair has sixteen values for both: those of the first in the lanes of their rows, those of the
//! second in the lanes that are left. Rows without an element take the zero of a block, which pairs need.

use super::picker::{Picked, Taken};
use crate::program::{Pick, PickSum, PickWords, Picks};

/// Lanes of a sum.
const LANES: usize = Picks::LANES;

/// What is taken for the lanes of a pick.
type Lanes = [Option<Taken>; LANES];

/// What the picks read.
pub(super) struct Tables {
    /// A value for each lane of each pick, or of both of a pair, 0 where there is none.
    pub(super) values: Vec<f32>,
    /// As [`PickWords`] has them.
    pub(super) words: Vec<u32>,
}

/// Elements that a pick holds.
fn held(lanes: &Lanes) -> usize {
    lanes.iter().flatten().count()
}

/// Puts the picks of each sum into pairs, the fullest first, each with the fullest that it leaves room for.
pub(super) fn pair(picked: Picked) -> Picked {
    let Picked { sums, taken, left_over } = picked;
    let mut rest = taken.as_slice();
    let (mut paired, mut ordered) = (Vec::with_capacity(sums.len()), Vec::with_capacity(taken.len()));
    for sum in sums {
        let (own, others) = rest.split_at(sum.picks.len());
        rest = others;
        let mut open: Vec<(Pick, &Lanes)> = sum.picks.into_iter().zip(own).collect();
        open.sort_by_key(|(_, lanes)| std::cmp::Reverse(held(lanes)));
        let (mut pairs, mut alone) = (Vec::new(), Vec::new());
        while !open.is_empty() {
            let first = open.remove(0);
            let room = LANES - held(first.1);
            match open.iter().position(|(_, lanes)| held(lanes) <= room) {
                Some(at) => {
                    let (second, lanes) = open.remove(at);
                    pairs.extend([first, (Pick { shares: true, ..second }, lanes)]);
                }
                None => alone.push(first),
            }
        }
        pairs.extend(alone);
        ordered.extend(pairs.iter().map(|(_, lanes)| **lanes));
        let picks = pairs.into_iter().map(|(pick, _)| pick).collect();
        paired.push(PickSum { first: sum.first, picks });
    }
    Picked { sums: paired, taken: ordered, left_over }
}

/// Bytes of the tables.
pub(super) fn bytes(sums: &[PickSum], words: PickWords) -> usize {
    let mut read = 0;
    for (_, places) in words.places(sums) {
        if let Some(last) = places.last() {
            read = 4 * (last.values + last.words + 2 * LANES);
        }
    }
    read
}

impl Tables {
    /// The tables of picks out of blocks of so many inputs.
    pub(super) fn new(picked: &Picked, words: PickWords, in_a_block: usize) -> Tables {
        let mut tables = Tables { values: Vec::new(), words: Vec::new() };
        // In blocks without a zero, what is without an element takes any input times zero.
        let nothing = if in_a_block < LANES { in_a_block } else { 0 };
        let places = words.places(&picked.sums).flat_map(|(_, places)| places);
        let mut left = [0; LANES];
        for (place, lanes) in places.zip(&picked.taken) {
            tables.values.resize(place.values + LANES, 0.0);
            tables.words.resize(place.words + LANES, 0);
            let mut free = left.into_iter();
            for (lane, taken) in lanes.iter().enumerate() {
                let word = &mut tables.words[place.words + lane];
                *word |= (taken.map_or(nothing, |taken| taken.index) as u32) << place.shift;
                if let Some(Taken { value, .. }) = taken {
                    let at = match place.among {
                        None => lane,
                        Some(among) => {
                            let at = free.next().expect("a pair holds no more than there are lanes");
                            *word |= (at as u32) << among;
                            at
                        }
                    };
                    tables.values[place.values + at] = *value;
                }
            }
            let is_free = |&lane: &usize| lanes[lane].is_none();
            left.iter_mut().zip((0..LANES).filter(is_free)).for_each(|(left, lane)| *left = lane);
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::picker::picks;
    use crate::lower::picker::tests::matrix;

    #[test]
    fn pairs_hold_what_their_picks_held() {
        let csr = matrix(256, 128, 40);
        let alone = picks(&csr, 128, 15);
        let values = |picked: &Picked| {
            let mut values: Vec<u32> =
                picked.taken.iter().flatten().flatten().map(|taken| taken.value.to_bits()).collect();
            values.sort_unstable();
            values
        };
        let paired = pair(alone.clone());
        assert_eq!(values(&paired), values(&alone));
        let tables = Tables::new(&paired, PickWords::Packed, 15);
        let mut in_tables: Vec<u32> =
            tables.values.iter().filter(|&&value| value != 0.0).map(|value| value.to_bits()).collect();
        in_tables.sort_unstable();
        assert_eq!(in_tables, values(&alone));
        assert_eq!(4 * (tables.values.len() + tables.words.len()), bytes(&paired.sums, PickWords::Packed));
        let sixteenths = 16 * tables.values.len() / (LANES * alone.taken.len());
        assert!(sixteenths < 13, "values shrink by a fifth and more, not to {sixteenths} sixteenths");
    }
}
