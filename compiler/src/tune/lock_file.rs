//! The lock file's text: the choices that [`crate::ingest`] reads back, and what is told to people beside them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ingest::{LOCK_FORMAT, LOCK_VERSION};
use crate::model::Model;
use crate::ways::Choices;

/// What was measured, in nanoseconds a step of the whole model, medians.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Measured {
    /// As the rules choose.
    pub default: u64,
    /// As tuned, in turn with the default.
    pub tuned: u64,
    /// By part and way: with this way for this part, the best known for those that were tried before it, and what the
    /// rules choose for the others.
    pub parts: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// The machine, for people.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    pub(super) compiler: String,
    pub(super) flags: String,
}

/// The text of the lock file for a model.
pub(super) fn text(model: &Model, choices: &Choices, machine: &Machine, measured: &Measured) -> String {
    #[derive(Serialize)]
    struct LockFile<'a> {
        format: &'static str,
        version: u64,
        dopec: &'static str,
        model: BTreeMap<&'a str, &'a str>,
        target: &'static str,
        machine: &'a Machine,
        choices: BTreeMap<&'a str, &'static str>,
        measured: BTreeMap<&'static str, &'a Measured>,
    }
    let file = LockFile {
        format: LOCK_FORMAT,
        version: LOCK_VERSION,
        dopec: env!("CARGO_PKG_VERSION"),
        model: model.files.iter().map(|file| (file.name.as_str(), file.sha256.as_str())).collect(),
        target: choices.target.word(),
        machine,
        choices: choices.ways.iter().map(|(path, way)| (path.as_str(), way.word())).collect(),
        measured: BTreeMap::from([("ns_per_step", measured)]),
    };
    // Strings, numbers and maps with string keys can always be written.
    let text = serde_json::to_string_pretty(&file).unwrap_or_default();
    format!("{text}\n")
}
