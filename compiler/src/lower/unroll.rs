//! Straight line or table: the decision for every sparse part, made at once.
//!
//! **Straight line** is one multiply-add in the code for each non-zero, its value and offsets in the code:
//! nothing is loaded but x and y, and rows run side by side as far as the processor can. It takes
//! [`BYTES_PER_TERM`] bytes of code a non-zero and compilers take time for each, so it is for small parts:
//! at most [`TERMS_PER_MATRIX`] non-zeros in a part and [`TERMS_PER_MODEL`] in a model (about two seconds of
//! gcc -O2 or rustc), the smallest parts first. `--unroll-limit N` overrules both with N a part.

use std::collections::BTreeMap;

use super::path::Path;
use crate::model::{LayerKind, LstmWeights, Matrix, Model, Structure};
use crate::numbers::thousands;

/// The most non-zeros a sparse part may have as straight-line code.
pub const TERMS_PER_MATRIX: usize = 4096;

/// The most non-zeros a model may have as straight-line code.
pub const TERMS_PER_MODEL: usize = 8192;

/// Bytes of machine code that a term takes, as measured on x86-64.
pub const BYTES_PER_TERM: usize = 25;

/// For the path of each sparse part: why it is straight line, or why a table.
#[derive(Debug, Default)]
pub(super) struct Plan(BTreeMap<String, Result<String, String>>);

/// Decides for every sparse part that multiplies a vector.
pub(super) fn plan(model: &Model, unroll_limit: Option<usize>) -> Plan {
    let mut parts = Vec::new();
    for layer in &model.layers {
        let path = Path::layer(&layer.name);
        match &layer.kind {
            LayerKind::Linear(linear) => find(&path.field("weight"), &linear.weight, &mut parts),
            LayerKind::Lstm(lstm) => match &lstm.weights {
                LstmWeights::Split { ih, hh } => {
                    find(&path.field("weight_ih"), ih, &mut parts);
                    find(&path.field("weight_hh"), hh, &mut parts);
                }
                LstmWeights::Joined(weight) => find(&path.field("weight"), weight, &mut parts),
            },
            LayerKind::Gru(gru) => {
                find(&path.field("weight_ih"), &gru.weight_ih, &mut parts);
                find(&path.field("weight_hh"), &gru.weight_hh, &mut parts);
            }
            LayerKind::Embedding(_) | LayerKind::Activation(_) | LayerKind::LayerNorm(_) => {}
        }
    }
    parts.sort_by_key(|&(_, nnz)| nnz);
    let mut used = 0;
    let decide = |(path, nnz): (String, usize)| (path, choose(nnz, unroll_limit, &mut used));
    Plan(parts.into_iter().map(decide).collect())
}

fn choose(nnz: usize, unroll_limit: Option<usize>, used: &mut usize) -> Result<String, String> {
    let count = thousands(nnz);
    if let Some(limit) = unroll_limit {
        let limit_text = thousands(limit);
        return if nnz <= limit {
            Ok(format!("straight line, since {count} non-zeros <= the unroll limit {limit_text}"))
        } else {
            Err(format!("since {count} non-zeros > the unroll limit {limit_text}"))
        };
    }
    if nnz > TERMS_PER_MATRIX {
        return Err(format!("since {count} non-zeros > {} for a part", thousands(TERMS_PER_MATRIX)));
    }
    if *used + nnz > TERMS_PER_MODEL {
        let (used, budget) = (thousands(*used), thousands(TERMS_PER_MODEL));
        return Err(format!("since {count} non-zeros after {used} in smaller parts > {budget} for a model"));
    }
    *used += nnz;
    Ok(format!(
        "straight line, since {count} non-zeros <= {} for a part and {} <= {} for the model; about {} bytes of code",
        thousands(TERMS_PER_MATRIX),
        thousands(*used),
        thousands(TERMS_PER_MODEL),
        thousands(nnz * BYTES_PER_TERM),
    ))
}

fn find(path: &Path, matrix: &Matrix, parts: &mut Vec<(String, usize)>) {
    if let Some(csr) = &matrix.sparse {
        parts.push((path.dotted().to_owned(), csr.nnz()));
    }
    if let Some(structure) = &matrix.structure {
        find_in_structure(path, structure, parts);
    }
}

fn find_in_structure(path: &Path, structure: &Structure, parts: &mut Vec<(String, usize)>) {
    match structure {
        Structure::Sum(terms) => {
            for (i, term) in terms.iter().enumerate() {
                find_in_structure(&path.element("terms", i), term, parts);
            }
        }
        Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
            for (i, block) in blocks.iter().enumerate() {
                find(&path.element("blocks", i), block, parts);
            }
        }
        _ => {}
    }
}

impl Plan {
    /// The choice for a part, handed out once.
    pub(super) fn take(&mut self, path: &Path) -> Option<Result<String, String>> {
        self.0.remove(path.dotted())
    }
}
