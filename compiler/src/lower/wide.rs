//! Layers on many vectors at once: streams, or steps of one stream.
//!
//! A value stands in one of two layouts: **rows**, one vector after another, as callers have them; **wide**, all
//! vectors' first elements, then all their second ones, so that a weight meets a whole row of lanes. Products take
//! and give wide values; what works on a vector as a whole (a look-up, softmax, layer normalisation) runs row by row
//! with the kernel of one vector; what works on each element takes either. A value is turned only where the next
//! layer, or the caller, wants the other layout.

use super::builder::Builder;
use super::layer;
use super::path::Path;
use crate::model::{Function, Layer, LayerKind};
use crate::program::{Kernel, LayerCode, Place, Source, View};

/// How the vectors of a value stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `[lanes][len]`
    Rows,
    /// `[len][lanes]`
    Wide,
}

/// As many vectors as the builder has lanes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) view: View,
    pub(super) layout: Layout,
}

impl Value {
    /// One vector after another.
    pub(super) fn rows(view: View) -> Value {
        Value { view, layout: Layout::Rows }
    }

    /// Wide vectors.
    pub(super) fn wide(view: View) -> Value {
        Value { view, layout: Layout::Wide }
    }

    /// The value in a layout: as it stands, or turned into a buffer of its own.
    pub(super) fn to(self, builder: &mut Builder, path: &Path, layout: Layout) -> View {
        let (lanes, len) = (builder.lanes(), self.view.len);
        if self.layout == layout || lanes == 1 || len == lanes {
            return self.view;
        }
        let name = if layout == Layout::Wide { "wide" } else { "rows" };
        let y = builder.temporary(&path.field(name), len, format!("{name} of {}", path.dotted()));
        self.turn(builder, path, y);
        y
    }

    /// Writes the value into y in the other layout.
    fn turn(self, builder: &mut Builder, path: &Path, y: View) {
        let (lanes, len) = (builder.lanes(), self.view.len / builder.lanes());
        let (dims, why) = match self.layout {
            Layout::Rows => (vec![lanes, len], format!("{}: {lanes} vectors side by side", path.dotted())),
            Layout::Wide => (vec![len, lanes], format!("{}: one vector after another", path.dotted())),
        };
        builder.apply(Kernel::TRANSPOSE, vec![y], vec![self.view], dims, why);
    }

    /// Writes the value where the caller wants it, one vector after another.
    fn put_out(self, builder: &mut Builder, path: &Path) -> Value {
        let y = View::whole(Place::Output, self.view.len);
        let (lanes, len) = (builder.lanes(), self.view.len);
        match self.layout {
            Layout::Wide if lanes > 1 && len > lanes => self.turn(builder, path, y),
            _ => builder.copy(y, Source::View(self.view), "what the caller gets"),
        }
        Value::rows(y)
    }
}

/// Lowers one layer; those that remember are lowered by `recurrent`.
pub(super) fn lower(
    builder: &mut Builder,
    layer: Layer,
    x: Value,
    last: bool,
    recurrent: &mut dyn FnMut(&mut Builder, &Path, LayerKind, Value) -> Value,
) -> (LayerCode, Value) {
    let path = Path::layer(&layer.name);
    let (size, lanes) = (layer.kind.output_size(), builder.lanes());
    let title = format!("{} {} -> {size}", layer.kind.key(), layer.kind.input_size());
    let by_row = |builder: &mut Builder| -> View {
        if last {
            View::whole(Place::Output, size * lanes)
        } else {
            builder.temporary(&path.field("output"), size * lanes, format!("output of {}", path.dotted()))
        }
    };
    let own = |builder: &mut Builder| -> View {
        builder.temporary(&path.field("output"), size * lanes, format!("output of {}", path.dotted()))
    };
    let value = match layer.kind {
        LayerKind::Embedding(embedding) => {
            let y = by_row(builder);
            let row = y.each(lanes);
            builder.for_each(lanes, |builder| layer::lower_embedding(builder, &path, embedding, row));
            Value::rows(y)
        }
        LayerKind::Linear(linear) => {
            let x = x.to(builder, &path.field("input"), Layout::Wide);
            let y = own(builder);
            layer::lower_linear(builder, &path, linear, x, y);
            Value::wide(y)
        }
        LayerKind::Activation(activation) => match activation.function {
            Function::Relu | Function::Tanh | Function::Sigmoid if x.layout == Layout::Wide => {
                let y = own(builder);
                layer::lower_activation(builder, &path, activation, x.view, y);
                Value::wide(y)
            }
            Function::Relu | Function::Tanh | Function::Sigmoid => {
                let y = by_row(builder);
                layer::lower_activation(builder, &path, activation, x.view, y);
                Value::rows(y)
            }
            Function::Softmax | Function::LogSoftmax => {
                let x = x.to(builder, &path.field("input"), Layout::Rows).each(lanes);
                let y = by_row(builder);
                let row = y.each(lanes);
                builder.for_each(lanes, |builder| {
                    layer::lower_activation(builder, &path, activation, x, row);
                });
                Value::rows(y)
            }
        },
        LayerKind::LayerNorm(norm) => {
            let x = x.to(builder, &path.field("input"), Layout::Rows).each(lanes);
            let y = by_row(builder);
            let row = y.each(lanes);
            builder.for_each(lanes, |builder| layer::lower_layer_norm(builder, &path, norm, x, row));
            Value::rows(y)
        }
        kind @ (LayerKind::Lstm(_) | LayerKind::Gru(_)) => recurrent(builder, &path, kind, x),
    };
    let value = if last && value.view.place != Place::Output {
        value.put_out(builder, &path.field("output"))
    } else {
        value
    };
    let operations = std::mem::take(&mut builder.operations);
    (LayerCode { name: layer.name, title, operations, output: value.view }, value)
}

/// A recurrent layer of as many streams as there are lanes: its state is wide.
pub(super) fn streams(builder: &mut Builder, path: &Path, kind: LayerKind, x: Value) -> Value {
    let x = x.to(builder, &path.field("input"), Layout::Wide);
    match kind {
        LayerKind::Lstm(lstm) => Value::wide(layer::lower_lstm(builder, path, lstm, x).h),
        LayerKind::Gru(gru) => Value::wide(layer::lower_gru(builder, path, gru, x).h),
        _ => unreachable!("other layers remember nothing"),
    }
}
