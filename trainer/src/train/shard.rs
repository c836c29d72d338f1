//! A batch dealt to threads: each has a worker of its own for an even part of the lanes.

use super::feed::Batch;
use crate::network::{Network, Worker};
use crate::score::Tally;

/// A worker with its lanes of a batch.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) worker: Worker<f32>,
    pub(super) first_lane: usize,
    pub(super) lanes: usize,
    pub(super) part: Batch,
}

/// Workers for an even part of the lanes each.
pub(super) fn deal(network: &Network<f32>, lanes: usize, threads: usize) -> Vec<Shard> {
    let threads = threads.min(lanes);
    let shard = |k: usize| {
        let (first_lane, end) = (lanes * k / threads, lanes * (k + 1) / threads);
        Shard { worker: network.worker(), first_lane, lanes: end - first_lane, part: Batch::default() }
    };
    (0..threads).map(shard).collect()
}

/// Runs every shard on a thread of its own, the first on this one; sums what they give in the shards' order.
pub(super) fn run_all(shards: &mut [Shard], run: impl Fn(&mut Shard) -> Tally + Sync) -> Tally {
    let run = &run;
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let (first, rest) = shards.split_first_mut().expect("there is a thread");
        let others: Vec<_> = rest.iter_mut().map(|shard| scope.spawn(move || run(shard))).collect();
        let mut tallies = vec![run(first)];
        tallies.extend(others.into_iter().map(|other| other.join().expect("a worker ran to its end")));
        tallies
    });
    tallies.into_iter().fold(Tally::default(), Tally::and)
}
