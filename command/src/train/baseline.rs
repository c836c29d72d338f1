//! What a guess scores that is the same at every step, on what is held out: what a model must beat to have learnt anything.
//!
//! Takes both parts of the data; gives the score, as the report, the model file and a warning tell it. A guess knows what
//! is trained on: how often each token or class is there, or the mean of the targets.

use dopec_trainer::Data;
use dopec_trainer::data::{Labels, Samples};
use dopec_trainer::score::Score;
use serde_json::{Value, json};

use super::input::Input;

/// The part of a guess's loss that a model which has learnt anything stays below.
const CLEARLY: f64 = 0.99;

/// A guess with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Baseline {
    /// Each token by its share of the text: nats.
    Tokens(f64),
    /// Always the most frequent class: this one, and the share that it is right of.
    Class(u32, f64),
    /// Always the mean of the targets: the mean of the squared errors.
    Mean(f64),
}

impl Baseline {
    /// The best guess for the data.
    pub(super) fn of(input: &Input) -> Baseline {
        match (&input.train, &input.held_out) {
            (Data::Tokens(train), Data::Tokens(held_out)) => {
                Baseline::Tokens(of_tokens(train, held_out, input.output_size))
            }
            (Data::Samples(train), Data::Samples(held_out)) => of_samples(train, held_out),
            _ => unreachable!("both parts are of one input"),
        }
    }

    /// Whether a model's score is better by more than chance may make it, or as good as can be.
    fn is_beaten_by(&self, score: &Score) -> bool {
        match *self {
            Baseline::Tokens(loss) | Baseline::Mean(loss) => score.loss < CLEARLY * loss,
            Baseline::Class(_, accuracy) => score.accuracy > accuracy || score.accuracy == 1.0,
        }
    }

    /// For the model file, by the names that the model's own score has there.
    pub(super) fn metadata(&self) -> Value {
        match *self {
            Baseline::Tokens(loss) => json!({"loss": loss, "perplexity": loss.exp()}),
            Baseline::Class(_, accuracy) => json!({"accuracy": accuracy}),
            Baseline::Mean(loss) => json!({"loss": loss}),
        }
    }

    /// For the report; `unit` is what a prediction is of.
    pub(super) fn line(&self, unit: &str) -> String {
        match *self {
            Baseline::Tokens(loss) => {
                format!("{loss:.4} nats, perplexity {:.4}: each {unit} by its share of the text", loss.exp())
            }
            Baseline::Class(class, accuracy) => {
                format!("{:.2}% right: always class {class}, the most frequent", 100.0 * accuracy)
            }
            Baseline::Mean(loss) => format!("mean squared error {loss:.6}: always the mean of the targets"),
        }
    }

    /// That a model is no better, where it is not, and what may help.
    pub(super) fn warning(&self, score: &Score, unit: &str) -> Option<String> {
        if self.is_beaten_by(score) {
            return None;
        }
        let any = match *self {
            Baseline::Tokens(loss) | Baseline::Mean(loss) if score.loss < loss => "hardly any",
            _ => "no",
        };
        let (guess, scale) = match self {
            Baseline::Tokens(_) => (format!("guessing each {unit} by its share of the text"), ""),
            Baseline::Class(class, _) => (format!("always class {class}"), ", or scale the inputs"),
            Baseline::Mean(_) => {
                ("always the mean of the targets".to_owned(), ", or scale inputs and targets")
            }
        };
        Some(format!(
            "the model is {any} better than {guess}: train longer, with another --learning-rate{scale}"
        ))
    }
}

/// Each token is counted once more than it is there: one that is held out alone is no surprise without end.
fn of_tokens(train: &[u32], held_out: &[u32], size: usize) -> f64 {
    let counts = counts(train, size);
    let total = (train.len() + size) as f64;
    // The first is read, but not predicted.
    let predicted = &held_out[1..];
    let sum: f64 = predicted.iter().map(|&token| (total / (counts[token as usize] + 1) as f64).ln()).sum();
    sum / predicted.len() as f64
}

