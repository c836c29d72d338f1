//! Straight line, look-ups or table: the decision for every sparse part, made at once.
//!
//! **Straight line** is one multiply-add in the code for each non-zero, its value and offsets in the code:
//! nothing is loaded but x and y, and rows run side by side as far as the processor can. It takes
//! [`BYTES_PER_TERM`] bytes of code a non-zero and compilers take time for each, so it is for small parts:
//! at most [`TERMS_PER_MATRIX`] non-zeros in a part and [`TERMS_PER_MODEL`] in a model (about two seconds of
//! gcc -O2 or rustc), the smallest parts first. `--unroll-limit N` overrules both with N a part.
//!
//! **Look-ups** in registers ([`super::lookup`]) are for AVX-512, where they are cheaper than either; the smallest parts
//! have tables for speed, those that would not stay in the cache besides have packed ones. Code that picks its family of
//! instructions at run time holds them beside the other way.

use std::collections::BTreeMap;

use super::lookup;
use super::path::Path;
use crate::model::{Csr, LayerKind, LstmWeights, Matrix, Model, Structure};
use crate::numbers::thousands;
use crate::settings::{Settings, Target};

/// The most non-zeros a sparse part may have as straight-line code.
pub const TERMS_PER_MATRIX: usize = 4096;

/// The most non-zeros a model may have as straight-line code.
pub const TERMS_PER_MODEL: usize = 8192;

/// Bytes of machine code that a term takes, as measured on x86-64.
pub const BYTES_PER_TERM: usize = 25;

/// What becomes of a sparse part, and why.
#[derive(Debug)]
pub(super) enum Form {
    /// Straight-line code.
    Straight(String),
    /// Look-ups.
    Lookup(lookup::Choice),
    /// A table.
    Table(String),
    /// Look-ups for AVX-512, the other for any other family of instructions.
    ByFamily(Box<Form>, Box<Form>),
}

/// What becomes of each sparse part, by its path.
#[derive(Debug, Default)]
pub(super) struct Plan(BTreeMap<String, Form>);

/// Decides for every sparse part that multiplies a vector.
pub(super) fn plan(model: &Model, settings: &Settings) -> Plan {
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
    parts.sort_by_key(|part: &Part<'_>| part.csr.nnz());
    let (mut terms, mut bytes) = (0, 0);
    let decide = |Part { path, csr, cols, added }: Part<'_>| {
        let straight = straight(csr.nnz(), settings.unroll_limit, terms);
        let mut looked_up = None;
        if matches!(settings.target, Target::Any | Target::Avx512) && settings.unroll_limit.is_none() {
            let room = lookup::BUDGET.saturating_sub(bytes);
            if let Some(choice) = lookup::choose(csr, cols, added, straight.is_ok(), room) {
                bytes += choice.bytes;
                looked_up = Some(Form::Lookup(choice));
            }
        }
        if settings.target == Target::Avx512
            && let Some(form) = looked_up
        {
            return (path, form);
        }
        let form = match straight {
            Ok(why) => {
                terms += csr.nnz();
                Form::Straight(why)
            }
            Err(why) => Form::Table(why),
        };
        let form = match looked_up {
            Some(looked_up) => Form::ByFamily(Box::new(looked_up), Box::new(form)),
            None => form,
        };
        (path, form)
    };
    Plan(parts.into_iter().map(decide).collect())
}

/// Why a part with so many non-zeros is straight line, after `used` in other parts; or why not.
fn straight(nnz: usize, unroll_limit: Option<usize>, used: usize) -> Result<String, String> {
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
    if used + nnz > TERMS_PER_MODEL {
        let (used, budget) = (thousands(used), thousands(TERMS_PER_MODEL));
        return Err(format!("since {count} non-zeros after {used} in smaller parts > {budget} for a model"));
    }
    Ok(format!(
        "straight line, since {count} non-zeros <= {} for a part and {} <= {} for the model; about {} bytes of code",
        thousands(TERMS_PER_MATRIX),
        thousands(used + nnz),
        thousands(TERMS_PER_MODEL),
        thousands(nnz * BYTES_PER_TERM),
    ))
}

/// A sparse part that multiplies a vector.
struct Part<'m> {
    path: String,
    csr: &'m Csr,
    cols: usize,
    /// Whether the product is surely added to what is there.
    added: bool,
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
        _ => {}
    }
}

impl Plan {
    /// The choice for a part, handed out once.
    pub(super) fn take(&mut self, path: &Path) -> Option<Form> {
        self.0.remove(path.dotted())
    }
}
