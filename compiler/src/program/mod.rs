//! The Program: what will be computed, in order, with every decision made.
//!
//! [`crate::lower`] gives it, [`crate::emit`] spells it in C or Rust, and its `Display` prints it for
//! people (`--emit ir`). Operations read and write named, sized buffers and constants; each names the
//! kernel chosen for it and the reason in numbers. After lowering every view lies inside its buffer, no
//! operation reads a scratch buffer that it also writes, and a scratch buffer holds nothing between steps.
//!
//! A Program holds up to three [`Code`]s: a step; a block of steps that `run` takes at once; a step of many
//! streams. The last two work on **wide** vectors, `[len][lanes]`: each element is a row of as many floats as there
//! are steps or streams, so that a weight meets a whole row.

mod call;
mod code;
mod data;
mod family;
mod kernel;
mod picks;
mod print;
mod size;

pub use call::{Call, Digit, Init, Source, Table};
pub use code::{Batch, Code, CodeKind, Run};
pub use data::{Data, IndexType};
pub use family::{Families, Family};
pub use kernel::{Kernel, Part};
pub use picks::{Block, Pick, PickPlace, PickSum, PickWords, Picks};
pub(crate) use size::straight_terms;

use crate::model::{InputKind, SourceFile};

/// A compiled model before it is spelled in a language.
#[derive(Debug, Clone)]
pub struct Program {
    /// The model's name.
    pub name: String,
    /// The files the model came from.
    pub files: Vec<SourceFile>,
    /// The instructions that the code is compiled for.
    pub families: Families,
    /// What a step takes.
    pub input: InputKind,
    /// Length of what a step gives.
    pub output_size: usize,
    /// Tables, addressed by [`ConstantId`].
    pub constants: Vec<Constant>,
    /// What persists between steps, addressed by [`Place::State`].
    pub state: Vec<Buffer>,
    /// Working memory, addressed by [`Place::Scratch`].
    pub scratch: Vec<Buffer>,
    /// The code of a step, by layer, in order.
    pub layers: Vec<LayerCode>,
    /// How `run` goes through many steps.
    pub run: Run,
    /// The code for many streams, when it is asked for.
    pub batch: Option<Batch>,
}

/// The operations of one layer.
#[derive(Debug, Clone)]
pub struct LayerCode {
    /// The layer's name.
    pub name: String,
    /// The layer's kind and sizes, for comments.
    pub title: String,
    /// Run in order.
    pub operations: Vec<Operation>,
    /// Where the layer's output stands after them.
    pub output: View,
}

/// A named run of 32-bit floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buffer {
    /// Unique among the buffers of its struct.
    pub name: String,
    /// Number of floats.
    pub len: usize,
    /// What it holds.
    pub note: String,
}

/// A table that is part of the emitted code.
#[derive(Debug, Clone)]
pub struct Constant {
    /// Unique in the program.
    pub name: String,
    /// The values.
    pub data: Data,
    /// What they are and how they are laid out.
    pub note: String,
}

/// Index into [`Program::constants`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConstantId(pub usize);

/// Memory an operation can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The caller's input vector, or vectors one after another.
    Input,
    /// The caller's output vector, or vectors one after another.
    Output,
    /// A buffer of the state.
    State(usize),
    /// A buffer of the scratch memory.
    Scratch(usize),
}

/// `len` floats of a place, from `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Which memory.
    pub place: Place,
    /// First float.
    pub offset: usize,
    /// Number of floats.
    pub len: usize,
    /// How far it moves with each turn of [`Operation::ForEach`]; 0 stays.
    pub step: usize,
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A call of a kernel.
    Call(Call),
    /// Straight-line code for one sparse matrix.
    Straight(Straight),
    /// Look-ups as straight-line code for one sparse matrix.
    Picks(Picks),
    /// Operations that run for tokens in a range only.
    ForTokens {
        /// First token of the range.
        start: usize,
        /// One past the last.
        end: usize,
        /// What runs.
        body: Vec<Operation>,
    },
    /// Operations that run for one vector after another.
    ForEach {
        /// How many there are.
        count: usize,
        /// What runs for each; the token is that vector's.
        body: Vec<Operation>,
    },
    /// One of two ways to the same, by the family of instructions that the code is compiled for.
    ByFamily {
        /// The family of the first way.
        family: &'static Family,
        /// What runs for it.
        body: Vec<Operation>,
        /// What runs for any other.
        otherwise: Vec<Operation>,
    },
}

/// Straight-line code for one sparse matrix, cut into functions.
#[derive(Debug, Clone)]
pub struct Straight {
    /// Called in order with the output and the input.
    pub functions: Vec<StraightFunction>,
    /// y, the whole matrix's rows.
    pub output: View,
    /// x, the whole matrix's columns.
    pub input: View,
    /// Number of non-zeros.
    pub terms: usize,
    /// What it computes, and why as code.
    pub why: String,
}