fn of_samples(train: &Samples, held_out: &Samples) -> Baseline {
    match (&train.labels, &held_out.labels) {
        (Labels::Classes(train), Labels::Classes(held_out)) => {
            let size = train.iter().max().map_or(0, |&largest| largest as usize + 1);
            let counts = counts(train, size);
            // Of equally frequent ones the first.
            let class = (0..size).rev().max_by_key(|&class| counts[class]).unwrap_or(0) as u32;
            let right = held_out.iter().filter(|&&other| other == class).count();
            Baseline::Class(class, right as f64 / held_out.len() as f64)
        }
        (Labels::Values(values), Labels::Values(held_out)) => {
            let mean = mean(values, train.label_width());
            let squares = held_out.chunks_exact(mean.len()).flat_map(|target| {
                target.iter().zip(&mean).map(|(&value, mean)| (f64::from(value) - mean).powi(2))
            });
            Baseline::Mean(squares.sum::<f64>() / held_out.len() as f64)
        }
        _ => unreachable!("both parts are of one input"),
    }
}

fn counts(values: &[u32], size: usize) -> Vec<usize> {
    let mut counts = vec![0; size];
    values.iter().for_each(|&value| counts[value as usize] += 1);
    counts
}

/// The mean of targets of so many values each.
pub(super) fn mean(values: &[f32], size: usize) -> Vec<f64> {
    let mut sums = vec![0.0; size];
    for target in values.chunks_exact(size) {
        sums.iter_mut().zip(target).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    let count = (values.len() / size) as f64;
    sums.into_iter().map(|sum| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use super::{Baseline, of_samples, of_tokens};
    use dopec_trainer::data::{Inputs, Labels, Samples};
    use dopec_trainer::score::Score;

    fn samples(labels: Labels, count: usize) -> Samples {
        Samples::new(Inputs::Vectors(vec![0.0; count]), labels, count, 1).unwrap()
    }

    #[test]
    fn tokens_are_guessed_by_their_shares() {
        // Shares of 4, 2 and 1 in 7; the first of what is held out is not predicted.
        let loss = of_tokens(&[0, 0, 0, 1], &[2, 0, 1, 2], 3);
        let expected = ((7.0_f64 / 4.0).ln() + (7.0_f64 / 2.0).ln() + 7.0_f64.ln()) / 3.0;
        assert!((loss - expected).abs() < 1e-12, "{loss}");
    }

    #[test]
    fn the_most_frequent_class_and_the_mean_are_guessed() {
        let (train, held_out) = (Labels::Classes(vec![0, 2, 2, 1]), Labels::Classes(vec![2, 0, 1, 1, 2]));
        let guess = of_samples(&samples(train, 4), &samples(held_out, 5));
        assert_eq!(guess, Baseline::Class(2, 0.4));
        let (train, held_out) =
            (Labels::Values(vec![1., 10., 3., 30.]), Labels::Values(vec![2., 22., 5., 20.]));
        let guess = of_samples(&samples(train, 2), &samples(held_out, 2));
        assert_eq!(guess, Baseline::Mean((0.0 + 4.0 + 9.0 + 0.0) / 4.0));
    }

    #[test]
    fn a_score_beats_a_guess_that_is_worse() {
        let score = |loss, accuracy| Score { loss, accuracy, count: 1 };
        assert!(Baseline::Mean(0.5).is_beaten_by(&score(0.4, 0.0)));
        let warning = |loss| Baseline::Tokens(0.5).warning(&score(loss, 0.0), "word");
        assert!(warning(0.5).unwrap().starts_with("the model is no better than guessing each word"));
        assert!(warning(0.499).unwrap().starts_with("the model is hardly any better"));
        assert_eq!(warning(0.49), None);
        assert!(Baseline::Class(1, 0.5).is_beaten_by(&score(9.0, 0.6)));
        assert!(!Baseline::Class(1, 0.5).is_beaten_by(&score(0.1, 0.5)));
        // Nothing could be better.
        assert!(Baseline::Class(1, 1.0).is_beaten_by(&score(0.1, 1.0)));
    }
}
