//! What can be wrong with what is asked of the trainer, or with what happens in it.

use std::fmt;

/// An error of the trainer, of a kind that callers can tell apart, in words for its user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A network's specification contradicts itself; names the layer or matrix.
    Specification {
        /// The layer or matrix.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An option is out of its bounds.
    Option {
        /// The option's name.
        name: &'static str,
        /// Its bounds, and what was given.
        problem: String,
    },
    /// No shape of the form fits the budget.
    Budget(String),
    /// Data that cannot be trained on.
    Data(String),
    /// A checkpoint that cannot be resumed: cut short, damaged, or of another run.
    Checkpoint(String),
    /// The loss or a gradient was infinite or not a number; parameters were not updated by this step.
    NotFinite {
        /// The step, from 0.
        step: u64,
        /// "loss", or the name of the parameter whose gradient it was.
        what: String,
    },
    /// A file could not be read or written.
    File {
        /// Its path.
        path: String,
        /// What the system says.
        problem: String,
    },
}

impl Error {
    /// A contradiction in a specification.
    pub(crate) fn specification(place: &str, problem: impl Into<String>) -> Error {
        Error::Specification { place: place.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Specification { place, problem } => write!(f, "{place}: {problem}"),
            Error::Option { name, problem } => write!(f, "{name}: {problem}"),
            Error::Budget(problem) | Error::Data(problem) => f.write_str(problem),
            Error::Checkpoint(problem) => write!(f, "checkpoint: {problem}"),
            Error::NotFinite { step, what } if what == "loss" => {
                write!(f, "step {step}: the loss is not a finite number")
            }
            Error::NotFinite { step, what } => {
                write!(f, "step {step}: the gradient of {what} is not finite")
            }
            Error::File { path, problem } => write!(f, "{path}: {problem}"),
        }
    }
}

impl std::error::Error for Error {}
