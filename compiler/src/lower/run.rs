//! A recurrent layer in `run`: what does not wait for the state for a block of steps at once, the rest step by step.
//!
//! The gate sums from x come first, for all steps of the block, as one product with wide vectors; then each step adds
//! those from h with the kernels of a single step, and its hidden state is kept for the next layer. Where one matrix
//! acts on \[x; h\], it is cut by columns ([`split`]), and the part for h gets tables of its own; where it can't be
//! cut, the whole layer waits.

use std::collections::BTreeMap;

use super::builder::Builder;
use super::layer::{self, Recurrence};
use super::matrix::multiply;
use super::path::Path;
use super::wide::{Layout, Value};
use super::{parts, split};
use crate::model::{Csr, Layer, LayerKind, LstmWeights, Matrix};
use crate::program::{Init, LayerCode, Operation, Place, Source, View};
use crate::settings::Settings;

/// What a step does in the same layer.
pub(super) struct Step<'s> {
    pub(super) code: &'s LayerCode,
    pub(super) x: View,
    pub(super) recurrence: Recurrence,
    /// Whether the layer is the model's last.
    pub(super) last: bool,
}

/// The layer without the weights that `run` takes from the step's own operations.
pub(super) fn needed(layer: &Layer) -> Layer {
    let nothing = |matrix: &Matrix| {
        let sparse = Csr { row_ptr: vec![0; matrix.rows + 1], col_idx: Vec::new(), values: Vec::new() };
        Matrix { rows: matrix.rows, cols: matrix.cols, structure: None, sparse: Some(sparse) }
    };
    let name = layer.name.clone();
    match &layer.kind {
        LayerKind::Lstm(lstm) => match &lstm.weights {
            LstmWeights::Split { ih, hh } => {
                let weights = LstmWeights::Split { ih: ih.clone(), hh: Box::new(nothing(hh)) };
                let bias = lstm.bias.clone();
                Layer { name, kind: LayerKind::Lstm(crate::model::Lstm { weights, bias, ..*lstm }) }
            }
            LstmWeights::Joined(_) => layer.clone(),
        },
        LayerKind::Gru(gru) => {
            let weight_hh = nothing(&gru.weight_hh);
            let (weight_ih, bias_ih) = (gru.weight_ih.clone(), gru.bias_ih.clone());
            let gru = crate::model::Gru { weight_ih, weight_hh, bias_ih, bias_hh: None, ..*gru };
            Layer { name, kind: LayerKind::Gru(gru) }
        }
        _ => layer.clone(),
    }
}

/// Adds the operations of a block of steps; gives the hidden state after each.
pub(super) fn block(
    builder: &mut Builder,
    path: &Path,
    kind: LayerKind,
    x: Value,
    step: &Step<'_>,
    settings: &Settings,
) -> Value {
    let inputs = step.x.len;
    let (field, ih, hh, bias) = match kind {
        LayerKind::Lstm(lstm) => match lstm.weights {
            LstmWeights::Split { ih, .. } => (path.field("weight_ih"), *ih, None, lstm.bias),
            LstmWeights::Joined(weight) => match layer::split_at(*weight, inputs) {
                Ok([ih, _]) => (path.field("weight").element("blocks", 0), ih, None, lstm.bias),
                Err(weight) if split::possible(&weight, inputs) => {
                    let [ih, hh] = split::columns(weight, inputs);
                    (path.field("weight_x"), ih, Some(hh), lstm.bias)
                }
                Err(_) => return whole(builder, path, x, step),
            },
        },
        LayerKind::Gru(gru) => (path.field("weight_ih"), gru.weight_ih, None, gru.bias_ih),
        _ => unreachable!("other layers remember nothing"),
    };
    let (steps, sums) = (builder.lanes(), step.recurrence.sums);
    let x = x.to(builder, &path.field("input"), Layout::Wide);
    let note = format!("gate sums of {} from x for {steps} steps", path.dotted());
    let wide = builder.temporary(&path.field("sums"), sums.len * steps, note);
    let init = builder.bias(&path.field("bias"), bias);
    multiply(builder, &field, ih, x, wide, init);
    let rows = Value::wide(wide).to(builder, &path.field("sums"), Layout::Rows).each(steps);
    let recurrence = &step.recurrence;
    by_step(builder, path, step, |builder| match hh {
        None => (recurrence.first, (sums, rows)),
        Some(hh) => {
            let field = path.field("weight_h").field("weight");
            plan_columns(builder, (&path.field("weight"), &field), &hh, settings);
            multiply(builder, &field, hh, recurrence.h, rows, Init::Accumulate);
            (recurrence.cell, (sums, rows))
        }
    })
}

/// A layer of which nothing can be done before the state is there.
fn whole(builder: &mut Builder, path: &Path, x: Value, step: &Step<'_>) -> Value {
    let steps = builder.lanes();
    let x = x.to(builder, &path.field("input"), Layout::Rows).each(steps);
    by_step(builder, path, step, |_| (0, (step.x, x)))
}

/// One step after another: what `begin` adds, then the step's operations from the one it gives, with one view in
/// place of another. Gives the hidden states, row by row.
fn by_step(
    builder: &mut Builder,
    path: &Path,
    step: &Step<'_>,
    begin: impl FnOnce(&mut Builder) -> (usize, (View, View)),
) -> Value {
    let (steps, h) = (builder.lanes(), step.recurrence.h);
    let shown = if step.last {
        View::whole(Place::Output, h.len * steps)
    } else {
        let note = format!("hidden state of {} after each step", path.dotted());
        builder.temporary(&path.field("output"), h.len * steps, note)
    };
    builder.for_each(steps, |builder| {
        let (first, moved) = begin(builder);
        let moves = [moved, (View::whole(Place::Output, h.len), shown.each(steps))];
        let operations = moved_operations(builder, &step.code.operations[first..], &moves);
        builder.operations.extend(operations);
        if !step.last {
            builder.copy(shown.each(steps), Source::View(h), "the hidden state, for the next layer");
        }
    });
    Value::rows(shown)
}

/// Operations of a step with some views in place of others, and scratch buffers of their own.
fn moved_operations(
    builder: &mut Builder,
    operations: &[Operation],
    moves: &[(View, View)],
) -> Vec<Operation> {
    let mut own: BTreeMap<usize, usize> = BTreeMap::new();
    let mut operations = operations.to_vec();
    for operation in &mut operations {
        operation.views(&mut |view| {
            if let Some((from, to)) = moves.iter().find(|(from, _)| from.place == view.place) {
                *view = View { len: view.len, ..to.part(view.offset - from.offset, view.len) };
            } else if let Place::Scratch(buffer) = &mut view.place {
                *buffer = *own.entry(*buffer).or_insert_with(|| {
                    let copy = builder.scratch[*buffer].clone();
                    builder.scratch.push(copy);
                    builder.scratch.len() - 1
                });
            }
        });
    }
    operations
}

/// Plans for the sparse parts of some columns of a matrix, as for a matrix of its own, with what was chosen for the whole.
fn plan_columns(builder: &mut Builder, (whole, path): (&Path, &Path), weight: &Matrix, settings: &Settings) {
    // Where a cut gave blocks other numbers, nothing is known of them by name.
    let choices = settings.choices.as_ref().filter(|_| !split::renumbers(weight));
    let choices = choices.map(|choices| choices.moved(whole.dotted(), path.dotted()));
    let settings = Settings { choices, ..settings.clone() };
    builder.plan.add(&parts::of_matrix(path, weight, false), &settings);
}
