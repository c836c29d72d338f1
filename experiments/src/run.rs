//! Runs one case to its outcome, from its last checkpoint where there is one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dopec_trainer::data::Text;
use dopec_trainer::train::write_whole;
use dopec_trainer::{Data, Network, Trainer};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::results::{Moment, Outcome, TextId, fnv};
use crate::{Result, at};

/// How often a share of S is noted in a run.
const MOMENTS: u64 = 20;
/// Time from one checkpoint to the next.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(60);

/// A text with what it is told from others by.
#[derive(Debug)]
pub struct Source {
    bytes: Vec<u8>,
    /// Which text it is.
    pub id: TextId,
}

impl Source {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn read(path: &Path) -> Result<Source> {
        let bytes = fs::read(path).map_err(at(path.display()))?;
        Ok(Source { id: TextId::of(path, &bytes), bytes })
    }
}

/// What a checkpoint doesn't hold.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Beside {
    seconds: f64,
    moments: Vec<Moment>,
}

/// The files of a case that is under way: the trainer's checkpoint, and what it doesn't hold.
struct Files {
    checkpoint: PathBuf,
    beside: PathBuf,
}

impl Files {
    fn of(folder: &Path, case: &Case, text: &TextId) -> Files {
        let key = serde_json::to_string(&(case, &text.hash)).expect("a case is plain data");
        let stem = format!("{:016x}", fnv(key.as_bytes()));
        Files {
            checkpoint: folder.join(format!("{stem}.safetensors")),
            beside: folder.join(format!("{stem}.json")),
        }
    }

    fn write(&self, trainer: &mut Trainer, beside: &Beside) -> Result<()> {
        let text = serde_json::to_vec(beside).expect("moments are plain data");
        // Moments past the checkpoint's step are dropped when it is resumed.
        write_whole(&self.beside, &text).map_err(|error| error.to_string())?;
        trainer.write_checkpoint(&self.checkpoint).map_err(|error| error.to_string())
    }

    fn remove(&self) {
        for path in [&self.checkpoint, &self.beside] {
            // They may never have been written; one that stays is written over or left alone.
            let _ = fs::remove_file(path);
        }
    }
}

/// Runs a case. `folder` holds checkpoints; `progress` is told the steps taken and the loss after each, and ends the
/// run, with a checkpoint, where it says false: then there is no outcome.
///
/// # Errors
///
/// A text, budget or option that the trainer refuses; a loss that is not finite; what the system says.
pub fn run(
    case: &Case,
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(u64, f64) -> bool,
) -> Result<Option<Outcome>> {
    run_case(case, source, folder, progress).map_err(at(case))
}

fn run_case(
    case: &Case,
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(u64, f64) -> bool,
) -> Result<Option<Outcome>> {
    let size = &case.size;
    let text = Text::new(&source.bytes, size.unit, size.vocabulary, size.held_out).map_err(words)?;
    let spec = case.network(text.vocabulary.len())?;
    let stored_bits = case.stored_bits(&spec);
    let files = Files::of(folder, case, &source.id);
    let data = Data::Tokens(text.train);
    let settings = case.settings();
    let resumed = fs::read(&files.checkpoint).ok().and_then(|bytes| {
        // A checkpoint that can't be resumed is one to begin again from the start without.
        let trainer = Trainer::resume(&bytes, data.clone(), Some((&spec, &settings))).ok()?;
        let beside: Beside = serde_json::from_slice(&fs::read(&files.beside).ok()?).ok()?;
        Some((trainer, beside))
    });
    let (mut trainer, mut beside) = match resumed {
        Some(resumed) => resumed,
        None => {
            let network = Network::new(spec, case.initialisation()).map_err(words)?;
            (Trainer::new(network, settings, data).map_err(words)?, Beside::default())
        }
    };
    beside.moments.retain(|moment| moment.step <= trainer.steps_taken());
    let begun = Instant::now();
    let before = beside.seconds;
    let mut saved = Instant::now();
    while trainer.steps_taken() < size.steps {
        let report = trainer.step().map_err(words)?;
        let step = trainer.steps_taken();
        if case.form.is_doped() && step.is_multiple_of((size.steps / MOMENTS).max(1)) {
            let shares = trainer.shares();
            let sparse = shares.iter().map(|share| share.of_sparse()).sum::<f64>() / shares.len() as f64;
            let Rounded([density, sparse, loss]) = [report.density, sparse, report.loss].into();
            beside.moments.push(Moment { step, density, sparse, loss });
        }
        let goes_on = progress(step, report.loss);
        if !goes_on || saved.elapsed() > BETWEEN_CHECKPOINTS {
            beside.seconds = before + begun.elapsed().as_secs_f64();
            files.write(&mut trainer, &beside)?;
            saved = Instant::now();
        }
        if !goes_on {
            return Ok(None);
        }
    }
    trainer.finish();
    let score = trainer.evaluate(&Data::Tokens(text.validation), size.scored_lanes).map_err(words)?;
    files.remove();
    let seconds = before + begun.elapsed().as_secs_f64();
    Ok(Some(Outcome {
        loss: score.loss,
        stored_bits,
        dense_bits: case.dense_bits(),
        seconds: (seconds * 10.0).round() / 10.0,
        machine: machine(),
        moments: beside.moments,
    }))
}

/// Numbers of four places, for a small file.
struct Rounded([f64; 3]);

impl From<[f64; 3]> for Rounded {
    fn from(values: [f64; 3]) -> Rounded {
        Rounded(values.map(|value| (value * 1e4).round() / 1e4))
    }
}

// By value, so that it can be handed to `map_err` as it is.
#[allow(clippy::needless_pass_by_value)]
fn words(error: dopec_trainer::Error) -> String {
    error.to_string()
}

/// The processor and how many cores this process may use.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        about.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(':').nth(1));
    format!("{}, {cores} cores", model.unwrap_or(std::env::consts::ARCH).trim())
}
