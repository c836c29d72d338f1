//! Where each table of a Program stands in its files: in the source as numbers or as bytes, or in the binary file.
//!
//! Takes the Program, where the user wants large tables, and the language; gives a [`Stand`] for each table. Every
//! table in the binary file starts at a multiple of [`Layout::ALIGNMENT`] bytes.

use std::io;

use super::tables;
use crate::program::{ConstantId, Data, Program};
use crate::settings::{DataForm, Emit};

/// How a table stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// In the source, number by number.
    Numbers,
    /// In the source, as a string of little-endian bytes.
    Bytes,
    /// In the binary file, from this byte on.
    File(usize),
}

/// How all tables stand.
#[derive(Debug)]
pub(super) struct Layout {
    stands: Vec<Stand>,
}

impl Layout {
    /// Alignment of large tables, in bytes: a cache line, and the widest vector.
    pub(super) const ALIGNMENT: usize = 64;

    /// Tables of at most this many values stay out of the binary file.
    const SMALL: usize = 64;

    /// Tables of at most this many values are numbers in Rust: a million numbers take rustc about eight seconds, the
    /// same bytes half a second.
    const RUST_NUMBERS: usize = 2048;

    /// Tables of at most so many bytes are numbers in C, which any compiler and any byte order can read. Gcc takes a
    /// microsecond or two for a number, a tenth of that for the same bytes.
    const C_NUMBERS: usize = 1 << 16;

    /// Lays out the tables of `program`.
    pub(super) fn new(program: &Program, form: DataForm, language: Emit) -> Layout {
        let mut end = 0_usize;
        let mut stand = |data: &Data| match form {
            DataForm::Numbers => Stand::Numbers,
            DataForm::Incbin if data.len() > Layout::SMALL => {
                let start = end.next_multiple_of(Layout::ALIGNMENT);
                end = start + data.bytes();
                Stand::File(start)
            }
            DataForm::Incbin => Stand::Numbers,
            DataForm::Source => {
                let numbers = match language {
                    Emit::Rust => data.len() <= Layout::RUST_NUMBERS,
                    Emit::C | Emit::Ir => data.bytes() <= Layout::C_NUMBERS,
                };
                if numbers { Stand::Numbers } else { Stand::Bytes }
            }
        };
        Layout { stands: program.constants.iter().map(|constant| stand(&constant.data)).collect() }
    }

    /// How one table stands.
    pub(super) fn of(&self, id: ConstantId) -> Stand {
        self.stands[id.0]
    }

    /// How each table stands, in the Program's order.
    pub(super) fn stands(&self) -> impl Iterator<Item = Stand> {
        self.stands.iter().copied()
    }

    /// Whether a table stands in the binary file.
    pub(super) fn uses_file(&self) -> bool {
        self.stands().any(|stand| matches!(stand, Stand::File(_)))
    }

    /// Writes the binary file.
    pub(super) fn write_file(&self, out: &mut dyn io::Write, program: &Program) -> io::Result<()> {
        let mut end = 0;
        for (constant, stand) in program.constants.iter().zip(self.stands()) {
            let Stand::File(start) = stand else { continue };
            out.write_all(&[0; Layout::ALIGNMENT][..start - end])?;
            tables::bytes(&constant.data, &mut |line| out.write_all(line))?;
            end = start + constant.data.bytes();
        }
        Ok(())
    }
}
