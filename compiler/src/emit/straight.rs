//! Rows of straight-line code in C and in Rust: the same terms in the same sums, spelled in two ways.
//!
//! C adds products up, which compilers make fused multiply-adds of (`-ffp-contract`); Rust never fuses by itself and
//! names its products to the kernel `dot`, which does. The terms of a long row make four sums side by side, so that no
//! addition waits for all before it.

use std::fmt::Write;

use super::tables;
use super::text::WIDTH;
use crate::program::{RowInit, StraightRow};

/// The most terms that make one sum.
const ALONE: usize = 8;

/// `y[row] = y[row] + weight * input + ...;`
pub(super) fn c_row(out: &mut String, row: &StraightRow) {
    let mut start = String::new();
    match row.init {
        RowInit::Accumulate => {
            let _ = write!(start, "y[{}]", row.row);
        }
        RowInit::Value(value) if value != 0.0 || row.terms.is_empty() => {
            tables::float(&mut start, value, "f");
        }
        RowInit::Value(_) => {}
    }
    let _ = write!(out, "    y[{}] = ", row.row);
    if row.terms.is_empty() {
        out.push_str(&start);
    }
    let mut column = 24;
    sums(out, &row.terms, &mut column, |out, first, terms, column| {
        products(out, if first { &start } else { "" }, terms, column);
    });
    out.push_str(";\n");
}

/// `y[row] = dot(y[row], [(weight, input), ...]);`
pub(super) fn rust_row(out: &mut String, row: &StraightRow) {
    let start = match row.init {
        RowInit::Accumulate => format!("y[{}]", row.row),
        RowInit::Value(value) => {
            let mut text = String::new();
            tables::float(&mut text, value, "");
            text
        }
    };
    let _ = write!(out, "    y[{}] = ", row.row);
    if row.terms.is_empty() {
        out.push_str(&start);
    }
    let mut column = 24;
    sums(out, &row.terms, &mut column, |out, first, terms, column| {
        let start = if first { &start } else { "0.0" };
        let _ = write!(out, "dot({start}, [");
        *column += start.len() + 7;
        pairs(out, terms, column);
        out.push_str("])");
    });
    out.push_str(";\n");
}

/// The terms as one sum, or as four in brackets: `((a) + (b)) + ((c) + (d))`, each spelled by `sum`, which is told whether
/// it is the first.
fn sums(
    out: &mut String,
    terms: &[(u32, f32)],
    column: &mut usize,
    mut sum: impl FnMut(&mut String, bool, &[(u32, f32)], &mut usize),
) {
    if terms.is_empty() {
        return;
    }
    if terms.len() <= ALONE {
        return sum(out, true, terms, column);
    }
    let chunks: Vec<&[(u32, f32)]> = terms.chunks(terms.len().div_ceil(4)).collect();
    // More than eight terms make three chunks or four; three leave the second pair without a partner.
    let between: &[&str] = if chunks.len() == 3 {
        &["((", ") + (", ")) + (", ")"]
    } else {
        &["((", ") + (", ")) + ((", ") + (", "))"]
    };
    for (i, (chunk, mark)) in chunks.iter().zip(between).enumerate() {
        out.push_str(mark);
        *column += mark.len();
        sum(out, i == 0, chunk, column);
    }
    out.push_str(between[chunks.len()]);
}

/// `start + weight * input + ...`, broken into lines; without a start where that is empty.
fn products(out: &mut String, start: &str, terms: &[(u32, f32)], column: &mut usize) {
    out.push_str(start);
    *column += start.len();
    for (i, (col, value)) in terms.iter().enumerate() {
        let alone = i == 0 && start.is_empty();
        let magnitude = if alone { *value } else { value.abs() };
        let term = format!("{magnitude:?}f * x[{col}]");
        if !alone {
            let sign = if value.is_sign_negative() { '-' } else { '+' };
            if *column + term.len() + 3 > WIDTH - 4 {
                let _ = write!(out, "\n        {sign} ");
                *column = 10;
            } else {
                let _ = write!(out, " {sign} ");
                *column += 3;
            }
        }
        *column += term.len();
        out.push_str(&term);
    }
}

/// `(weight, input), ...`, broken into lines.
fn pairs(out: &mut String, terms: &[(u32, f32)], column: &mut usize) {
    for (i, (col, value)) in terms.iter().enumerate() {
        let term = format!("({value:?}, x[{col}])");
        if i > 0 {
            if *column + term.len() + 2 > WIDTH - 4 {
                out.push_str(",\n        ");
                *column = 8;
            } else {
                out.push_str(", ");
                *column += 2;
            }
        }
        *column += term.len();
        out.push_str(&term);
    }
}
