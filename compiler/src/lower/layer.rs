//! Layers as operations.
//!
//! Takes a layer and where its input stands; gives its operations and where its output stands. The last
//! layer writes the caller's output. Biases are what the first product starts from, and cost nothing.

use super::builder::Builder;
use super::matrix::multiply;
use super::path::Path;
use super::row;
use crate::model::{
    Activation, Embedding, EmbeddingWeight, Function, Gate, Gru, Layer, LayerKind, LayerNorm, Linear, Lstm,
    LstmWeights, Matrix, Structure,
};
use crate::program::{Call, Data, Init, Kernel, LayerCode, Place, Source, Table, View};

/// Where a recurrent layer's operations begin to wait for its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recurrence {
    /// The operations before this one do not wait.
    pub(super) first: usize,
    /// What they give: the gate sums from x.
    pub(super) sums: View,
    /// The operation that makes the new state of the sums.
    pub(super) cell: usize,
    /// The hidden state.
    pub(super) h: View,
}

/// Lowers one layer; says where it begins to wait for a state, if it has one.
pub(super) fn lower(
    builder: &mut Builder,
    layer: Layer,
    x: View,
    last: bool,
) -> (LayerCode, Option<Recurrence>) {
    let mut recurrence = None;
    let path = Path::layer(&layer.name);
    let size = layer.kind.output_size();
    let title = format!("{} {} -> {size}", layer.kind.key(), layer.kind.input_size());
    let output = match layer.kind {
        LayerKind::Embedding(embedding) => {
            let y = target(builder, &path, size, last);
            lower_embedding(builder, &path, embedding, y);
            y
        }
        LayerKind::Linear(linear) => {
            let y = target(builder, &path, size, last);
            lower_linear(builder, &path, linear, x, y);
            y
        }
        LayerKind::Lstm(lstm) => {
            let lowered = lower_lstm(builder, &path, lstm, x);
            recurrence = Some(lowered);
            shown(builder, lowered.h, last)
        }
        LayerKind::Gru(gru) => {
            let lowered = lower_gru(builder, &path, gru, x);
            recurrence = Some(lowered);
            shown(builder, lowered.h, last)
        }
        LayerKind::Activation(activation) => {
            let y = target(builder, &path, size, last);
            lower_activation(builder, &path, activation, x, y);
            y
        }
        LayerKind::LayerNorm(norm) => {
            let y = target(builder, &path, size, last);
            lower_layer_norm(builder, &path, norm, x, y);
            y
        }
    };
    let operations = std::mem::take(&mut builder.operations);
    (LayerCode { name: layer.name, title, operations, output }, recurrence)
}

fn target(builder: &mut Builder, path: &Path, len: usize, last: bool) -> View {
    if last {
        View::whole(Place::Output, len)
    } else {
        builder.temporary(&path.field("output"), len, format!("output of {}", path.dotted()))
    }
}

/// A hidden state as a layer's output: the next layer reads it where it stands.
fn shown(builder: &mut Builder, h: View, last: bool) -> View {
    if !last {
        return h;
    }
    let y = View::whole(Place::Output, h.len);
    builder.copy(y, Source::View(h), "the hidden state is the output");
    y
}

/// Row `token` of the embedding.
pub(super) fn lower_embedding(builder: &mut Builder, path: &Path, embedding: Embedding, y: View) {
    let path = path.field("weight");
    match embedding.weight {
        EmbeddingWeight::Table(table) => row::look_up_dense(builder, &path, table, (y, Init::Zero), 0),
        EmbeddingWeight::Matrix(matrix) => row::look_up(builder, &path, matrix, y, Init::Zero, 0),
    }
}

/// y = W x + b, also on wide vectors.
pub(super) fn lower_linear(builder: &mut Builder, path: &Path, linear: Linear, x: View, y: View) {
    let init = builder.bias(&path.field("bias"), linear.bias);
    multiply(builder, &path.field("weight"), linear.weight, x, y, init);
}

