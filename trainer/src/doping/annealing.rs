//! Annealing of sparse parts: magnitude pruning to a cubic schedule.
//!
//! Zhu and Gupta (arXiv 1710.01878, equation 1): s(t) = s_f + (s_i − s_f)(1 − (t − t₀)/(n Δt))³ for
//! t = t₀, t₀ + Δt, ..., t₀ + n Δt. Here in numbers of non-zeros, which is the same and ends exactly. At
//! each of these steps the smallest of the kept values are pruned; ties fall to the lower index, so that a
//! run can be repeated.

use crate::error::Error;
use crate::matrix::{Matrix, Sparse};
use crate::parameter::{ParameterId, Parameters};
use crate::real::Real;
use serde::{Deserialize, Serialize};

/// Among which values the smallest are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each matrix by itself, to its own target.
    EachMatrix,
    /// All matrices together, to the sum of their targets: where weights matter most, more are kept.
    AllTogether,
}

/// Options of annealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annealing {
    /// The step that the sparse parts of doped matrices begin to learn at. Before it their structures learn alone,
    /// without co-matrix dropout; with [`crate::Initialisation::sparse_share`] 0 such a matrix is its structure until
    /// then. 0: both learn from the first step. A sparse part without a structure always does.
    #[serde(default)]
    pub joins: u64,
    /// t₀: the step that pruning begins at.
    pub start: u64,
    /// t₀ + n Δt: the step at which the targets are met.
    pub end: u64,
    /// Δt: steps from one pruning to the next.
    pub every: u64,
    /// Among which values the smallest are looked for.
    pub scope: Scope,
    /// Whether pruned positions keep learning in the dark and may be kept again at a later pruning, until
    /// `end`. Otherwise what is pruned stays zero.
    pub returns: bool,
}

impl Annealing {
    /// Structures alone for a tenth of a run's steps; then sparse parts join, and are pruned until half of them, so that
    /// half is left to recover in; up to about two hundred prunings, between which what is pruned may return.
    pub fn of_run(steps: u64) -> Annealing {
        let (start, end) = (steps / 10, steps / 2);
        let every = ((end - start) / 100).max(1);
        Annealing { joins: start, start, end, every, scope: Scope::EachMatrix, returns: true }
    }

    /// Checks the bounds of the options.
    ///
    /// # Errors
    ///
    /// An end before the start or before sparse parts join, or no steps between two prunings.
    pub fn check(&self) -> Result<(), Error> {
        if self.end < self.start || self.every == 0 {
            let problem =
                format!("from step {} to {} every {} is no schedule", self.start, self.end, self.every);
            return Err(Error::Option { name: "annealing", problem });
        }
        if self.joins > self.end {
            let problem =
                format!("sparse parts would join at step {}, after its end, {}", self.joins, self.end);
            return Err(Error::Option { name: "annealing", problem });
        }
        Ok(())
    }

    /// What is left of the way from the first density to the last at a step: 1 before `start`, (1 − x)³
    /// between, 0 from `end` on.
    pub fn remaining(&self, step: u64) -> f64 {
        if step >= self.end {
            return 0.0;
        }
        // Between prunings the schedule stands still.
        let since = step.saturating_sub(self.start) / self.every * self.every;
        let way = since as f64 / (self.end - self.start).max(1) as f64;
        (1.0 - way).max(0.0).powi(3)
    }

    /// Whether a step prunes.
    pub fn prunes_at(&self, step: u64) -> bool {
        step == self.end
            || (self.start..self.end).contains(&step) && (step - self.start).is_multiple_of(self.every)
    }

    /// Non-zeros to keep of `from` at a step, on the way to `target`.
    fn keep(&self, step: u64, from: usize, target: usize) -> usize {
        target + ((from.saturating_sub(target)) as f64 * self.remaining(step)).round() as usize
    }

