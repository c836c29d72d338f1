//! Embedding: row `token` of W.

use super::{Gradients, Layer, Pass, Signal, WeightId, Weights, resize};
use crate::real::Real;

/// Row `token` of W, vocab × size.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding<R> {
    weight: WeightId,
    size: usize,
    /// Whether the layer after takes looked-up rows as they are.
    rows: bool,
    /// The tokens that occur, in the order in which they first occur.
    occurring: Vec<u32>,
    /// For each place, which of them.
    index: Vec<u32>,
    /// For each token of the vocabulary its place in `occurring`, or `NONE`.
    places: Vec<u32>,
    values: Vec<R>,
}

const NONE: u32 = u32::MAX;

impl<R: Real> Embedding<R> {
    /// The layer; `rows` says whether the layer after takes [`Signal::Rows`].
    pub fn new(weight: WeightId, vocab: usize, size: usize, rows: bool) -> Embedding<R> {
        Embedding {
            weight,
            size,
            rows,
            occurring: Vec::new(),
            index: Vec::new(),
            places: vec![NONE; vocab],
            values: Vec::new(),
        }
    }
}

impl<R: Real> Layer<R> for Embedding<R> {
    fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, _: &Pass) {
        let Signal::Tokens(tokens) = input else { panic!("an embedding takes tokens") };
        self.places.fill(NONE);
        self.occurring.clear();
        self.index.clear();
        for &token in tokens {
            let place = &mut self.places[token as usize];
            if *place == NONE {
                *place = self.occurring.len() as u32;
                self.occurring.push(token);
            }
            self.index.push(*place);
        }
        let looked_up = if self.rows { &self.occurring[..] } else { tokens };
        resize(&mut self.values, looked_up.len() * self.size);
        let table = weights.matrix(self.weight);
        for (row, &token) in self.values.chunks_exact_mut(self.size).zip(looked_up) {
            row.copy_from_slice(table.row(token as usize));
        }
    }

    fn output(&self) -> Signal<'_, R> {
        if self.rows {
            Signal::Rows { values: &self.values, index: &self.index }
        } else {
            Signal::Dense(&self.values)
        }
    }

    fn backward(
        &mut self,
        _: &Weights<R>,
        input: Signal<'_, R>,
        d_output: &[R],
        _: Option<&mut Vec<R>>,
        gradients: &mut Gradients<R>,
        _: &Pass,
    ) {
        let Signal::Tokens(tokens) = input else { panic!("an embedding takes tokens") };
        let looked_up = if self.rows { &self.occurring[..] } else { tokens };
        let gradient = gradients.of(self.weight);
        for (d_row, &token) in d_output.chunks_exact(self.size).zip(looked_up) {
            let row = &mut gradient[token as usize * self.size..][..self.size];
            for (sum, &d) in row.iter_mut().zip(d_row) {
                *sum += d;
            }
        }
    }
}
