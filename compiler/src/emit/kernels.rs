//! Kernels carried into the output: the source files that a Program uses, in an order that compiles.
//!
//! A kernel's file is carried as it stands, less what makes it a file of its own (include guards and
//! includes in C), under the model's prefix in C. A file that is generic over
//! index types is written in C for the tokens `doped_column_t` and `doped_row_t`, and carried once for each
//! pair of types used; Rust has generics.

use crate::program::{Call, IndexType, Operation, Part, Program};

/// The C text of all kernels that `program` uses, and of what straight-line code stands on.
pub(super) fn c(program: &Program, prefix: &str) -> String {
    let mut parts: Vec<(&'static Part, Vec<IndexType>)> = Vec::new();
    let mut push = |part: &'static Part, types: Vec<IndexType>| {
        if !parts.iter().any(|(other, of)| other.name == part.name && *of == types) {
            parts.push((part, types));
        }
    };
    for operation in operations(program) {
        match operation {
            Operation::Call(call) => {
                for part in with_required(call.kernel.part) {
                    push(part, if part == call.kernel.part { call.index_types.clone() } else { Vec::new() });
                }
            }
            Operation::Straight(_) => push(Part::BASE, Vec::new()),
            Operation::Picks(_) => {
                with_required(Part::PICK).into_iter().for_each(|part| push(part, Vec::new()));
            }
            Operation::ForTokens { .. } | Operation::ForEach { .. } | Operation::ByFamily { .. } => {}
        }
    }
    let (name, macro_name) = (format!("{prefix}_kernel_"), format!("{}_", macros(prefix)));
    let mut out = String::new();
    for (part, types) in parts {
        let text = instantiate(&strip_c(part.c), &types);
        out.push_str(&text.replace("doped_", &name).replace("DOPED_", &macro_name));
        out.push('\n');
    }
    out
}

/// What the names of the kernels' macros in C start with. The model's name alone would make macros of `<stdint.h>` of some:
/// `SIZE_WIDTH`, `INT32_WIDTH`.
pub(super) fn macros(prefix: &str) -> String {
    format!("{}_KERNEL", prefix.to_uppercase())
}

/// The name of a kernel's C function.
pub(super) fn c_name(prefix: &str, call: &Call) -> String {
    let mut name = format!("{prefix}_kernel_{}", call.kernel.name);
    for index in &call.index_types {
        name.push('_');
        name.push_str(index.name());
    }
    name
}

/// The Rust text of all kernels that `program` uses, and of what straight-line code stands on; `enable` stands before
/// those that are functions of their own.
pub(super) fn rust(program: &Program, enable: &str) -> String {
    let mut out = String::new();
    let mut done: Vec<&'static str> = Vec::new();
    for operation in operations(program) {
        let part = match operation {
            Operation::Call(call) => call.kernel.part,
            Operation::Straight(_) => Part::BASE,
            Operation::Picks(_) => Part::PICK,
            Operation::ForTokens { .. } | Operation::ForEach { .. } | Operation::ByFamily { .. } => continue,
        };
        for part in with_required(part) {
            if done.contains(&part.name) {
                continue;
            }
            let lines = part.rust.lines().skip_while(|line| line.is_empty());
            if !done.is_empty() {
                out.push('\n');
            }
            lines.for_each(|line| {
                if line == "#[inline]" {
                    out.push_str(enable);
                }
                out.push_str(line);
                out.push('\n');
            });
            done.push(part.name);
        }
    }
    out
}

/// Every operation of every code, those inside others included, in order.
fn operations(program: &Program) -> Vec<&Operation> {
    let mut operations = Vec::new();
    for layer in program.codes().iter().flat_map(|code| code.layers) {
        layer.visit(&mut |operation| operations.push(operation));
    }
    operations
}

/// A part behind those it requires, each once.
fn with_required(part: &'static Part) -> Vec<&'static Part> {
    let mut parts: Vec<&'static Part> = Vec::new();
    for required in part.requires {
        for inner in with_required(required) {
            if !parts.contains(&inner) {
                parts.push(inner);
            }
        }
    }
    parts.push(part);
    parts
}

/// A header without its guard and its includes.
fn strip_c(text: &str) -> String {
    let guard = text.lines().find_map(|line| line.strip_prefix("#ifndef ")).unwrap_or_default();
    let dropped = [format!("#ifndef {guard}"), format!("#define {guard}"), format!("#endif /* {guard} */")];
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("#include") || dropped.iter().any(|drop| drop == line) {
            continue;
        }
        // One blank line at most, where what was dropped left two.
        if line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn instantiate(text: &str, types: &[IndexType]) -> String {
    let tokens = [("doped_column_t", "COLUMN"), ("doped_row_t", "ROW")];
    let mut text = text.to_owned();
    for (index, (token, suffix)) in types.iter().zip(tokens) {
        text = text.replace(token, &format!("{}_t", index.c_name())).replace(suffix, index.name());
    }
    text
}

impl IndexType {
    /// The type's name in C, without `_t`.
    pub(super) fn c_name(self) -> &'static str {
        match self {
            IndexType::U8 => "uint8",
            IndexType::U16 => "uint16",
            IndexType::U32 => "uint32",
        }
    }
}
