//! The Program: what will be computed, in order, with every decision made.
//!
//! [`crate::lower`] gives it, [`crate::emit`] spells it in C or Rust, and its `Display` prints it for
//! people (`--emit ir`). Operations read and write named, sized buffers and constants; each names the
//! kernel chosen for it and the reason in numbers. After lowering every view lies inside its buffer, no
//! operation reads a scratch buffer that it also writes, and a scratch buffer holds nothing between steps.

mod kernel;
mod print;

pub use kernel::{Kernel, Part};

use crate::model::{InputKind, SourceFile};

/// A compiled model before it is spelled in a language.
#[derive(Debug, Clone)]
pub struct Program {
    /// The model's name.
    pub name: String,
    /// The files the model came from.
    pub files: Vec<SourceFile>,
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
    /// The code, by layer, in order.
    pub layers: Vec<LayerCode>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConstantId(pub usize);

/// The values of a constant, in the type they are stored in.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// Indices below 2⁸.
    U8(Vec<u8>),
    /// Indices below 2¹⁶.
    U16(Vec<u16>),
    /// Indices below 2³².
    U32(Vec<u32>),
}

/// The integer type of an index table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexType {
    /// 8 bits.
    U8,
    /// 16 bits.
    U16,
    /// 32 bits.
    U32,
}

/// Memory an operation can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The caller's input vector.
    Input,
    /// The caller's output vector.
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
}

/// One operation.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A call of a kernel.
    Call(Call),
    /// Straight-line code for one sparse matrix.
    Straight(Straight),
    /// Operations that run for tokens in a range only.
    ForTokens {
        /// First token of the range.
        start: usize,
        /// One past the last.
        end: usize,
        /// What runs.
        body: Vec<Operation>,
    },
}

/// A call of a kernel: outputs, init, tables, inputs, dims and scalar stand in that order in the call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which.
    pub kernel: &'static Kernel,
    /// The index types it is instantiated for, if it is generic.
    pub index_types: Vec<IndexType>,
    /// Written.
    pub outputs: Vec<View>,
    /// What the first output starts from, for kernels that add to it.
    pub init: Option<Init>,
    /// Constants read whole.
    pub tables: Vec<Table>,
    /// Read.
    pub inputs: Vec<Source>,
    /// Shape arguments, named in [`Kernel::dims`].
    pub dims: Vec<usize>,
    /// A number that is no shape.
    pub scalar: Option<f32>,
    /// Multiply-adds.
    pub multiply_adds: u64,
    /// What it computes, and why by this kernel.
    pub why: String,
}

/// A constant argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Always there.
    Given(ConstantId),
    /// One the kernel can do without.
    Optional(Option<ConstantId>),
}

/// What a matrix product is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// Nothing.
    Zero,
    /// What the output holds already.
    Accumulate,
    /// `len` values of a constant from `offset`: a bias.
    Bias {
        /// The bias.
        constant: ConstantId,
        /// First value.
        offset: usize,
    },
}

/// Something read by an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Floats of a buffer.
    View(View),
    /// `len` values of a constant from `base + step · digit(token)`: a row chosen by the token.
    Row {
        /// The table.
        constant: ConstantId,
        /// Offset for digit 0.
        base: usize,
        /// Distance between neighbouring digits, which may be negative.
        step: isize,
        /// Which digit of the token.
        digit: Digit,
        /// Number of values.
        len: usize,
    },
    /// A digit of the token itself, as an index.
    Token(Digit),
}

/// `(token − start) / divisor mod modulus`: a digit of the token's row in a mixed radix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digit {
    /// Subtracted first.
    pub start: usize,
    /// Divided by then; 1 leaves as is.
    pub divisor: usize,
    /// Taken modulo at last; 0 leaves as is.
    pub modulus: usize,
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

impl Straight {
    /// The most terms a function of straight-line code may have: compilers take time out of proportion
    /// beyond (50,000 terms in one function: minutes and gigabytes; in functions of 512: seconds).
    pub const MAX_TERMS: usize = 512;
}

impl Program {
    /// Bytes of the state struct.
    pub fn state_bytes(&self) -> usize {
        self.state.iter().map(|buffer| 4 * buffer.len).sum()
    }

    /// Bytes of the scratch struct.
    pub fn scratch_bytes(&self) -> usize {
        self.scratch.iter().map(|buffer| 4 * buffer.len).sum()
    }

    /// Bytes of all tables.
    pub fn constant_bytes(&self) -> usize {
        self.constants.iter().map(|constant| constant.data.bytes()).sum()
    }

    /// The constant an id stands for.
    pub fn constant(&self, id: ConstantId) -> &Constant {
        &self.constants[id.0]
    }
}

impl LayerCode {
    /// Calls `visit` for each operation, those inside token ranges included, in order.
    pub fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Operation)) {
        fn walk<'a>(operations: &'a [Operation], visit: &mut dyn FnMut(&'a Operation)) {
            for operation in operations {
                visit(operation);
                if let Operation::ForTokens { body, .. } = operation {
                    walk(body, visit);
                }
            }
        }
        walk(&self.operations, visit);
    }
}

impl Operation {
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
            Operation::ForTokens { body, .. } => body.iter_mut().for_each(|operation| operation.views(visit)),
        }
    }
}

impl View {
    /// `len` floats from `offset` inside this view.
    pub fn part(self, offset: usize, len: usize) -> View {
        debug_assert!(offset + len <= self.len);
        View { place: self.place, offset: self.offset + offset, len }
    }
}

impl Init {
    /// The same for the rows from `offset`.
    pub fn part(self, offset: usize) -> Init {
        match self {
            Init::Bias { constant, offset: start } => Init::Bias { constant, offset: start + offset },
            init => init,
        }
    }
}

impl Data {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.len(),
            Data::U8(values) => values.len(),
            Data::U16(values) => values.len(),
            Data::U32(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        self.len() * self.value_bytes()
    }

    /// Bytes of one value.
    pub fn value_bytes(&self) -> usize {
        match self {
            Data::U8(_) => 1,
            Data::U16(_) => 2,
            Data::F32(_) | Data::U32(_) => 4,
        }
    }

    /// The index type, for tables of indices.
    pub fn index_type(&self) -> Option<IndexType> {
        match self {
            Data::F32(_) => None,
            Data::U8(_) => Some(IndexType::U8),
            Data::U16(_) => Some(IndexType::U16),
            Data::U32(_) => Some(IndexType::U32),
        }
    }

    /// Indices in the smallest type that holds every value below `bound`.
    pub fn indices(values: &[u32], bound: usize) -> Data {
        match IndexType::below(bound) {
            IndexType::U8 => Data::U8(values.iter().map(|&value| value as u8).collect()),
            IndexType::U16 => Data::U16(values.iter().map(|&value| value as u16).collect()),
            IndexType::U32 => Data::U32(values.to_vec()),
        }
    }
}

impl IndexType {
    /// The smallest type that holds every index below `bound`.
    pub fn below(bound: usize) -> IndexType {
        match bound {
            0..=0x100 => IndexType::U8,
            0x101..=0x1_0000 => IndexType::U16,
            _ => IndexType::U32,
        }
    }

    /// Bytes of an index.
    pub fn bytes(self) -> usize {
        match self {
            IndexType::U8 => 1,
            IndexType::U16 => 2,
            IndexType::U32 => 4,
        }
    }

    /// The type's name in Rust.
    pub fn name(self) -> &'static str {
        match self {
            IndexType::U8 => "u8",
            IndexType::U16 => "u16",
            IndexType::U32 => "u32",
        }
    }
}
