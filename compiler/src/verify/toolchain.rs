//! Compilers: builds the emitted code with a harness around it, runs it, reads what it computed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::steps::{Sequence, Streams};
use crate::emit;
use crate::faults::Faults;
use crate::files::{self, Contents};
use crate::model::Model;
use crate::settings::{Emit, Settings};

/// Names in the folder that it is built in; no model's files have dashes.
const PROGRAM: &str = "dopec-verify";
const STEPS: &str = "dopec-steps.bin";
const OUTPUTS: &str = "dopec-outputs.bin";

/// What is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The emitted C.
    C,
    /// The emitted Rust.
    Rust,
}

/// A compiler with its flags.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// What it compiles.
    pub language: Language,
    /// The compiler's program; behind it, as in `ccache gcc` and `gcc -m32`, arguments that come before the flags.
    pub compiler: String,
    /// Flags, each an argument.
    pub flags: Vec<String>,
    /// What runs the program that was built, such as an emulator of another processor; none where this machine does.
    pub runner: Option<String>,
}

impl Toolchain {
    /// The C compiler of the environment variable `CC`, else `cc`, with -O2.
    pub fn c() -> Toolchain {
        let compiler = variable("CC").unwrap_or_else(|| "cc".to_owned());
        Toolchain { language: Language::C, compiler, flags: vec!["-O2".to_owned()], runner: None }
    }

    /// The Rust compiler of the environment variable `RUSTC`, else `rustc`, with -O.
    pub fn rust() -> Toolchain {
        let compiler = variable("RUSTC").unwrap_or_else(|| "rustc".to_owned());
        Toolchain { language: Language::Rust, compiler, flags: vec!["-O".to_owned()], runner: None }
    }

    /// The compiler and its flags as a person would type them.
    pub fn command_line(&self) -> String {
        std::iter::once(&self.compiler).chain(&self.flags).cloned().collect::<Vec<_>>().join(" ")
    }

    /// Its compiler, to be given flags and files. The words of `CC` are split at white space, as make does, unless there is a
    /// program whose path has some.
    pub(crate) fn command(&self) -> Command {
        let mut words = self.compiler.split_whitespace();
        match words.next() {
            Some(program) if !Path::new(&self.compiler).is_file() => {
                let mut command = Command::new(program);
                command.args(words);
                command
            }
            _ => Command::new(&self.compiler),
        }
    }

    /// What the emitted code computes for the sequences: for each, in C the outputs of every layer, step by step, in
    /// Rust the model's outputs, then the model's outputs by `run`; after all of them those of the streams, step by
    /// step and in each stream by stream.
    pub(super) fn outputs(
        &self,
        file: &str,
        model: &Model,
        settings: &Settings,
        sequences: &[Sequence],
        streams: Option<&Streams>,
    ) -> Result<Vec<f32>, Faults> {
        let fail = |title: String, help: &str| Faults::plain(file, title, help);
        let folder = tempfile::tempdir().map_err(|error| {
            fail(
                format!("no temporary folder could be made: {error}"),
                "set TMPDIR to a folder that can be written",
            )
        })?;
        let form = match self.language {
            Language::C => Emit::C,
            Language::Rust => Emit::Rust,
        };
        let settings = Settings { emit: vec![form], ..settings.clone() };
        let program = crate::lower::lower(model.clone(), &settings);
        let emitted = emit::emit(&program, &settings);
        let (main, harness) = emit::harness(&program, form);
        let mut words = Vec::new();
        sequences.iter().for_each(|sequence| sequence.write(&mut words));
        streams.iter().for_each(|streams| streams.write(&mut words));
        let (harness, words) = (harness.as_slice(), words.as_slice());
        let mut outputs: Vec<(PathBuf, &dyn Contents)> =
            vec![(folder.path().join(main), &harness), (folder.path().join(STEPS), &words)];
        outputs.extend(emitted.iter().map(|file| (folder.path().join(&file.name), file as &dyn Contents)));
        files::write(&outputs)?;

        let mut compile = self.command();
        compile.args(&self.flags).current_dir(folder.path());
        match self.language {
            Language::C => compile.args(["-o", PROGRAM, main]),
            Language::Rust => compile.args(["--edition", "2024", "-o", PROGRAM, main]),
        };
        self.succeed(file, &mut compile, "name another with CC (C) or RUSTC (Rust), or mend its flags")?;

        let program = folder.path().join(PROGRAM);
        let mut verify = match &self.runner {
            None => Command::new(program),
            Some(runner) => {
                let mut verify = Command::new(runner);
                verify.arg(program);
                verify
            }
        };
        verify.current_dir(folder.path()).args([STEPS, OUTPUTS]);
        let lengths = sequences.iter().map(Sequence::len).chain(streams.map(Streams::len));
        verify.args(lengths.map(|length| length.to_string()));
        self.succeed(file, &mut verify, "the emitted code failed: please report it with the model")?;
        let outputs = std::fs::read(folder.path().join(OUTPUTS)).map_err(|error| {
            fail(format!("the program's outputs could not be read: {error}"), "try again")
        })?;
        Ok(outputs
            .chunks_exact(4)
            .map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect())
    }

    /// Runs a command of this toolchain, and says what it said where it fails.
    pub(crate) fn succeed(&self, file: &str, command: &mut Command, help: &str) -> Result<(), Faults> {
        let name = self.command_line();
        let Output { status, stderr, stdout } = command
            .output()
            .map_err(|error| Faults::plain(file, format!("`{name}` could not be started: {error}"), help))?;
        if status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(if stderr.is_empty() { &stdout } else { &stderr }).into_owned();
        let first: Vec<&str> = said.lines().take(12).collect();
        let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
        Err(Faults::plain(
            file,
            format!("`{program}` ({name}) failed with {status}:\n{}", first.join("\n")),
            help,
        ))
    }
}

/// An environment variable that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(compiler: &str) -> Vec<String> {
        let command = Toolchain { compiler: compiler.to_owned(), ..Toolchain::c() }.command();
        let arguments = command.get_args().map(|word| word.to_string_lossy().into_owned());
        std::iter::once(command.get_program().to_string_lossy().into_owned()).chain(arguments).collect()
    }

    #[test]
    fn a_compiler_may_have_a_launcher_and_flags() {
        assert_eq!(words("gcc"), ["gcc"]);
        assert_eq!(words(" ccache  gcc -m32 "), ["ccache", "gcc", "-m32"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my gcc");
        std::fs::write(&path, "").unwrap();
        let path = path.to_str().unwrap();
        assert_eq!(words(path), [path]);
    }
}
