//! Check vectors: steps fed one after another from the reset state, and the outputs expected of each.

/// The `check` of a model file. `outputs` has one row of the model's output size for each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What is fed.
    pub steps: Steps,
    /// What is expected, one row a step.
    pub outputs: Vec<Vec<f64>>,
    /// A row passes when its max abs error is at most `tolerance · max(1, max abs expected)`.
    pub tolerance: f64,
}

/// Inputs of a number of steps, of the kind the model takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Steps {
    /// Tokens, each below the vocabulary's size.
    Tokens(Vec<u32>),
    /// Vectors, each of the model's input size.
    Vectors(Vec<Vec<f32>>),
}

impl Check {
    /// The tolerance of a file that gives none.
    pub const TOLERANCE: f64 = 1e-4;
}

impl Steps {
    /// Number of steps.
    pub fn len(&self) -> usize {
        match self {
            Steps::Tokens(tokens) => tokens.len(),
            Steps::Vectors(vectors) => vectors.len(),
        }
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
