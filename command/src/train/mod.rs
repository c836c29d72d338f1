//! `dopec train`: a text, or sequences with targets → a trained model file, ready to compile.
//!
//! [`input`] reads the data, which [`suited`] looks at; [`network`] builds what is trained (or [`source`] reads it), within
//! [`extent`]; [`idle`] refuses options that would do nothing. [`plan`] chooses settings and steps, [`watch`] runs them with
//! [`progress`] and [`checkpoint`]s, [`finish`] writes the model with its scores beside its [`baseline`], [`report`] tells
//! them. The model depends on the data, the options and the number of threads alone, however often the run was cut off.

mod baseline;
mod checkpoint;
mod extent;
mod faults;
mod finish;
mod idle;
mod input;
mod network;
pub(crate) mod options;
mod plan;
mod progress;
mod report;
mod source;
mod suited;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use dopec::export::{file_stem, weights_name};
use dopec::ingest::check_name;
use dopec::{Faults, files};
use dopec_cli::curves;
use dopec_trainer::score::Loss;

use faults::fault;
use input::Input;
use options::Train;
use source::Source;
use watch::Watch;

/// Trains, writes the model, prints a report.
pub(crate) fn run(options: &Train) -> Result<ExitCode, Faults> {
    let started = Instant::now();
    sound(options)?;
    let name = name(options)?;
    let from = options.from.as_deref().map(Source::read).transpose()?;
    let (path, curves) = (checkpoint::path(&options.output), curves_path(&options.output));
    let weights = options.output.with_file_name(weights_name(&options.output, &name));
    let mut read = vec![options.input.clone()];
    read.extend(from.iter().flat_map(|from| from.files.iter().cloned()));
    files::apart(&read, [&options.output, &weights, &curves, &path].map(PathBuf::as_path))?;
    let input = Input::read(options, from.as_ref())?;
    let network = network::build(options, &input, from.as_ref())?;
    idle::beside_network(options, &network)?;
    if let Some(from) = &from {
        from.tell_of_more_held_out(options);
    }
    let resumed = match options.fresh {
        true => None,
        false => checkpoint::resume(options, &path, &input, &network)?,
    };
    let (mut trainer, mut notes) = match resumed {
        Some(run) => run,
        None => {
            let (mut trainer, notes) = checkpoint::begin(options, &input, network, started)?;
            // What can't be written is known before anything is trained.
            checkpoint::write(&path, &checkpoint::bytes(&mut trainer, &notes))?;
            (trainer, notes)
        }
    };
    let watch = Watch {
        input: &options.input,
        name: &name,
        loss: match (&input.vocabulary, input.objective.loss) {
            (Some(_), _) => curves::Loss::Tokens,
            (None, Loss::CrossEntropy) => curves::Loss::Classes,
            (None, Loss::MeanSquaredError) => curves::Loss::Values,
        },
        checkpoint: &path,
        curves,
        every: options.checkpoint_every,
        glance: plan::glance(&input.held_out),
    };
    watch.run(&mut trainer, &mut notes)?;
    let report = finish::finish(options, &input, &watch, (trainer, notes))?;
    crate::print(report.as_bytes())
}

/// The curves of a model file.
fn curves_path(output: &Path) -> PathBuf {
    let mut name = file_stem(output).unwrap_or_default().to_owned();
    name.push(".curves.svg");
    output.with_file_name(name)
}

/// The model's name: the one that is given, or what the output's name holds of one.
fn name(options: &Train) -> Result<String, Faults> {
    let name = options.name.clone().unwrap_or_else(|| {
        let stem = file_stem(&options.output).unwrap_or_default().to_string_lossy().to_lowercase();
        let letters = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        let name: String = letters.skip_while(|c| !c.is_ascii_alphabetic()).collect();
        if name.is_empty() { "model".to_owned() } else { name }
    });
    match check_name(&name) {
        Ok(()) => Ok(name),
        Err(expected) => {
            let help = "give another with --name: it becomes part of every symbol";
            let found = format!("`{name}`");
            Err(fault("--name", "a name that can't prefix identifiers", &expected, &found, help))
        }
    }
}

/// Options that contradict each other, and an output that can't be written, before any work.
fn sound(options: &Train) -> Result<(), Faults> {
    idle::beside_others(options)?;
    let output = options.output.display().to_string();
    let cant = |title: String| {
        Err(Faults::plain(
            output.as_str(),
            title,
            "give the name of a JSON file in a folder that can be written",
        ))
    };
    if options.output.is_dir() {
        return cant("the model can't be written: a folder of that name is in the way".to_owned())
            .map_err(Faults::of_the_request);
    }
    if options.output.file_name().is_none() {
        return cant("the model can't be written: there is no file name".to_owned())
            .map_err(Faults::of_the_request);
    }
    let folder = options.output.parent().unwrap_or(Path::new(""));
    match std::fs::create_dir_all(folder) {
        Err(error) if folder != Path::new("") => {
            cant(format!("the model can't be written: its folder can't be made: {error}"))
        }
        _ => Ok(()),
    }
}
