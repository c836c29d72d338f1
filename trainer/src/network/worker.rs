//! Forward and backward passes through all layers, over some of a batch's lanes.

use crate::layer::{
    Activation, Dropout, Embedding, Gradients, Gru, Layer, LayerNorm, Linear, Lstm, Pass, Signal, State,
    Weights,
};
use crate::real::Real;
use crate::score::{Objective, Tally, Targets, loss};

/// A layer of any kind.
#[derive(Debug, Clone)]
pub(super) enum AnyLayer<R> {
    Embedding(Embedding<R>),
    Linear(Linear<R>),
    Lstm(Lstm<R>),
    Gru(Gru<R>),
    Activation(Activation<R>),
    LayerNorm(LayerNorm<R>),
    Dropout(Dropout<R>),
}

impl<R: Real> AnyLayer<R> {
    fn get(&self) -> &dyn Layer<R> {
        match self {
            AnyLayer::Embedding(layer) => layer,
            AnyLayer::Linear(layer) => layer,
            AnyLayer::Lstm(layer) => layer,
            AnyLayer::Gru(layer) => layer,
            AnyLayer::Activation(layer) => layer,
            AnyLayer::LayerNorm(layer) => layer,
            AnyLayer::Dropout(layer) => layer,
        }
    }

    fn get_mut(&mut self) -> &mut dyn Layer<R> {
        match self {
            AnyLayer::Embedding(layer) => layer,
            AnyLayer::Linear(layer) => layer,
            AnyLayer::Lstm(layer) => layer,
            AnyLayer::Gru(layer) => layer,
            AnyLayer::Activation(layer) => layer,
            AnyLayer::LayerNorm(layer) => layer,
            AnyLayer::Dropout(layer) => layer,
        }
    }
}

/// Layers with their states, buffers and gradients, for some lanes.
#[derive(Debug)]
pub struct Worker<R> {
    layers: Vec<AnyLayer<R>>,
    /// The sums of the last backward passes since they were cleared; empty before the first.
    pub gradients: Gradients<R>,
    /// The gradient by the output of the layer at hand, and by its input.
    d_output: Vec<R>,
    d_input: Vec<R>,
}

impl<R: Real> Worker<R> {
    pub(super) fn new(layers: Vec<AnyLayer<R>>) -> Worker<R> {
        Worker { layers, gradients: Gradients(Vec::new()), d_output: Vec::new(), d_input: Vec::new() }
    }

    /// Runs all layers, from the state that the last forward pass left.
    pub fn forward(&mut self, weights: &Weights<R>, input: Signal<'_, R>, pass: &Pass) {
        for k in 0..self.layers.len() {
            let (before, rest) = self.layers.split_at_mut(k);
            let input = before.last().map_or(input, |layer| layer.get().output());
            rest[0].get_mut().forward(weights, input, pass);
        }
    }

    /// What the last forward pass gave: `[time][lane][size]`.
    ///
    /// # Panics
    ///
    /// For a network of an embedding alone.
    pub fn output(&self) -> &[R] {
        match self.layers.last().map(|layer| layer.get().output()) {
            Some(Signal::Dense(values)) => values,
            _ => panic!("the last layer gives features"),
        }
    }

    /// What layer `k` gave in the last forward pass.
    pub fn output_of(&self, k: usize) -> Signal<'_, R> {
        self.layers[k].get().output()
    }

    /// The losses of the last forward pass.
    pub fn loss(&self, objective: Objective, targets: Targets<'_, R>, pass: &Pass) -> Tally {
        loss(objective, self.output(), targets, pass, 1, None)
    }

    /// Losses, and gradients of their mean over `total`, of the last forward pass.
    pub fn backward(
        &mut self,
        weights: &Weights<R>,
        input: Signal<'_, R>,
        (objective, targets): (Objective, Targets<'_, R>),
        total: usize,
        pass: &Pass,
    ) -> Tally {
        if self.gradients.0.is_empty() {
            self.gradients = weights.gradients();
        }
        self.gradients.clear();
        let mut d_output = std::mem::take(&mut self.d_output);
        let tally = loss(objective, self.output(), targets, pass, total, Some(&mut d_output));
        for k in (0..self.layers.len()).rev() {
            let (before, rest) = self.layers.split_at_mut(k);
            let d_input = (k > 0).then_some(&mut self.d_input);
            let input = before.last().map_or(input, |layer| layer.get().output());
            rest[0].get_mut().backward(weights, input, &d_output, d_input, &mut self.gradients, pass);
            std::mem::swap(&mut d_output, &mut self.d_input);
        }
        self.d_output = d_output;
        tally
    }

    /// The carried states of all recurrent layers.
    pub fn states(&mut self) -> impl Iterator<Item = &mut State<R>> {
        self.layers.iter_mut().filter_map(|layer| layer.get_mut().state())
    }

    /// Sets all states to zero.
    pub fn reset(&mut self) {
        for state in self.states() {
            state.h.clear();
            state.c.clear();
        }
    }
}
