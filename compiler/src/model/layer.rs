//! Layers: what each computes on a vector, and the sizes it takes and gives.

use super::{Matrix, Tensor};

/// A named layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// `[a-z][a-z0-9_]*`, unique in the model.
    pub name: String,
    /// What it computes.
    pub kind: LayerKind,
}

/// The kinds of layer.
// A model has a handful of layers: boxing the large ones would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum LayerKind {
    /// Row `token` of a matrix.
    Embedding(Embedding),
    /// y = W x + b
    Linear(Linear),
    /// Long short-term memory.
    Lstm(Lstm),
    /// Gated recurrent unit.
    Gru(Gru),
    /// A function of each element, or of the vector.
    Activation(Activation),
    /// Layer normalisation.
    LayerNorm(LayerNorm),
}

/// Row `token` of `weight`, `[vocab, size]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// Number of tokens.
    pub vocab: usize,
    /// Length of a row.
    pub size: usize,
    /// The table.
    pub weight: EmbeddingWeight,
}

/// An embedding's table: stored whole, or as a matrix of the format.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbeddingWeight {
    /// Shape `[vocab, size]`.
    Table(Tensor),
    /// vocab × size.
    Matrix(Matrix),
}

/// y = W x + b
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Columns of `weight`.
    pub input_size: usize,
    /// Rows of `weight`.
    pub output_size: usize,
    /// W.
    pub weight: Matrix,
    /// b, of `output_size` values.
    pub bias: Option<Vec<f32>>,
}

/// i, f, o = σ(...); g = tanh(...); c' = f∘c + i∘g; h' = o∘tanh(c'); the output is h'.
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    /// Length of x.
    pub input_size: usize,
    /// H, the length of h and of c.
    pub hidden_size: usize,
    /// The matrices that give the 4H gate sums.
    pub weights: LstmWeights,
    /// Added to the gate sums; 4H values.
    pub bias: Option<Vec<f32>>,
    /// The order in which the four blocks of H gate sums stand; a permutation of all four.
    pub gate_order: [Gate; 4],
}

/// The weights of an LSTM, in either layout.
#[derive(Debug, Clone, PartialEq)]
pub enum LstmWeights {
    /// W_ih x + W_hh h, of 4H × input and 4H × H.
    Split {
        /// 4H × input_size.
        ih: Box<Matrix>,
        /// 4H × H.
        hh: Box<Matrix>,
    },
    /// W \[x; h\], of 4H × (input + H).
    Joined(Box<Matrix>),
}

/// A gate of an LSTM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// i: how much of g enters the cell.
    Input,
    /// f: how much of the cell is kept.
    Forget,
    /// g: what enters the cell.
    Candidate,
    /// o: how much of the cell is shown.
    Output,
}

/// n = tanh(W_in x + b_in + r∘(W_hn h + b_hn)); h' = (1−z)∘n + z∘h; gates in the order r, z, n.
#[derive(Debug, Clone, PartialEq)]
pub struct Gru {
    /// Length of x.
    pub input_size: usize,
    /// H, the length of h.
    pub hidden_size: usize,
    /// 3H × input_size.
    pub weight_ih: Matrix,
    /// 3H × H.
    pub weight_hh: Matrix,
    /// 3H values.
    pub bias_ih: Option<Vec<f32>>,
    /// 3H values.
    pub bias_hh: Option<Vec<f32>>,
}

/// A function applied to the vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activation {
    /// Length of the vector, taken from the layer before (a first activation takes its input's size
    /// from the layer after).
    pub size: usize,
    /// Which.
    pub function: Function,
}

/// The functions of an activation layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// max(x, 0)
    Relu,
    /// tanh x
    Tanh,
    /// 1 / (1 + e^−x)
    Sigmoid,
    /// e^xᵢ / Σ e^xⱼ
    Softmax,
    /// xᵢ − log Σ e^xⱼ
    LogSoftmax,
}

/// (x − mean) / √(variance + epsilon) ∘ weight + bias, with the variance over n, not n − 1.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerNorm {
    /// Length of the vector.
    pub size: usize,
    /// `size` values.
    pub weight: Vec<f32>,
    /// `size` values.
    pub bias: Option<Vec<f32>>,
    /// Above zero.
    pub epsilon: f32,
}

impl LayerKind {
    /// The key of this kind in a model file.
    pub fn key(&self) -> &'static str {
        match self {
            LayerKind::Embedding(_) => "embedding",
            LayerKind::Linear(_) => "linear",
            LayerKind::Lstm(_) => "lstm",
            LayerKind::Gru(_) => "gru",
            LayerKind::Activation(_) => "activation",
            LayerKind::LayerNorm(_) => "layer_norm",
        }
    }

    /// Length of the vector it takes; the vocabulary's size for an embedding.
    pub fn input_size(&self) -> usize {
        match self {
            LayerKind::Embedding(layer) => layer.vocab,
            LayerKind::Linear(layer) => layer.input_size,
            LayerKind::Lstm(layer) => layer.input_size,
            LayerKind::Gru(layer) => layer.input_size,
            LayerKind::Activation(layer) => layer.size,
            LayerKind::LayerNorm(layer) => layer.size,
        }
    }

    /// Length of the vector it gives.
    pub fn output_size(&self) -> usize {
        match self {
            LayerKind::Embedding(layer) => layer.size,
            LayerKind::Linear(layer) => layer.output_size,
            LayerKind::Lstm(layer) => layer.hidden_size,
            LayerKind::Gru(layer) => layer.hidden_size,
            LayerKind::Activation(layer) => layer.size,
            LayerKind::LayerNorm(layer) => layer.size,
        }
    }
}

impl Function {
    /// All, in the order of the format's description.
    pub const ALL: [Function; 5] =
        [Function::Relu, Function::Tanh, Function::Sigmoid, Function::Softmax, Function::LogSoftmax];

    /// The word of a model file.
    pub fn word(self) -> &'static str {
        match self {
            Function::Relu => "relu",
            Function::Tanh => "tanh",
            Function::Sigmoid => "sigmoid",
            Function::Softmax => "softmax",
            Function::LogSoftmax => "log_softmax",
        }
    }
}

impl Gate {
    /// The order of a model file that names none, "ifgo": PyTorch's.
    pub const ORDER: [Gate; 4] = [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output];

    /// The letter that stands for it in `gate_order`.
    pub fn letter(self) -> char {
        match self {
            Gate::Input => 'i',
            Gate::Forget => 'f',
            Gate::Candidate => 'g',
            Gate::Output => 'o',
        }
    }

    /// The gate a letter of `gate_order` stands for.
    pub fn from_letter(letter: char) -> Option<Gate> {
        Gate::ORDER.into_iter().find(|gate| gate.letter() == letter)
    }
}
