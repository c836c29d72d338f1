//! How many steps `run` takes at once.
//!
//! A block of steps pays where much of a step does not wait for the state: products with x, heads, what has no state at
//! all. Their weights are then read once a block instead of once a step. It costs scratch memory for each step of the
//! block, and tables where the step has none of their form, so small models, which run from small memories, are left as
//! they are:
//! [`LEAST`] multiply-adds decide, straight-line code left out. `--run-block N` overrules.

use super::kronecker::contraction_order;
use super::plan::TERMS_PER_MATRIX;
use super::split;
use crate::model::{LayerKind, LstmWeights, Matrix, Model, Structure};
use crate::numbers::thousands;
use crate::settings::Settings;

/// Steps of a block: a row of lanes fills the widest vector.
const STEPS: usize = 16;

/// Multiply-adds of a step that must not wait for the state, for a block to pay.
pub const LEAST: usize = 16_384;

/// The steps of a block, 1 for none; and why.
pub(super) fn decide(model: &Model, settings: &Settings) -> (usize, String) {
    match settings.run_block {
        Some(1) => return (1, "step by step, as asked for".to_owned()),
        Some(steps) => return (steps, format!("{steps} steps at once, as asked for")),
        None => {}
    }
    let limit = settings.unroll_limit.unwrap_or(TERMS_PER_MATRIX);
    let work: usize = model.layers.iter().map(|layer| of_layer(&layer.kind, limit)).sum();
    let (count, least) = (thousands(work), thousands(LEAST));
    if work >= LEAST {
        let why = format!("{STEPS} steps at once, since about {count} multiply-adds of each do not wait");
        (STEPS, format!("{why} for the state >= {least}"))
    } else {
        (1, format!("step by step, since about {count} multiply-adds do not wait for the state < {least}"))
    }
}

/// What does not wait for the state.
fn of_layer(kind: &LayerKind, limit: usize) -> usize {
    match kind {
        LayerKind::Linear(linear) => of(&linear.weight, limit),
        LayerKind::Lstm(lstm) => match &lstm.weights {
            LstmWeights::Split { ih, .. } => of(ih, limit),
            LstmWeights::Joined(weight) if split::possible(weight, lstm.input_size) => {
                // As if the work were spread evenly over the columns.
                of(weight, limit) * lstm.input_size / weight.cols
            }
            LstmWeights::Joined(_) => 0,
        },
        LayerKind::Gru(gru) => of(&gru.weight_ih, limit),
        LayerKind::Embedding(_) | LayerKind::Activation(_) | LayerKind::LayerNorm(_) => 0,
    }
}

/// Multiply-adds of a product, but for sparse parts of at most `limit` non-zeros.
fn of(matrix: &Matrix, limit: usize) -> usize {
    let sparse = matrix.sparse.as_ref().map_or(0, |csr| csr.nnz());
    let structure = matrix.structure.as_ref().map_or(0, |structure| of_structure(structure, limit));
    structure + if sparse > limit { sparse } else { 0 }
}

fn of_structure(structure: &Structure, limit: usize) -> usize {
    match structure {
        Structure::Dense(weight) => weight.data.len(),
        Structure::Kronecker(factors) => {
            let shapes: Vec<[usize; 2]> = factors.iter().map(|f| [f.shape[0], f.shape[1]]).collect();
            contraction_order(&shapes).1
        }
        Structure::LowRank { left, right } => left.data.len() + right.data.len(),
        Structure::Sum(terms) => terms.iter().map(|term| of_structure(term, limit)).sum(),
        Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
            blocks.iter().map(|block| of(block, limit)).sum()
        }
        Structure::Monarch { first, second } => first.data.len() + second.data.len(),
        Structure::Circulant(column) => column.len() * column.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Gate, Layer, Linear, Lstm, Tensor};

    fn dense(rows: usize, cols: usize) -> Matrix {
        let weight = Tensor { shape: vec![rows, cols], data: vec![1.0; rows * cols] };
        Matrix { rows, cols, structure: Some(Structure::Dense(weight)), sparse: None }
    }

    fn model(kind: LayerKind) -> Model {
        let layers = vec![Layer { name: "layer".to_owned(), kind }];
        Model { name: "model".to_owned(), layers, check: None, files: Vec::new() }
    }

    fn linear(rows: usize, cols: usize) -> Model {
        let weight = dense(rows, cols);
        model(LayerKind::Linear(Linear { input_size: cols, output_size: rows, weight, bias: None }))
    }

    fn joined(input_size: usize, hidden_size: usize) -> Model {
        let weights = LstmWeights::Joined(Box::new(dense(4 * hidden_size, input_size + hidden_size)));
        let gate_order = [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output];
        model(LayerKind::Lstm(Lstm { input_size, hidden_size, weights, bias: None, gate_order }))
    }

    #[test]
    fn a_block_pays_where_enough_does_not_wait() {
        let steps = |model: &Model| decide(model, &Settings::default()).0;
        assert_eq!(steps(&linear(128, 128)), STEPS);
        assert_eq!(steps(&linear(127, 128)), 1);
        // Of 4 · 64 rows, 64 columns act on x: as much as decides.
        assert_eq!(steps(&joined(64, 64)), STEPS);
        assert_eq!(steps(&joined(63, 64)), 1);
    }

    #[test]
    fn what_is_asked_for_is_done() {
        for asked in [1, 7] {
            let settings = Settings { run_block: Some(asked), ..Settings::default() };
            assert_eq!(decide(&linear(128, 128), &settings).0, asked);
        }
    }

    #[test]
    fn streams_read_the_tables_of_a_step() {
        let tables = |batch| {
            let settings = Settings { batch, run_block: Some(1), ..Settings::default() };
            crate::lower::lower(joined(5, 40), &settings).constant_bytes()
        };
        assert_eq!(tables(None), tables(Some(16)));
    }

    #[test]
    fn a_small_model_pays_nothing_for_blocks() {
        let small = crate::lower::lower(joined(5, 4), &Settings::default());
        let settings = Settings { run_block: Some(1), ..Settings::default() };
        let without = crate::lower::lower(joined(5, 4), &settings);
        assert_eq!(small.scratch_bytes(), without.scratch_bytes());
        assert_eq!(small.constant_bytes(), without.constant_bytes());
        assert!(small.run.layers.is_empty());
    }
}
