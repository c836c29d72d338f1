//! Text that C and Rust write alike: wrapped comments and arguments.

use std::fmt::Write;

/// Columns of a line of emitted code.
pub(super) const WIDTH: usize = 108;

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
