//! The study of doping: forms of matrices against each other at equal budgets, on any text.
//!
//! A [`case::Case`] is one training run, told by data alone. [`study`], [`defaults`] and [`causes`] list cases, [`queue`]
//! runs those that the results file lacks, [`results`] keeps that file, [`report`] and [`plot`] read it. A rerun
//! does what is left and gives the same numbers, since a run is a function of its case and text.

pub mod case;
pub mod causes;
pub mod cells;
pub mod defaults;
pub mod joining;
pub mod plot;
pub mod queue;
pub mod report;
pub mod results;
pub mod run;
pub mod study;

use std::fmt::Display;

/// What went wrong, in words for whoever asked.
pub type Result<T> = std::result::Result<T, String>;

/// An error with what it was about before it.
pub(crate) fn at<E: Display>(what: impl Display) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}
