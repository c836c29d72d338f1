//! Rows of straight-line code in C and in Rust: the same terms in the same sums, spelled in two ways.
//!
//! C adds products up, which compilers make fused multiply-adds of (`-ffp-contract`); Rust never fuses by itself and
//! names its products to the kernel `dot`, which does.

use std::fmt::Write;

use super::tables;
use super::text::WIDTH;
use crate::program::{RowInit, StraightRow};

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
    sums(out, row, C_BETWEEN, |out, first, terms, column| {
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
    sums(out, row, RUST_BETWEEN, |out, first, terms, column| {
        let start = if first { &start } else { "0.0" };
        let _ = write!(out, "dot({start}, [");
        *column += start.len() + 7;
        pairs(out, terms, column);
        out.push_str("])");
    });
    out.push_str(";\n");
}

/// What stands before, between and behind the sums of a long row, for three of them and for four; three leave the second
/// pair without a partner.
type Between = (&'static [&'static str; 4], &'static [&'static str; 5]);

const C_BETWEEN: Between = (&["((", ") + (", ")) + (", ")"], &["((", ") + (", ")) + ((", ") + (", "))"]);
const RUST_BETWEEN: Between = (
    &["(", "\n        + ", ")\n        + ", ""],
    &["(", "\n        + ", ")\n        + (", "\n        + ", ")"],
);

/// The row's sums, several of them in pairs, each spelled by `sum`, which is told whether it is the first.
fn sums(
    out: &mut String,
    row: &StraightRow,
    (three, four): Between,
    mut sum: impl FnMut(&mut String, bool, &[(u32, f32)], &mut usize),
) {
    let mut column = 24;
    let sums = row.sums();
    let between: &[&str] = match sums.len() {
        0 | 1 => &["", ""],
        3 => three,
        _ => four,
    };
    let behind = between[sums.len()];
    for (i, (terms, mark)) in sums.zip(between).enumerate() {
        out.push_str(mark);
        column = mark.rfind('\n').map_or(column + mark.len(), |newline| mark.len() - newline - 1);
        sum(out, i == 0, terms, &mut column);
    }
    out.push_str(behind);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(init: RowInit, count: u32) -> (String, String) {
        let terms = (0..count).map(|i| (i, if i % 2 == 0 { 0.5 } else { -0.25 })).collect();
        let row = StraightRow { row: 3, init, terms };
        let (mut c, mut rust) = (String::new(), String::new());
        c_row(&mut c, &row);
        rust_row(&mut rust, &row);
        (c, rust)
    }

    #[test]
    fn a_short_row_is_one_sum_from_its_start() {
        let (c, rust) = spelled(RowInit::Accumulate, 2);
        assert_eq!(c, "    y[3] = y[3] + 0.5f * x[0] - 0.25f * x[1];\n");
        assert_eq!(rust, "    y[3] = dot(y[3], [(0.5, x[0]), (-0.25, x[1])]);\n");
        let (c, rust) = spelled(RowInit::Value(0.0), 1);
        assert_eq!(c, "    y[3] = 0.5f * x[0];\n");
        assert_eq!(rust, "    y[3] = dot(0.0, [(0.5, x[0])]);\n");
        let (c, rust) = spelled(RowInit::Value(1.5), 0);
        assert_eq!((c.as_str(), rust.as_str()), ("    y[3] = 1.5f;\n", "    y[3] = 1.5;\n"));
    }

    #[test]
    fn a_long_row_starts_once_and_has_every_term() {
        for (count, sums) in [(9, 3), (10, 4), (16, 4), (50, 4)] {
            for init in [RowInit::Accumulate, RowInit::Value(1.5)] {
                let (c, rust) = spelled(init, count);
                let start = if init == RowInit::Accumulate { "y[3]" } else { "1.5" };
                assert!(c.starts_with(&format!("    y[3] = (({start}")), "{c}");
                assert!(rust.starts_with(&format!("    y[3] = (dot({start}, [")), "{rust}");
                assert_eq!(rust.matches("dot(0.0, [").count(), sums - 1, "{rust}");
                for text in [&c, &rust] {
                    assert_eq!(text.matches("x[").count(), count as usize, "{text}");
                    assert_eq!(text.matches('(').count(), text.matches(')').count(), "{text}");
                    assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
                }
            }
        }
    }
}
