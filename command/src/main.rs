//! The command `dopec`: turns a command line into [`Settings`] and calls the library.
//!
//! Results go to stdout or files, all else to stderr. Exit status 0: done; 1: the model or the file system is
//! at fault; 2: the command line is.

mod arguments;
mod bench;
mod compile;
mod train;
mod verify;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use arguments::{Arguments, Computation, Subcommand, Words};
use clap::{CommandFactory, Parser};
use dopec::verify::Toolchain;
use dopec::{Faults, files, inspect, lower};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.subcommand {
        None => compile::run(&arguments.compile),
        Some(Subcommand::Verify(verify)) => verify::run(&verify),
        Some(Subcommand::Bench(options)) => bench::run(&options),
        Some(Subcommand::Train(options)) => train::run(&options),
        Some(Subcommand::Inspect { model, target, computation }) => inspect(&model, target, &computation),
        Some(Subcommand::Completions { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "dopec", &mut text);
            print(&text)
        }
    };
    match result {
        Ok(code) => code,
        Err(faults) => {
            let stderr = std::io::stderr();
            let colours = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let _ = writeln!(stderr.lock(), "{}", faults.render(colours));
            ExitCode::from(if faults.is_of_the_request() { 2 } else { 1 })
        }
    }
}

/// `target` is no [`dopec::Target::Any`]: what counts is what one processor stores and runs.
fn inspect(model: &Path, target: dopec::Target, computation: &Computation) -> Result<ExitCode, Faults> {
    let (inspection, _) = files::with_source(model, |source| {
        let settings = dopec::Settings { target, ..compile::computed(computation) };
        let (model, settings) = dopec::prepare(source, &settings)?;
        let program = lower::lower(model.clone(), &settings);
        Ok(inspect::Inspection::new(&model, &program))
    });
    let word = target.word();
    print(format!("{}\ncode       for --target {word}\n", inspection?).as_bytes())
}

/// Tells what is being done, where someone looks on.
fn progress() -> fn(&str) {
    if std::io::stderr().is_terminal() { |what| eprintln!("{what} ...") } else { |_| {} }
}

/// The C compiler of the environment with these flags.
fn c(flags: &Words) -> Toolchain {
    Toolchain { flags: flags.0.clone(), ..Toolchain::c() }
}

/// Writes to stdout. A reader that has gone away is not a fault.
fn print(text: &[u8]) -> Result<ExitCode, Faults> {
    match std::io::stdout().lock().write_all(text) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Faults::plain("stdout", format!("can't be written: {error}"), "give it a place with room"))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
