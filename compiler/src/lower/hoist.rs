//! How many steps `run` takes at once.
//!
//! A block of steps pays where much of a step does not wait for the state: products with x, heads, what has no state at
//! all. Their weights are then read once a block instead of once a step. It costs scratch memory for each step of the
//! block and tables of compressed rows, so small models, which run from small memories, are left as they are:
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
