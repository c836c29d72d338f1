//! What is asked of a case: a ratio of two entrants' times, the row of the table that it belongs to, and what it must be.

use crate::entrants::Role;

/// A ratio that is asked of a case.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The row of the table that it belongs to.
    pub(crate) row: Row,
    /// Whose speed.
    pub(crate) of: &'static str,
    /// Over whose: the fastest of these.
    pub(crate) over: Over,
    /// What is asked.
    pub(crate) wanted: Wanted,
}

/// The rows of the table of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// The medium language model against the fastest dense peer.
    Medium,
    /// The large one.
    Large,
    /// A sparse part against MKL's handle.
    Sparse,
    /// A layer against frameworks.
    LayerFrameworks,
    /// A layer against gemv by hand.
    LayerHand,
    /// The trained small model's W_hh against the CSR loop.
    SmallHh,
    /// `run` against `step`.
    Run,
    /// Sixteen streams against MKL's sparse × dense.
    Streams,
    /// Rust against C.
    RustC,
}

impl Row {
    /// All, in order.
    pub(crate) const ALL: [Row; 9] = [
        Row::Medium,
        Row::Large,
        Row::Sparse,
        Row::LayerFrameworks,
        Row::LayerHand,
        Row::SmallHh,
        Row::Run,
        Row::Streams,
        Row::RustC,
    ];
}

/// Against whom.
#[derive(Debug, Clone)]
pub(crate) enum Over {
    /// The fastest of a role, or of several.
    Fastest(&'static [Role]),
    /// One peer.
    One(&'static str),
}

impl Over {
    /// Whether somebody is among them.
    pub(crate) fn names(&self, name: &str, role: Role) -> bool {
        match self {
            Over::Fastest(roles) => roles.contains(&role),
            Over::One(one) => *one == name,
        }
    }
}

/// What a ratio must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// At least the floor; the goal, if it can be.
    AtLeast {
        /// Known to be within reach.
        floor: f64,
        /// What is aimed at.
        goal: f64,
    },
    /// Nothing: shown beside a row that asks about one opponent, so that a faster one is not hidden.
    Shown,
    /// Within bounds.
    Within {
        /// From.
        low: f64,
        /// To.
        high: f64,
    },
}
