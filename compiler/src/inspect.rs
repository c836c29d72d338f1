//! `dopec inspect`: what a model holds and what it compiles to, as a table by layer.
//!
//! Takes a checked [`Model`] and the [`Program`] lowered from it; gives rows of numbers and prints them.
//! Compression is given twice: counting values only, as papers do, and counting everything that is stored,
//! indices and padding included.

use std::collections::BTreeSet;
use std::fmt;

use crate::lower::BYTES_PER_TERM;
use crate::model::{EmbeddingWeight, LayerKind, LstmWeights, Matrix, Model, Structure, Tensor};
use crate::numbers::thousands;
use crate::program::{LayerCode, Operation, Program, straight_terms};

/// The table: a row for each layer, and what the whole model takes.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// By layer, in order.
    pub layers: Vec<LayerRow>,
    /// Bytes of the state struct.
    pub state_bytes: usize,
    /// Bytes of the scratch struct.
    pub scratch_bytes: usize,
    /// Of many streams at once, where they are asked for.
    pub batch: Option<BatchBytes>,
}

/// What the structs of many streams take.
#[derive(Debug, Clone, Copy)]
pub struct BatchBytes {
    /// How many streams.
    pub streams: usize,
    /// Bytes of their state struct.
    pub state: usize,
    /// Bytes of their scratch struct.
    pub scratch: usize,
}

/// What one layer holds and takes.
#[derive(Debug, Clone)]
pub struct LayerRow {
    /// The layer's name.
    pub name: String,
    /// Kind and sizes.
    pub title: String,
    /// By matrix.
    pub matrices: Vec<MatrixRow>,
    /// Bytes stored: tables, and code of straight-line parts; those of blocks of steps and of many streams, too.
    pub bytes: usize,
    /// Multiply-adds of a step, for the token and the family of instructions that take most.
    pub multiply_adds: u64,
    /// The kernels chosen, in order of first use.
    pub kernels: Vec<String>,
}

/// What one matrix holds.
#[derive(Debug, Clone)]
pub struct MatrixRow {
    /// The field's name.
    pub field: &'static str,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// The structure with the shapes of its factors.
    pub structure: String,
    /// Non-zeros of all sparse parts.
    pub nnz: usize,
    /// Values of structure and sparse parts.
    pub values: usize,
}

impl Inspection {
    /// Of a model and its Program.
    pub fn new(model: &Model, program: &Program) -> Inspection {
        let layers =
            model.layers.iter().zip(&program.layers).enumerate().map(|(i, (layer, code))| LayerRow {
                name: layer.name.clone(),
                title: code.title.clone(),
                matrices: matrices(&layer.kind),
                bytes: stored_bytes(program, i),
                multiply_adds: multiply_adds(&code.operations),
                kernels: kernels(code),
            });
        Inspection {
            layers: layers.collect(),
            state_bytes: program.state_bytes(),
            scratch_bytes: program.scratch_bytes(),
            batch: program.batch.as_ref().map(|batch| BatchBytes {
                streams: batch.streams,
                state: batch.state_bytes(),
                scratch: batch.scratch_bytes(),
            }),
        }
    }
}

fn matrices(kind: &LayerKind) -> Vec<MatrixRow> {
    match kind {
        LayerKind::Embedding(embedding) => match &embedding.weight {
            EmbeddingWeight::Table(table) => vec![MatrixRow {
                field: "weight",
                shape: [embedding.vocab, embedding.size],
                structure: "dense".to_owned(),
                nnz: 0,
                values: table.data.len(),
            }],
            EmbeddingWeight::Matrix(matrix) => vec![matrix_row("weight", matrix)],
        },
        LayerKind::Linear(linear) => vec![matrix_row("weight", &linear.weight)],
        LayerKind::Lstm(lstm) => match &lstm.weights {
            LstmWeights::Split { ih, hh } => vec![matrix_row("weight_ih", ih), matrix_row("weight_hh", hh)],
            LstmWeights::Joined(weight) => vec![matrix_row("weight", weight)],
        },
        LayerKind::Gru(gru) => {
            vec![matrix_row("weight_ih", &gru.weight_ih), matrix_row("weight_hh", &gru.weight_hh)]
        }
        LayerKind::Activation(_) | LayerKind::LayerNorm(_) => Vec::new(),
    }
}

fn matrix_row(field: &'static str, matrix: &Matrix) -> MatrixRow {
    MatrixRow {
        field,
        shape: [matrix.rows, matrix.cols],
        structure: describe(matrix),
        nnz: nnz(matrix),
        values: values(matrix),
    }
}

