//! A model as peers see it: its shapes as a C header, its weights as a file of named arrays.
//!
//! Takes a [`Model`] of embeddings, LSTMs and linear layers, with Kronecker products of two factors, dense and sparse
//! matrices; gives the text of `shape.h` and the bytes that `peers/peer.h` reads. All peers get the same weights: the
//! dense ones the sum of what the others compute with, rounded once to 32 bits.

use std::io::{self, Write};

use dopec::model::{Csr, EmbeddingWeight, Gate, InputKind, LayerKind, LstmWeights, Matrix, Model, Structure};
use dopec::reference;

/// A layer with the parts of its matrix.
struct Flat<'m> {
    kind: Kind,
    input: usize,
    output: usize,
    bias: Option<&'m [f32]>,
    table: Option<&'m [f32]>,
    /// The first column and the matrix of each part; an LSTM's columns are those of x and then of h.
    parts: Vec<(usize, &'m Matrix)>,
}

/// The kinds of layer that peers have.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Embedding,
    Lstm,
    Linear,
}

/// Why a model can't be a peer's network.
pub(crate) type Unfit = String;

fn flatten(model: &Model) -> Result<Vec<Flat<'_>>, Unfit> {
    model
        .layers
        .iter()
        .map(|layer| {
            let (input, output) = (layer.kind.input_size(), layer.kind.output_size());
            Ok(match &layer.kind {
                LayerKind::Embedding(embedding) => {
                    let EmbeddingWeight::Table(table) = &embedding.weight else {
                        return Err(format!("{}: peers take embeddings that are stored whole", layer.name));
                    };
                    let table = Some(table.data.as_slice());
                    Flat { kind: Kind::Embedding, input, output, bias: None, table, parts: Vec::new() }
                }
                LayerKind::Lstm(lstm) => {
                    if lstm.gate_order != [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output] {
                        return Err(format!("{}: peers take gates in the order ifgo", layer.name));
                    }
                    let parts = match &lstm.weights {
                        LstmWeights::Split { ih, hh } => vec![(0, ih.as_ref()), (input, hh.as_ref())],
                        LstmWeights::Joined(matrix) => vec![(0, matrix.as_ref())],
                    };
                    Flat { kind: Kind::Lstm, input, output, bias: lstm.bias.as_deref(), table: None, parts }
                }
                LayerKind::Linear(linear) => {
                    let (bias, parts) = (linear.bias.as_deref(), vec![(0, &linear.weight)]);
                    Flat { kind: Kind::Linear, input, output, bias, table: None, parts }
                }
                kind => return Err(format!("{}: peers have no {}", layer.name, kind.key())),
            })
        })
        .collect()
}

/// `[[m1, n1], [m2, n2]]` of a Kronecker product of two factors, zeros for any other matrix.
fn kronecker(matrix: &Matrix) -> Result<[[usize; 2]; 2], Unfit> {
    match &matrix.structure {
        Some(Structure::Kronecker(factors)) if factors.len() == 2 => {
            Ok([0, 1].map(|i| [factors[i].shape[0], factors[i].shape[1]]))
        }
        None | Some(Structure::Dense(_)) => Ok([[0; 2]; 2]),
        Some(_) => Err("peers take Kronecker products of two factors, dense and sparse matrices".to_owned()),
    }
}

/// The header of shapes, for `streams` vectors at once.
pub(crate) fn shape_header(model: &Model, streams: usize) -> Result<String, Unfit> {
    let layers = flatten(model)?;
    let mut text = String::from("/* The shapes of the network that is measured. */\n#define LAYERS(X)");
    for (i, layer) in layers.iter().enumerate() {
        let bias = u8::from(layer.bias.is_some());
        let kind = match layer.kind {
            Kind::Embedding => "EMBEDDING",
            Kind::Lstm => "LSTM",
            Kind::Linear => "LINEAR",
        };
        text += &format!(" \\\n    X({i}, {kind}, {}, {}, {bias})", layer.input, layer.output);
    }
    text += "\n#define PARTS(X)";
    let mut scratch = 1;
    for (i, layer) in layers.iter().enumerate() {
        for (part, (first, matrix)) in layer.parts.iter().enumerate() {
            let [[m1, n1], [m2, n2]] = kronecker(matrix)?;
            scratch = scratch.max(n1 * m2).max(m1 * n2);
            let dense = u8::from(matches!(matrix.structure, Some(Structure::Dense(_))));
            let sparse = u8::from(matrix.sparse.is_some());
            let width = matrix.cols;
            text += &format!(
                " \\\n    X({i}, {part}, {first}, {width}, {m1}, {n1}, {m2}, {n2}, {dense}, {sparse})"
            );
        }
    }
    let (tokens, input) = match model.input() {
        InputKind::Token { .. } => (1, 1),
        InputKind::Vector { size } => (0, size * streams),
    };
    text += &format!(
        "\n#define SCRATCH {scratch}\n#define STREAMS {streams}\n#define TOKENS {tokens}\n\
         #define INPUT_SIZE {input}\n#define OUTPUT_SIZE {}\n",
        model.output_size() * streams
    );
    Ok(text)
}

