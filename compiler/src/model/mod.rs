//! The trained model, in the words of the model file.
//!
//! Takes nothing, decides nothing: these are the types that [`crate::ingest`] fills and that
//! [`crate::reference`] and [`crate::lower`] read. Whoever holds a [`Model`] may rely on every
//! invariant written on a field here: they were checked once, at the door, and nothing re-checks them.

mod check;
mod layer;
mod matrix;

pub use check::{Check, Steps};
pub use layer::{
    Activation, Embedding, EmbeddingWeight, Function, Gate, Gru, Layer, LayerKind, LayerNorm, Linear, Lstm,
    LstmWeights,
};
pub use matrix::{Csr, Matrix, Structure, Tensor};

/// A trained network: layers run in order on one vector (or one token) a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// `[a-z][a-z0-9_]*`, at most 64 bytes, as [`crate::ingest::check_name`] asks.
    pub name: String,
    /// At least one; an embedding only as the first; sizes of neighbours agree; names are unique.
    pub layers: Vec<Layer>,
    /// Steps with their expected outputs, where the file has them.
    pub check: Option<Check>,
    /// The files the model was read from, the JSON file first.
    pub files: Vec<SourceFile>,
}

/// One file a model was read from, as emitted headers name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The file's name without its folder.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What one step of a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// One token below `vocab`: the first layer is an embedding.
    Token {
        /// Number of tokens.
        vocab: usize,
    },
    /// A vector of `size` 32-bit floats.
    Vector {
        /// Length of the vector.
        size: usize,
    },
}

impl Model {
    /// What a step takes.
    pub fn input(&self) -> InputKind {
        match &self.layers[0].kind {
            LayerKind::Embedding(embedding) => InputKind::Token { vocab: embedding.vocab },
            kind => InputKind::Vector { size: kind.input_size() },
        }
    }

    /// Length of the vector a step gives.
    pub fn output_size(&self) -> usize {
        self.layers[self.layers.len() - 1].kind.output_size()
    }
}
