//! A network: parameters, the matrices made of them, and the layers that compute with those.
//!
//! Once a batch [`Network::materialise`] forms every W; workers run forward and backward passes over
//! their lanes with them, each summing its own gradients; [`Network::take_gradients`] sums those in the
//! workers' order and takes them back to the parameters. Matrices are formed once however many steps and
//! lanes there are, so that a structure costs little in training.

mod build;
mod model;
mod shares;
mod spec;
mod worker;

pub use build::Initialisation;
pub use spec::{BlockSpec, FunctionSpec, LayerSpec, LstmSpec, MatrixSpec, NetworkSpec, StructureSpec};
pub use worker::Worker;

use crate::error::Error;
use crate::layer::{
    Activation, Dropout, Embedding, Gradients, Gru, LayerNorm, Linear, Lstm, LstmIds, Weight, WeightId,
    Weights,
};
use crate::matrix::{Form, Matrix};
use crate::parameter::{ParameterId, Parameters};
use crate::product::{View, ViewMut, transpose};
use crate::real::Real;
use crate::vector::vectorised;
use build::Builder;
use worker::AnyLayer;

/// What a weight is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Trained {
    /// A matrix, W = structure + S∘mask.
    Matrix(Matrix),
    /// A vector as it is.
    Vector(ParameterId),
}

/// A network with values.
#[derive(Debug, Clone)]
pub struct Network<R> {
    /// What it was built from.
    pub spec: NetworkSpec,
    /// Every trained number.
    pub parameters: Parameters<R>,
    /// What each of the weights is made of.
    pub trained: Vec<Trained>,
    weights: Weights<R>,
    layers: Vec<AnyLayer<R>>,
    /// For each layer of the specification the weights it uses, in the order of the model file's fields.
    used: Vec<Vec<WeightId>>,
}

impl<R: Real> Network<R> {
    /// Checks a specification and draws first values.
    ///
    /// # Errors
    ///
    /// The layer or matrix that contradicts itself or its neighbour.
    pub fn new(spec: NetworkSpec, options: Initialisation) -> Result<Network<R>, Error> {
        if !(0.0..=1.0).contains(&options.sparse_share) {
            let problem = format!("must be from 0 to 1, not {}", options.sparse_share);
            return Err(Error::Option { name: "sparse share", problem });
        }
        check_neighbours(&spec)?;
        let mut assembly = Assembly {
            builder: Builder { parameters: Parameters::default(), matrices: 0, options },
            trained: Vec::new(),
            weights: Weights(Vec::new()),
        };
        let mut layers = Vec::new();
        let mut used = Vec::new();
        let mut size = 0;
        for (k, layer) in spec.layers.iter().enumerate() {
            let first = assembly.trained.len();
            let rows = spec.layers.get(k + 1).is_some_and(|next| {
                matches!(next, LayerSpec::Linear { .. } | LayerSpec::Lstm { .. } | LayerSpec::Gru { .. })
            });
            layers.push(assembly.layer(layer, k, size, rows)?);
            used.push((first..assembly.trained.len()).map(WeightId).collect());
            size = layer.sizes().map_or(size, |sizes| sizes.1);
        }
        let Assembly { builder, trained, weights } = assembly;
        let mut network = Network { spec, parameters: builder.parameters, trained, weights, layers, used };
        network.materialise(Form::Whole);
        Ok(network)
    }

    /// Length of the vector that a step gives.
    pub fn output_size(&self) -> usize {
        self.spec.layers.iter().filter_map(LayerSpec::sizes).next_back().map_or(0, |sizes| sizes.1)
    }

    /// The size of the vocabulary, of a network that takes tokens.
    pub fn vocab(&self) -> Option<usize> {
        match self.spec.layers[0] {
            LayerSpec::Embedding { vocab, .. } => Some(vocab),
            _ => None,
        }
    }

    /// Length of the vector that a step takes; the size of the vocabulary where it takes tokens.
    pub fn input_size(&self) -> usize {
        self.spec.layers.iter().find_map(LayerSpec::sizes).map_or(0, |sizes| sizes.0)
    }

    /// Forms every W from the parameters.
    pub fn materialise(&mut self, form: Form) {
        for (trained, weight) in self.trained.iter().zip(&mut self.weights.0) {
            match trained {
                Trained::Vector(id) => weight.values.copy_from_slice(&self.parameters[*id].values),
                Trained::Matrix(matrix) => {
                    weight.values.fill(R::ZERO);
                    let out = &mut ViewMut::new(&mut weight.values, weight.rows, weight.cols);
                    matrix.add_to(&self.parameters, form, out);
                    if !weight.transposed.is_empty() {
                        transpose(&weight.values, weight.rows, weight.cols, &mut weight.transposed);
                    }
                }
            }
        }
    }

