//! Scores on data that is not trained on: nothing dropped, nothing masked.

use super::Trainer;
use super::feed::{Batch, Data};
use super::shard::{Shard, deal, run_all};
use crate::data::TokenStream;
use crate::error::Error;
use crate::layer::Pass;
use crate::matrix::Form;
use crate::network::Network;
use crate::score::{Objective, Score, Tally};

/// Scores a network on data.
///
/// A text is read in `lanes` pieces side by side, each from the state of zero: with one lane just as a
/// compiled model reads it, with more sooner, at the price of as many cold starts. Of samples, `lanes`
/// are taken at once, which changes nothing. `threads` share the lanes.
///
/// # Errors
///
/// Data that the network can't be fed with; a text of fewer than `lanes` + 1 tokens.
pub fn evaluate(
    network: &mut Network<f32>,
    objective: Objective,
    data: &Data,
    lanes: usize,
    threads: usize,
) -> Result<Score, Error> {
    /// Steps of a text that are run at once.
    const STEPS: usize = 64;
    data.check(network, objective)?;
    network.materialise(Form::Whole);
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    match data {
        Data::Tokens(tokens) => {
            let mut stream = TokenStream::new(tokens.clone(), lanes, 1)?;
            let mut shards = deal(network, lanes, threads);
            while stream.position() < stream.lane_len() {
                let steps = STEPS.min(stream.lane_len() - stream.position());
                batch.fill(&mut stream, steps);
                tally = tally.and(run(network, objective, &batch, &mut shards));
            }
        }
        Data::Samples(samples) => {
            let all: Vec<usize> = (0..samples.count()).collect();
            for chosen in all.chunks(lanes.max(1)) {
                batch.gather(samples, chosen, objective.over);
                let mut shards = deal(network, chosen.len(), threads);
                tally = tally.and(run(network, objective, &batch, &mut shards));
            }
        }
    }
    Ok(tally.score())
}

/// A forward pass of all shards, each on its thread.
fn run(network: &Network<f32>, objective: Objective, batch: &Batch, shards: &mut [Shard]) -> Tally {
    let weights = network.weights();
    let run = |shard: &mut Shard| {
        batch.deal(shard.first_lane, shard.lanes, &mut shard.part);
        let (steps, lanes, first_lane) = (batch.steps, shard.lanes, shard.first_lane);
        let pass = Pass { steps, lanes, first_lane, training: None };
        shard.worker.forward(weights, shard.part.input(), &pass);
        shard.worker.loss(objective, shard.part.targets(objective).0, &pass)
    };
    run_all(shards, run)
}

impl Trainer {
    /// As [`evaluate`], of the network as it is now, by the run's objective and threads.
    ///
    /// # Errors
    ///
    /// As [`evaluate`].
    pub fn evaluate(&mut self, data: &Data, lanes: usize) -> Result<Score, Error> {
        let (objective, threads) = (self.settings.objective, self.settings.threads);
        evaluate(&mut self.network, objective, data, lanes, threads)
    }
}
