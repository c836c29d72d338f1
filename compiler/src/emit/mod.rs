//! Program → files. Emitters decide nothing: C and Rust of one Program differ in spelling only.
//!
//! Takes a [`Program`] and the [`Settings`]; gives named files. [`c`] and [`rust`] spell operations,
//! [`tables`] the constants, [`kernels`] carries the kernels' sources, and skeletons from `codegen-templates`
//! hold what is the same for every model. The bytes depend on the Program and the Settings alone.

mod c;
mod kernels;
mod rust;
mod skeleton;
mod tables;
mod text;

use crate::program::Program;
use crate::settings::{DataForm, Emit, Settings};
use tables::BinaryFile;

/// A file of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// The file's name, without a folder.
    pub name: String,
    /// Which of the requested forms it belongs to.
    pub emit: Emit,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// Spells a Program in every form asked for.
pub fn emit(program: &Program, settings: &Settings) -> Vec<OutputFile> {
    let name = &program.name;
    let binary = (settings.data == DataForm::Incbin).then(|| BinaryFile::new(program));
    let mut files = Vec::new();
    let mut push = |name: String, emit, bytes| files.push(OutputFile { name, emit, bytes });
    let mut binary_for = None;
    for &form in &settings.emit {
        match form {
            Emit::C => {
                push(format!("{name}.h"), form, c::header(program, settings));
                push(format!("{name}.c"), form, c::source(program, settings, binary.as_ref()));
                binary_for.get_or_insert(form);
            }
            Emit::Rust => {
                push(format!("{name}.rs"), form, rust::source(program, settings, binary.as_ref()));
                binary_for.get_or_insert(form);
            }
            Emit::Ir => push(format!("{name}.ir.txt"), form, program.to_string().into_bytes()),
        }
    }
    if let (Some(form), Some(binary)) = (binary_for, binary) {
        push(format!("{name}.bin"), form, binary.bytes);
    }
    files
}

/// The name and contents of a program around the emitted C or Rust that feeds it steps from a file.
#[cfg(feature = "verify")]
pub(crate) fn harness(program: &Program, form: Emit) -> (&'static str, Vec<u8>) {
    let (name, skeleton) = match form {
        Emit::Rust => ("verify.rs", dopec_templates::RUST_VERIFY),
        Emit::C | Emit::Ir => ("verify.c", dopec_templates::C_VERIFY),
    };
    let context = skeleton::context(program, &Settings::default(), form);
    (name, skeleton::render(skeleton, &context).into_bytes())
}
