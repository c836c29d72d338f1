//! What the slots of look-ups hold, on AVX-512 and AVX2: rows, columns, values, bits; and what they cost.

use super::plan::LEFT_OVER_TERMS;
use super::{cost, paired};

/// Rows of a group on AVX-512.
pub(super) const GROUP: usize = 16;

/// Columns of a window beside which the kernel puts a zero, and where that stands.
pub(super) const BESIDE_ZERO: usize = 31;
pub(super) const ZERO: u32 = 16;

/// Where a column of such a window stands: from the zero on one further up.
pub(super) fn beside_zero(column: u32) -> u32 {
    column + u32::from(column >= ZERO)
}

/// Elements of the largest part of which slots of eight rows leave over so few that they become straight-line code.
const EIGHT_STRAIGHT: usize = 4 * LEFT_OVER_TERMS;

/// What a slot has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slots {
    /// A value for each of its sixteen rows.
    Padded,
    /// Sixteen values for two slots.
    Paired,
    /// As many values as there are.
    Packed,
    /// A word with value and index for each of sixteen lanes, which two rows share.
    Folded,
    /// A value for each of eight rows, for AVX2.
    Eight,
}

impl Slots {
    /// Nanoseconds of a slot.
    pub(super) fn cost(self) -> f64 {
        match self {
            Slots::Padded => cost::SLOT,
            Slots::Paired => cost::PAIRED_SLOT,
            Slots::Packed => cost::PACKED_SLOT,
            Slots::Folded => cost::FOLDED_SLOT,
            Slots::Eight => cost::EIGHT_SLOT,
        }
    }

    /// Nanoseconds of an element that no slot holds, of a part with so many elements.
    pub(super) fn left_over(self, elements: usize) -> f64 {
        match self {
            Slots::Padded | Slots::Paired | Slots::Packed => cost::LEFT_OVER,
            Slots::Folded => cost::GROUPED,
            Slots::Eight => cost::EIGHT_LEFT_OVER[usize::from(elements > EIGHT_STRAIGHT)],
        }
    }

    /// Lanes of a group.
    pub(super) fn lanes(self) -> usize {
        match self {
            Slots::Padded | Slots::Paired | Slots::Packed | Slots::Folded => GROUP,
            Slots::Eight => 8,
        }
    }

    /// Rows of a group.
    pub(super) fn group(self) -> usize {
        if self == Slots::Folded { 2 * GROUP } else { self.lanes() }
    }

    /// Groups of the highest band.
    pub(super) fn band(self) -> usize {
        match self {
            Slots::Padded | Slots::Paired | Slots::Packed | Slots::Folded => 8,
            Slots::Eight => 4,
        }
    }

    /// Columns of a window.
    pub(super) fn window(self) -> usize {
        match self {
            Slots::Padded | Slots::Packed => 32,
            Slots::Paired | Slots::Folded => BESIDE_ZERO,
            Slots::Eight => 8,
        }
    }

    /// Bits of an index.
    pub(super) fn bits(self) -> usize {
        match self {
            Slots::Padded | Slots::Paired | Slots::Packed | Slots::Folded => 5,
            Slots::Eight => 3,
        }
    }

    /// Slots that a lane's word of indices serves.
    pub(super) fn in_a_word(self) -> usize {
        match self {
            Slots::Padded | Slots::Packed | Slots::Eight => 32 / self.bits(),
            Slots::Paired => paired::QUAD,
            Slots::Folded => 1,
        }
    }

    /// Bytes of the values, and of what tells which they are, where slots hold so many elements; none where values stand in
    /// the words of indices.
    pub(super) fn bytes(self, slots: usize, elements: usize) -> usize {
        match self {
            Slots::Padded | Slots::Eight => 4 * self.lanes() * slots,
            Slots::Paired => 4 * paired::HALF * slots,
            Slots::Packed => 4 * elements + 2 * slots,
            Slots::Folded => 0,
        }
    }
}
