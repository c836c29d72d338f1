//! Co-matrix dropout regularisation (CMR): Bernoulli masks on both parts of every doped matrix.
//!
//! While the sparse part is still dense it takes over, and the structured part is left under-trained
//! (co-matrix adaptation, arXiv 2102.07071). With masks on both, units learn with structure + S, with
//! the structure alone and with S alone. There is no mask at evaluation.
//!
//! The papers leave open whether kept values are scaled. Here they are by default, as in inverted
//! dropout, so that the expectation of W in training is the W of evaluation.

use crate::error::Error;
use crate::random::{Purpose, Stream};
use crate::real::Real;
use crate::vector::vectorised;
use serde::{Deserialize, Serialize};

/// What one Bernoulli draw decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// Each weight of each part by itself.
    Element,
    /// A row, that is a unit, of each part. A row that would lose both parts keeps both.
    Row,
    /// Each part as a whole. A matrix that would lose both parts keeps both.
    Matrix,
}

/// How the probability moves with annealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropoutSchedule {
    /// The same to the last step.
    Constant,
    /// Falls to zero as the density of S falls to its target, by the same cubic.
    WithDensity,
}

/// Options of co-matrix dropout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoMatrixDropout {
    /// Probability of dropping, in [0, 1), of each part alike; 0 turns it off.
    pub probability: f64,
    /// What is dropped at once.
    pub granularity: Granularity,
    /// How the probability moves.
    pub schedule: DropoutSchedule,
    /// Whether what is kept is divided by the probability of being kept.
    pub inverted: bool,
}

impl Default for CoMatrixDropout {
    fn default() -> CoMatrixDropout {
        CoMatrixDropout {
            probability: 0.1,
            granularity: Granularity::Matrix,
            schedule: DropoutSchedule::WithDensity,
            inverted: true,
        }
    }
}

impl CoMatrixDropout {
    /// Checks the bounds of the options.
    ///
    /// # Errors
    ///
    /// A probability outside [0, 1).
    pub fn check(&self) -> Result<(), Error> {
        if (0.0..1.0).contains(&self.probability) {
            return Ok(());
        }
        let problem = format!("must be at least 0 and below 1, not {}", self.probability);
        Err(Error::Option { name: "co-matrix dropout probability", problem })
    }

    /// The draw of a step, where `remaining` falls from 1 to 0 over the annealing of S; none where the
    /// probability has come to 0.
    pub fn draw(&self, seed: u64, step: u64, remaining: f64) -> Option<Draw> {
        let probability = match self.schedule {
            DropoutSchedule::Constant => self.probability,
            DropoutSchedule::WithDensity => self.probability * remaining,
        };
        let options = CoMatrixDropout { probability, ..*self };
        (probability > 0.0).then_some(Draw { seed, step, options })
    }
}

/// The masks of one step, drawn anew from the same stream whenever they are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    seed: u64,
    step: u64,
    options: CoMatrixDropout,
}

/// The mask over one part of a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    kept: Vec<u8>,
    granularity: Granularity,
    scale: f64,
}

impl Draw {
    /// The masks over the structured and the sparse part of the matrix of this index.
    pub fn masks(&self, index: u64, rows: usize, cols: usize) -> [Mask; 2] {
        let CoMatrixDropout { probability, granularity, inverted, .. } = self.options;
        let count = match granularity {
            Granularity::Element => rows * cols,
            Granularity::Row => rows,
            Granularity::Matrix => 1,
        };
        let mut stream = Stream::new(self.seed, Purpose::CoMatrixDropout, index, self.step);
        let mut kept = [vec![0; count], vec![0; count]];
        let [structure, sparse] = &mut kept;
        stream.keep(probability, structure);
        stream.keep(probability, sparse);
        let mut kept_share = 1.0 - probability;
        if granularity != Granularity::Element {
            for (structure, sparse) in structure.iter_mut().zip(sparse) {
                let neither = 1 - (*structure | *sparse);
                *structure |= neither;
                *sparse |= neither;
            }
            kept_share += probability * probability;
        }
        let scale = if inverted { 1.0 / kept_share } else { 1.0 };
        kept.map(|kept| Mask { kept, granularity, scale })
    }
}

impl Mask {
    /// out += mask ∘ from, scaled, for row `i` of the part.
    pub(crate) fn add_row<R: Real>(&self, i: usize, from: &[R], out: &mut [R]) {
        let scale = R::of(self.scale);
        let whole = match self.granularity {
            Granularity::Element => {
                let kept = &self.kept[i * from.len()..][..from.len()];
                vectorised(
                    #[inline(always)]
                    || {
                        for (out, (&from, &kept)) in out.iter_mut().zip(from.iter().zip(kept)) {
                            *out += if kept == 0 { R::ZERO } else { scale * from };
                        }
                    },
                );
                return;
            }
            Granularity::Row => self.kept[i],
            Granularity::Matrix => self.kept[0],
        };
        if whole == 1 {
            for (out, &from) in out.iter_mut().zip(from) {
                *out += scale * from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CoMatrixDropout, DropoutSchedule, Granularity};

    #[test]
    fn masks_keep_the_expectation() {
        for granularity in [Granularity::Element, Granularity::Row, Granularity::Matrix] {
            let options = CoMatrixDropout { probability: 0.4, granularity, ..CoMatrixDropout::default() };
            let mut sums = [0.0_f64; 2];
            for step in 0..4000 {
                let draw = options.draw(3, step, 1.0).unwrap();
                for (sum, mask) in sums.iter_mut().zip(draw.masks(5, 2, 3)) {
                    let mut row = [0.0; 3];
                    mask.add_row(1, &[1.0; 3], &mut row);
                    *sum += row[2];
                }
            }
            assert!(sums.iter().all(|sum| (sum / 4000.0 - 1.0).abs() < 0.05), "{granularity:?} {sums:?}");
        }
    }

    #[test]
    fn a_whole_matrix_never_loses_both_parts() {
        let options = CoMatrixDropout {
            probability: 0.9,
            granularity: Granularity::Matrix,
            ..CoMatrixDropout::default()
        };
        for step in 0..200 {
            let [structure, sparse] = options.draw(3, step, 1.0).unwrap().masks(0, 4, 4);
            assert!(structure.kept[0] + sparse.kept[0] > 0);
        }
    }

    #[test]
    fn the_probability_follows_its_schedule() {
        let options = CoMatrixDropout { probability: 0.4, ..CoMatrixDropout::default() };
        assert_eq!(options.draw(0, 0, 0.5).unwrap().options.probability, 0.2);
        assert_eq!(options.draw(0, 0, 0.0), None);
        let constant = CoMatrixDropout { schedule: DropoutSchedule::Constant, ..options };
        assert_eq!(constant.draw(0, 0, 0.0).unwrap().options.probability, 0.4);
        assert!(CoMatrixDropout { probability: 1.0, ..options }.check().is_err());
    }
}