    /// What was materialised last.
    pub fn weights(&self) -> &Weights<R> {
        &self.weights
    }

    /// A worker, with its states at zero.
    pub fn worker(&self) -> Worker<R> {
        Worker::new(self.layers.clone())
    }

    /// Sums the workers' gradients in their order and writes the gradient of every parameter; `form` is
    /// that of the last [`Network::materialise`]. The first of them is left with the sum.
    pub fn take_gradients(&mut self, workers: &mut [&mut Gradients<R>], form: Form) {
        self.parameters.clear_gradients();
        let Some((sum, rest)) = workers.split_first_mut() else { return };
        for gradients in rest {
            for (sum, values) in sum.0.iter_mut().zip(&gradients.0) {
                vectorised(
                    #[inline(always)]
                    || {
                        for (sum, &value) in sum.iter_mut().zip(values) {
                            *sum += value;
                        }
                    },
                );
            }
        }
        for (trained, dw) in self.trained.iter().zip(&sum.0) {
            match trained {
                Trained::Vector(id) => self.parameters[*id].gradient.copy_from_slice(dw),
                Trained::Matrix(matrix) => {
                    let dw = View::new(dw, matrix.rows, matrix.cols);
                    matrix.backward(&mut self.parameters, form, dw);
                }
            }
        }
    }

    /// Takes the gradients of the sparse parts of doped matrices away, so that an update leaves them as they are.
    pub(crate) fn clear_gradients_of_doping(&mut self) {
        let mut parts = Vec::new();
        for matrix in self.matrices() {
            matrix.visit_sparse(&mut |matrix, sparse| {
                if matrix.structure.is_some() {
                    parts.push(sparse.values);
                }
            });
        }
        for id in parts {
            self.parameters[id].gradient.fill(R::ZERO);
        }
    }

    /// The trained matrices, in the order of layers and fields.
    pub fn matrices(&self) -> impl Iterator<Item = &Matrix> {
        self.trained.iter().filter_map(|trained| match trained {
            Trained::Matrix(matrix) => Some(matrix),
            Trained::Vector(_) => None,
        })
    }

    /// The trained matrices, with their parameters.
    pub fn matrices_mut(&mut self) -> (impl Iterator<Item = &mut Matrix>, &mut Parameters<R>) {
        let matrices = self.trained.iter_mut().filter_map(|trained| match trained {
            Trained::Matrix(matrix) => Some(matrix),
            Trained::Vector(_) => None,
        });
        (matrices, &mut self.parameters)
    }
}

/// Sizes of neighbours agree, embeddings come first, names are there once.
fn check_neighbours(spec: &NetworkSpec) -> Result<(), Error> {
    let mut names = std::collections::HashSet::new();
    let mut size = None;
    for (k, layer) in spec.layers.iter().enumerate() {
        let name = layer.name();
        let wrong = |problem: String| Err(Error::specification(name, problem));
        let Some((takes, gives)) = layer.sizes() else {
            let LayerSpec::Dropout { probability } = layer else { continue };
            if !(0.0..1.0).contains(probability) || k == 0 {
                return wrong(format!("{probability} as the probability of layer {k}: in [0, 1), not first"));
            }
            continue;
        };
        if !names.insert(name) {
            return wrong("the name stands for two layers".to_owned());
        }
        if takes == 0 || gives == 0 {
            return wrong("a size is 0".to_owned());
        }
        if matches!(layer, LayerSpec::Embedding { .. }) && k > 0 {
            return wrong("an embedding can only be the first layer".to_owned());
        }
        if let Some(size) = size.filter(|&size| size != takes) {
            return wrong(format!("takes {takes} values, but the layer before gives {size}"));
        }
        size = Some(gives);
    }
    if size.is_none() {
        return Err(Error::specification("network", "there are no layers"));
    }
    Ok(())
}

/// A network while it is put together.
struct Assembly<R> {
    builder: Builder<R>,
    trained: Vec<Trained>,
    weights: Weights<R>,
}

impl<R: Real> Assembly<R> {
    fn matrix(
        &mut self,
        name: &str,
        spec: &MatrixSpec,
        (rows, cols): (usize, usize),
        variance: f64,
        transposed: bool,
    ) -> Result<WeightId, Error> {
        let matrix = self.builder.matrix(name, spec, rows, cols, variance)?;
        self.trained.push(Trained::Matrix(matrix));
        let zeros = |len| vec![R::ZERO; len];
        let transposed = zeros(if transposed { rows * cols } else { 0 });
        self.weights.0.push(Weight { values: zeros(rows * cols), transposed, rows, cols });
        Ok(WeightId(self.weights.0.len() - 1))
    }

