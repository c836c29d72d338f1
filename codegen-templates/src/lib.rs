//! The text of the emitted languages: Tera skeletons, and the kernels of emitted Rust.
//!
//! Skeletons hold what is the same for every model: the order of a file, its comments, the interface. Where
//! a line reads `@TABLES@`, the emitter puts the tables, which are too large to pass through a template.

/// Skeleton of `NAME.h`.
pub const C_HEADER: &str = include_str!("../c/model.h.tera");
/// Skeleton of `NAME.c`.
pub const C_SOURCE: &str = include_str!("../c/model.c.tera");
/// Skeleton of the kernels and layers in `NAME.c`.
pub const C_LAYERS: &str = include_str!("../c/layers.c.tera");
/// The C that takes in `NAME.bin`, for the prefixes `doped` and `DOPED`.
pub const C_INCBIN: &str = include_str!("../c/incbin.h");
/// Attributes of tables in `NAME.c`, for the prefix `DOPED`.
pub const C_ATTRIBUTES: &str = include_str!("../c/attributes.h");
/// What tables in bytes need in `NAME.c`, for the prefix `DOPED`.
pub const C_BYTES: &str = include_str!("../c/bytes.h");
/// Skeleton of the program that `dopec verify` builds around the C.
pub const C_VERIFY: &str = include_str!("../c/verify.c.tera");
/// Skeleton of the program that `dopec --tune` and `dopec bench` build around the C.
pub const C_TIME: &str = include_str!("../c/time.c.tera");
/// Skeleton of the program that `dopec verify` builds around the Rust.
pub const RUST_VERIFY: &str = include_str!("../rust/verify.rs.tera");
/// Skeleton of `NAME.rs`.
pub const RUST_SOURCE: &str = include_str!("../rust/model.rs.tera");

/// Skeleton of the layers' functions in `NAME.rs`.
pub const RUST_LAYERS: &str = include_str!("../rust/layers.rs.tera");
/// How emitted Rust finds out what the processor has: the body of a module.
pub const RUST_FAMILIES: &str = include_str!("../rust/families.rs");

/// The kernels of emitted Rust, a file each; their C twins are in the crate `dopec-runtime-c`.
pub mod kernels {
    macro_rules! kernels {
        ($($name:ident = $file:literal;)*) => {
            $(
                #[doc = concat!("`rust/kernels/", $file, ".rs`")]
                pub const $name: &str = include_str!(concat!("../rust/kernels/", $file, ".rs"));
            )*
        };
    }
    kernels! {
        BASE = "base";
        MATH = "math";
        TILE = "tile";
        DENSE_PANELS = "dense_panels";
        DENSE_DOTS = "dense_dots";
        PANELS = "panels";
        DENSE_TALL = "dense_tall";
        DENSE_BLOCKS = "dense_blocks";
        SIXTEEN = "sixteen";
        FEW = "few";
        DENSE_BATCH = "dense_batch";
        KRON_OUTER = "kron_outer";
        MONARCH_MIX = "monarch_mix";
        MONARCH_ROW = "monarch_row";
        CIRCULANT = "circulant";
        SELL = "sell";
        CSR = "csr";
        LOOKUP_BANDS = "lookup_bands";
        LOOKUP = "lookup";
        LOOKUP_EIGHT = "lookup_eight";
        LOOKUP_PACKED = "lookup_packed";
        LOOKUP_PAIRED = "lookup_paired";
        LOOKUP_FOLDED = "lookup_folded";
        PICK = "pick";
        GROUPED = "grouped";
        CSR_ROW = "csr_row";
        OUTER = "outer";
        ADD = "add";
        FILL = "fill";
        UNITS = "units";
        GATES = "gates";
        LSTM_CELL = "lstm_cell";
        GRU_CELL = "gru_cell";
        ACTIVATIONS = "activations";
        LAYER_NORM = "layer_norm";
        WIDE = "wide";
        CSR_WIDE = "csr_wide";
        SELL_WIDE = "sell_wide";
        DENSE_WIDE = "dense_wide";
        CIRCULANT_WIDE = "circulant_wide";
        MONARCH_MIX_WIDE = "monarch_mix_wide";
        FILL_WIDE = "fill_wide";
        TRANSPOSE = "transpose";
    }
}
