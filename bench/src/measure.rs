//! Timing: peers in turn, block by block, each block held to the reference; medians and quartiles.
//!
//! A round is one block of each peer, in order: A B C, A B C, ... Every block starts with a pass that is not timed, so
//! that a peer finds in the caches what its own last pass left there and not what the peer before it did; then as many
//! passes as fill the block. Ratios are taken round by round, so that what slows the machine for a while slows both
//! sides. Times are those of the process on its core (`CLOCK_PROCESS_CPUTIME_ID`): on a core of its own they are what a
//! clock on the wall shows, on a shared one they leave out what others took.

use std::rc::Rc;

use dopec::tune::Quartiles;

use crate::peer::Peer;
use crate::ring::Ring;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds.
    pub(crate) rounds: usize,
    /// Seconds that a block takes at least.
    pub(crate) block: f64,
    /// Seconds for each of the core's limits.
    pub(crate) limit: f64,
}

impl Effort {
    /// For a look.
    pub(crate) const QUICK: Effort = Effort { rounds: 7, block: 1e-3, limit: 0.005 };
    /// For the record.
    pub(crate) const FULL: Effort = Effort { rounds: 31, block: 2e-3, limit: 0.05 };
}

/// How a peer fared.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// Microseconds a step, round by round, and the largest error met.
    Timed {
        /// Of each round.
        times: Vec<f64>,
        /// Over max(1, largest expected magnitude of the step).
        error: f64,
    },
    /// It computed something else, or broke.
    Wrong(String),
    /// It is not installed, or could not be built.
    Missing(String),
}

impl Outcome {
    /// Microseconds a step, when there are any.
    pub(crate) fn quartiles(&self) -> Option<Quartiles> {
        match self {
            Outcome::Timed { times, .. } => Some(Quartiles::of(times.iter().copied())),
            _ => None,
        }
    }

    /// How many times faster this is than the other, round by round.
    pub(crate) fn speedup_over(&self, other: &Outcome) -> Option<Quartiles> {
        match (self, other) {
            (Outcome::Timed { times: own, .. }, Outcome::Timed { times: other, .. }) => {
                Some(Quartiles::of(own.iter().zip(other).map(|(own, other)| other / own)))
            }
            _ => None,
        }
    }
}

/// One peer while it is measured.
enum Running {
    Up { peer: Box<dyn Peer>, passes: usize, times: Vec<f64>, error: f64 },
    Down(Outcome),
}

/// A peer that came up, or why it did not.
pub(crate) type Started = Result<Box<dyn Peer>, String>;

/// Times peers in turn; each with the ring that it was started with and the largest error that it may make.
pub(crate) fn measure(peers: Vec<(Started, Rc<Ring>, f64)>, effort: Effort) -> Vec<Outcome> {
    let mut running: Vec<(Running, Rc<Ring>, f64)> = peers
        .into_iter()
        .map(|(peer, ring, tolerance)| match peer {
            Ok(peer) => (start(peer, &ring, effort, tolerance), ring, tolerance),
            Err(reason) => (Running::Down(Outcome::Missing(reason)), ring, tolerance),
        })
        .collect();
    for _ in 0..effort.rounds {
        for (state, ring, tolerance) in &mut running {
            let Running::Up { peer, passes, times, error } = state else { continue };
            peer.next_round();
            let block = peer.time(1).and_then(|_| peer.time(*passes));
            match block.and_then(|seconds| Ok((seconds, ring.compare(peer.outputs(), *tolerance)?))) {
                Ok((seconds, found)) => {
                    times.push(seconds * 1e6 / (*passes * ring.steps) as f64);
                    *error = error.max(found);
                }
                Err(reason) => *state = Running::Down(Outcome::Wrong(reason)),
            }
        }
    }
    running
        .into_iter()
        .map(|(state, ..)| match state {
            Running::Up { times, error, .. } => Outcome::Timed { times, error },
            Running::Down(outcome) => outcome,
        })
        .collect()
}

