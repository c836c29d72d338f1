//! `dopec verify`

use std::process::ExitCode;

use dopec::verify::{Options, Toolchain, run as verify};
use dopec::{Faults, files};

use crate::arguments::{Language, Verify};
use crate::compile::settings;

/// Builds, runs, compares, and prints a table for each toolchain.
pub(crate) fn run(options: &Verify) -> Result<ExitCode, Faults> {
    let settings = settings(&options.model, &options.shape, Vec::new());
    let toolchains: Vec<Toolchain> = options
        .emit
        .iter()
        .map(|language| match language {
            Language::C => crate::c(&options.cflags),
            Language::Rust => Toolchain::rust(),
        })
        .collect();
    let limits = Options {
        random_steps: options.steps as usize,
        seed: options.seed,
        tolerance: options.tolerance,
        progress: crate::progress(),
    };
    let (reports, _) =
        files::with_source(&options.model, |source| verify(source, &settings, &toolchains, &limits));
    let reports = reports?;
    let text: Vec<String> = reports.iter().map(ToString::to_string).collect();
    crate::print(format!("{}\n", text.join("\n\n")).as_bytes())?;
    Ok(ExitCode::from(u8::from(!reports.iter().all(|report| report.passes()))))
}
