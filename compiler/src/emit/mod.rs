//! Program → files. Emitters decide nothing about what is computed: C and Rust of one Program differ in spelling only, and
//! how a table is spelled, as numbers, bytes or a file, is part of that.
//!
//! Takes a [`Program`] and the [`Settings`]; gives named files. [`c`] and [`rust`] spell operations, [`straight`]
//! and [`picks`] straight-line code, [`tables`] the constants, which stand where [`layout`] says, [`kernels`] carries the
//! kernels' sources, and skeletons from `codegen-templates` hold what is the same for every model. The bytes depend on
//! the Program and the Settings alone.

mod c;
mod c_tables;
mod kernels;
mod layout;
mod picks;
mod rust;
mod rust_tables;
mod shapes;
mod skeleton;
mod straight;
mod tables;
mod text;

use std::io;

use crate::program::Program;
use crate::settings::{DataForm, Emit, Settings};
use layout::Layout;

/// A file of the output, spelled when it is written: the text of a large model takes several times the memory of
/// its Program.
#[derive(Debug, Clone)]
pub struct OutputFile<'p> {
    /// The file's name, without a folder.
    pub name: String,
    /// Which of the requested forms it belongs to.
    pub emit: Emit,
    program: &'p Program,
    settings: &'p Settings,
    body: Body,
}

/// What stands in a file.
#[derive(Debug, Clone, Copy)]
enum Body {
    CHeader,
    CSource,
    RustSource,
    Ir,
    Binary,
}

/// The files of a Program in every form asked for.
pub fn emit<'p>(program: &'p Program, settings: &'p Settings) -> Vec<OutputFile<'p>> {
    let mut files = Vec::new();
    let mut push = |end: &str, emit, body| {
        files.push(OutputFile { name: format!("{}.{end}", program.name), emit, program, settings, body });
    };
    for &form in &settings.emit {
        match form {
            Emit::C => {
                push("h", form, Body::CHeader);
                push("c", form, Body::CSource);
            }
            Emit::Rust => push("rs", form, Body::RustSource),
            Emit::Ir => push("ir.txt", form, Body::Ir),
        }
    }
    if let Some(&form) = settings.emit.iter().find(|&&form| form != Emit::Ir)
        && settings.data == DataForm::Incbin
    {
        push("bin", form, Body::Binary);
    }
    files
}

impl OutputFile<'_> {
    /// Writes the contents.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_to(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let (program, settings) = (self.program, self.settings);
        let layout = Layout::new(program, settings.data, self.emit);
        match self.body {
            Body::CHeader => out.write_all(c::header(program, settings, &layout).as_bytes()),
            Body::CSource => c::source(out, program, settings, &layout),
            Body::RustSource => rust::source(out, program, settings, &layout),
            Body::Ir => out.write_all(program.to_string().as_bytes()),
            Body::Binary => layout.write_file(out, program),
        }
    }

    /// The contents.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A vector takes whatever is written to it.
        let _ = self.write_to(&mut bytes);
        bytes
    }
}

/// The name, which no model's file has, and the contents of a program around the emitted C or Rust that feeds it steps
/// from a file.
#[cfg(feature = "verify")]
pub(crate) fn harness(program: &Program, form: Emit) -> (&'static str, Vec<u8>) {
    let (name, skeleton) = match form {
        Emit::Rust => ("dopec-verify.rs", dopec_templates::RUST_VERIFY),
        Emit::C | Emit::Ir => ("dopec-verify.c", dopec_templates::C_VERIFY),
    };
    let context = skeleton::context(program, &Settings::default(), form);
    (name, skeleton::render(skeleton, &context).into_bytes())
}

/// A program around the emitted C that times it; with `layers`, each layer, too.
#[cfg(feature = "verify")]
pub(crate) fn stopwatch(program: &Program, layers: bool) -> Vec<u8> {
    let mut context = skeleton::context(program, &Settings::default(), Emit::C);
    if layers {
        context.insert("timed_layers", &program.layers.len());
    }
    skeleton::render(dopec_templates::C_TIME, &context).into_bytes()
}
