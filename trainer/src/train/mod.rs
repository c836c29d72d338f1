//! A run of training, step by step.
//!
//! A [`Trainer`] holds the network, its optimiser, a place in the data, and the carried states. Each
//! [`Trainer::step`] takes one batch; the caller decides when to evaluate, to write a checkpoint and to
//! stop. Everything that the next step depends on is in the checkpoint, so that a resumed run gives the
//! same bits as one that was never cut off.

mod checkpoint;
mod evaluate;
mod feed;
mod settings;
mod shard;

pub use checkpoint::write_whole;
pub use evaluate::evaluate;
pub use feed::Data;
pub use settings::Settings;

use crate::doping::share::Share;
use crate::error::Error;
use crate::layer::Pass;
use crate::matrix::Form;
use crate::network::Network;
use crate::optimise::Adam;
use crate::score::Tally;
use feed::{Batch, Feed};
use shard::{Shard, deal, run_all};

/// A run of training.
#[derive(Debug)]
pub struct Trainer {
    network: Network<f32>,
    settings: Settings,
    adam: Adam<f32>,
    feed: Feed,
    fingerprint: u64,
    /// Steps that were taken.
    step: u64,
    /// For each sparse part the non-zeros it began with.
    from: Vec<usize>,
    batch: Batch,
    shards: Vec<Shard>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Which step it was, from 0.
    pub step: u64,
    /// Mean loss of its batch, before the update: nats a prediction, or mean square.
    pub loss: f64,
    /// The learning rate of the update.
    pub learning_rate: f64,
    /// The gradients' norm before clipping.
    pub gradient_norm: f64,
    /// Share of the positions of all sparse parts that are kept; 1 where there are no sparse parts.
    pub density: f64,
}

impl Trainer {
    /// The start of a run.
    ///
    /// # Errors
    ///
    /// Options out of bounds; data that the network can't be fed with, or too little for one batch.
    pub fn new(network: Network<f32>, settings: Settings, data: Data) -> Result<Trainer, Error> {
        settings.check()?;
        data.check(&network, settings.objective)?;
        let fingerprint = data.fingerprint();
        let feed = Feed::new(data, settings.lanes, settings.steps, settings.seed)?;
        let adam = Adam::new(settings.adam, &network.parameters);
        let mut from = Vec::new();
        for matrix in network.matrices() {
            matrix.visit_sparse(&mut |_, sparse| from.push(sparse.kept()));
        }
        let shards = deal(&network, settings.lanes, settings.threads);
        let batch = Batch::default();
        let mut trainer =
            Trainer { network, settings, adam, feed, fingerprint, step: 0, from, batch, shards };
        if let Some(annealing) = settings.annealing {
            // Until annealing ends, positions that are out may learn in the dark.
            let (matrices, _) = trainer.network.matrices_mut();
            matrices.for_each(|matrix| {
                matrix.visit_sparse_mut(&mut |sparse| sparse.returns = annealing.returns);
            });
        }
        Ok(trainer)
    }

    /// Takes one batch: forward, backward, update.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] when the loss or a gradient is not finite: parameters are then as they were
    /// before the step, and the run should go back to its last checkpoint or end.
    pub fn step(&mut self) -> Result<StepReport, Error> {
        let Settings { seed, steps, objective, .. } = self.settings;
        let step = self.step;
        self.anneal(step);
        let form = self.form(step);
        self.network.materialise(form);
        if self.feed.next(steps, objective.over, seed, &mut self.batch) {
            self.shards.iter_mut().for_each(|shard| shard.worker.reset());
        }
        let tally = self.run_shards(step);
        let loss = tally.score().loss;
        if !loss.is_finite() {
            return Err(Error::NotFinite { step, what: "loss".to_owned() });
        }
        let mut gradients: Vec<_> = self.shards.iter_mut().map(|shard| &mut shard.worker.gradients).collect();
        self.network.take_gradients(&mut gradients, form);
        if !self.joined(step) {
            self.network.clear_gradients_of_doping();
        }
        let gradient_norm = self
            .network
            .parameters
            .gradient_norm()
            .map_err(|name| Error::NotFinite { step, what: name.to_owned() })?;
        let learning_rate = self.settings.schedule.at(step);
        self.adam.update(&mut self.network.parameters, learning_rate, gradient_norm);
        let (matrices, parameters) = self.network.matrices_mut();
        matrices.for_each(|matrix| matrix.visit_sparse_mut(&mut |sparse| sparse.hold(parameters)));
        self.step += 1;
        Ok(StepReport { step, loss, learning_rate, gradient_norm, density: self.density() })
    }