/// Warms a peer up, holds it to the reference, and finds how many passes fill a block.
fn start(mut peer: Box<dyn Peer>, ring: &Ring, effort: Effort, tolerance: f64) -> Running {
    let time = |passes| {
        let seconds = peer.time(passes)?;
        ring.compare(peer.outputs(), tolerance)?;
        Ok(seconds)
    };
    match fill_block(effort.block, time) {
        Ok(passes) => Running::Up { peer, passes, times: Vec::new(), error: 0.0 },
        Err(reason) => Running::Down(Outcome::Wrong(reason)),
    }
}

/// How many passes take at least `block` seconds by `time`. The first pass meets cold caches and pages that are not there
/// yet, and any may be disturbed: it does not count, and later ones count by the faster of two.
fn fill_block(block: f64, mut time: impl FnMut(usize) -> Result<f64, String>) -> Result<usize, String> {
    time(1)?;
    let mut passes = 1;
    loop {
        let seconds = time(passes)?.min(time(passes)?);
        if seconds >= block {
            return Ok(passes);
        }
        // A little more than needed, at least twice as many: clocks are coarse at first.
        let needed = (passes as f64 * block / seconds.max(1e-7) * 1.1).ceil() as usize;
        passes = needed.clamp(2 * passes, 64 * passes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aligned::{Layout, Steps};
    use crate::models::{Flavour, sparse};

    #[test]
    fn ratios_are_taken_round_by_round() {
        let timed = |times: &[f64]| Outcome::Timed { times: times.to_vec(), error: 0.0 };
        let (ours, other) = (timed(&[1.0, 2.0, 4.0]), timed(&[3.0, 6.0, 12.0]));
        assert_eq!(ours.speedup_over(&other).unwrap(), Quartiles { first: 3.0, median: 3.0, third: 3.0 });
        assert!(ours.speedup_over(&Outcome::Missing(String::new())).is_none());
    }

    #[test]
    fn a_block_is_filled_by_times_that_repeat() {
        // A pass takes 0.1 ms; the first two calls are disturbed.
        let mut calls = 0;
        let passes = fill_block(2e-3, |passes| {
            calls += 1;
            Ok(passes as f64 * 1e-4 + if calls <= 2 { 3e-3 } else { 0.0 })
        });
        assert!(matches!(passes, Ok(22 | 23)), "{passes:?}");
        assert_eq!(fill_block(2e-3, |_| Ok(3e-3)), Ok(1));
        assert_eq!(fill_block(2e-3, |_| Err("broke".to_owned())), Err("broke".to_owned()));
    }

    /// Gives the right outputs for a while.
    struct Drifting {
        right: Steps<f32>,
        calls: usize,
        good: usize,
    }

    impl Peer for Drifting {
        fn time(&mut self, passes: usize) -> Result<f64, String> {
            self.calls += 1;
            if self.calls > self.good {
                self.right.iter_mut().flatten().for_each(|value| *value += 1.0);
            }
            Ok(passes as f64 * 1e-3)
        }
        fn outputs(&self) -> &Steps<f32> {
            &self.right
        }
        fn about(&self) -> &str {
            "drifting"
        }
    }

    #[test]
    fn a_peer_that_is_wrong_at_first_or_later_is_not_timed() {
        let model = sparse("drift", 4, 4, 1.0, Flavour::Uniform);
        let ring = Rc::new(Ring::new(&model, 2, 1));
        let mut reference = dopec::reference::Reference::new(&model);
        let mut right = Vec::new();
        for step in 0..2 {
            let x: Vec<f32> = (0..4).map(|i| f32::from_bits(ring.inputs[step * 4 + i])).collect();
            let outputs = reference.step(dopec::reference::Input::Vector(&x));
            right.extend(outputs[0].iter().map(|&value| value as f32));
        }
        let peer = |good| {
            let peer: Box<dyn Peer> =
                Box::new(Drifting { right: Steps::of(&right, 4, Layout::Apart), calls: 0, good });
            (Ok(peer), Rc::clone(&ring), crate::ring::TOLERANCE)
        };
        let outcomes = measure(vec![peer(usize::MAX), peer(0), peer(5)], Effort::QUICK);
        assert!(matches!(&outcomes[0], Outcome::Timed { times, .. } if times.len() == Effort::QUICK.rounds));
        assert!(matches!(&outcomes[1], Outcome::Wrong(_)));
        assert!(matches!(&outcomes[2], Outcome::Wrong(_)));
    }
}
