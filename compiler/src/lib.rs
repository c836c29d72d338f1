//! dopec compiles trained doped neural networks to C and Rust specialised for exactly that model.
//!
//! The stages run in one direction: bytes → [`ingest`] → [`model::Model`] → [`lower`] →
//! [`program::Program`] → [`emit`] → files. [`mod@reference`] computes what a model means in 64-bit floats.
//! The library is pure: bytes and [`Settings`] in, named files out. The command, the macro `doped_model!`
//! (crate `doped`) and `Build` for build.rs are thin doors that call [`compile`].

#[cfg(feature = "build")]
mod build_script;
pub mod emit;
pub mod faults;
pub mod files;
pub mod ingest;
pub mod inspect;
pub mod lower;
pub mod model;
mod numbers;
pub mod program;
pub mod reference;
pub mod settings;
#[cfg(feature = "verify")]
pub mod verify;
mod ways;

#[cfg(feature = "build")]
pub use build_script::Build;
pub use emit::OutputFile;
pub use faults::{Fault, Faults};
pub use ingest::Source;
pub use settings::{DataForm, Emit, Settings, Target};
pub use ways::{Choices, Way};

use model::Model;
use program::Program;

/// A compiled model.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Everything decided.
    pub program: Program,
    /// What was asked for.
    pub settings: Settings,
}

impl Compiled {
    /// The files asked for, each spelled when it is written.
    pub fn files(&self) -> Vec<OutputFile<'_>> {
        emit::emit(&self.program, &self.settings)
    }
}

/// Compiles a model: the whole pipeline.
///
/// # Errors
///
/// Settings out of bounds; everything wrong with the model, located in its text.
pub fn compile(source: &Source<'_>, settings: &Settings) -> Result<Compiled, Faults> {
    Ok(Compiled { program: program(source, settings)?, settings: settings.clone() })
}

/// The Program of a model: everything decided, nothing spelled.
///
/// # Errors
///
/// As [`compile`].
pub fn program(source: &Source<'_>, settings: &Settings) -> Result<Program, Faults> {
    settings.check()?;
    Ok(lower::lower(read(source)?, settings))
}

/// Reads a model and holds it to its own check vectors.
///
/// # Errors
///
/// As [`compile`].
pub fn read(source: &Source<'_>) -> Result<Model, Faults> {
    let (model, locations) = ingest::ingest_located(source)?;
    match reference::check(&model) {
        Ok(()) => Ok(model),
        Err(mismatches) => Err(locations.mismatches(&mismatches)),
    }
}
