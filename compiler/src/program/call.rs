//! A call of a kernel: what is written, read and added to, the kernel's shape arguments, and why this kernel.

use super::{ConstantId, IndexType, Kernel, View};

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
    /// Whether a function of its own, one for all calls of the same shape and start, has the kernel's code: of products
    /// of one table and one view, [`Call::shape_name`] names it.
    pub apart: bool,
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

impl Call {
    /// Its shape in words, with the names of what it is made of.
    pub fn shape(&self) -> String {
        let dims = self.kernel.dims.iter().zip(&self.dims).map(|(name, value)| format!("{name}={value}"));
        dims.collect::<Vec<_>>().join(", ")
    }

    /// The name of the function that calls of this shape share, when they stand apart.
    pub fn shape_name(&self) -> String {
        let mut name = self.kernel.name.to_owned();
        for dim in &self.dims {
            name.push_str(&format!("_{dim}"));
        }
        name + self.by_start(["", "_onto", "_from"])
    }

    /// The one of three that stands for what its output starts from: zero, what it holds, a bias.
    pub fn by_start<'a>(&self, [zero, onto, from]: [&'a str; 3]) -> &'a str {
        match self.init {
            None | Some(Init::Zero) => zero,
            Some(Init::Accumulate) => onto,
            Some(Init::Bias { .. }) => from,
        }
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

impl Digit {
    /// The digit as C, Rust and people write it; numbers end in `suffix`.
    pub fn spelled(&self, suffix: &str) -> String {
        let mut text = "token".to_owned();
        if self.start > 0 {
            text = format!("(token - {}{suffix})", self.start);
        }
        if self.divisor > 1 {
            text = format!("{text} / {}{suffix}", self.divisor);
        }
        if self.modulus > 0 {
            text = format!("{text} % {}{suffix}", self.modulus);
        }
        text
    }
}