    /// Prunes all sparse parts to what the schedule has at this step. `from` holds, for each sparse part in
    /// the order of [`Matrix::visit_sparse`], the number of non-zeros it began with.
    pub fn prune<'m, R: Real>(
        &self,
        step: u64,
        from: &[usize],
        matrices: impl Iterator<Item = &'m mut Matrix>,
        parameters: &mut Parameters<R>,
    ) {
        let mut parts: Vec<(ParameterId, Vec<u8>, usize)> = Vec::new();
        let mut matrices: Vec<&mut Matrix> = matrices.collect();
        visit(&mut matrices, &mut |sparse| {
            parts.push((sparse.values, std::mem::take(&mut sparse.mask), sparse.target));
        });
        // Positions that are out may come back only while they learn in the dark.
        let returns = self.returns && step < self.end;
        match self.scope {
            Scope::EachMatrix => {
                for (part, &from) in parts.iter_mut().zip(from) {
                    let keep = self.keep(step, from, part.2);
                    keep_largest(std::slice::from_mut(part), keep, self.returns, parameters);
                }
            }
            Scope::AllTogether => {
                // Summed before it is rounded, so that the cuts between matrices don't show.
                let target = parts.iter().map(|(.., target)| target).sum();
                let keep = self.keep(step, from.iter().sum(), target);
                keep_largest(&mut parts, keep, self.returns, parameters);
            }
        }
        let mut parts = parts.into_iter();
        visit(&mut matrices, &mut |sparse| {
            sparse.mask = parts.next().expect("each part was taken once").1;
            sparse.returns = returns;
            sparse.hold(parameters);
        });
    }
}

fn visit(matrices: &mut [&mut Matrix], visit: &mut dyn FnMut(&mut Sparse)) {
    matrices.iter_mut().for_each(|matrix| matrix.visit_sparse_mut(visit));
}

/// Keeps the `keep` largest magnitudes of all parts together.
fn keep_largest<R: Real>(
    parts: &mut [(ParameterId, Vec<u8>, usize)],
    keep: usize,
    returns: bool,
    parameters: &Parameters<R>,
) {
    // Magnitudes as bits order as the numbers do; the place breaks ties.
    let mut candidates: Vec<(u64, u32, u32)> = Vec::new();
    for (part, (values, mask, _)) in parts.iter().enumerate() {
        for (place, (value, &kept)) in parameters[*values].values.iter().zip(mask).enumerate() {
            if kept == 1 || returns {
                candidates.push((!value.wide().abs().to_bits(), part as u32, place as u32));
            }
        }
    }
    if candidates.len() > keep {
        candidates.select_nth_unstable(keep);
        candidates.truncate(keep);
    }
    parts.iter_mut().for_each(|(_, mask, _)| mask.fill(0));
    for (_, part, place) in candidates {
        parts[part as usize].1[place as usize] = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{Annealing, Scope};

    const ANNEALING: Annealing =
        Annealing { joins: 0, start: 100, end: 250, every: 20, scope: Scope::EachMatrix, returns: false };

    #[test]
    fn the_schedule_is_the_cubic_of_zhu_and_gupta() {
        assert_eq!(ANNEALING.remaining(0), 1.0);
        assert_eq!(ANNEALING.remaining(100), 1.0);
        assert_eq!(ANNEALING.remaining(165), (1.0 - 60.0 / 150.0_f64).powi(3));
        assert_eq!(ANNEALING.remaining(250), 0.0);
        assert_eq!(ANNEALING.keep(250, 1000, 37), 37);
        assert_eq!(ANNEALING.keep(0, 1000, 37), 1000);
    }

    #[test]
    fn prunings_are_where_they_should_be() {
        let steps: Vec<u64> = (0..400).filter(|&step| ANNEALING.prunes_at(step)).collect();
        assert_eq!(steps, [100, 120, 140, 160, 180, 200, 220, 240, 250]);
        assert!(Annealing { every: 0, ..ANNEALING }.check().is_err());
        assert!(Annealing { start: 300, ..ANNEALING }.check().is_err());
        assert!(Annealing { joins: 251, ..ANNEALING }.check().is_err());
    }
}
