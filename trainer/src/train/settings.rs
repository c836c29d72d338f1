//! Options of a run; checkpoints carry them.

use crate::doping::annealing::Annealing;
use crate::doping::co_matrix::CoMatrixDropout;
use crate::error::Error;
use crate::optimise::{AdamOptions, Schedule};
use crate::score::Objective;
use serde::{Deserialize, Serialize};

/// How a network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Of dropout, of co-matrix dropout, and of the order of samples.
    pub seed: u64,
    /// Sequences in a batch.
    pub lanes: usize,
    /// Steps that a stream of tokens is cut into for backpropagation; samples are taken whole.
    pub steps: usize,
    /// Threads; each takes an even part of the lanes. Sums of gradients depend on their number, so that
    /// a run is repeated bit for bit with as many threads only.
    pub threads: usize,
    /// What is minimised.
    pub objective: Objective,
    /// The learning rate.
    pub schedule: Schedule,
    /// The optimiser.
    pub adam: AdamOptions,
    /// Pruning of sparse parts; none: they keep the positions they have.
    pub annealing: Option<Annealing>,
    /// Masks over both parts of doped matrices; none: no masks.
    pub co_matrix: Option<CoMatrixDropout>,
}

impl Settings {
    /// What a language model of characters is trained with over a run of so many steps: batches of 32 lanes
    /// of 64 steps, Adam with a rate of 0.003 that falls along a cosine, the structure alone and then annealing up to
    /// the middle of the run, no co-matrix dropout.
    pub fn language_model(run: u64) -> Settings {
        Settings {
            seed: 1,
            lanes: 32,
            steps: 64,
            threads: 2,
            objective: Objective::LANGUAGE_MODEL,
            schedule: Schedule::of_run(0.003, run),
            adam: AdamOptions::default(),
            annealing: Some(Annealing::of_run(run)),
            co_matrix: None,
        }
    }

    /// Checks the bounds of all options.
    ///
    /// # Errors
    ///
    /// The first that is out of its bounds.
    pub fn check(&self) -> Result<(), Error> {
        for (name, count) in [("lanes", self.lanes), ("steps", self.steps), ("threads", self.threads)] {
            if count == 0 {
                return Err(Error::Option { name, problem: "must be 1 at least".to_owned() });
            }
        }
        self.schedule.check()?;
        self.adam.check()?;
        self.annealing.as_ref().map_or(Ok(()), Annealing::check)?;
        self.co_matrix.as_ref().map_or(Ok(()), CoMatrixDropout::check)
    }
}
