//! Schedules of the learning rate: functions of the step alone.

use crate::error::Error;
use serde::{Deserialize, Serialize};

/// A learning rate over the steps of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The rate after warm-up.
    pub rate: f64,
    /// Steps over which the rate rises evenly to what it is then; 0 for none.
    pub warm_up: u64,
    /// What becomes of it.
    pub shape: Shape,
}

/// How the rate moves after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// It stays.
    Constant,
    /// It falls along half a cosine (Loshchilov and Hutter 2017).
    Cosine {
        /// The step that it has fallen at.
        end: u64,
        /// The share of the rate that is left then.
        floor: f64,
    },
    /// It is multiplied by a factor again and again (Zaremba et al. 2014).
    Steps {
        /// The step of the first time.
        start: u64,
        /// Steps from one time to the next.
        every: u64,
        /// The factor.
        factor: f64,
    },
}

impl Schedule {
    /// A constant rate.
    pub fn constant(rate: f64) -> Schedule {
        Schedule { rate, warm_up: 0, shape: Shape::Constant }
    }

    /// Falls along a cosine to a twentieth over a run, after a short warm-up: what is trained with unless
    /// something else is asked for.
    pub fn of_run(rate: f64, steps: u64) -> Schedule {
        Schedule { rate, warm_up: (steps / 50).min(200), shape: Shape::Cosine { end: steps, floor: 0.05 } }
    }

    /// Checks the bounds of the options.
    ///
    /// # Errors
    ///
    /// A rate that is not positive, a floor outside [0, 1], steps of length 0, a factor outside (0, 1].
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |problem: String| Err(Error::Option { name: "learning rate", problem });
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            return wrong(format!("must be above 0, not {}", self.rate));
        }
        match self.shape {
            Shape::Cosine { floor, .. } if !(0.0..=1.0).contains(&floor) => {
                wrong(format!("the floor must be from 0 to 1, not {floor}"))
            }
            Shape::Steps { every: 0, .. } => wrong("steps must be 1 apart at least".to_owned()),
            Shape::Steps { factor, .. } if !(factor > 0.0 && factor <= 1.0) => {
                wrong(format!("the factor must be above 0 and at most 1, not {factor}"))
            }
            _ => Ok(()),
        }
    }

    /// The rate of a step, from 0.
    pub fn at(&self, step: u64) -> f64 {
        let warm = ((step + 1) as f64 / (self.warm_up + 1) as f64).min(1.0);
        let shape = match self.shape {
            Shape::Constant => 1.0,
            Shape::Cosine { end, floor } => {
                let way = (step as f64 / end.max(1) as f64).min(1.0);
                floor + (1.0 - floor) * (1.0 + (std::f64::consts::PI * way).cos()) / 2.0
            }
            Shape::Steps { start, every, factor } if step >= start => {
                factor.powf(((step - start) / every + 1) as f64)
            }
            Shape::Steps { .. } => 1.0,
        };
        self.rate * warm * shape
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Shape};

    #[test]
    fn rates_move_as_they_say() {
        assert_eq!(Schedule::constant(0.5).at(1000), 0.5);
        let warm = Schedule { rate: 1.0, warm_up: 3, shape: Shape::Constant };
        assert_eq!([0, 1, 2, 3, 4].map(|step| warm.at(step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
        let cosine = Schedule { rate: 2.0, warm_up: 0, shape: Shape::Cosine { end: 100, floor: 0.1 } };
        assert_eq!((cosine.at(0), cosine.at(100), cosine.at(500)), (2.0, 0.2, 0.2));
        assert!((cosine.at(50) - 1.1).abs() < 1e-12);
        let steps =
            Schedule { rate: 1.0, warm_up: 0, shape: Shape::Steps { start: 10, every: 5, factor: 0.5 } };
        assert_eq!([9, 10, 14, 15].map(|step| steps.at(step)), [1.0, 0.5, 0.5, 0.25]);
        assert!(Schedule::constant(0.0).check().is_err());
    }
}
