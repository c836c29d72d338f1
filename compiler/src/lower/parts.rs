//! The sparse parts of a model that multiply a vector: all that [`super::plan`] decides for, and lock files name.

use super::path::Path;
use crate::model::{Csr, LayerKind, LstmWeights, Matrix, Model, Structure};

/// A sparse part that multiplies a vector.
#[derive(Debug)]
pub struct Part<'m> {
    /// Its path, such as `lstm0.weight_hh`.
    pub path: String,
    /// Its elements.
    pub csr: &'m Csr,
    /// Its columns.
    pub cols: usize,
    /// Whether the product is surely added to what is there.
    pub(super) added: bool,
}

/// The parts that hold anything, those with the fewest non-zeros first.
pub fn parts(model: &Model) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for layer in &model.layers {
        let path = Path::layer(&layer.name);
        match &layer.kind {
            LayerKind::Linear(linear) => find(&path.field("weight"), &linear.weight, false, &mut parts),
            LayerKind::Lstm(lstm) => match &lstm.weights {
                LstmWeights::Split { ih, hh } => {
                    find(&path.field("weight_ih"), ih, false, &mut parts);
                    find(&path.field("weight_hh"), hh, true, &mut parts);
                }
                LstmWeights::Joined(weight) => find(&path.field("weight"), weight, false, &mut parts),
            },
            LayerKind::Gru(gru) => {
                find(&path.field("weight_ih"), &gru.weight_ih, false, &mut parts);
                find(&path.field("weight_hh"), &gru.weight_hh, false, &mut parts);
            }
            LayerKind::Embedding(_) | LayerKind::Activation(_) | LayerKind::LayerNorm(_) => {}
        }
    }
    in_order(parts)
}

/// Those of one matrix.
pub(super) fn of_matrix<'m>(path: &Path, matrix: &'m Matrix, added: bool) -> Vec<Part<'m>> {
    let mut parts = Vec::new();
    find(path, matrix, added, &mut parts);
    in_order(parts)
}

fn in_order(mut parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    parts.retain(|part| part.csr.nnz() > 0);
    parts.sort_by_key(|part| part.csr.nnz());
    parts
}

fn find<'m>(path: &Path, matrix: &'m Matrix, added: bool, parts: &mut Vec<Part<'m>>) {
    if let Some(csr) = &matrix.sparse {
        let added = added || matrix.structure.is_some();
        parts.push(Part { path: path.dotted().to_owned(), csr, cols: matrix.cols, added });
    }
    if let Some(structure) = &matrix.structure {
        find_in_structure(path, structure, added, parts);
    }
}

fn find_in_structure<'m>(path: &Path, structure: &'m Structure, added: bool, parts: &mut Vec<Part<'m>>) {
    match structure {
        Structure::Sum(terms) => {
            for (i, term) in terms.iter().enumerate() {
                find_in_structure(&path.element("terms", i), term, added || i > 0, parts);
            }
        }
        Structure::VStack(blocks) | Structure::BlockDiagonal(blocks) => {
            for (i, block) in blocks.iter().enumerate() {
                find(&path.element("blocks", i), block, added, parts);
            }
        }
        Structure::HStack(blocks) => {
            for (i, block) in blocks.iter().enumerate() {
                find(&path.element("blocks", i), block, added || i > 0, parts);
            }
        }
        Structure::Dense(_)
        | Structure::Kronecker(_)
        | Structure::LowRank { .. }
        | Structure::Monarch { .. }
        | Structure::Circulant(_) => {}
    }
}
