//! The C kernels of dopec: a header library that stands and is tested by itself.
//!
//! Each constant is the text of one header under `include/doped`, so that an emitter can carry it into what it writes:
//! it drops the guard and the `#include` lines and gives every `doped_` and `DOPED_` a prefix of its own. What a header
//! includes must stand before it; [`HEADERS`] has them in such an order.
//!
//! [`SELL`], [`CSR`], [`CSR_ROW`], [`GROUPED`], [`CSR_WIDE`] and [`SELL_WIDE`] are written for the tokens `doped_column_t`
//! and `doped_row_t` and names that end in `_COLUMN` and `_ROW`; they have no guard, and are carried once for each pair
//! of index types, with those replaced (`uint16_t` and `_u16`, for example).

macro_rules! headers {
    ($($name:ident = $file:literal;)*) => {
        $(
            #[doc = concat!("`include/doped/", $file, ".h`")]
            pub const $name: &str = include_str!(concat!("../include/doped/", $file, ".h"));
        )*

        /// Every header's name and text, in an order in which each finds those it includes before it.
        pub const HEADERS: &[(&str, &str)] = &[$(($file, $name)),*];
    };
}

headers! {
    BASE = "base";
    MATH = "math";
    TILE = "tile";
    DENSE_PANELS = "dense_panels";
    DENSE_DOTS = "dense_dots";
    PANELS = "panels";
    WIDE = "wide";
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
    CSR_WIDE = "csr_wide";
    SELL_WIDE = "sell_wide";
    DENSE_WIDE = "dense_wide";
    CIRCULANT_WIDE = "circulant_wide";
    MONARCH_MIX_WIDE = "monarch_mix_wide";
    FILL_WIDE = "fill_wide";
    TRANSPOSE = "transpose";
}

/// Rows in a panel of a dense matrix: `DOPED_PANEL`.
pub const PANEL: usize = 16;

/// Rows in a tall panel of a dense matrix: `DOPED_TALL`.
pub const TALL: usize = 32;

/// Rows in a slice of a sliced ELLPACK matrix: `DOPED_LANES`.
pub const LANES: usize = 8;

#[cfg(test)]
mod tests {
    use super::{BASE, HEADERS, LANES, PANEL, PANELS, TALL};

    #[test]
    fn includes_come_first() {
        for (i, (name, text)) in HEADERS.iter().enumerate() {
            for line in text.lines().filter_map(|line| line.strip_prefix("#include \"doped/")) {
                let needed = line.trim_end_matches(".h\"");
                assert!(
                    HEADERS[..i].iter().any(|(earlier, _)| *earlier == needed),
                    "{name} includes {needed}"
                );
            }
        }
    }

    #[test]
    fn every_header_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/include/doped");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), HEADERS.len());
    }

    #[test]
    fn every_name_has_the_prefix() {
        for (name, text) in HEADERS {
            for line in text.lines().filter(|line| line.starts_with("DOPED_INLINE")) {
                assert!(line.contains(" doped_") || line.contains("*doped_"), "{name}: {line}");
            }
            for line in text.lines().filter_map(|line| line.strip_prefix("#define ")) {
                assert!(line.starts_with("DOPED_"), "{name}: {line}");
            }
        }
    }

    #[test]
    fn widths_agree_with_the_header() {
        assert!(BASE.contains(&format!("#define DOPED_PANEL {PANEL}\n")));
        assert!(PANELS.contains(&format!("#define DOPED_TALL {TALL}\n")));
        assert!(BASE.contains(&format!("#define DOPED_LANES {LANES}\n")));
    }
}
