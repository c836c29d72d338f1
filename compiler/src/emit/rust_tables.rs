//! Tables of constants in Rust: numbers, bytes, or a file of bytes, as [`super::layout`] says.

use std::fmt::Write as _;
use std::io;

use super::layout::{Layout, Stand};
use super::tables;
use crate::program::{Constant, Data, Program};

/// Every table of a program, as `static`s.
pub(super) fn write(out: &mut dyn io::Write, program: &Program, layout: &Layout) -> io::Result<()> {
    if layout.stands().any(|stand| stand != Stand::Numbers) {
        out.write_all(BLOCK.as_bytes())?;
    }
    for (constant, stand) in program.constants.iter().zip(layout.stands()) {
        let name = name(constant);
        let (element, len) = (constant.data.element(), constant.data.len());
        writeln!(out, "/// {}", constant.note)?;
        if stand == Stand::Numbers {
            writeln!(out, "static {name}: [{element}; {len}] = [")?;
            tables::numbers(out, &constant.data, "")?;
            writeln!(out, "];\n")?;
            continue;
        }
        // Bytes are what they are; anything else is made of them.
        let (allow, open, close) = match constant.data {
            Data::U8(_) => ("", "*".to_owned(), ""),
            _ => (
                "#[allow(unsafe_code)]\n",
                format!(
                    "// SAFETY: as many bytes, and any bits are a number.\n    \
                     unsafe {{ core::mem::transmute::<[u8; {}], [{element}; {len}]>(*",
                    constant.data.bytes()
                ),
                ") }",
            ),
        };
        writeln!(out, "{allow}static {name}: Block<[{element}; {len}]> = Block({{")?;
        match stand {
            Stand::File(offset) => {
                let (file, bytes) = (&program.name, constant.data.bytes());
                write!(out, "    let bytes: &[u8; {bytes}] = include_bytes!(\"{file}.bin\")")?;
                writeln!(out, ".split_at({offset}).1.first_chunk().unwrap();")?;
                writeln!(out, "    {open}bytes{close}")?;
            }
            Stand::Numbers | Stand::Bytes => {
                write!(out, "    {open}b\"")?;
                byte_string(out, &constant.data)?;
                writeln!(out, "\"{close}")?;
            }
        }
        writeln!(out, "}});\n")?;
    }
    Ok(())
}

/// What stands before the first table in bytes.
const BLOCK: &str = r#"#[cfg(target_endian = "big")]
compile_error!("the tables of this model are little-endian bytes: compile it with `--data numbers` (`data = \"numbers\"`)");

/// A table as bytes, aligned for any vector.
#[repr(C, align(64))]
struct Block<T>(T);

"#;

fn byte_string(out: &mut dyn io::Write, data: &Data) -> io::Result<()> {
    let mut text = String::new();
    tables::bytes(data, &mut |line| {
        text.clear();
        text.push_str("\\\n        ");
        for (i, &byte) in line.iter().enumerate() {
            match byte {
                // The short escape would read as an octal one before a digit.
                0 if !line.get(i + 1).is_some_and(u8::is_ascii_digit) => text.push_str("\\0"),
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => text.push(char::from(byte)),
                _ => {
                    let _ = write!(text, "\\x{byte:02x}");
                }
            }
        }
        out.write_all(text.as_bytes())
    })
}

/// The name of a table.
pub(super) fn name(constant: &Constant) -> String {
    format!("TABLE_{}", constant.name.to_uppercase())
}
