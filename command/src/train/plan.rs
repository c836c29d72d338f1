//! How the network is trained: the trainer's settings from the options, and how many steps the given minutes are.

use std::time::{Duration, Instant};

use dopec::Faults;
use dopec_trainer::doping::annealing::Annealing;
use dopec_trainer::doping::co_matrix::CoMatrixDropout;
use dopec_trainer::optimise::{AdamOptions, Schedule};
use dopec_trainer::score::Objective;
use dopec_trainer::{Data, Error, Network, Settings, Trainer};
use serde::{Deserialize, Serialize};

use super::faults::{self, fault};
use super::input::Input;
use super::options::Train;
use super::progress::{short, tell};

/// Minutes of a run, where nothing else is asked for.
const MINUTES: f64 = 10.0;

/// Moments of a run at which it is scored and noted, at most.
const MOMENTS: u64 = 40;

/// The part of a run's time that these moments may take.
const WATCHING: f64 = 0.1;

/// Tokens that a text is scored on while it is trained on.
const TOKENS: usize = 1 << 13;

/// How long a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Length {
    /// Steps of the whole run.
    pub(super) steps: u64,
    /// Moments of it at which it is scored.
    pub(super) moments: u64,
}

impl Length {
    /// Whether a step, from 0, is followed by a moment.
    pub(super) fn is_moment(self, step: u64) -> bool {
        let count = |step: u64| u128::from(step) * u128::from(self.moments) / u128::from(self.steps);
        count(step + 1) > count(step)
    }
}

/// The part of what is held out that a run is scored on while it lasts, and in how many lanes.
pub(super) fn glance(held_out: &Data) -> (Data, usize) {
    match held_out {
        Data::Tokens(tokens) => {
            let part = &tokens[..tokens.len().min(TOKENS)];
            (Data::Tokens(part.to_vec()), ((part.len() - 1) / 64).clamp(1, 16))
        }
        Data::Samples(samples) => (held_out.clone(), samples.count().min(256)),
    }
}

/// The lanes of the last score. With one, a text is read as a compiled model reads it.
pub(super) fn lanes(held_out: &Data) -> usize {
    match held_out {
        Data::Tokens(_) => 1,
        Data::Samples(samples) => samples.count().min(256),
    }
}

/// Whether anything is to be pruned, and whether any S stands beside a structure.
pub(super) fn doping(network: &Network<f32>) -> (bool, bool) {
    let (mut prunes, mut doped) = (false, false);
    for matrix in network.matrices() {
        doped |= matrix.is_doped();
        matrix.visit_sparse(&mut |_, sparse| prunes |= sparse.kept() > sparse.target);
    }
    (prunes, doped)
}

/// The settings of a run of so many steps.
pub(super) fn settings(
    options: &Train,
    objective: Objective,
    network: &Network<f32>,
    (steps, threads): (u64, usize),
) -> Settings {
    let (prunes, doped) = doping(network);
    let further = options.from.is_some();
    let probability = options.cmr;
    let granularity = options.cmr_granularity.into();
    let rate = options.learning_rate.unwrap_or(if further { 0.001 } else { 0.003 });
    let scope = options.prune_over.into();
    Settings {
        seed: options.seed,
        lanes: options.batch,
        steps: options.sequence(),
        threads,
        objective,
        schedule: Schedule::of_run(rate, steps),
        adam: AdamOptions::default(),
        annealing: prunes.then(|| {
            let of_run = Annealing::of_run(steps);
            // The structure of a model that is gone on from needs no start of its own.
            Annealing { scope, joins: if further { 0 } else { of_run.joins }, ..of_run }
        }),
        co_matrix: (doped && probability != 0.0).then(|| CoMatrixDropout {
            probability,
            granularity,
            ..CoMatrixDropout::default()
        }),
    }
}

/// The length of a new run: the steps asked for, or as many as the minutes leave room for, `started` being when they
/// began.
pub(super) fn length(
    options: &Train,
    input: &Input,
    network: &Network<f32>,
    threads: usize,
    started: Instant,
) -> Result<Length, Faults> {
    if let Some(steps) = options.steps {
        return Ok(Length { steps, moments: MOMENTS });
    }
    let minutes = options.minutes.unwrap_or(MINUTES);
    tell("measuring the speed of a step ...");
    let pace = Pace::measure(options, input, network, threads, minutes)
        .map_err(|error| faults::of(&options.input, &error))?;
    // A few percent are for what else the machine does.
    let left = 0.97 * 60.0 * minutes - started.elapsed().as_secs_f64();
    let length = pace.length_of(left);
    let (step, steps) = (pace.step.as_secs_f64(), length.steps);
    if steps < 10 {
        let least = started.elapsed().as_secs_f64() + pace.seconds(Length { steps: 10, moments: 2 });
        let help = "give more minutes, a smaller network, or a smaller --batch or --sequence";
        let (least, step) = (short(least / 60.0 / 0.97), short(step));
        let expected = format!("about {least} or more: {step} seconds a step, and its scores");
        let title = "the time is too short for ten steps";
        return Err(fault("--minutes", title, &expected, &minutes.to_string(), help));
    }
    tell(format_args!("{} seconds a step: {steps} steps in {minutes} minutes", short(step)));
    Ok(length)
}