    fn vector(&mut self, there: bool, name: &str, len: usize, value: f64) -> Option<WeightId> {
        there.then(|| {
            let id = self.builder.vector(name.to_owned(), len, value);
            self.trained.push(Trained::Vector(id));
            let values = vec![R::ZERO; len];
            self.weights.0.push(Weight { values, transposed: Vec::new(), rows: 1, cols: len });
            WeightId(self.weights.0.len() - 1)
        })
    }

    /// The layer at place `k`; `size` is what the one before gives, `rows` whether the one after takes
    /// looked-up rows.
    fn layer(&mut self, spec: &LayerSpec, k: usize, size: usize, rows: bool) -> Result<AnyLayer<R>, Error> {
        let third = |size: usize| 1.0 / (3.0 * size as f64);
        Ok(match *spec {
            LayerSpec::Embedding { ref name, vocab, size, ref weight } => {
                let weight = self.matrix(&format!("{name}.weight"), weight, (vocab, size), 1.0, false)?;
                AnyLayer::Embedding(Embedding::new(weight, vocab, size, rows))
            }
            LayerSpec::Linear { ref name, input_size: input, output_size: output, ref weight, bias } => {
                let extents = (output, input);
                let weight = self.matrix(&format!("{name}.weight"), weight, extents, third(input), false)?;
                let bias = self.vector(bias, &format!("{name}.bias"), output, 0.0);
                AnyLayer::Linear(Linear::new(weight, bias, input, output))
            }
            LayerSpec::Lstm {
                ref name,
                input_size: input,
                hidden_size: h,
                ref weights,
                bias,
                ref gate_order,
            } => {
                let places = gate_places(name, gate_order)?;
                let ids = match weights {
                    LstmSpec::Split { ih, hh } => LstmIds::Split {
                        ih: self.matrix(&format!("{name}.weight_ih"), ih, (4 * h, input), third(h), false)?,
                        hh: self.matrix(&format!("{name}.weight_hh"), hh, (4 * h, h), third(h), true)?,
                    },
                    LstmSpec::Joined { weight } => {
                        let extents = (4 * h, input + h);
                        LstmIds::Joined(self.matrix(
                            &format!("{name}.weight"),
                            weight,
                            extents,
                            third(h),
                            true,
                        )?)
                    }
                };
                let bias = self.vector(bias, &format!("{name}.bias"), 4 * h, 0.0);
                if let (Some(_), Some(Trained::Vector(id))) = (bias, self.trained.last()) {
                    self.builder.parameters[*id].values[places[1] * h..][..h].fill(R::ONE);
                }
                AnyLayer::Lstm(Lstm::new(ids, bias, input, h, places))
            }
            LayerSpec::Gru {
                ref name,
                input_size: input,
                hidden_size: h,
                ref weight_ih,
                ref weight_hh,
                bias_ih,
                bias_hh,
            } => {
                let ih =
                    self.matrix(&format!("{name}.weight_ih"), weight_ih, (3 * h, input), third(h), false)?;
                let hh = self.matrix(&format!("{name}.weight_hh"), weight_hh, (3 * h, h), third(h), true)?;
                let bias_ih = self.vector(bias_ih, &format!("{name}.bias_ih"), 3 * h, 0.0);
                let bias_hh = self.vector(bias_hh, &format!("{name}.bias_hh"), 3 * h, 0.0);
                AnyLayer::Gru(Gru::new([ih, hh], [bias_ih, bias_hh], input, h))
            }
            LayerSpec::Activation { size, function, .. } => {
                AnyLayer::Activation(Activation::new(function.into(), size))
            }
            LayerSpec::LayerNorm { ref name, size, bias, epsilon } => {
                if epsilon <= 0.0 || !epsilon.is_finite() {
                    return Err(Error::specification(name, "epsilon must be above 0"));
                }
                let weight = self.vector(true, &format!("{name}.weight"), size, 1.0);
                let bias = self.vector(bias, &format!("{name}.bias"), size, 0.0);
                let weight = weight.expect("it was asked for");
                AnyLayer::LayerNorm(LayerNorm::new(weight, bias, size, epsilon))
            }
            LayerSpec::Dropout { probability } => {
                AnyLayer::Dropout(Dropout::new(probability, size, k as u64))
            }
        })
    }
}

/// Which block of gate sums is that of i, f, g and o.
fn gate_places(name: &str, order: &str) -> Result<[usize; 4], Error> {
    let place = |gate| order.find(gate).filter(|_| order.len() == 4);
    match ["i", "f", "g", "o"].map(place) {
        [Some(i), Some(f), Some(g), Some(o)] => Ok([i, f, g, o]),
        _ => Err(Error::specification(name, format!("\"{order}\" is no order of i, f, g and o"))),
    }
}