/// The same shapes as numbers, for `peers/onnx_peer.py`: steps of the ring, whether inputs are tokens, and for each layer
/// its kind (0 embedding, 1 LSTM, 2 linear), input, output, and whether it has a bias.
pub(crate) fn shape_words(model: &Model, steps: usize) -> Result<Vec<u32>, Unfit> {
    let tokens = matches!(model.input(), InputKind::Token { .. });
    let mut words = vec![steps as u32, u32::from(tokens)];
    for layer in flatten(model)? {
        let kind = match layer.kind {
            Kind::Embedding => 0,
            Kind::Lstm => 1,
            Kind::Linear => 2,
        };
        words.extend([kind, layer.input as u32, layer.output as u32, u32::from(layer.bias.is_some())]);
    }
    Ok(words)
}

/// A file of named arrays, as `peers/peer.h` and `peers/onnx_peer.py` read it.
pub(crate) struct Arrays<W: Write>(W);

impl<W: Write> Arrays<W> {
    /// Writes to `out`.
    pub(crate) fn new(out: W) -> Arrays<W> {
        Arrays(out)
    }

    fn record(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = [0_u8; 64];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[48..56].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.write_all(&header)?;
        self.0.write_all(bytes)?;
        self.0.write_all(&[0_u8; 64][..bytes.len().next_multiple_of(64) - bytes.len()])
    }

    /// Words of 32 bits.
    pub(crate) fn words(&mut self, name: &str, words: impl IntoIterator<Item = u32>) -> io::Result<()> {
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        self.record(name, &bytes)
    }

    fn floats(&mut self, name: &str, values: impl IntoIterator<Item = f32>) -> io::Result<()> {
        self.words(name, values.into_iter().map(f32::to_bits))
    }

    /// All of a model's arrays; `dense` asks for the matrices as wholes, too.
    pub(crate) fn model(&mut self, model: &Model, dense: bool) -> io::Result<()> {
        let layers = flatten(model).map_err(io::Error::other)?;
        for (i, layer) in layers.iter().enumerate() {
            if let Some(table) = layer.table {
                self.floats(&format!("{i}.table"), table.iter().copied())?;
            }
            if let Some(bias) = layer.bias {
                self.floats(&format!("{i}.bias"), bias.iter().copied())?;
            }
            for (part, (_, matrix)) in layer.parts.iter().enumerate() {
                self.part(&format!("{i}.{part}"), matrix)?;
            }
            if dense && !layer.parts.is_empty() {
                self.floats(&format!("{i}.dense"), whole(&layer.parts))?;
            }
        }
        Ok(())
    }

    fn part(&mut self, name: &str, matrix: &Matrix) -> io::Result<()> {
        match &matrix.structure {
            Some(Structure::Kronecker(factors)) => {
                let [_, [m2, n2]] = kronecker(matrix).map_err(io::Error::other)?;
                self.floats(&format!("{name}.a"), factors[0].data.iter().copied())?;
                self.floats(&format!("{name}.bt"), transposed(&factors[1].data, m2, n2))?;
            }
            Some(Structure::Dense(weight)) => {
                self.floats(
                    &format!("{name}.transposed"),
                    transposed(&weight.data, matrix.rows, matrix.cols),
                )?;
            }
            _ => {}
        }
        if let Some(Csr { row_ptr, col_idx, values }) = &matrix.sparse {
            self.words(&format!("{name}.row_ptr"), row_ptr.iter().copied())?;
            self.words(&format!("{name}.columns32"), col_idx.iter().copied())?;
            let narrow: Vec<u8> = col_idx.iter().flat_map(|&col| (col as u16).to_le_bytes()).collect();
            self.record(&format!("{name}.columns16"), &narrow)?;
            self.floats(&format!("{name}.values"), values.iter().copied())?;
        }
        Ok(())
    }
}

/// Parts side by side, as one row-major matrix.
fn whole(parts: &[(usize, &Matrix)]) -> Vec<f32> {
    let (first, last) = parts[parts.len() - 1];
    let cols = first + last.cols;
    let mut weights = vec![0.0; last.rows * cols];
    for (first, matrix) in parts {
        for (i, row) in reference::to_dense(matrix).chunks(matrix.cols).enumerate() {
            for (j, &weight) in row.iter().enumerate() {
                weights[i * cols + first + j] = weight as f32;
            }
        }
    }
    weights
}

/// The columns of a row-major matrix, one after another.
fn transposed(values: &[f32], rows: usize, cols: usize) -> impl Iterator<Item = f32> + '_ {
    (0..cols).flat_map(move |j| (0..rows).map(move |i| values[i * cols + j]))
}
