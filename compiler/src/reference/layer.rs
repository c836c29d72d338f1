//! Layers by their definitions, in 64-bit floats.
//!
//! Takes a layer of the model, its input and, for a recurrent one, its state; gives its output, and
//! leaves the state of the next step in place of the old one.

use super::matrix::{multiply, row};
use crate::model::{
    Activation, Embedding, EmbeddingWeight, Function, Gate, Gru, LayerKind, LayerNorm, Linear, Lstm,
    LstmWeights,
};

/// What a layer keeps from step to step.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The hidden state of an LSTM or GRU.
    h: Vec<f64>,
    /// The cell of an LSTM.
    c: Vec<f64>,
}

impl State {
    /// The state before the first step.
    pub(super) fn zero(kind: &LayerKind) -> State {
        match kind {
            LayerKind::Lstm(lstm) => State { h: vec![0.0; lstm.hidden_size], c: vec![0.0; lstm.hidden_size] },
            LayerKind::Gru(gru) => State { h: vec![0.0; gru.hidden_size], c: Vec::new() },
            _ => State::default(),
        }
    }
}

/// The output of a layer that takes a vector.
pub(super) fn apply(kind: &LayerKind, x: &[f64], state: &mut State) -> Vec<f64> {
    match kind {
        LayerKind::Embedding(_) => panic!("an embedding takes a token, and stands first"),
        LayerKind::Linear(layer) => linear(layer, x),
        LayerKind::Lstm(layer) => lstm(layer, x, state),
        LayerKind::Gru(layer) => gru(layer, x, state),
        LayerKind::Activation(layer) => activation(layer, x),
        LayerKind::LayerNorm(layer) => layer_norm(layer, x),
    }
}

/// Row `token` of the table.
pub(super) fn embedding(layer: &Embedding, token: u32) -> Vec<f64> {
    let token = token as usize;
    assert!(token < layer.vocab, "the token is outside the vocabulary");
    match &layer.weight {
        EmbeddingWeight::Table(table) => table.data[token * layer.size..(token + 1) * layer.size]
            .iter()
            .map(|&value| f64::from(value))
            .collect(),
        EmbeddingWeight::Matrix(matrix) => row(matrix, token),
    }
}

/// y = W x + b
fn linear(layer: &Linear, x: &[f64]) -> Vec<f64> {
    add_bias(multiply(&layer.weight, x), layer.bias.as_deref())
}

/// i, f, o = σ(...); g = tanh(...); c' = f∘c + i∘g; h' = o∘tanh(c').
fn lstm(layer: &Lstm, x: &[f64], state: &mut State) -> Vec<f64> {
    let sums = match &layer.weights {
        LstmWeights::Split { ih, hh } => {
            multiply(ih, x).iter().zip(multiply(hh, &state.h)).map(|(a, b)| a + b).collect()
        }
        LstmWeights::Joined(weight) => multiply(weight, &[x, &state.h].concat()),
    };
    let sums = add_bias(sums, layer.bias.as_deref());
    let sum = |gate: Gate, unit: usize| {
        let place =
            layer.gate_order.iter().position(|&other| other == gate).expect("the order names every gate");
        sums[place * layer.hidden_size + unit]
    };
    for unit in 0..layer.hidden_size {
        let i = sigmoid(sum(Gate::Input, unit));
        let f = sigmoid(sum(Gate::Forget, unit));
        let g = sum(Gate::Candidate, unit).tanh();
        let o = sigmoid(sum(Gate::Output, unit));
        state.c[unit] = f * state.c[unit] + i * g;
        state.h[unit] = o * state.c[unit].tanh();
    }
    state.h.clone()
}

/// r, z = σ(...); n = tanh(W_in x + b_in + r∘(W_hn h + b_hn)); h' = (1−z)∘n + z∘h.
fn gru(layer: &Gru, x: &[f64], state: &mut State) -> Vec<f64> {
    let from_input = add_bias(multiply(&layer.weight_ih, x), layer.bias_ih.as_deref());
    let from_hidden = add_bias(multiply(&layer.weight_hh, &state.h), layer.bias_hh.as_deref());
    let size = layer.hidden_size;
    for unit in 0..size {
        let r = sigmoid(from_input[unit] + from_hidden[unit]);
        let z = sigmoid(from_input[size + unit] + from_hidden[size + unit]);
        let n = (from_input[2 * size + unit] + r * from_hidden[2 * size + unit]).tanh();
        state.h[unit] = (1.0 - z) * n + z * state.h[unit];
    }
    state.h.clone()
}

fn activation(layer: &Activation, x: &[f64]) -> Vec<f64> {
    match layer.function {
        Function::Relu => x.iter().map(|&value| if value < 0.0 { 0.0 } else { value }).collect(),
        Function::Tanh => x.iter().map(|value| value.tanh()).collect(),
        Function::Sigmoid => x.iter().map(|&value| sigmoid(value)).collect(),
        Function::Softmax => log_softmax(x).iter().map(|value| value.exp()).collect(),
        Function::LogSoftmax => log_softmax(x),
    }
}

/// (x − mean) / √(variance + epsilon) ∘ weight + bias, the variance being the mean of the squares.
fn layer_norm(layer: &LayerNorm, x: &[f64]) -> Vec<f64> {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let scale = 1.0 / (variance + f64::from(layer.epsilon)).sqrt();
    let scaled =
        x.iter().zip(&layer.weight).map(|(value, &weight)| (value - mean) * scale * f64::from(weight));
    add_bias(scaled.collect(), layer.bias.as_deref())
}

/// xᵢ − log Σ e^xⱼ, with the largest x taken out of the exponents so that none overflows.
fn log_softmax(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().fold(f64::NEG_INFINITY, |largest, &value| largest.max(value));
    let log_sum = largest + x.iter().map(|value| (value - largest).exp()).sum::<f64>().ln();
    x.iter().map(|value| value - log_sum).collect()
}

/// 1 / (1 + e^−x)
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn add_bias(mut sums: Vec<f64>, bias: Option<&[f32]>) -> Vec<f64> {
    for (sum, &value) in sums.iter_mut().zip(bias.unwrap_or_default()) {
        *sum += f64::from(value);
    }
    sums
}