fn describe(matrix: &Matrix) -> String {
    let sparse = matrix.sparse.as_ref().map(|_| "sparse".to_owned());
    let parts: Vec<String> =
        matrix.structure.as_ref().map(describe_structure).into_iter().chain(sparse).collect();
    parts.join(" + ")
}

fn describe_structure(structure: &Structure) -> String {
    let shape = |tensor: &Tensor| tensor.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    let blocks = |word: &str, blocks: &[Matrix]| {
        let inner: Vec<String> =
            blocks.iter().map(|block| format!("{}x{} {}", block.rows, block.cols, describe(block))).collect();
        format!("{word}({})", inner.join(", "))
    };
    match structure {
        Structure::Dense(_) => "dense".to_owned(),
        Structure::Kronecker(factors) => factors.iter().map(shape).collect::<Vec<_>>().join(" (x) "),
        Structure::LowRank { right, .. } => format!("rank {}", right.shape[0]),
        Structure::Sum(terms) => {
            format!("sum({})", terms.iter().map(describe_structure).collect::<Vec<_>>().join(", "))
        }
        Structure::VStack(inner) => blocks("vstack", inner),
        Structure::HStack(inner) => blocks("hstack", inner),
        Structure::BlockDiagonal(inner) => blocks("diagonal", inner),
        Structure::Monarch { first, second } => format!("monarch {} {}", shape(first), shape(second)),
        Structure::Circulant(_) => "circulant".to_owned(),
    }
}

fn nnz(matrix: &Matrix) -> usize {
    let own = matrix.sparse.as_ref().map_or(0, |csr| csr.nnz());
    own + matrix.structure.as_ref().map_or(0, structure_nnz)
}

fn structure_nnz(structure: &Structure) -> usize {
    match structure {
        Structure::Sum(terms) => terms.iter().map(structure_nnz).sum(),
        Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
            blocks.iter().map(nnz).sum()
        }
        Structure::Dense(_)
        | Structure::Kronecker(_)
        | Structure::LowRank { .. }
        | Structure::Monarch { .. }
        | Structure::Circulant(_) => 0,
    }
}

fn values(matrix: &Matrix) -> usize {
    let own = matrix.sparse.as_ref().map_or(0, |csr| csr.nnz());
    own + matrix.structure.as_ref().map_or(0, structure_values)
}

fn structure_values(structure: &Structure) -> usize {
    match structure {
        Structure::Dense(weight) => weight.data.len(),
        Structure::Kronecker(factors) => factors.iter().map(|factor| factor.data.len()).sum(),
        Structure::LowRank { left, right } => left.data.len() + right.data.len(),
        Structure::Sum(terms) => terms.iter().map(structure_values).sum(),
        Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
            blocks.iter().map(values).sum()
        }
        Structure::Monarch { first, second } => first.data.len() + second.data.len(),
        Structure::Circulant(column) => column.len(),
    }
}

/// The kernels that a layer calls, in order of first use.
fn kernels(code: &LayerCode) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    code.visit(&mut |operation| {
        let name = match operation {
            Operation::Call(call) => call.kernel.name,
            Operation::Straight(_) => "straight",
            Operation::Picks(_) => "picks",
            Operation::ForTokens { .. } | Operation::ForEach { .. } | Operation::ByFamily { .. } => return,
        };
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    });
    names
}

/// The multiply-adds of operations, for the token and the family of instructions that take most.
fn multiply_adds(operations: &[Operation]) -> u64 {
    let mut total = 0;
    // Where ranges of tokens start, and what they add; where they end, and what they add no more.
    let mut changes: Vec<(usize, i64)> = Vec::new();
    for operation in operations {
        match operation {
            Operation::Call(call) => total += call.multiply_adds,
            Operation::Straight(straight) => total += straight.terms as u64,
            Operation::Picks(picks) => total += picks.multiply_adds,
            Operation::ForTokens { start, end, body } => {
                let adds = multiply_adds(body) as i64;
                changes.extend([(*start, adds), (*end, -adds)]);
            }
            Operation::ForEach { count, body } => total += *count as u64 * multiply_adds(body),
            Operation::ByFamily { body, otherwise, .. } => {
                total += multiply_adds(body).max(multiply_adds(otherwise));
            }
        }
    }
    // Of those at the same token ends come first.
    changes.sort_unstable();
    let mut of_token = 0;
    let most = changes.into_iter().map(|(_, change)| {
        of_token += change;
        of_token
    });
    total + most.max().map_or(0, i64::unsigned_abs)
}

