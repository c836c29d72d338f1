//! Text that C and Rust write alike: wrapped comments and arguments, and the sums of straight-line code.

use std::fmt::Write;

use super::tables;
use crate::program::{RowInit, StraightRow};

/// Columns of a line of emitted code.
const WIDTH: usize = 108;

/// Appends `why` as a comment, broken into lines; `marks` open it, open each further line, and close it.
pub(super) fn comment(out: &mut String, why: &str, indent: usize, marks: [&str; 3]) {
    let [open, further, close] = marks;
    let _ = write!(out, "{:indent$}{open}", "");
    let mut column = indent + open.len();
    for word in why.split(' ') {
        let len = 1 + word.chars().count();
        if column + len > WIDTH {
            let _ = write!(out, "\n{:indent$}{further}", "");
            column = indent + further.len();
        }
        let _ = write!(out, " {word}");
        column += len;
    }
    out.push_str(close);
    out.push('\n');
}

/// Arguments separated by commas, broken into lines of at most `WIDTH` columns.
pub(super) fn wrapped(out: &mut String, arguments: &[String], indent: usize) {
    let mut column = out.len() - out.rfind('\n').map_or(0, |newline| newline + 1);
    for (i, argument) in arguments.iter().enumerate() {
        if i > 0 {
            out.push(',');
            column += 1;
        }
        if i > 0 && column + argument.len() > WIDTH - 2 {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(argument);
        column += argument.len();
    }
}

/// `y[row] += ...;` with long rows as four sums side by side, so that no addition waits for all before it.
pub(super) fn straight_row(out: &mut String, row: &StraightRow, suffix: &str) {
    const ALONE: usize = 8;
    let _ = write!(out, "    y[{}]", row.row);
    match row.init {
        RowInit::Accumulate => out.push_str(" += "),
        RowInit::Value(value) => {
            out.push_str(" = ");
            if row.terms.is_empty() || value != 0.0 {
                tables::float(out, value, suffix);
                if !row.terms.is_empty() {
                    out.push_str(" + ");
                }
            }
        }
    }
    let mut column = 24;
    if row.terms.len() <= ALONE {
        terms(out, &row.terms, suffix, &mut column);
    } else {
        let chunks: Vec<&[(u32, f32)]> = row.terms.chunks(row.terms.len().div_ceil(4)).collect();
        // More than eight terms make three chunks or four; three leave the second pair without a partner.
        let between: &[&str] = if chunks.len() == 3 {
            &["((", ") + (", ")) + (", ")"]
        } else {
            &["((", ") + (", ")) + ((", ") + (", "))"]
        };
        for (chunk, mark) in chunks.iter().zip(between) {
            out.push_str(mark);
            column += mark.len();
            terms(out, chunk, suffix, &mut column);
        }
        out.push_str(between[chunks.len()]);
    }
    out.push_str(";\n");
}

fn terms(out: &mut String, terms: &[(u32, f32)], suffix: &str, column: &mut usize) {
    for (i, (col, value)) in terms.iter().enumerate() {
        let magnitude = if i == 0 { *value } else { value.abs() };
        let term = format!("{magnitude:?}{suffix} * x[{col}]");
        if i > 0 {
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
