//! `dopec bench`

use std::process::ExitCode;

use dopec::tune::{Options, compare};
use dopec::{Faults, Settings, files};

use crate::arguments::Bench;

/// Times, and prints the tables.
pub(crate) fn run(options: &Bench) -> Result<ExitCode, Faults> {
    let settings = Settings::default().for_model(&options.model);
    let effort = Options {
        toolchain: crate::c(&options.cflags),
        rounds: options.rounds as usize,
        steps: options.steps as usize,
        progress: crate::progress(),
        ..Options::new()
    };
    let (comparison, _) = files::with_source(&options.model, |source| compare(source, &settings, &effort));
    let comparison = comparison?;
    crate::print(format!("{comparison}\n").as_bytes())?;
    Ok(ExitCode::from(u8::from(!comparison.passes())))
}
