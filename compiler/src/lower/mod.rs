//! Model → Program: every decision, in small passes.
//!
//! Takes a checked [`Model`] and the [`Settings`]; gives a [`Program`] that the emitters spell. In order:
//!
//! 1. [`plan`] decides for each sparse part, knowing all of them: straight line, look-ups or table.
//! 2. [`layer`] turns each layer into operations, through [`matrix`] (a matrix times a vector) and [`row`]
//!    (a row of a matrix); each structure has a file, and the order of a Kronecker product's contractions,
//!    layouts of weights and what a bias is added to are decided there.
//! 3. [`hoist`] decides how many steps `run` takes at once; [`wide`] turns each layer into operations on that
//!    many vectors, or on those of many streams, through the same [`matrix`]; [`run`] does so for the layers that
//!    remember.
//! 4. [`apart`] makes one function of products of equal shape.
//! 5. [`constants`] drops the tables that nothing reads.
//! 6. [`slots`] lets scratch buffers that are never alive together share memory.

mod apart;
mod blocked;
mod blocks;
mod builder;
mod constants;
mod cost;
mod cover;
mod dense;
mod folded;
mod hoist;
mod kronecker;
mod lanes;
mod layer;
mod lookup;
mod matrix;
mod monarch;
mod padded;
mod paired;
mod parts;
mod path;
mod pick_tables;
mod picker;
mod picks;
mod plan;
mod row;
mod run;
mod slots;
mod sparse;
mod split;
mod table;
mod threads;
mod wide;
mod windows;
mod words;

pub use hoist::LEAST as LEAST_HOISTED;
pub use kronecker::contraction_order;
pub use parts::{Part, parts};
pub use plan::{BYTES_PER_TERM, TERMS_PER_MATRIX, TERMS_PER_MODEL, possible, ways};

use crate::model::Model;
use crate::numbers::thousands;
use crate::program::{Batch, Buffer, Families, Family, LayerCode, Place, Program, Run, View};
use crate::settings::{Settings, Target};
use builder::Builder;
use wide::Value;

/// Lowers a model. Never fails: whatever passed ingest can be compiled.
pub fn lower(model: Model, settings: &Settings) -> Program {
    let plan = plan::plan(&model, settings);
    let (steps, why) = hoist::decide(&model, settings);
    let (name, files) = (model.name.clone(), model.files.clone());
    let (input, output_size) = (model.input(), model.output_size());
    let mut run = Run { steps, why, layers: Vec::new() };
    let mut batch = settings.batch.map(|streams| Batch {
        streams,
        state: Vec::new(),
        scratch: Vec::new(),
        layers: Vec::new(),
    });

    let mut builder = Builder::new(plan);
    let mut layers = Vec::with_capacity(model.layers.len());
    let size = model.layers[0].kind.input_size();
    let inputs = |count: usize| View::whole(Place::Input, size * count);
    let mut x = inputs(1);
    let mut block_x = Value::rows(inputs(steps));
    let mut batch_x = Value::rows(inputs(settings.batch.unwrap_or(0)));
    let last = model.layers.len() - 1;
    for (i, layer) in model.layers.into_iter().enumerate() {
        let last = i == last;
        let for_block = (steps > 1).then(|| run::needed(&layer));
        let for_batch = batch.is_some().then(|| layer.clone());
        let (code, recurrence) = layer::lower(&mut builder, layer, x, last);
        if let Some(layer) = for_block {
            let lower = |builder: &mut Builder| {
                wide::lower(builder, layer, block_x, last, &mut |builder, path, kind, block_x| {
                    match recurrence {
                        Some(recurrence) => {
                            let step = run::Step { code: &code, x, recurrence, last };
                            run::block(builder, path, kind, block_x, &step, settings)
                        }
                        None => block_x,
                    }
                })
            };
            let lowered = builder.with_lanes(steps, lower);
            run.layers.push(lowered.0);
            block_x = lowered.1;
        }
        if let (Some(layer), Some(batch)) = (for_batch, &mut batch) {
            builder.swap_memory(&mut batch.state, &mut batch.scratch);
            let lowered = builder.with_streams(batch.streams, settings.target, |builder| {
                wide::lower(builder, layer, batch_x, last, &mut wide::streams)
            });
            builder.swap_memory(&mut batch.state, &mut batch.scratch);
            batch.layers.push(lowered.0);
            batch_x = lowered.1;
        }
        x = code.output;
        layers.push(code);
    }

    let families = families(settings.target);
    let Builder { constants, state, scratch, .. } = builder;
    let mut program =
        Program { name, files, families, input, output_size, constants, state, scratch, layers, run, batch };
    apart::mark(&mut program);
    constants::prune(&mut program);
    share_memory(&mut program);
    program
}

/// Gives scratch buffers slots: a step and a block of steps have the same ones, streams have theirs. Says what the block
/// costs.
fn share_memory(program: &mut Program) {
    let bytes = |buffers: &[Buffer]| 4 * buffers.iter().map(|buffer| buffer.len).sum::<usize>();
    let mut alone = program.layers.clone();
    let alone = slots::share(&program.scratch, &mut alone.iter_mut().collect::<Vec<_>>());
    let mut both: Vec<&mut LayerCode> = program.layers.iter_mut().chain(&mut program.run.layers).collect();
    program.scratch = slots::share(&program.scratch, &mut both);
    if let Some(batch) = &mut program.batch {
        batch.scratch = slots::share(&batch.scratch, &mut batch.layers.iter_mut().collect::<Vec<_>>());
    }
    if program.run.steps > 1 {
        let scratch = thousands(bytes(&program.scratch) - bytes(&alone));
        let tables = thousands(constants::bytes_of_block(program));
        program
            .run
            .why
            .push_str(&format!("; it takes {scratch} bytes of scratch and {tables} of tables more"));
    }
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
