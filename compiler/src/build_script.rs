//! `dopec::Build`: a model compiled from build.rs.
//!
//! Takes the path of a model; writes into `OUT_DIR`, tells cargo which files to watch, and gives what
//! build.rs goes on with.

use std::path::{Path, PathBuf};

use crate::faults::Faults;
use crate::files::{self, Contents};
use crate::settings::{DataForm, Emit, Settings, Target};

/// A model to compile from build.rs. A lock file beside it, where there is one, chooses the kernels; one that
/// is new is seen when build.rs runs for another reason, since cargo can't watch what is not there.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), dopec::Faults> {
///     dopec::Build::new("models/keyword_lm.json").emit_rust()?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Build {
    model: PathBuf,
    settings: Settings,
}

impl Build {
    /// The model file at `path`, relative to the crate's folder.
    pub fn new(path: impl AsRef<Path>) -> Build {
        Build { model: path.as_ref().to_owned(), settings: Settings::default() }
    }

    /// As `--unroll-limit`.
    pub fn unroll_limit(&mut self, limit: usize) -> &mut Build {
        self.settings.unroll_limit = Some(limit);
        self
    }

    /// As `--target`.
    pub fn target(&mut self, target: Target) -> &mut Build {
        self.settings.target = target;
        self
    }

    /// As `--batch`.
    pub fn batch(&mut self, streams: usize) -> &mut Build {
        self.settings.batch = Some(streams);
        self
    }

    /// As `--run-block`.
    pub fn run_block(&mut self, steps: usize) -> &mut Build {
        self.settings.run_block = Some(steps);
        self
    }

    /// As `--data`.
    pub fn data(&mut self, data: DataForm) -> &mut Build {
        self.settings.data = data;
        self
    }

    /// As `--no-lock`.
    pub fn no_lock(&mut self) -> &mut Build {
        self.settings.lock = false;
        self
    }

    /// Writes `NAME.rs` into `OUT_DIR` for [`crate::include_model`]; gives its path. It is a module with docs and attributes
    /// of its own: `#[path]` takes it in, too, but not `include!`. It holds `unsafe`, which a crate of
    /// `#![forbid(unsafe_code)]` refuses: take it in from a small crate of its own there.
    ///
    /// # Errors
    ///
    /// Everything wrong with the model; an `OUT_DIR` that can't be written.
    pub fn emit_rust(&self) -> Result<PathBuf, Faults> {
        let (out, name) = self.emit(Emit::Rust)?;
        Ok(out.join(format!("{name}.rs")))
    }

    /// Writes `NAME.h` and `NAME.c` into `OUT_DIR`; gives a `cc::Build` that holds them, ready for
    /// `.compile("NAME")`.
    ///
    /// # Errors
    ///
    /// Everything wrong with the model; an `OUT_DIR` that can't be written.
    pub fn emit_c(&self) -> Result<cc::Build, Faults> {
        let (out, name) = self.emit(Emit::C)?;
        let mut build = cc::Build::new();
        build.file(out.join(format!("{name}.c"))).include(&out).std("c99");
        if self.settings.data == DataForm::Incbin {
            let path = out.join(format!("{name}.bin")).display().to_string();
            build.define(&format!("{}_BIN", name.to_uppercase()), format!("\"{path}\"").as_str());
        }
        Ok(build)
    }

    fn emit(&self, form: Emit) -> Result<(PathBuf, String), Faults> {
        let variable = |name: &str| {
            let missing = || {
                Faults::plain(
                    "build.rs",
                    format!("{name} is not set"),
                    "call this from build.rs, which cargo runs",
                )
            };
            std::env::var_os(name).map(PathBuf::from).ok_or_else(missing)
        };
        let path = variable("CARGO_MANIFEST_DIR")?.join(&self.model);
        let out = variable("OUT_DIR")?;
        let settings = Settings { emit: vec![form], ..self.settings.clone() }.for_model(&self.model);
        let (compiled, read) = files::with_source_named(&path, &self.model.display().to_string(), |source| {
            crate::compile(source, &settings)
        });
        for file in &read {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let compiled = compiled?;
        let name = compiled.program.name.as_str();
        let outputs = compiled.files();
        let mut outputs: Vec<(PathBuf, &dyn Contents)> =
            outputs.iter().map(|file| (out.join(&file.name), file as &dyn Contents)).collect();
        let module = format!("#[path = \"{name}.rs\"]\npub mod {name};\n");
        let module = module.as_bytes();
        if form == Emit::Rust {
            outputs.push((out.join(format!("{name}.mod.rs")), &module));
        }
        files::write_made_from(&read, &outputs)?;
        Ok((out, name.to_owned()))
    }
}

/// Brings in the module that [`Build::emit_rust`] wrote: `dopec::include_model!("keyword_lm")`.
#[macro_export]
macro_rules! include_model {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".mod.rs"));
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_the_command() {
        let mut build = Build::new("models/x.json");
        assert_eq!(build.settings, Settings::default());
        build.unroll_limit(3).target(Target::Avx2).batch(4).run_block(8).data(DataForm::Numbers).no_lock();
        let settings = build.settings.for_model(&build.model);
        assert_eq!(
            settings.command_line(Emit::Rust),
            "dopec x.json --emit rust --unroll-limit 3 --data numbers --target avx2 --batch 4 --run-block 8 --no-lock"
        );
    }
}
