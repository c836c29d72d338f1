//! The table of kernels: for each, the names of its shape arguments and where its source stands.
//!
//! A kernel is a real source file in each language, compiled and tested by itself (`runtime-c`,
//! `codegen-templates/rust/kernels`) and carried into the output when a Program uses it. A new kernel is
//! one line here, a file in each language, and the rule in lowering that chooses it.

use dopec_runtime_c as c;
use dopec_templates::kernels as rust;

/// A kernel that a [`super::Call`] can name.
#[derive(Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The function's name in Rust; in C behind the model's name, and before the index types.
    pub name: &'static str,
    /// The names of its shape arguments, in order.
    pub dims: &'static [&'static str],
    /// The file that defines it.
    pub part: &'static Part,
}

/// A source file of kernels, in both languages, and the files it needs before it.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The file's name without ending.
    pub name: &'static str,
    /// The C header.
    pub c: &'static str,
    /// The Rust source.
    pub rust: &'static str,
    /// Files that must stand before it.
    pub requires: &'static [&'static Part],
}

macro_rules! parts {
    ($($part:ident needs [$($needed:ident),*];)*) => {
        $(static $part: Part = Part { name: stringify!($part), c: c::$part, rust: rust::$part, requires: &[$(&$needed),*] };)*
    };
}

parts! {
    BASE needs [];
    MATH needs [BASE];
    TILE needs [BASE];
    DENSE_PANELS needs [TILE];
    DENSE_DOTS needs [BASE];
    PANELS needs [BASE];
    WIDE needs [BASE];
    DENSE_TALL needs [DENSE_PANELS, PANELS, WIDE];
    DENSE_BLOCKS needs [DENSE_TALL];
    SIXTEEN needs [BASE];
    FEW needs [SIXTEEN];
    DENSE_BATCH needs [TILE, PANELS, WIDE, FEW];
    KRON_OUTER needs [TILE, WIDE, FEW];
    MONARCH_MIX needs [BASE];
    MONARCH_ROW needs [BASE];
    CIRCULANT needs [TILE];
    SELL needs [BASE];
    CSR needs [BASE];
    LOOKUP_BANDS needs [BASE];
    LOOKUP needs [LOOKUP_BANDS, SIXTEEN];
    LOOKUP_EIGHT needs [LOOKUP_BANDS];
    LOOKUP_PACKED needs [LOOKUP];
    LOOKUP_PAIRED needs [LOOKUP];
    LOOKUP_FOLDED needs [LOOKUP];
    PICK needs [SIXTEEN];
    GROUPED needs [BASE];
    CSR_ROW needs [BASE];
    OUTER needs [BASE];
    ADD needs [BASE];
    FILL needs [BASE];
    UNITS needs [BASE];
    GATES needs [MATH, UNITS];
    LSTM_CELL needs [GATES];
    GRU_CELL needs [GATES];
    ACTIVATIONS needs [MATH];
    LAYER_NORM needs [MATH];
    CSR_WIDE needs [WIDE];
    SELL_WIDE needs [SIXTEEN, WIDE];
    DENSE_WIDE needs [PANELS, WIDE];
    CIRCULANT_WIDE needs [WIDE];
    MONARCH_MIX_WIDE needs [WIDE];
    FILL_WIDE needs [BASE];
    TRANSPOSE needs [SIXTEEN];
}

macro_rules! kernels {
    ($($id:ident = $name:literal ($($dim:literal),*) in $part:ident;)*) => {
        impl Kernel {
            $(
                #[doc = concat!("`", $name, "`, see its source.")]
                pub const $id: &'static Kernel = &Kernel { name: $name, dims: &[$($dim),*], part: &$part };
            )*
        }
    };
}

kernels! {
    DENSE_PANELS = "dense_panels" ("rows", "cols") in DENSE_PANELS;
    DENSE_TALL = "dense_tall" ("rows", "cols") in DENSE_TALL;
    DENSE_DOTS = "dense_dots" ("rows", "cols") in DENSE_DOTS;
    DENSE_BLOCKS = "dense_blocks" ("blocks", "rows", "cols") in DENSE_BLOCKS;
    DENSE_BATCH = "dense_batch" ("count", "rows", "cols") in DENSE_BATCH;
    KRON_OUTER = "kron_outer" ("left", "m", "n", "right") in KRON_OUTER;
    MONARCH_MIX = "monarch_mix" ("s", "r", "l") in MONARCH_MIX;
    MONARCH_ROW = "monarch_row" ("k", "q", "p", "l", "s", "r") in MONARCH_ROW;
    CIRCULANT = "circulant" ("n") in CIRCULANT;
    SELL = "sell" ("rows") in SELL;
    CSR = "csr" ("rows", "nnz") in CSR;
    LOOKUP = "lookup" ("rows", "cols") in LOOKUP;
    LOOKUP_EIGHT = "lookup_eight" ("rows", "cols") in LOOKUP_EIGHT;
    LOOKUP_PACKED = "lookup_packed" ("rows", "cols") in LOOKUP_PACKED;
    LOOKUP_PAIRED = "lookup_paired" ("rows", "cols") in LOOKUP_PAIRED;
    LOOKUP_FOLDED = "lookup_folded" ("rows", "cols", "least") in LOOKUP_FOLDED;
    GROUPED = "grouped" ("longest") in GROUPED;
    CSR_ROW = "csr_row" () in CSR_ROW;
    OUTER = "outer" ("a_len", "b_len") in OUTER;
    ADD = "add" ("n") in ADD;
    LSTM_CELL = "lstm_cell" ("hidden", "i", "f", "g", "o") in LSTM_CELL;
    GRU_CELL = "gru_cell" ("hidden") in GRU_CELL;
    RELU = "relu" ("n") in ACTIVATIONS;
    TANH = "tanh_vector" ("n") in ACTIVATIONS;
    SIGMOID = "sigmoid_vector" ("n") in ACTIVATIONS;
    SOFTMAX = "softmax" ("n") in ACTIVATIONS;
    LOG_SOFTMAX = "log_softmax" ("n") in ACTIVATIONS;
    LAYER_NORM = "layer_norm" ("n") in LAYER_NORM;
    FILL = "fill" ("n") in FILL;
    CSR_WIDE = "csr_wide" ("rows", "nnz", "lanes") in CSR_WIDE;
    SELL_WIDE = "sell_wide" ("rows", "unit", "lanes") in SELL_WIDE;
    DENSE_WIDE = "dense_wide" ("count", "apart", "rows", "cols", "lanes") in DENSE_WIDE;
    CIRCULANT_WIDE = "circulant_wide" ("n", "lanes") in CIRCULANT_WIDE;
    MONARCH_MIX_WIDE = "monarch_mix_wide" ("s", "r", "l", "lanes") in MONARCH_MIX_WIDE;
    FILL_WIDE = "fill_wide" ("n", "lanes") in FILL_WIDE;
    TRANSPOSE = "transpose" ("rows", "cols") in TRANSPOSE;
}

impl Part {
    /// What every kernel and straight-line code stand on.
    pub const BASE: &'static Part = &BASE;

    /// What look-ups as straight-line code stand on.
    pub const PICK: &'static Part = &PICK;
}

impl Kernel {
    /// Rows of a panel in `dense_panels` and its kin.
    pub const PANEL: usize = 16;

    /// Rows of a tall panel, in which as many rows stand as there are such panels of.
    pub const TALL: usize = 32;

    /// Rows that one slice of `sell` computes side by side.
    pub const LANES: usize = 8;
}