/// How long the parts of a run take.
struct Pace {
    step: Duration,
    pruning: Duration,
    glance: Duration,
    score: Duration,
}

impl Pace {
    /// Trains a copy for a moment.
    fn measure(
        options: &Train,
        input: &Input,
        network: &Network<f32>,
        threads: usize,
        minutes: f64,
    ) -> Result<Pace, Error> {
        /// Tokens that are read in one lane.
        const READ: usize = 256;
        // Long enough that nothing is pruned yet.
        let settings = settings(options, input.objective, network, (1 << 20, threads));
        let mut trainer = Trainer::new(network.clone(), settings, input.train.clone())?;
        trainer.step()?;
        let (begun, mut steps) = (Instant::now(), 0);
        let most = Duration::from_secs_f64((minutes * 60.0 / 50.0).min(4.0));
        while steps < 2 || begun.elapsed() < most && steps < 1000 {
            trainer.step()?;
            steps += 1;
        }
        let step = begun.elapsed() / steps;
        let (part, lanes) = glance(&input.held_out);
        let begun = Instant::now();
        trainer.evaluate(&part, lanes)?;
        let glance = begun.elapsed();
        let begun = Instant::now();
        let score = match &input.held_out {
            Data::Tokens(tokens) => {
                let some = tokens[..tokens.len().min(READ)].to_vec();
                let share = tokens.len() as f64 / some.len() as f64;
                trainer.evaluate(&Data::Tokens(some), 1)?;
                begun.elapsed().mul_f64(share)
            }
            Data::Samples(_) => glance,
        };
        let begun = Instant::now();
        trainer.finish();
        Ok(Pace { step, pruning: begun.elapsed(), glance, score })
    }

    /// Seconds of a run.
    fn seconds(&self, length: Length) -> f64 {
        let prunings = (length.steps as f64 * 0.62).min(100.0);
        length.steps as f64 * self.step.as_secs_f64()
            + prunings * self.pruning.as_secs_f64()
            + length.steps.min(length.moments) as f64 * self.glance.as_secs_f64()
            + self.score.as_secs_f64()
    }

    /// The longest run that ends within so many seconds.
    fn length_of(&self, seconds: f64) -> Length {
        let moments = (WATCHING * seconds / self.glance.as_secs_f64().max(1e-7)) as u64;
        let moments = moments.clamp(2, MOMENTS);
        let most = (seconds / self.step.as_secs_f64().max(1e-7)).max(0.0) as u64;
        let (mut low, mut high) = (0, most);
        while low < high {
            let steps = low + (high - low).div_ceil(2);
            if self.seconds(Length { steps, moments }) <= seconds { low = steps } else { high = steps - 1 }
        }
        Length { steps: low, moments }
    }
}

#[cfg(test)]
mod tests {
    use super::{Length, Pace};
    use std::time::Duration;

    #[test]
    fn moments_are_spread_evenly_and_end_with_the_run() {
        for steps in [1, 7, 40, 41, 1000, 12345] {
            let length = Length { steps, moments: 40 };
            let moments: Vec<u64> = (0..steps).filter(|&step| length.is_moment(step)).collect();
            assert_eq!(moments.len() as u64, steps.min(40));
            assert_eq!(moments.last(), Some(&(steps - 1)));
        }
    }

    #[test]
    fn as_many_steps_are_taken_as_fit() {
        let [step, pruning, glance, score] = [100, 10, 500, 2000].map(Duration::from_millis);
        let pace = Pace { step, pruning, glance, score };
        let length = pace.length_of(60.0);
        assert_eq!(length.moments, 12);
        assert!(pace.seconds(length) <= 60.0);
        assert!(pace.seconds(Length { steps: length.steps + 1, ..length }) > 60.0);
        assert_eq!(pace.length_of(1.0).steps, 0);
    }
}
