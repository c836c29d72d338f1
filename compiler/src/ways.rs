//! The ways to compute a sparse part, by the words of the lock file, and choices among them.
//!
//! [`crate::lower`] chooses a way for each part by what it costs on the machines that were measured; [`Choices`] overrule
//! it, part by part. They come from the lock file, which `--tune` writes. A new way is a line in [`Way::ALL`], its form in
//! `lower/plan.rs`, and nothing else here.

use std::collections::BTreeMap;

use crate::settings::Target;

/// A way to compute y = init + S x for a sparse S.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// A multiply-add in the code for each non-zero.
    Straight,
    /// Look-ups in registers, a value for every row of a slot: sixteen on AVX-512, eight on AVX2.
    Lookup,
    /// Look-ups in registers, sixteen values for two slots.
    LookupPaired,
    /// Look-ups in registers, values packed.
    LookupPacked,
    /// Look-ups in registers, value and index in a word, two rows to a lane.
    LookupFolded,
    /// Look-ups as straight-line code, all inputs in registers.
    LookupStraight,
    /// Sliced ELLPACK, rows sorted by length.
    Sell,
    /// Compressed rows.
    Csr,
}

impl Way {
    /// Every way, with its word and what it is.
    pub const ALL: [(&'static str, Way, &'static str); 8] = [
        ("straight", Way::Straight, "straight-line code"),
        ("lookup", Way::Lookup, "look-ups in registers"),
        ("lookup-paired", Way::LookupPaired, "look-ups in registers, sixteen values for two slots"),
        ("lookup-packed", Way::LookupPacked, "look-ups in registers, values packed"),
        ("lookup-folded", Way::LookupFolded, "look-ups in registers, two rows to a lane"),
        ("lookup-straight", Way::LookupStraight, "look-ups as straight-line code"),
        ("sell", Way::Sell, "slices of rows sorted by length"),
        ("csr", Way::Csr, "compressed rows"),
    ];

    /// The word it goes by.
    pub fn word(self) -> &'static str {
        Way::ALL.iter().find(|(_, way, _)| *way == self).map_or("", |(word, ..)| word)
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        Way::ALL.iter().find(|(_, way, _)| *way == self).map_or("", |(.., about)| about)
    }

    /// Whether code for a target has it; for [`Target::Any`], whether some of the code does.
    pub fn possible(self, target: Target) -> bool {
        match self {
            Way::Straight | Way::Sell | Way::Csr => true,
            Way::Lookup => target != Target::Portable,
            Way::LookupPaired | Way::LookupPacked | Way::LookupFolded | Way::LookupStraight => {
                matches!(target, Target::Any | Target::Avx512)
            }
        }
    }
}

/// A way for some of a model's sparse parts, in the code of some families of instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// What they were tuned for, never [`Target::Any`]. Those for AVX-512 say nothing of other code, and those for
    /// anything else nothing of AVX-512.
    pub target: Target,
    /// By the part's path, such as `lstm0.weight_hh`.
    pub ways: BTreeMap<String, Way>,
}

impl Choices {
    /// The way of a part in code for a target, which is not [`Target::Any`].
    pub fn way(&self, path: &str, code: Target) -> Option<Way> {
        let spoken_of = (code == Target::Avx512) == (self.target == Target::Avx512);
        self.ways.get(path).copied().filter(|way| spoken_of && way.possible(code))
    }

    /// What is said of the parts of one matrix, as said of those of another in its place.
    pub(crate) fn moved(&self, from: &str, to: &str) -> Choices {
        let moved = |(path, way): (&String, &Way)| {
            let rest = path.strip_prefix(from).filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
            Some((format!("{to}{rest}"), *way))
        };
        Choices { target: self.target, ways: self.ways.iter().filter_map(moved).collect() }
    }
}
