//! What a network is, before it has values: layers, sizes, and the form of every matrix.
//!
//! A [`NetworkSpec`] is written by hand, chosen by [`crate::budget`], or read off a model; checkpoints
//! carry it. Checked when a network is built from it.

use dopec::model::Function;
use serde::{Deserialize, Serialize};

/// A network: layers run in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// In order; an embedding only as the first.
    pub layers: Vec<LayerSpec>,
}

/// A layer and its sizes. Names are those of the model file: `[a-z][a-z0-9_]*`, unique.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerSpec {
    /// Row `token` of a vocab × size matrix.
    Embedding {
        /// The layer's name.
        name: String,
        /// Number of tokens.
        vocab: usize,
        /// Length of a row.
        size: usize,
        /// The table.
        weight: MatrixSpec,
    },
    /// y = W x + b
    Linear {
        /// The layer's name.
        name: String,
        /// Columns of W.
        input_size: usize,
        /// Rows of W.
        output_size: usize,
        /// W.
        weight: MatrixSpec,
        /// Whether there is b.
        bias: bool,
    },
    /// Long short-term memory.
    Lstm {
        /// The layer's name.
        name: String,
        /// Length of x.
        input_size: usize,
        /// H.
        hidden_size: usize,
        /// In either layout.
        weights: LstmSpec,
        /// Whether there is b, of 4H.
        bias: bool,
        /// A permutation of "ifgo".
        gate_order: String,
    },
    /// Gated recurrent unit, gates in the order r, z, n.
    Gru {
        /// The layer's name.
        name: String,
        /// Length of x.
        input_size: usize,
        /// H.
        hidden_size: usize,
        /// 3H × input.
        weight_ih: MatrixSpec,
        /// 3H × H.
        weight_hh: MatrixSpec,
        /// Whether there is b_ih.
        bias_ih: bool,
        /// Whether there is b_hh.
        bias_hh: bool,
    },
    /// A function of each element, or of the vector.
    Activation {
        /// The layer's name.
        name: String,
        /// Length of the vector.
        size: usize,
        /// Which.
        function: FunctionSpec,
    },
    /// Layer normalisation.
    LayerNorm {
        /// The layer's name.
        name: String,
        /// Length of the vector.
        size: usize,
        /// Whether there is b.
        bias: bool,
        /// Above zero.
        epsilon: f32,
    },
    /// Dropout in training; no part of the model that is written.
    Dropout {
        /// In [0, 1).
        probability: f64,
    },
}

/// The matrices of an LSTM, in either layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LstmSpec {
    /// 4H × input and 4H × H.
    Split {
        /// Acts on x.
        ih: MatrixSpec,
        /// Acts on h.
        hh: MatrixSpec,
    },
    /// 4H × (input + H), acts on \[x; h\].
    Joined {
        /// W.
        weight: MatrixSpec,
    },
}

/// The functions of the model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionSpec {
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

/// The form of a matrix, W = structure + sparse; at least one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatrixSpec {
    /// The structured part.
    pub structure: Option<StructureSpec>,
    /// The number of non-zeros that the sparse part ends with; it begins with every position.
    pub nonzeros: Option<usize>,
}

/// The form of a structure, as in the model file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StructureSpec {
    /// Every weight.
    Dense,
    /// Extents \[m, n\] of each factor, two or more.
    Kronecker {
        /// From left to right.
        factors: Vec<[usize; 2]>,
    },
    /// left · right.
    LowRank {
        /// Columns of left.
        rank: usize,
    },
    /// The sum of the terms, one or more.
    Sum {
        /// Each of the matrix's own extents.
        terms: Vec<StructureSpec>,
    },
    /// Blocks under each other.
    VStack {
        /// From the top.
        blocks: Vec<BlockSpec>,
    },
    /// Blocks beside each other.
    HStack {
        /// From the left.
        blocks: Vec<BlockSpec>,
    },
    /// Blocks on the diagonal.
    BlockDiagonal {
        /// From the top left.
        blocks: Vec<BlockSpec>,
    },
    /// Two block-diagonal matrices with transpositions.
    Monarch {
        /// \[k, q, p\]
        first: [usize; 3],
        /// \[l, s, r\]
        second: [usize; 3],
    },
    /// `W[i, j] = c[(i − j) mod n]`
    Circulant,
}

/// A block with its extents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockSpec {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Its form.
    pub matrix: MatrixSpec,
}

impl MatrixSpec {
    /// A structure without a sparse part.
    pub fn of(structure: StructureSpec) -> MatrixSpec {
        MatrixSpec { structure: Some(structure), nonzeros: None }
    }

    /// Every weight.
    pub fn dense() -> MatrixSpec {
        MatrixSpec::of(StructureSpec::Dense)
    }

    /// A sparse part alone, pruned to so many non-zeros.
    pub fn pruned(nonzeros: usize) -> MatrixSpec {
        MatrixSpec { structure: None, nonzeros: Some(nonzeros) }
    }

    /// A Kronecker product of factors of these extents.
    pub fn kronecker(factors: &[[usize; 2]]) -> MatrixSpec {
        MatrixSpec::of(StructureSpec::Kronecker { factors: factors.to_vec() })
    }

