//! Checkpoints of a run of this command: the trainer's, with the options and what was noted so far.
//!
//! A checkpoint is resumed only by the options it was made with; what differs is named.

use std::path::{Path, PathBuf};

use dopec::Faults;
use dopec_cli::curves::Moment;
use dopec_trainer::{Error, Network, Trainer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::faults::fault;
use super::input::Input;
use super::options::Train;
use super::plan::{self, Length};
use super::progress::tell;

/// What a checkpoint holds beside the trainer's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Notes {
    /// The options.
    pub(super) request: Map<String, Value>,
    /// How long the run is.
    pub(super) length: Length,
    /// Threads.
    pub(super) threads: usize,
    /// What was noted.
    pub(super) moments: Vec<Moment>,
    /// Losses since the last moment: their sum and number.
    pub(super) losses: (f64, u64),
}

/// The checkpoint of a model file.
pub(super) fn path(output: &Path) -> PathBuf {
    let mut path = output.as_os_str().to_owned();
    path.push(".checkpoint");
    path.into()
}

/// Goes on from the checkpoint at `path`, where there is one.
pub(super) fn resume(
    options: &Train,
    path: &Path,
    input: &Input,
    network: &Network<f32>,
) -> Result<Option<(Trainer, Notes)>, Faults> {
    let file = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let title = format!("the checkpoint can't be read: {error}");
            return Err(Faults::plain(file, title, "mend that, or begin anew with --fresh"));
        }
    };
    let refuse = |error: &Error| {
        let help = "begin anew with --fresh, which replaces it, or give another -o";
        Faults::plain(file.as_str(), format!("the run can't go on: {error}"), help)
    };
    let notes = Trainer::notes(&bytes).map_err(|error| refuse(&error))?;
    let notes: Notes = serde_json::from_str(&notes)
        .map_err(|_| refuse(&Error::Checkpoint("it is not one of this command".to_owned())))?;
    let (was, is) = differences(&notes.request, &options.request());
    if !is.is_empty() {
        let title = "the checkpoint is of a run with other options";
        let help = "give the same options to go on with that run; --fresh begins anew and replaces it, another -o leaves it";
        return Err(fault(&file, title, &was, &is, help));
    }
    let settings = plan::settings(options, input.objective, network, (notes.length.steps, notes.threads));
    let trainer = Trainer::resume(&bytes, input.train.clone(), Some((&network.spec, &settings)))
        .map_err(|error| refuse(&error))?;
    tell(format_args!("{file}: going on from step {} of {}", trainer.steps_taken(), notes.length.steps));
    Ok(Some((trainer, notes)))
}

/// The options of which two runs have other values, as each has them.
fn differences(was: &Map<String, Value>, is: &Map<String, Value>) -> (String, String) {
    let spelled = |name: &String, value: Option<&Value>| match value {
        None | Some(Value::Null | Value::Bool(false)) => format!("no --{name}"),
        Some(Value::Array(items)) if items.is_empty() => format!("no --{name}"),
        Some(Value::Bool(true)) => format!("--{name}"),
        Some(Value::String(text)) => format!("--{name} {text}"),
        Some(value) => format!("--{name} {value}"),
    };
    let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
    names.sort();
    names.dedup();
    // Threads that are not asked for are those of the checkpoint.
    names.retain(|name| {
        was.get(*name) != is.get(*name) && (*name != "threads" || is.get(*name) != Some(&Value::Null))
    });
    let list = |of: &Map<String, Value>| {
        names.iter().map(|name| spelled(name, of.get(*name))).collect::<Vec<_>>().join(", ")
    };
    (list(was), list(is))
}

/// The bytes of a checkpoint.
pub(super) fn bytes(trainer: &mut Trainer, notes: &Notes) -> Vec<u8> {
    trainer.checkpoint_with(&serde_json::to_string(notes).expect("notes are plain data"))
}

/// Starts a run: its steps are chosen.
pub(super) fn begin(
    options: &Train,
    input: &Input,
    network: Network<f32>,
    started: std::time::Instant,
) -> Result<(Trainer, Notes), Faults> {
    let refuse = |error| super::faults::of(&options.input, &error);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.threads.unwrap_or_else(cores);
    // Options out of their bounds are found before the speed is measured.
    let draft = plan::settings(options, input.objective, &network, (1, threads));
    draft.check().map_err(refuse)?;
    let length = plan::length(options, input, &network, threads, started)?;
    let settings = plan::settings(options, input.objective, &network, (length.steps, threads));
    let trainer = Trainer::new(network, settings, input.train.clone()).map_err(refuse)?;
    let request = options.request();
    Ok((trainer, Notes { request, length, threads, moments: Vec::new(), losses: (0.0, 0) }))
}

/// Writes a checkpoint, whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Faults> {
    dopec_trainer::train::write_whole(path, bytes).map_err(|error| {
        let problem = match error {
            Error::File { problem, .. } => problem,
            other => other.to_string(),
        };
        let title = format!("the checkpoint can't be written: {problem}");
        Faults::plain(path.display().to_string(), title, "give a folder that can be written, with room in it")
    })
}

#[cfg(test)]
mod tests {
    use super::differences;
    use serde_json::json;

    #[test]
    fn what_differs_is_named_as_it_is_given() {
        let map = |value: serde_json::Value| value.as_object().unwrap().clone();
        let was = map(
            json!({"hidden": 64, "cmr": null, "no-doping": false, "threads": 2, "cell": "lstm", "seed": 1}),
        );
        let is = map(
            json!({"hidden": 32, "cmr": 0.2, "no-doping": true, "threads": null, "cell": "gru", "seed": 1}),
        );
        let (was, is) = differences(&was, &is);
        assert_eq!(was, "--cell lstm, no --cmr, --hidden 64, no --no-doping");
        assert_eq!(is, "--cell gru, --cmr 0.2, --hidden 32, --no-doping");
    }
}
