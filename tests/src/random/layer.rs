//! Random layers of the model file.

use super::generator::Random;
use super::matrix::{Fill, Kind, Part, number};
use serde_json::{Value, json};

pub(super) const FUNCTIONS: [&str; 5] = ["relu", "tanh", "sigmoid", "softmax", "log_softmax"];

pub(super) const GATE_ORDERS: [&str; 5] = ["ifgo", "iofg", "igfo", "ogfi", "gofi"];

/// Makes a layer from its name, its input and output sizes, its matrices and its gate order, of which it
/// uses what it has.
pub(super) type MakeLayer = fn(&mut Random, &str, (usize, usize), [Part; 2], &str) -> Value;

/// The layers that hold matrices, the embedding first.
pub(super) const LAYERS: [(&str, MakeLayer); 5] = [
    ("embedding", Random::embedding),
    ("linear", Random::linear),
    ("lstm_split", Random::lstm_split),
    ("lstm_joined", Random::lstm_joined),
    ("gru", Random::gru),
];

pub(super) fn activation(name: &str, function: &str) -> Value {
    json!({"activation": {"name": name, "function": function}})
}

impl Random {
    pub(super) fn embedding(
        &mut self,
        name: &str,
        (vocab, size): (usize, usize),
        parts: [Part; 2],
        _: &str,
    ) -> Value {
        // Stored whole when there is no more to it than a dense weight: both forms of the format occur.
        let whole = matches!(parts[0], Part { kind: Some(Kind::Dense), fill: Fill::Absent });
        let weight =
            if whole { self.tensor(&[vocab, size], 1.0) } else { self.matrix(vocab, size, parts[0]) };
        json!({"embedding": {"name": name, "vocab": vocab, "size": size, "weight": weight}})
    }

    pub(super) fn linear(
        &mut self,
        name: &str,
        (input, output): (usize, usize),
        parts: [Part; 2],
        _: &str,
    ) -> Value {
        let weight = self.matrix(output, input, parts[0]);
        let mut fields = json!({"name": name, "input_size": input, "output_size": output, "weight": weight});
        self.maybe_bias(&mut fields, "bias", output);
        json!({"linear": fields})
    }

    pub(super) fn lstm_split(
        &mut self,
        name: &str,
        sizes: (usize, usize),
        parts: [Part; 2],
        order: &str,
    ) -> Value {
        let (input, hidden) = sizes;
        let (ih, hh) = (self.matrix(4 * hidden, input, parts[0]), self.matrix(4 * hidden, hidden, parts[1]));
        let mut fields =
            json!({"name": name, "input_size": input, "hidden_size": hidden, "gate_order": order});
        fields["weight_ih"] = ih;
        fields["weight_hh"] = hh;
        self.maybe_bias(&mut fields, "bias", 4 * hidden);
        json!({"lstm": fields})
    }

    fn lstm_joined(&mut self, name: &str, sizes: (usize, usize), parts: [Part; 2], order: &str) -> Value {
        let (input, hidden) = sizes;
        let mut fields =
            json!({"name": name, "input_size": input, "hidden_size": hidden, "gate_order": order});
        fields["weight"] = self.matrix(4 * hidden, input + hidden, parts[0]);
        self.maybe_bias(&mut fields, "bias", 4 * hidden);
        json!({"lstm": fields})
    }

    fn gru(&mut self, name: &str, (input, hidden): (usize, usize), parts: [Part; 2], _: &str) -> Value {
        let (ih, hh) = (self.matrix(3 * hidden, input, parts[0]), self.matrix(3 * hidden, hidden, parts[1]));
        let mut fields = json!({"name": name, "input_size": input, "hidden_size": hidden});
        fields["weight_ih"] = ih;
        fields["weight_hh"] = hh;
        fields["bias_ih"] = self.tensor(&[3 * hidden], 0.3);
        self.maybe_bias(&mut fields, "bias_hh", 3 * hidden);
        json!({"gru": fields})
    }

    /// One that makes what is off at most 1 / sqrt(epsilon) times as far off.
    pub(super) fn layer_norm(&mut self, name: &str, size: usize, epsilon: f32) -> Value {
        let weight = self.tensor(&[size], 1.0);
        let mut fields = json!({"name": name, "size": size, "weight": weight, "epsilon": epsilon});
        self.maybe_bias(&mut fields, "bias", size);
        json!({"layer_norm": fields})
    }

    fn maybe_bias(&mut self, fields: &mut Value, key: &str, size: usize) {
        if self.chance(0.7) {
            fields[key] = self.tensor(&[size], 0.3);
        }
    }

    /// A linear layer whose stored values are those that an emitter may be tempted to treat alike: zeros
    /// of both signs, ones, powers of two, the smallest floats.
    pub(super) fn special_values(&mut self, name: &str, input: usize, output: usize) -> Value {
        let special = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, 0.1, f32::MIN_POSITIVE, 1e-42];
        let part = Part { kind: Some(Kind::Dense), fill: Fill::All };
        let mut layer = self.linear(name, (input, output), [part; 2], "");
        for pointer in ["/structure/dense/weight/data", "/sparse/values/data"] {
            let values: Vec<Value> = (0..input * output).map(|_| number(self.pick(&special))).collect();
            let weight = &mut layer["linear"]["weight"];
            *weight.pointer_mut(pointer).expect("the matrix has both parts") = json!(values);
        }
        layer
    }
}
