//! Networks from models, to train them further, and to models, to compile them.

use super::{Initialisation, LayerSpec, LstmSpec, MatrixSpec, Network, NetworkSpec, Trained};
use crate::error::Error;
use crate::layer::WeightId;
use crate::matrix::convert::{load, set_values, spec_of, tensor, to_model};
use crate::matrix::{Form, Structure};
use crate::real::Real;
use dopec::model::{
    Activation, Embedding, EmbeddingWeight, Gate, Gru, Layer, LayerKind, LayerNorm, Linear, Lstm,
    LstmWeights, Matrix, Model,
};

impl NetworkSpec {
    /// What a model is, without its values. Sparse parts end with the non-zeros they have.
    pub fn of(model: &Model) -> NetworkSpec {
        NetworkSpec { layers: model.layers.iter().map(spec_of_layer).collect() }
    }
}

fn spec_of_layer(layer: &Layer) -> LayerSpec {
    let name = layer.name.clone();
    match &layer.kind {
        LayerKind::Embedding(Embedding { vocab, size, weight }) => {
            let weight = match weight {
                EmbeddingWeight::Table(_) => MatrixSpec::dense(),
                EmbeddingWeight::Matrix(matrix) => spec_of(matrix),
            };
            LayerSpec::Embedding { name, vocab: *vocab, size: *size, weight }
        }
        LayerKind::Linear(linear) => LayerSpec::Linear {
            name,
            input_size: linear.input_size,
            output_size: linear.output_size,
            weight: spec_of(&linear.weight),
            bias: linear.bias.is_some(),
        },
        LayerKind::Lstm(lstm) => LayerSpec::Lstm {
            name,
            input_size: lstm.input_size,
            hidden_size: lstm.hidden_size,
            weights: match &lstm.weights {
                LstmWeights::Split { ih, hh } => LstmSpec::Split { ih: spec_of(ih), hh: spec_of(hh) },
                LstmWeights::Joined(weight) => LstmSpec::Joined { weight: spec_of(weight) },
            },
            bias: lstm.bias.is_some(),
            gate_order: lstm.gate_order.iter().map(|&gate| letter(gate)).collect(),
        },
        LayerKind::Gru(gru) => LayerSpec::Gru {
            name,
            input_size: gru.input_size,
            hidden_size: gru.hidden_size,
            weight_ih: spec_of(&gru.weight_ih),
            weight_hh: spec_of(&gru.weight_hh),
            bias_ih: gru.bias_ih.is_some(),
            bias_hh: gru.bias_hh.is_some(),
        },
        LayerKind::Activation(activation) => {
            LayerSpec::Activation { name, size: activation.size, function: activation.function.into() }
        }
        LayerKind::LayerNorm(norm) => {
            LayerSpec::LayerNorm { name, size: norm.size, bias: norm.bias.is_some(), epsilon: norm.epsilon }
        }
    }
}

fn letter(gate: Gate) -> char {
    match gate {
        Gate::Input => 'i',
        Gate::Forget => 'f',
        Gate::Candidate => 'g',
        Gate::Output => 'o',
    }
}

/// The weights of a layer of a model, in the order in which a network lists them.
fn weights_of(layer: &LayerKind) -> (Vec<&Matrix>, Vec<&[f32]>) {
    match layer {
        LayerKind::Embedding(Embedding { weight: EmbeddingWeight::Table(table), .. }) => {
            (Vec::new(), vec![&table.data])
        }
        LayerKind::Embedding(Embedding { weight: EmbeddingWeight::Matrix(matrix), .. }) => {
            (vec![matrix], Vec::new())
        }
        LayerKind::Linear(linear) => (vec![&linear.weight], linear.bias.as_deref().into_iter().collect()),
        LayerKind::Lstm(lstm) => {
            let matrices = match &lstm.weights {
                LstmWeights::Split { ih, hh } => vec![&**ih, &**hh],
                LstmWeights::Joined(weight) => vec![&**weight],
            };
            (matrices, lstm.bias.as_deref().into_iter().collect())
        }
        LayerKind::Gru(gru) => {
            let biases = [&gru.bias_ih, &gru.bias_hh].into_iter().filter_map(Option::as_deref).collect();
            (vec![&gru.weight_ih, &gru.weight_hh], biases)
        }
        LayerKind::Activation(_) => (Vec::new(), Vec::new()),
        LayerKind::LayerNorm(norm) => {
            let vectors = [Some(&norm.weight[..]), norm.bias.as_deref()].into_iter().flatten().collect();
            (Vec::new(), vectors)
        }
    }
}

impl<R: Real> Network<R> {
    /// A network with a model's values, and `dropout` as in [`NetworkSpec::with_dropout`]. The positions of
    /// a sparse part become its mask; its target is the non-zeros it has.
    ///
    /// # Errors
    ///
    /// None for a model as ingested; a dropout out of its bounds.
    pub fn from_model(model: &Model, dropout: f64, seed: u64) -> Result<Network<R>, Error> {
        let spec = NetworkSpec::of(model).with_dropout(dropout);
        let mut network = Network::new(spec, Initialisation { seed, ..Initialisation::default() })?;
        network.load(model)?;
        Ok(network)
    }

