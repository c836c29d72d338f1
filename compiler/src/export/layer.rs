//! Layers: sizes, matrices and vectors in the format's words.

use super::layout::{Json, float, object};
use super::matrix::{matrix, tensor};
use super::store::Store;
use crate::model::{EmbeddingWeight, Gate, Layer, LayerKind, LstmWeights};

/// One layer, an object of one key.
pub(super) fn layer(layer: &Layer, store: &mut Store) -> Json {
    let name = &layer.name;
    let key = |field: &str| format!("{name}.{field}");
    let mut fields = vec![("name", Json::string(name))];
    let mut biases: Vec<(&str, &Option<Vec<f32>>)> = Vec::new();
    let sizes = |input, output, size| vec![(input, Json::plain(output)), size];
    match &layer.kind {
        LayerKind::Embedding(layer) => {
            fields.extend(sizes("vocab", layer.vocab, ("size", Json::plain(layer.size))));
            let weight = match &layer.weight {
                EmbeddingWeight::Table(table) => tensor(table, &key("weight"), store),
                EmbeddingWeight::Matrix(weight) => matrix(weight, &key("weight"), store),
            };
            fields.push(("weight", weight));
        }
        LayerKind::Linear(layer) => {
            let output = ("output_size", Json::plain(layer.output_size));
            fields.extend(sizes("input_size", layer.input_size, output));
            fields.push(("weight", matrix(&layer.weight, &key("weight"), store)));
            biases.push(("bias", &layer.bias));
        }
        LayerKind::Lstm(layer) => {
            let hidden = ("hidden_size", Json::plain(layer.hidden_size));
            fields.extend(sizes("input_size", layer.input_size, hidden));
            if layer.gate_order != Gate::ORDER {
                let order: String = layer.gate_order.iter().map(|gate| gate.letter()).collect();
                fields.push(("gate_order", Json::string(&order)));
            }
            match &layer.weights {
                LstmWeights::Split { ih, hh } => {
                    fields.push(("weight_ih", matrix(ih, &key("weight_ih"), store)));
                    fields.push(("weight_hh", matrix(hh, &key("weight_hh"), store)));
                }
                LstmWeights::Joined(weight) => {
                    fields.push(("weight", matrix(weight, &key("weight"), store)));
                }
            }
            biases.push(("bias", &layer.bias));
        }
        LayerKind::Gru(layer) => {
            let hidden = ("hidden_size", Json::plain(layer.hidden_size));
            fields.extend(sizes("input_size", layer.input_size, hidden));
            fields.push(("weight_ih", matrix(&layer.weight_ih, &key("weight_ih"), store)));
            fields.push(("weight_hh", matrix(&layer.weight_hh, &key("weight_hh"), store)));
            biases.extend([("bias_ih", &layer.bias_ih), ("bias_hh", &layer.bias_hh)]);
        }
        LayerKind::Activation(layer) => fields.push(("function", Json::string(layer.function.word()))),
        LayerKind::LayerNorm(layer) => {
            fields.push(("size", Json::plain(layer.size)));
            fields.push(("epsilon", Json::Text(float(layer.epsilon))));
            fields.push(("weight", store.floats(&key("weight"), &[layer.size], &layer.weight)));
            biases.push(("bias", &layer.bias));
        }
    }
    for (field, bias) in biases {
        fields.extend(bias.as_ref().map(|bias| (field, store.floats(&key(field), &[bias.len()], bias))));
    }
    object(vec![(layer.kind.key(), object(fields))])
}
