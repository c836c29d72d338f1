//! Losses with their gradients, and scores as people read them.

use crate::layer::Pass;
use crate::real::Real;
use crate::vector::vectorised;
use serde::{Deserialize, Serialize};

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// −log softmax(output)\[class\], in nats, averaged over predictions. The network gives logits.
    CrossEntropy,
    /// (output − target)², averaged over elements, as PyTorch's `MSELoss`.
    MeanSquaredError,
}

/// Which steps have a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Every one.
    EachStep,
    /// The last of each sequence.
    LastStep,
}

/// What is minimised, over which steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// What is minimised.
    pub loss: Loss,
    /// Over which steps.
    pub over: Over,
}

impl Objective {
    /// Cross-entropy of every step: a language model's.
    pub const LANGUAGE_MODEL: Objective = Objective { loss: Loss::CrossEntropy, over: Over::EachStep };
    /// Cross-entropy of the last step: a sequence classifier's.
    pub const CLASSIFIER: Objective = Objective { loss: Loss::CrossEntropy, over: Over::LastStep };
}

/// Targets of the steps that have one: `[time][lane]`, or `[lane]` where only the last step has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Targets<'a, R> {
    /// A class each.
    Classes(&'a [u32]),
    /// As many values as the network's output has, each.
    Values(&'a [R]),
}

/// Losses summed up, before they are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Sum of the losses: nats for cross-entropy, squares for squared error.
    pub sum: f64,
    /// How many were summed: predictions for cross-entropy, elements for squared error.
    pub count: usize,
    /// How many predictions had the target as their most likely class; 0 for squared error.
    pub correct: usize,
}

impl Tally {
    /// Both together.
    pub fn and(self, other: Tally) -> Tally {
        Tally {
            sum: self.sum + other.sum,
            count: self.count + other.count,
            correct: self.correct + other.correct,
        }
    }

    /// As a score.
    pub fn score(self) -> Score {
        let count = self.count as f64;
        Score { loss: self.sum / count, accuracy: self.correct as f64 / count, count: self.count }
    }
}

/// An average loss, as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Nats a prediction, or the mean of the squares.
    pub loss: f64,
    /// Share of predictions with the target as their most likely class; 0 for squared error.
    pub accuracy: f64,
    /// How many predictions, or elements.
    pub count: usize,
}

impl Score {
    /// Bits a prediction: bits per character where tokens are characters.
    pub fn bits(&self) -> f64 {
        self.loss / std::f64::consts::LN_2
    }

    /// e^loss
    pub fn perplexity(&self) -> f64 {
        self.loss.exp()
    }
}

/// The loss of a batch's part, and the gradient by the outputs of the mean loss over `total` predictions
/// (or elements) where it is asked for.
///
/// `outputs` is `[time][lane][size]`; the gradient has its extents, with zeros at steps without a target.
///
/// # Panics
///
/// When the targets are of the other kind, or not as many as the objective asks for.
pub fn loss<R: Real>(
    objective: Objective,
    outputs: &[R],
    targets: Targets<'_, R>,
    pass: &Pass,
    total: usize,
    mut d_outputs: Option<&mut Vec<R>>,
) -> Tally {
    let size = outputs.len() / pass.rows();
    let skipped = match objective.over {
        Over::EachStep => 0,
        Over::LastStep => pass.rows() - pass.lanes,
    };
    if let Some(d_outputs) = &mut d_outputs {
        d_outputs.clear();
        d_outputs.resize(outputs.len(), R::ZERO);
    }
    let outputs = &outputs[skipped * size..];
    let mut none = Vec::new();
    let d_outputs = match d_outputs {
        Some(d_outputs) => &mut d_outputs[skipped * size..],
        None => {
            none.resize(size, R::ZERO);
            &mut none[..]
        }
    };
    let wanted = d_outputs.len() == outputs.len();
    let scale = R::of(1.0 / total as f64);
    vectorised(
        #[inline(always)]
        || match (objective.loss, targets) {
            (Loss::CrossEntropy, Targets::Classes(classes)) => {
                assert_eq!(classes.len() * size, outputs.len(), "a target for each prediction");
                let mut tally = Tally { count: classes.len(), ..Tally::default() };
                for (k, (row, &class)) in outputs.chunks_exact(size).zip(classes).enumerate() {
                    let d_row =
                        if wanted { &mut d_outputs[k * size..][..size] } else { &mut d_outputs[..size] };
                    let class = class as usize;
                    let (largest, sum) = exponentials(row, d_row);
                    tally.sum += sum.wide().ln() - (row[class] - largest).wide();
                    tally.correct += usize::from(row[class] == largest);
                    let scale = scale / sum;
                    d_row.iter_mut().for_each(|d| *d *= scale);
                    d_row[class] -= R::of(1.0 / total as f64);
                }
                tally
            }
            (Loss::MeanSquaredError, Targets::Values(values)) => {
                assert_eq!(values.len(), outputs.len(), "a target for each element");
                let mut tally = Tally { count: values.len(), ..Tally::default() };
                for (k, (&output, &value)) in outputs.iter().zip(values).enumerate() {
                    let distance = output - value;
                    tally.sum += distance.wide() * distance.wide();
                    if wanted {
                        d_outputs[k] = (distance + distance) * scale;
                    }
                }
                tally
            }
            _ => panic!("classes for cross-entropy, values for squared error"),
        },
    )
}

/// Writes e^(x − largest) of each x; gives the largest x and the sum of what it wrote.
#[inline(always)]
fn exponentials<R: Real>(row: &[R], out: &mut [R]) -> (R, R) {
    let largest = row.iter().copied().fold(row[0], |a, b| if b > a { b } else { a });
    for (out, &x) in out.iter_mut().zip(row) {
        *out = (x - largest).exp();
    }
    (largest, out.iter().copied().sum())
}

/// xᵢ − log Σ e^xⱼ in place, with the largest x taken out of the exponents.
#[inline(always)]
pub(crate) fn log_softmax<R: Real>(row: &mut [R]) {
    let largest = row.iter().copied().fold(row[0], |a, b| if b > a { b } else { a });
    let mut sum = 0.0;
    let mut terms = [R::ZERO; 16];
    for chunk in row.chunks_mut(terms.len()) {
        for (term, x) in terms.iter_mut().zip(chunk.iter_mut()) {
            *x -= largest;
            *term = x.exp();
        }
        sum += terms[..chunk.len()].iter().map(|term| term.wide()).sum::<f64>();
    }
    let log = R::of(sum.ln());
    row.iter_mut().for_each(|x| *x -= log);
}