    /// Takes the values and masks of a model of this network's form; where the network has a sparse part of
    /// another number of non-zeros as its target, that target stays.
    ///
    /// # Errors
    ///
    /// A model of another form.
    pub fn load(&mut self, model: &Model) -> Result<(), Error> {
        let form = |mut spec: NetworkSpec| {
            spec.layers.retain(|layer| !matches!(layer, LayerSpec::Dropout { .. }));
            without_targets(&spec)
        };
        if form(NetworkSpec::of(model)) != form(self.spec.clone()) {
            return Err(Error::specification(&model.name, "the model is not of the network's form"));
        }
        let mut from: Vec<&LayerKind> = model.layers.iter().map(|layer| &layer.kind).collect();
        from.reverse();
        for (layer, used) in self.spec.layers.iter().zip(&self.used) {
            if matches!(layer, LayerSpec::Dropout { .. }) {
                continue;
            }
            let (matrices, vectors) = weights_of(from.pop().expect("both have the same layers"));
            let (mut matrices, mut vectors) = (matrices.into_iter(), vectors.into_iter());
            for &WeightId(id) in used {
                match &mut self.trained[id] {
                    Trained::Vector(id) => {
                        set_values(&mut self.parameters, *id, vectors.next().expect("the same form"));
                    }
                    Trained::Matrix(matrix) => match matrices.next() {
                        Some(from) => load(matrix, from, &mut self.parameters),
                        None => {
                            // An embedding's table, which a model stores without a matrix around it.
                            let Some(Structure::Dense(id)) = matrix.structure else { continue };
                            set_values(&mut self.parameters, id, vectors.next().expect("the same form"));
                        }
                    },
                }
            }
        }
        self.materialise(Form::Whole);
        Ok(())
    }

    /// The network as a model, to be written and compiled; dropout is left out.
    pub fn to_model(&self, name: &str) -> Model {
        let layers = self.spec.layers.iter().zip(&self.used);
        let layers = layers.filter_map(|(spec, used)| {
            Some(Layer { name: spec.name().to_owned(), kind: self.layer_to_model(spec, used)? })
        });
        Model { name: name.to_owned(), layers: layers.collect(), check: None, files: Vec::new() }
    }

    fn layer_to_model(&self, spec: &LayerSpec, used: &[WeightId]) -> Option<LayerKind> {
        let mut matrices = used.iter().filter_map(|id| match &self.trained[id.0] {
            Trained::Matrix(matrix) => Some(to_model(matrix, &self.parameters)),
            Trained::Vector(_) => None,
        });
        let mut vectors = used.iter().filter_map(|id| match &self.trained[id.0] {
            Trained::Vector(id) => Some(tensor(&self.parameters, *id).data),
            Trained::Matrix(_) => None,
        });
        let mut matrix = || matrices.next().expect("each layer has its matrices");
        let mut vector = |there: bool| there.then(|| vectors.next().expect("each layer has its vectors"));
        Some(match *spec {
            LayerSpec::Embedding { vocab, size, .. } => {
                let weight = match matrix() {
                    Matrix {
                        structure: Some(dopec::model::Structure::Dense(table)), sparse: None, ..
                    } => EmbeddingWeight::Table(table),
                    matrix => EmbeddingWeight::Matrix(matrix),
                };
                LayerKind::Embedding(Embedding { vocab, size, weight })
            }
            LayerSpec::Linear { input_size, output_size, bias, .. } => {
                LayerKind::Linear(Linear { input_size, output_size, weight: matrix(), bias: vector(bias) })
            }
            LayerSpec::Lstm { input_size, hidden_size, ref weights, bias, ref gate_order, .. } => {
                let weights = match weights {
                    LstmSpec::Split { .. } => {
                        LstmWeights::Split { ih: Box::new(matrix()), hh: Box::new(matrix()) }
                    }
                    LstmSpec::Joined { .. } => LstmWeights::Joined(Box::new(matrix())),
                };
                let mut letters = gate_order.chars().filter_map(Gate::from_letter);
                let gate_order =
                    std::array::from_fn(|_| letters.next().expect("the order was checked when it was built"));
                let bias = vector(bias);
                LayerKind::Lstm(Lstm { input_size, hidden_size, weights, bias, gate_order })
            }
            LayerSpec::Gru { input_size, hidden_size, bias_ih, bias_hh, .. } => LayerKind::Gru(Gru {
                input_size,
                hidden_size,
                weight_ih: matrix(),
                weight_hh: matrix(),
                bias_ih: vector(bias_ih),
                bias_hh: vector(bias_hh),
            }),
            LayerSpec::Activation { size, function, .. } => {
                LayerKind::Activation(Activation { size, function: function.into() })
            }
            LayerSpec::LayerNorm { size, bias, epsilon, .. } => LayerKind::LayerNorm(LayerNorm {
                size,
                weight: vector(true).expect("it was asked for"),
                bias: vector(bias),
                epsilon,
            }),
            LayerSpec::Dropout { .. } => return None,
        })
    }
}

/// The specification with every number of non-zeros set to 0, so that forms can be compared.
fn without_targets(spec: &NetworkSpec) -> serde_json::Value {
    fn clear(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, field) in fields.iter_mut() {
                    if key == "nonzeros" && !field.is_null() {
                        *field = 0.into();
                    }
                    clear(field);
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(clear),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(spec).expect("a specification is plain data");
    clear(&mut value);
    value
}
