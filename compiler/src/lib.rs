//! dopec compiles trained doped neural networks to C and Rust specialised for exactly that model.
//!
//! The stages run in one direction: bytes → [`ingest`] → [`model::Model`] → [`lower`] →
//! [`program::Program`] → [`emit`] → files. [`mod@reference`] computes what a model means in 64-bit floats.
//! [`mod@export`] writes a model that was made here as a model file: the inverse of [`ingest`].
//! The library is pure: bytes and [`Settings`] in, named files out. The command, the macro `doped_model!`
//! (crate `doped`) and `Build` for build.rs are thin doors that call [`compile`].

#[cfg(feature = "build")]
mod build_script;
pub mod emit;
pub mod export;
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
pub mod tune;
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
/// Settings out of bounds; everything wrong with the model or its lock file, located in the text.
pub fn compile(source: &Source<'_>, settings: &Settings) -> Result<Compiled, Faults> {
    let (model, settings) = prepare(source, settings)?;
    Ok(Compiled { program: lower::lower(model, &settings), settings })
}

/// The Program of a model: everything decided, nothing spelled.
///
/// # Errors
///
/// As [`compile`].
pub fn program(source: &Source<'_>, settings: &Settings) -> Result<Program, Faults> {
    let (model, settings) = prepare(source, settings)?;
    Ok(lower::lower(model, &settings))
}

/// A model and the settings that it is lowered with: those given, with the choices of the lock file beside the model,
/// where there is one and the settings leave it room.
///
/// # Errors
///
/// As [`compile`].
pub fn prepare(source: &Source<'_>, settings: &Settings) -> Result<(Model, Settings), Faults> {
    settings.check()?;
    let (mut model, mut settings) = (read(source)?, settings.clone());
    let wanted = settings.lock && settings.choices.is_none() && settings.unroll_limit.is_none();
    if let Some(name) = source.lock.filter(|_| wanted) {
        let (choices, file) = ingest::lock(source, name, &model)?;
        settings.choices = Some(choices);
        model.files.push(file);
    }
    Ok((model, settings))
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
