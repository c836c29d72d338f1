//! Model → Program: every decision, in small passes.
//!
//! Takes a checked [`Model`] and the [`Settings`]; gives a [`Program`] that the emitters spell. In order:
//!
//! 1. [`plan`] decides for each sparse part, knowing all of them: straight line, look-ups or table.
//! 2. [`layer`] turns each layer into operations, through [`matrix`] (a matrix times a vector) and [`row`]
//!    (a row of a matrix); each structure has a file, and the order of a Kronecker product's contractions,
//!    layouts of weights and what a bias is added to are decided there.
//! 3. [`constants`] drops the tables that nothing reads.
//! 4. [`slots`] lets scratch buffers that are never alive together share memory.

mod blocks;
mod builder;
mod constants;
mod dense;
mod kronecker;
mod layer;
mod lookup;
mod matrix;
mod monarch;
mod path;
mod plan;
mod row;
mod slots;
mod sparse;

pub use kronecker::contraction_order;
pub use plan::{BYTES_PER_TERM, TERMS_PER_MATRIX, TERMS_PER_MODEL};

use crate::model::Model;
use crate::program::{Families, Family, Place, Program, View};
use crate::settings::{Settings, Target};
use builder::Builder;

/// Lowers a model. Never fails: whatever passed ingest can be compiled.
pub fn lower(model: Model, settings: &Settings) -> Program {
    let plan = plan::plan(&model, settings);
    let input = model.input();
    let output_size = model.output_size();
    let last = model.layers.len() - 1;

    let mut builder = Builder::new(plan);
    let mut layers = Vec::with_capacity(model.layers.len());
    let mut x = View { place: Place::Input, offset: 0, len: model.layers[0].kind.input_size() };
    for (i, layer) in model.layers.into_iter().enumerate() {
        let code = layer::lower(&mut builder, layer, x, i == last);
        x = code.output;
        layers.push(code);
    }

    let mut program = Program {
        name: model.name,
        files: model.files,
        families: families(settings.target),
        input,
        output_size,
        constants: builder.constants,
        state: builder.state,
        scratch: builder.scratch,
        layers,
    };
    constants::prune(&mut program);
    slots::share(&mut program);
    program
}

/// The families of a target.
fn families(target: Target) -> Families {
    match target {
        Target::Any => Families::Dispatched(vec![Family::AVX512, Family::AVX2]),
        Target::Portable => Families::Flags,
        Target::Avx2 => Families::Only(Family::AVX2),
        Target::Avx512 => Families::Only(Family::AVX512),
    }
}
