//! Constants as text or bytes.
//!
//! Floats are written in the shortest form that reads back to the same bits, in C and in Rust alike.

use std::fmt::Write;

use crate::program::{Data, Program};

/// Numbers on a line of a table.
const PER_LINE: usize = 8;

/// Appends `data` as comma-separated numbers, eight a line; floats end in `suffix`.
pub(super) fn numbers(out: &mut String, data: &Data, suffix: &str) {
    match data {
        Data::F32(values) => lines(out, values, |out, value| float(out, *value, suffix)),
        Data::U8(values) => lines(out, values, integer),
        Data::U16(values) => lines(out, values, integer),
        Data::U32(values) => lines(out, values, integer),
    }
}

fn lines<T>(out: &mut String, values: &[T], write: impl Fn(&mut String, &T)) {
    for line in values.chunks(PER_LINE) {
        out.push_str("   ");
        for value in line {
            out.push(' ');
            write(out, value);
            out.push(',');
        }
        out.push('\n');
    }
}

fn integer<T: std::fmt::Display>(out: &mut String, value: &T) {
    let _ = write!(out, "{value}");
}

/// Appends a float literal.
pub(super) fn float(out: &mut String, value: f32, suffix: &str) {
    let _ = write!(out, "{value:?}{suffix}");
}

/// The values in little-endian order.
pub(super) fn bytes(data: &Data) -> Vec<u8> {
    match data {
        Data::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::U8(values) => values.clone(),
        Data::U16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::U32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

/// The tables of a Program as one file, each at a multiple of 64 bytes.
#[derive(Debug)]
pub(super) struct BinaryFile {
    /// The file's contents.
    pub(super) bytes: Vec<u8>,
    /// Where each constant starts; none for those small enough to stand in the source as numbers.
    pub(super) offsets: Vec<Option<usize>>,
}

impl BinaryFile {
    /// Tables of at most this many values stay in the source.
    const SMALL: usize = 64;

    /// Lays out the tables of `program`.
    pub(super) fn new(program: &Program) -> BinaryFile {
        let mut file = BinaryFile { bytes: Vec::new(), offsets: Vec::new() };
        for constant in &program.constants {
            let offset = (constant.data.len() > BinaryFile::SMALL).then(|| {
                file.bytes.resize(file.bytes.len().next_multiple_of(64), 0);
                let offset = file.bytes.len();
                file.bytes.extend(bytes(&constant.data));
                offset
            });
            file.offsets.push(offset);
        }
        file
    }
}
