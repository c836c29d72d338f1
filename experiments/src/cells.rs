//! What the cases of a study come to: each form at each budget, over its seeds.

use crate::case::{Case, Form};
use crate::results::Line;
use crate::study::{FACTORS, SEEDS};

/// A mean with the sample's standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The deviation; 0 for a single value.
    pub deviation: f64,
}

/// Mean and deviation; none of nothing.
pub fn spread(values: &[f64]) -> Option<Spread> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = if values.len() < 2 { 0.0 } else { (squares / (count - 1.0)).sqrt() };
    (!values.is_empty()).then_some(Spread { mean, deviation })
}

/// A form at a budget, over its seeds.
#[derive(Debug)]
pub struct Cell {
    /// The form.
    pub form: Form,
    /// How many times less than dense was asked.
    pub factor: f64,
    /// Of the held-out text.
    pub perplexity: Spread,
    /// Loss of perplexity against the dense network of the same seed, in per cent.
    pub loss: Spread,
    /// How many times less than dense is stored in fact.
    pub stored: f64,
    /// How many seeds are done.
    pub seeds: usize,
}

/// Every form at every budget of which anything is done, the dense network first.
pub fn cells(done: &[&Line]) -> Vec<Cell> {
    let perplexity = |form, factor, seed| {
        let same = |case: &Case| case.form == form && case.factor == factor && case.seed == seed;
        done.iter().find(|line| same(&line.case)).map(|line| line.outcome.loss.exp())
    };
    let budgets = std::iter::once((Form::Dense, 1.0));
    let budgets =
        budgets.chain(FACTORS.iter().flat_map(|&factor| Form::ALL[1..].iter().map(move |&f| (f, factor))));
    let cell = |(form, factor)| {
        let of = |seed| Some((perplexity(form, factor, seed)?, perplexity(Form::Dense, 1.0, seed)?));
        let pairs: Vec<(f64, f64)> = SEEDS.iter().filter_map(|&seed| of(seed)).collect();
        let perplexities: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let losses: Vec<f64> = pairs.iter().map(|(own, dense)| 100.0 * (own / dense - 1.0)).collect();
        let line = done.iter().find(|line| line.case.form == form && line.case.factor == factor)?;
        Some(Cell {
            form,
            factor,
            perplexity: spread(&perplexities)?,
            loss: spread(&losses)?,
            stored: line.outcome.dense_bits as f64 / line.outcome.stored_bits as f64,
            seeds: pairs.len(),
        })
    };
    budgets.filter_map(cell).collect()
}