    /// left · right of this rank.
    pub fn low_rank(rank: usize) -> MatrixSpec {
        MatrixSpec::of(StructureSpec::LowRank { rank })
    }

    /// With a sparse part that ends with so many non-zeros.
    pub fn doped(self, nonzeros: usize) -> MatrixSpec {
        MatrixSpec { nonzeros: Some(nonzeros), ..self }
    }
}

impl LayerSpec {
    /// The layer's name; "dropout" for a dropout, which has none.
    pub fn name(&self) -> &str {
        match self {
            LayerSpec::Embedding { name, .. }
            | LayerSpec::Linear { name, .. }
            | LayerSpec::Lstm { name, .. }
            | LayerSpec::Gru { name, .. }
            | LayerSpec::Activation { name, .. }
            | LayerSpec::LayerNorm { name, .. } => name,
            LayerSpec::Dropout { .. } => "dropout",
        }
    }

    /// Lengths of the vectors it takes and gives: for an embedding the vocabulary's size and that of a
    /// row; none for a dropout, which takes any.
    pub fn sizes(&self) -> Option<(usize, usize)> {
        match *self {
            LayerSpec::Embedding { vocab, size, .. } => Some((vocab, size)),
            LayerSpec::Linear { input_size, output_size, .. } => Some((input_size, output_size)),
            LayerSpec::Lstm { input_size, hidden_size, .. }
            | LayerSpec::Gru { input_size, hidden_size, .. } => Some((input_size, hidden_size)),
            LayerSpec::Activation { size, .. } | LayerSpec::LayerNorm { size, .. } => Some((size, size)),
            LayerSpec::Dropout { .. } => None,
        }
    }
}

impl NetworkSpec {
    /// A language model: embedding, LSTMs with split weights, linear. `form` gives the form of each LSTM
    /// matrix, by its name (`lstm0.weight_ih`, ...), rows and columns; the others are dense. Dropout of
    /// the given probability stands before every LSTM and before the linear layer, where it is above 0.
    ///
    /// # Errors
    ///
    /// Those of `form`.
    pub fn language_model<E>(
        vocab: usize,
        embedding: usize,
        hidden: &[usize],
        dropout: f64,
        mut form: impl FnMut(&str, usize, usize) -> Result<MatrixSpec, E>,
    ) -> Result<NetworkSpec, E> {
        let weight = MatrixSpec::dense();
        let mut layers =
            vec![LayerSpec::Embedding { name: "embed".to_owned(), vocab, size: embedding, weight }];
        let mut input_size = embedding;
        for (k, &hidden_size) in hidden.iter().enumerate() {
            let name = format!("lstm{k}");
            let ih = form(&format!("{name}.weight_ih"), 4 * hidden_size, input_size)?;
            let hh = form(&format!("{name}.weight_hh"), 4 * hidden_size, hidden_size)?;
            layers.push(LayerSpec::Lstm {
                name,
                input_size,
                hidden_size,
                weights: LstmSpec::Split { ih, hh },
                bias: true,
                gate_order: "ifgo".to_owned(),
            });
            input_size = hidden_size;
        }
        let weight = MatrixSpec::dense();
        let name = "head".to_owned();
        layers.push(LayerSpec::Linear { name, input_size, output_size: vocab, weight, bias: true });
        Ok(NetworkSpec { layers }.with_dropout(dropout))
    }

    /// With a dropout before every recurrent layer and before a last linear layer (Zaremba et al. 2014),
    /// but not on the network's own input; the same network where the probability is 0.
    pub fn with_dropout(self, probability: f64) -> NetworkSpec {
        if probability == 0.0 {
            return self;
        }
        let last = self.layers.len() - 1;
        let mut layers = Vec::new();
        for (k, layer) in self.layers.into_iter().enumerate() {
            let recurrent = matches!(layer, LayerSpec::Lstm { .. } | LayerSpec::Gru { .. });
            let head = k == last && matches!(layer, LayerSpec::Linear { .. });
            if k > 0 && (recurrent || head) {
                layers.push(LayerSpec::Dropout { probability });
            }
            layers.push(layer);
        }
        NetworkSpec { layers }
    }
}

impl From<Function> for FunctionSpec {
    fn from(function: Function) -> FunctionSpec {
        match function {
            Function::Relu => FunctionSpec::Relu,
            Function::Tanh => FunctionSpec::Tanh,
            Function::Sigmoid => FunctionSpec::Sigmoid,
            Function::Softmax => FunctionSpec::Softmax,
            Function::LogSoftmax => FunctionSpec::LogSoftmax,
        }
    }
}

impl From<FunctionSpec> for Function {
    fn from(function: FunctionSpec) -> Function {
        match function {
            FunctionSpec::Relu => Function::Relu,
            FunctionSpec::Tanh => Function::Tanh,
            FunctionSpec::Sigmoid => Function::Sigmoid,
            FunctionSpec::Softmax => Function::Softmax,
            FunctionSpec::LogSoftmax => Function::LogSoftmax,
        }
    }
}
