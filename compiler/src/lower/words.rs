//! Words of 32 bits that hold a value and where its input stands in a window.
//!
//! The values of a sparse part have few different exponents, and seven of their eight bits mostly say the same. A word keeps a
//! sign, the two lowest bits of an exponent and the whole mantissa, and has room for an index below. Takes the values; gives
//! the exponents that hold most of them, and the table that the kernel `lookup_folded` reads. Values with other exponents,
//! zeros among them, are left over.

use std::borrow::Cow;

use super::folded;
use super::lanes::{GROUP, Slots, ZERO, beside_zero};
use super::windows::bands;
use crate::model::Csr;

/// The bit of a word that says that it is of its lane's second row.
const OF_SECOND: u32 = 32;

/// Bits of a mantissa, and of a word below its value.
const MANTISSA: u32 = 23;
const BELOW: u32 = 6;

/// How many exponents words hold, a power of two.
const EXPONENTS: u32 = 4;

/// The exponents that words hold: four from this one on, biased as in a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Least(pub(super) u32);

impl Least {
    /// That with which words hold most of the values, the highest of those with which they hold as many.
    pub(super) fn of(values: &[f32]) -> Least {
        let mut counts = [0_usize; 256];
        values.iter().for_each(|&value| counts[exponent(value) as usize] += 1);
        // From the lowest on what stands in words is a normal float, too, and below the highest no infinity.
        let (lowest, highest) = (EXPONENTS, 255 - EXPONENTS);
        let held = |&least: &u32| counts[least as usize..(least + EXPONENTS) as usize].iter().sum::<usize>();
        Least((lowest..=highest).max_by_key(held).unwrap_or(lowest))
    }

    /// How many of the values words do not hold.
    pub(super) fn left_over(self, values: &[f32]) -> usize {
        values.iter().filter(|&&value| !self.holds(value)).count()
    }

    /// Whether words hold a value.
    fn holds(self, value: f32) -> bool {
        (self.0..self.0 + EXPONENTS).contains(&exponent(value))
    }

    /// A value, above the bits for what stands beside it.
    fn word(self, value: f32) -> u32 {
        let down = (self.0 % EXPONENTS) << MANTISSA;
        let kept = (value.to_bits() - down) & ((EXPONENTS << MANTISSA) - 1);
        value.to_bits() & 1 << 31 | kept << BELOW
    }
}

/// The biased exponent of a value.
fn exponent(value: f32) -> u32 {
    value.to_bits() >> MANTISSA & 255
}

/// The elements of a sparse part that its slots may hold.
pub(super) struct Elements<'c> {
    pub(super) csr: Cow<'c, Csr>,
    /// Their numbers in the part, where they are not all of it.
    numbers: Option<Vec<u32>>,
    /// The exponents that words hold, where values stand in words.
    pub(super) least: Option<Least>,
}

impl<'c> Elements<'c> {
    /// Those that slots may hold.
    pub(super) fn new(csr: &'c Csr, form: Slots) -> Elements<'c> {
        let least = (form == Slots::Folded).then(|| Least::of(&csr.values));
        let all = Elements { csr: Cow::Borrowed(csr), numbers: None, least };
        let Some(least) = least.filter(|&least| least.left_over(&csr.values) > 0) else {
            return all;
        };
        let holds = |element: usize| least.holds(csr.values[element]);
        let numbers =
            (0..csr.nnz()).filter(|&element| holds(element)).map(|element| element as u32).collect();
        Elements { csr: Cow::Owned(csr.kept(holds)), numbers: Some(numbers), ..all }
    }

    /// An element's number in the part.
    pub(super) fn number(&self, element: usize) -> usize {
        self.numbers.as_ref().map_or(element, |numbers| numbers[element] as usize)
    }
}

/// The words for rows in the order of the bands, each with its windows: band after band, a word for each lane of each
/// window. Calls `hold` with every element that they hold.
pub(super) fn table(
    csr: &Csr,
    rows: &[u32],
    windows: &[Vec<usize>],
    least: Least,
    hold: &mut impl FnMut(usize),
) -> Vec<u32> {
    let mut words = Vec::new();
    for (rows, starts) in bands(rows, Slots::Folded).zip(windows) {
        let (first, lanes) = (words.len(), rows.len().div_ceil(Slots::Folded.group()) * GROUP);
        words.resize(first + starts.len() * lanes, ZERO);
        for (lane, pair) in folded::lanes(rows) {
            folded::assign(csr, pair, starts, usize::MAX, &mut |k, element, second| {
                let column = csr.col_idx[element] - starts[k] as u32;
                let beside = beside_zero(column) | if second { OF_SECOND } else { 0 };
                words[first + k * lanes + lane] = least.word(csr.values[element]) | beside;
                hold(element);
            });
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_give_back_their_values() {
        for least in [EXPONENTS, 100, 121, 126, 255 - EXPONENTS] {
            let exponents = least..least + EXPONENTS;
            for (exponent, mantissa) in exponents.flat_map(|e| [0, 1, 0x12_3456, 0x7f_ffff].map(|m| (e, m))) {
                for sign in [0, 1] {
                    let value = f32::from_bits(sign << 31 | exponent << MANTISSA | mantissa);
                    let word = Least(least).word(value);
                    assert!(Least(least).holds(value) && word.is_multiple_of(1 << BELOW));
                    // As the kernel does it.
                    let above = (least & !3) << MANTISSA;
                    let scale = f32::from_bits((127 + (least & 3)) << MANTISSA);
                    let kept = f32::from_bits(word & 1 << 31 | above | (word & !(1 << 31)) >> BELOW);
                    assert_eq!(kept * scale, value);
                }
            }
        }
    }

    #[test]
    fn exponents_are_those_of_most_values() {
        let least = Least::of(&[0.0, 1.0, -1.5, 3.0, 0.01, 0.02, f32::MAX, 1e-40]);
        assert!([1.0, 3.9, -1.0].iter().all(|&value| least.holds(value)));
        assert!([0.0, 0.02, f32::MAX, 1e-40].iter().all(|&value| !least.holds(value)));
        assert!(
            EXPONENTS <= Least::of(&[]).0 && !Least::of(&[f32::MIN_POSITIVE; 3]).holds(f32::MIN_POSITIVE)
        );
    }
}