    /// Prunes where the schedule says so.
    fn anneal(&mut self, step: u64) {
        if let Some(annealing) = self.settings.annealing.filter(|annealing| annealing.prunes_at(step)) {
            let (matrices, parameters) = self.network.matrices_mut();
            annealing.prune(step, &self.from, matrices, parameters);
        }
    }

    /// Whether the sparse parts of doped matrices learn.
    fn joined(&self, step: u64) -> bool {
        self.settings.annealing.is_none_or(|annealing| step >= annealing.joins)
    }

    /// Which parts the matrices of a step are made of.
    fn form(&self, step: u64) -> Form {
        if !self.joined(step) {
            return Form::Whole;
        }
        let remaining = self.settings.annealing.map_or(1.0, |annealing| annealing.remaining(step));
        let draw =
            self.settings.co_matrix.and_then(|options| options.draw(self.settings.seed, step, remaining));
        draw.map_or(Form::Whole, Form::Masked)
    }

    /// Forward and backward passes of all shards, each on its thread.
    fn run_shards(&mut self, step: u64) -> Tally {
        let Trainer { network, settings, batch, shards, .. } = self;
        let (_, total) = batch.targets(settings.objective);
        let (batch, weights) = (&*batch, network.weights());
        let run = |shard: &mut Shard| {
            batch.deal(shard.first_lane, shard.lanes, &mut shard.part);
            let pass = Pass {
                steps: batch.steps,
                lanes: shard.lanes,
                first_lane: shard.first_lane,
                training: Some((settings.seed, step)),
            };
            let (worker, part) = (&mut shard.worker, &shard.part);
            worker.forward(weights, part.input(), &pass);
            let (targets, _) = part.targets(settings.objective);
            worker.backward(weights, part.input(), (settings.objective, targets), total, &pass)
        };
        run_all(shards, run)
    }

    /// Prunes to the targets, wherever the schedule stands: at the end of a run that ends early. Nothing
    /// without annealing.
    pub fn finish(&mut self) {
        if let Some(annealing) = self.settings.annealing {
            let (matrices, parameters) = self.network.matrices_mut();
            annealing.prune(annealing.end.max(self.step), &self.from, matrices, parameters);
        }
        self.network.materialise(Form::Whole);
    }

    /// Share of the positions of all sparse parts that are kept; 1 where there are no sparse parts.
    pub fn density(&self) -> f64 {
        let (mut kept, mut all) = (0, 0);
        for matrix in self.network.matrices() {
            matrix.visit_sparse(&mut |_, sparse| {
                kept += sparse.kept();
                all += sparse.mask.len();
            });
        }
        if all == 0 { 1.0 } else { kept as f64 / all as f64 }
    }

    /// How much of their output the parts of each doped matrix carry, over inputs of the last batch; those
    /// of matrices within others are counted in these. None before the first step.
    pub fn shares(&self) -> Vec<Share> {
        let shard = &self.shards[0];
        if shard.part.steps == 0 {
            return Vec::new();
        }
        self.network.shares(&shard.worker, shard.part.input(), shard.lanes)
    }

    /// Steps that were taken.
    pub fn steps_taken(&self) -> u64 {
        self.step
    }

    /// The options.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The network.
    pub fn network(&self) -> &Network<f32> {
        &self.network
    }

    /// The network, at the end of the run.
    pub fn into_network(self) -> Network<f32> {
        self.network
    }
}