/// A step of an LSTM, also of as many as there are lanes.
pub(super) fn lower_lstm(builder: &mut Builder, path: &Path, lstm: Lstm, x: View) -> Recurrence {
    let lanes = builder.lanes();
    let hidden = lstm.hidden_size * lanes;
    let name = path.dotted();
    let h = builder.state(format!("{name}_h"), hidden, format!("hidden state of {name}"));
    let c = builder.state(format!("{name}_c"), hidden, format!("cell state of {name}"));
    let gates = builder.temporary(&path.field("gates"), 4 * hidden, format!("gate sums of {name}"));
    let init = builder.bias(&path.field("bias"), lstm.bias);
    let mut first = 0;
    match lstm.weights {
        LstmWeights::Split { ih, hh } => {
            multiply(builder, &path.field("weight_ih"), *ih, x, gates, init);
            first = builder.operations.len();
            multiply(builder, &path.field("weight_hh"), *hh, h, gates, Init::Accumulate);
        }
        LstmWeights::Joined(weight) => match split_at(*weight, x.len / lanes) {
            Ok([ih, hh]) => {
                let path = path.field("weight");
                multiply(builder, &path.element("blocks", 0), ih, x, gates, init);
                first = builder.operations.len();
                multiply(builder, &path.element("blocks", 1), hh, h, gates, Init::Accumulate);
            }
            Err(weight) => {
                let note = format!("[x; h] of {name}");
                let xh = builder.temporary(&path.field("xh"), x.len + hidden, note);
                let why = "x beside h, since the matrix acts on both at once: cheaper than two passes over the gate sums";
                builder.copy(xh.part(0, x.len), Source::View(x), why);
                builder.copy(xh.part(x.len, hidden), Source::View(h), why);
                multiply(builder, &path.field("weight"), weight, xh, gates, init);
            }
        },
    }
    let order = [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output];
    let offset = |gate| {
        lstm.gate_order.iter().position(|&other| other == gate).expect("each gate is in the order") * hidden
    };
    let mut dims = vec![hidden];
    dims.extend(order.map(offset));
    let cell = builder.operations.len();
    builder.apply(Kernel::LSTM_CELL, vec![h, c], vec![gates], dims, format!("{name}: gates and cell"));
    Recurrence { first, sums: gates, cell, h }
}

/// W = [W_x W_h] stored as two blocks side by side, as those two: then [x; h] is never copied together.
#[allow(clippy::result_large_err)]
pub(super) fn split_at(matrix: Matrix, cols: usize) -> Result<[Matrix; 2], Matrix> {
    match matrix {
        Matrix { structure: Some(Structure::HStack(blocks)), sparse: None, .. }
            if blocks.len() == 2 && blocks[0].cols == cols =>
        {
            blocks.try_into().map_err(|_| unreachable!("two blocks were counted"))
        }
        matrix => Err(matrix),
    }
}

/// A step of a GRU, also of as many as there are lanes.
pub(super) fn lower_gru(builder: &mut Builder, path: &Path, gru: Gru, x: View) -> Recurrence {
    let hidden = gru.hidden_size * builder.lanes();
    let name = path.dotted();
    let h = builder.state(format!("{name}_h"), hidden, format!("hidden state of {name}"));
    let from_x = builder.temporary(&path.field("from_x"), 3 * hidden, format!("gate sums of {name} from x"));
    let from_h = builder.temporary(&path.field("from_h"), 3 * hidden, format!("gate sums of {name} from h"));
    let init = builder.bias(&path.field("bias_ih"), gru.bias_ih);
    multiply(builder, &path.field("weight_ih"), gru.weight_ih, x, from_x, init);
    let first = builder.operations.len();
    let init = builder.bias(&path.field("bias_hh"), gru.bias_hh);
    multiply(builder, &path.field("weight_hh"), gru.weight_hh, h, from_h, init);
    let (cell, why) = (builder.operations.len(), format!("{name}: gates and state"));
    builder.apply(Kernel::GRU_CELL, vec![h], vec![from_x, from_h], vec![hidden], why);
    Recurrence { first, sums: from_x, cell, h }
}

/// A function of each element, or of the vector.
pub(super) fn lower_activation(builder: &mut Builder, path: &Path, activation: Activation, x: View, y: View) {
    let (kernel, title) = match activation.function {
        Function::Relu => (Kernel::RELU, "max(x, 0)"),
        Function::Tanh => (Kernel::TANH, "tanh"),
        Function::Sigmoid => (Kernel::SIGMOID, "the logistic function"),
        Function::Softmax => (Kernel::SOFTMAX, "softmax over the vector"),
        Function::LogSoftmax => (Kernel::LOG_SOFTMAX, "log softmax over the vector"),
    };
    builder.apply(kernel, vec![y], vec![x], vec![y.len], format!("{}: {title}", path.dotted()));
}

/// Layer normalisation of one vector.
pub(super) fn lower_layer_norm(builder: &mut Builder, path: &Path, norm: LayerNorm, x: View, y: View) {
    let weight = builder.floats(&path.field("weight"), norm.weight, format!("{} scales", y.len));
    let bias = norm
        .bias
        .map(|bias| builder.constant(&path.field("bias"), Data::F32(bias), format!("{} shifts", y.len)));
    builder.call(Call {
        kernel: Kernel::LAYER_NORM,
        index_types: Vec::new(),
        outputs: vec![y],
        init: None,
        tables: vec![weight, Table::Optional(bias)],
        inputs: vec![Source::View(x)],
        dims: vec![y.len],
        scalar: Some(norm.epsilon),
        apart: false,
        multiply_adds: 0,
        why: format!("{}: mean and variance, then scale and shift", path.dotted()),
    });
}