/// A function of at most [`Straight::MAX_TERMS`] terms.
#[derive(Debug, Clone)]
pub struct StraightFunction {
    /// Unique in the program.
    pub name: String,
    /// The rows it updates.
    pub rows: Vec<StraightRow>,
}

/// `y[row] = init + Σ value · x[column]`
#[derive(Debug, Clone)]
pub struct StraightRow {
    /// Index into y.
    pub row: usize,
    /// What is added to.
    pub init: RowInit,
    /// Column and value of each term.
    pub terms: Vec<(u32, f32)>,
}

/// What a row of straight-line code is added to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowInit {
    /// What y holds already.
    Accumulate,
    /// This number: a bias, or zero.
    Value(f32),
}

impl StraightRow {
    /// The terms of each sum they make: of one, or where they are more than eight of three or four side by side, so that no
    /// addition waits for all before it.
    pub fn sums(&self) -> impl ExactSizeIterator<Item = &[(u32, f32)]> {
        let terms = self.terms.len();
        self.terms.chunks(if terms <= 8 { 8 } else { terms.div_ceil(4) })
    }
}

impl Straight {
    /// The most terms a function of straight-line code may have: compilers take time out of proportion
    /// beyond (50,000 terms in one function: minutes and gigabytes; in functions of 512: seconds).
    pub const MAX_TERMS: usize = 512;
}

impl Program {
    /// The constant an id stands for.
    pub fn constant(&self, id: ConstantId) -> &Constant {
        &self.constants[id.0]
    }
}

impl LayerCode {
    /// Calls `visit` for each operation, those inside others included, in order.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Operation)) {
        fn walk<'a>(operations: &'a [Operation], visit: &mut dyn FnMut(&'a Operation)) {
            for operation in operations {
                visit(operation);
                match operation {
                    Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => walk(body, visit),
                    Operation::ByFamily { body, otherwise, .. } => {
                        walk(body, visit);
                        walk(otherwise, visit);
                    }
                    Operation::Call(_) | Operation::Straight(_) | Operation::Picks(_) => {}
                }
            }
        }
        walk(&self.operations, visit);
    }
}

impl Operation {
    /// The constants that the operation reads by itself, leaving out those inside it.
    pub fn constants(&self) -> Vec<ConstantId> {
        let bias = |init: &Init| match init {
            Init::Bias { constant, .. } => Some(*constant),
            _ => None,
        };
        match self {
            Operation::Call(call) => {
                let tables = call.tables.iter().filter_map(|table| match table {
                    Table::Given(id) | Table::Optional(Some(id)) => Some(*id),
                    _ => None,
                });
                let rows = call.inputs.iter().filter_map(|input| match input {
                    Source::Row { constant, .. } => Some(*constant),
                    _ => None,
                });
                call.init.as_ref().and_then(bias).into_iter().chain(tables).chain(rows).collect()
            }
            Operation::Picks(picks) => {
                bias(&picks.init).into_iter().chain([picks.values, picks.indices]).collect()
            }
            Operation::Straight(_)
            | Operation::ForTokens { .. }
            | Operation::ForEach { .. }
            | Operation::ByFamily { .. } => Vec::new(),
        }
    }

    /// Calls `visit` for every view the operation reads or writes.
    pub fn views(&mut self, visit: &mut dyn FnMut(&mut View)) {
        match self {
            Operation::Call(call) => {
                call.outputs.iter_mut().for_each(&mut *visit);
                for input in &mut call.inputs {
                    if let Source::View(view) = input {
                        visit(view);
                    }
                }
            }
            Operation::Straight(straight) => {
                visit(&mut straight.output);
                visit(&mut straight.input);
            }
            Operation::Picks(picks) => {
                visit(&mut picks.output);
                visit(&mut picks.input);
            }
            Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => {
                body.iter_mut().for_each(|operation| operation.views(visit));
            }
            Operation::ByFamily { body, otherwise, .. } => {
                body.iter_mut().chain(otherwise).for_each(|operation| operation.views(visit));
            }
        }
    }
}

impl View {
    /// All of a place.
    pub fn whole(place: Place, len: usize) -> View {
        View { place, offset: 0, len, step: 0 }
    }

    /// Row after row of `count`, with the turns of [`Operation::ForEach`].
    pub fn each(self, count: usize) -> View {
        let len = self.len / count;
        View { len, step: len, ..self }
    }

    /// `len` floats from `offset` inside this view.
    pub fn part(self, offset: usize, len: usize) -> View {
        debug_assert!(offset + len <= self.len);
        View { offset: self.offset + offset, len, ..self }
    }
}
