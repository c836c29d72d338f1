//! The tables of a Program in C: as numbers, as strings of bytes, or in the binary file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::layout::{Layout, Stand};
use super::tables;
use crate::program::{Constant, ConstantId, Data, Operation, Program};

/// Bytes of a piece of a string: C99 promises 4,095 characters of one literal.
const PIECE: usize = 2048;

/// Tables of this many bytes or more are aligned for any vector; below, the gaps would cost more of a small device.
const ALIGNED: usize = 4096;

/// A table's values, as an expression.
pub(super) fn values(program: &Program, layout: &Layout, id: ConstantId) -> String {
    let name = name(program, program.constant(id));
    if layout.of(id) == Stand::Bytes { format!("{name}.values") } else { name }
}

/// Writes the tables, and before them the macros that they use.
pub(super) fn write(out: &mut dyn io::Write, program: &Program, layout: &Layout) -> io::Result<()> {
    let (name, upper) = (&program.name, program.name.to_uppercase());
    if layout.uses_file() {
        let text = dopec_templates::C_INCBIN.replace("DOPED", &upper).replace("doped", name);
        writeln!(out, "{text}")?;
    }
    let by_family = read_by_family(program);
    let in_source = || program.constants.iter().zip(layout.stands()).filter(|(_, stand)| !in_file(*stand));
    if in_source().any(|(constant, _)| constant.data.bytes() >= ALIGNED) || !by_family.is_empty() {
        out.write_all(dopec_templates::C_ATTRIBUTES.replace("DOPED", &upper).as_bytes())?;
        writeln!(out)?;
    }
    let bytes = layout.stands().any(|stand| stand == Stand::Bytes);
    if bytes {
        out.write_all(dopec_templates::C_BYTES.replace("DOPED", &upper).as_bytes())?;
        writeln!(out)?;
    }
    for (i, (constant, stand)) in program.constants.iter().zip(layout.stands()).enumerate() {
        let mut attributes = String::new();
        if constant.data.bytes() >= ALIGNED && !in_file(stand) {
            let _ = write!(attributes, "{upper}_ALIGNED ");
        }
        if by_family.contains(&i) {
            let _ = write!(attributes, "{upper}_UNUSED ");
        }
        writeln!(out, "/* {} */", constant.note)?;
        table(out, program, constant, stand, &attributes)?;
    }
    if bytes {
        writeln!(out, "#undef {upper}_PIECES\n#undef {upper}_NEXT\n")?;
    }
    Ok(())
}

fn table(
    out: &mut dyn io::Write,
    program: &Program,
    constant: &Constant,
    stand: Stand,
    attributes: &str,
) -> io::Result<()> {
    let (table, element, len) = (name(program, constant), element(&constant.data), constant.data.len());
    match stand {
        Stand::Numbers => {
            writeln!(out, "static const {attributes}{element} {table}[{len}] = {{")?;
            let suffix = if constant.data.index_type().is_none() { "f" } else { "" };
            tables::numbers(out, &constant.data, suffix)?;
            writeln!(out, "}};\n")
        }
        Stand::Bytes => {
            let (upper, pieces) = (program.name.to_uppercase(), constant.data.bytes().div_ceil(PIECE));
            writeln!(out, "static const {attributes}union {{")?;
            writeln!(out, "    unsigned char bytes {upper}_PIECES({pieces});")?;
            writeln!(out, "    {element} values[{len}];")?;
            writeln!(out, "}} {table} = {{ {{")?;
            strings(out, &constant.data, &format!("{upper}_NEXT"))?;
            writeln!(out, "}} }};\n")
        }
        Stand::File(offset) => {
            writeln!(out, "static const {attributes}{element} *const {table} =")?;
            let data = format!("{}_data", program.name);
            writeln!(out, "    (const {element} *)(const void *)({data} + {offset}); /* [{len}] */\n")
        }
    }
}

/// Writes values as strings of little-endian bytes, `next` after each piece.
fn strings(out: &mut dyn io::Write, data: &Data, next: &str) -> io::Result<()> {
    let (mut text, mut written) = (String::new(), 0);
    tables::bytes(data, &mut |line| {
        text.clear();
        text.push_str("    \"");
        for (i, &byte) in line.iter().enumerate() {
            match byte {
                // A question mark may begin a trigraph.
                b'"' | b'\\' | b'?' | 0..b' ' | 0x7f.. => {
                    // A digit after a short escape would be part of it.
                    let digit = line.get(i + 1).is_some_and(|next| matches!(next, b'0'..=b'7'));
                    let _ = if digit { write!(text, "\\{byte:03o}") } else { write!(text, "\\{byte:o}") };
                }
                _ => text.push(char::from(byte)),
            }
        }
        text.push('"');
        written += line.len();
        if written.is_multiple_of(PIECE) || written == data.bytes() {
            text.push(' ');
            text.push_str(next);
        }
        text.push('\n');
        out.write_all(text.as_bytes())
    })
}

/// The tables that code for one family of instructions reads, and that for another perhaps not: tables of numbers, and a
/// bias that is part of straight-line code there.
fn read_by_family(program: &Program) -> BTreeSet<usize> {
    let mut read = BTreeSet::new();
    for layer in program.codes().iter().flat_map(|code| code.layers) {
        layer.visit(&mut |operation| {
            if let Operation::ByFamily { body, otherwise, .. } = operation {
                read.extend(body.iter().chain(otherwise).flat_map(Operation::constants).map(|id| id.0));
            }
        });
    }
    read
}

fn in_file(stand: Stand) -> bool {
    matches!(stand, Stand::File(_))
}

fn name(program: &Program, constant: &Constant) -> String {
    format!("{}_table_{}", program.name, constant.name)
}

fn element(data: &Data) -> String {
    data.index_type().map_or("float".to_owned(), |index| format!("{}_t", index.c_name()))
}
