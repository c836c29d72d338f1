//! The loop of a run: steps, moments, checkpoints, curves.
//!
//! A checkpoint is written when the step after it has given a finite loss, so that the one on disk can always be gone
//! on from.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dopec::Faults;
use dopec_cli::curves::{self, Moment};
use dopec_trainer::{Data, Error, Trainer};

use super::checkpoint::{self, Notes};
use super::faults;
use super::progress::Progress;

/// Where a run's files go, and how it is watched.
pub(super) struct Watch<'a> {
    pub(super) input: &'a Path,
    pub(super) name: &'a str,
    pub(super) loss: curves::Loss,
    pub(super) checkpoint: &'a Path,
    pub(super) curves: PathBuf,
    /// Seconds between checkpoints.
    pub(super) every: f64,
    /// What it is scored on while it lasts, and in how many lanes.
    pub(super) glance: (Data, usize),
}

impl Watch<'_> {
    /// Trains from where the trainer stands to the last step.
    pub(super) fn run(&self, trainer: &mut Trainer, notes: &mut Notes) -> Result<(), Faults> {
        let mut progress = Progress::new(self.loss, trainer.steps_taken(), notes.length.steps);
        let ended = self.steps(trainer, notes, &mut progress);
        progress.end();
        ended
    }

    fn steps(&self, trainer: &mut Trainer, notes: &mut Notes, progress: &mut Progress) -> Result<(), Faults> {
        let every = Duration::try_from_secs_f64(self.every).unwrap_or(Duration::MAX);
        let mut written = Instant::now();
        let mut pending: Option<Vec<u8>> = None;
        let mut kept = trainer.steps_taken();
        while trainer.steps_taken() < notes.length.steps {
            let report = trainer.step().map_err(|error| self.failed(&error, kept))?;
            if let Some(bytes) = pending.take() {
                match checkpoint::write(self.checkpoint, &bytes) {
                    Ok(()) => kept = report.step,
                    // The run may still come to its end, and there may be room then.
                    Err(faults) => progress.say(&format!("{faults}\nthe run goes on without it")),
                }
                if let Err(faults) = self.draw(notes) {
                    progress.say(&faults.to_string());
                }
            }
            notes.losses.0 += report.loss;
            notes.losses.1 += 1;
            progress.step(&report);
            if notes.length.is_moment(report.step) {
                let moment = self.moment(trainer, notes, report.learning_rate, report.density, kept)?;
                progress.moment(&moment);
                notes.moments.push(moment);
            }
            if written.elapsed() >= every && trainer.steps_taken() < notes.length.steps {
                pending = Some(checkpoint::bytes(trainer, notes));
                written = Instant::now();
            }
        }
        Ok(())
    }

    /// Scores the network as it is.
    fn moment(
        &self,
        trainer: &mut Trainer,
        notes: &mut Notes,
        learning_rate: f64,
        density: f64,
        kept: u64,
    ) -> Result<Moment, Faults> {
        // The parts are looked at before anything else is fed through the layers.
        let shares = trainer.shares();
        let (structure, both) = shares.iter().fold((0.0, 0.0), |(structure, both), share| {
            (structure + share.structure.sqrt(), both + share.structure.sqrt() + share.sparse.sqrt())
        });
        let (data, lanes) = &self.glance;
        let score = trainer.evaluate(data, *lanes).map_err(|error| self.failed(&error, kept))?;
        let (sum, count) = std::mem::take(&mut notes.losses);
        Ok(Moment {
            step: trainer.steps_taken(),
            train_loss: (count > 0).then(|| sum / count as f64),
            validation_loss: score.loss.is_finite().then_some(score.loss),
            density: trainer.settings().annealing.map(|_| density),
            learning_rate: Some(learning_rate),
            structure_share: (both > 0.0).then(|| structure / both),
        })
    }

    /// An error in the middle of a run; `kept` is the step of the checkpoint on disk.
    pub(super) fn failed(&self, error: &Error, kept: u64) -> Faults {
        let Error::NotFinite { .. } = error else { return faults::of(self.input, error) };
        let help = format!(
            "the checkpoint of step {kept} is kept, but its run comes to the same end: begin anew with --fresh and a lower --learning-rate, or another --seed"
        );
        Faults::plain(self.checkpoint.display().to_string(), format!("training failed: {error}"), help)
    }

    /// Writes the curves.
    pub(super) fn draw(&self, notes: &Notes) -> Result<(), Faults> {
        let file = self.curves.display().to_string();
        let svg = curves::svg(self.name, self.loss, &notes.moments)
            .map_err(|problem| Faults::plain(file, problem, "please report it with the command line"))?;
        dopec::files::write(&[(self.curves.clone(), &svg.as_bytes())])
    }
}