/// Bytes of the tables that layer `i` reads in any code, each once, and of its straight-line code.
fn stored_bytes(program: &Program, i: usize) -> usize {
    let mut constants = BTreeSet::new();
    let codes = program.codes();
    let layers = || codes.iter().map(|code| &code.layers[i]);
    for layer in layers() {
        layer.visit(&mut |operation| constants.extend(operation.constants().into_iter().map(|id| id.0)));
    }
    let family = program.families.named().first().copied();
    BYTES_PER_TERM * straight_terms(layers(), family)
        + constants.iter().map(|&id| program.constants[id].data.bytes()).sum::<usize>()
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["layer", "shape", "structure", "non-zeros", "sparsity", "values", "of dense"];
        let mut rows: Vec<[String; 7]> = vec![header.map(str::to_owned)];
        let (mut values, mut dense, mut bytes, mut multiply_adds) = (0, 0, 0, 0);
        for layer in &self.layers {
            for matrix in &layer.matrices {
                let [m, n] = matrix.shape;
                let sparse = matrix.nnz > 0;
                rows.push([
                    format!("{}.{}", layer.name, matrix.field),
                    format!("{m}x{n}"),
                    matrix.structure.clone(),
                    if sparse { thousands(matrix.nnz) } else { String::new() },
                    if sparse {
                        format!("{:.2}%", 100.0 * (1.0 - matrix.nnz as f64 / (m * n) as f64))
                    } else {
                        String::new()
                    },
                    thousands(matrix.values),
                    format!("1/{:.1}", (m * n) as f64 / matrix.values.max(1) as f64),
                ]);
                values += matrix.values;
                dense += m * n;
            }
        }
        table(f, &rows, &[false, false, false, true, true, true, true])?;

        let header = ["layer", "kind", "bytes", "dense bytes", "of dense", "multiply-adds", "kernels"];
        let mut rows: Vec<[String; 7]> = vec![header.map(str::to_owned)];
        for layer in &self.layers {
            let dense: usize =
                layer.matrices.iter().map(|matrix| 4 * matrix.shape[0] * matrix.shape[1]).sum();
            rows.push([
                layer.name.clone(),
                layer.title.clone(),
                thousands(layer.bytes),
                if dense > 0 { thousands(dense) } else { String::new() },
                if dense > 0 {
                    format!("1/{:.1}", dense as f64 / layer.bytes.max(1) as f64)
                } else {
                    String::new()
                },
                thousands(layer.multiply_adds as usize),
                layer.kernels.join(" "),
            ]);
            bytes += layer.bytes;
            multiply_adds += layer.multiply_adds;
        }
        writeln!(f)?;
        table(f, &rows, &[false, false, true, true, true, true, false])?;

        let ratio = |dense: usize, own: usize| dense as f64 / own.max(1) as f64;
        writeln!(f)?;
        writeln!(
            f,
            "matrices   {} values for {} dense: {:.1}x, counting values only",
            thousands(values),
            thousands(dense),
            ratio(dense, values)
        )?;
        writeln!(
            f,
            "stored     {} bytes, indices, padding, biases and code counted: {:.1}x",
            thousands(bytes),
            ratio(4 * dense, bytes)
        )?;
        writeln!(
            f,
            "work       {} multiply-adds a step for {} dense",
            thousands(multiply_adds as usize),
            thousands(dense)
        )?;
        write!(
            f,
            "memory     {} bytes of state, {} of scratch",
            thousands(self.state_bytes),
            thousands(self.scratch_bytes)
        )?;
        if let Some(BatchBytes { streams, state, scratch }) = self.batch {
            let (state, scratch) = (thousands(state), thousands(scratch));
            write!(f, "\nstreams    {streams} at once: {state} bytes of state, {scratch} of scratch")?;
        }
        Ok(())
    }
}

/// Prints rows in columns, those marked aligned to the right.
fn table(f: &mut fmt::Formatter<'_>, rows: &[[String; 7]], right: &[bool; 7]) -> fmt::Result {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    for row in rows {
        let cells: Vec<String> = (0..7)
            .map(|i| match right[i] {
                true => format!("{:>1$}", row[i], widths[i]),
                false => format!("{:<1$}", row[i], widths[i]),
            })
            .collect();
        writeln!(f, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
