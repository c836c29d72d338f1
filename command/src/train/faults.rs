//! The trainer's errors as faults: what is wrong, where, and how to mend it.

use std::path::Path;

use dopec::{Fault, Faults};
use dopec_trainer::Error;

/// A fault of a file, or of an option, where `place` is its name: `--factor`; with what was expected and found.
pub(super) fn fault(place: &str, title: &str, expected: &str, found: &str, help: &str) -> Faults {
    let fault = Fault {
        title: title.to_owned(),
        expected: Some(expected.to_owned()),
        found: Some(found.to_owned()),
        help: Some(help.to_owned()),
        ..Fault::default()
    };
    let faults = Faults::new(place, "", vec![fault]);
    if place.starts_with("--") { faults.of_the_request() } else { faults }
}

/// A budget that nothing fits.
pub(super) fn budget(problem: &str, help: &str) -> Faults {
    Faults::plain("--factor", format!("no shape fits the budget: {problem}"), help).of_the_request()
}

/// An error of the trainer that comes of the input file, of an option, or of the two together.
pub(super) fn of(input: &Path, error: &Error) -> Faults {
    let input = input.display().to_string();
    match error {
        Error::Option { name, problem } => {
            let place = format!("--{}", option(name));
            let help = "give the option another value: see `dopec train --help`";
            match problem.strip_prefix("must be ").and_then(|bounds| bounds.rsplit_once(", not ")) {
                Some((expected, found)) => {
                    fault(&place, &format!("the {name} is out of its bounds"), expected, found, help)
                }
                None => Faults::plain(place, format!("{name}: {problem}"), help).of_the_request(),
            }
        }
        Error::Budget(problem) => {
            budget(problem, "a smaller --factor, another --structure, or a larger --hidden")
        }
        Error::Specification { place, problem } => {
            let help = "see the options of the network in `dopec train --help`";
            let title = format!("the network contradicts itself: {problem}");
            Faults::plain(place.as_str(), title, help).of_the_request()
        }
        Error::File { path, problem } => {
            let title = format!("the file can't be written: {problem}");
            Faults::plain(path.as_str(), title, "give a folder that can be written, with room in it")
        }
        other => Faults::plain(input, other.to_string(), "give other data, or other options for it"),
    }
}

/// The option of the command that one of the library's is set by.
fn option(name: &str) -> &str {
    match name {
        "validation share" => "held-out",
        "lanes" => "batch",
        "steps" => "sequence",
        "co-matrix dropout probability" => "cmr",
        "learning rate" => "learning-rate",
        name => name,
    }
}
