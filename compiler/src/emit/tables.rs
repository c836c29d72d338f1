//! Constants as text or bytes.
//!
//! Floats are written in the shortest form that reads back to the same bits, in C and in Rust alike.

use std::fmt::{self, Write as _};
use std::io;

use crate::program::Data;

/// Numbers on a line of a table.
const PER_LINE: usize = 8;

/// Bytes on a line of a byte string.
pub(super) const BYTES_PER_LINE: usize = 32;

/// Writes `data` as comma-separated numbers, eight a line; floats end in `suffix`.
pub(super) fn numbers(out: &mut dyn io::Write, data: &Data, suffix: &str) -> io::Result<()> {
    match data {
        Data::F32(values) => lines(out, values, |line, value| float(line, *value, suffix)),
        Data::U8(values) => lines(out, values, integer),
        Data::U16(values) => lines(out, values, integer),
        Data::U32(values) => lines(out, values, integer),
    }
}

fn lines<T>(out: &mut dyn io::Write, values: &[T], write: impl Fn(&mut String, &T)) -> io::Result<()> {
    let mut text = String::new();
    for line in values.chunks(PER_LINE) {
        text.clear();
        text.push_str("   ");
        for value in line {
            text.push(' ');
            write(&mut text, value);
            text.push(',');
        }
        text.push('\n');
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn integer<T: fmt::Display>(out: &mut String, value: &T) {
    let _ = write!(out, "{value}");
}

/// Appends a float literal.
pub(super) fn float(out: &mut String, value: f32, suffix: &str) {
    let _ = write!(out, "{value:?}{suffix}");
}

/// Calls `visit` with the bytes of the values in little-endian order, as many at a time as stand on a line.
pub(super) fn bytes(data: &Data, visit: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    fn chunks<T: Copy, const N: usize>(
        values: &[T],
        bytes_of: impl Fn(T) -> [u8; N],
        visit: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut line = [0; BYTES_PER_LINE];
        for chunk in values.chunks(BYTES_PER_LINE / N) {
            for (place, &value) in line.chunks_exact_mut(N).zip(chunk) {
                place.copy_from_slice(&bytes_of(value));
            }
            visit(&line[..chunk.len() * N])?;
        }
        Ok(())
    }
    match data {
        Data::F32(values) => chunks(values, f32::to_le_bytes, visit),
        Data::U8(values) => chunks(values, u8::to_le_bytes, visit),
        Data::U16(values) => chunks(values, u16::to_le_bytes, visit),
        Data::U32(values) => chunks(values, u32::to_le_bytes, visit),
    }
}
