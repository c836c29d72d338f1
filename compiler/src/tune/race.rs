//! Timing: compiled models in turn, block by block, on one core.
//!
//! Each entrant is a process of its own that holds the emitted C and waits; it is asked for so many passes over the same
//! inputs, answers with the time they took, and checks that its outputs stay those of its first pass, which were held to
//! the 64-bit reference. A round is one block of each, in order: A B C, A B C, ... Each block starts with a pass that is
//! not timed, so that an entrant finds in the caches what its own last pass left. Ratios are taken round by round, so
//! that what slows the machine for a while slows both sides.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Options;
use super::quartiles::Quartiles;
use crate::emit;
use crate::faults::Faults;
use crate::files::{self, Contents};
use crate::model::Model;
use crate::settings::{DataForm, Emit, Settings};
use crate::verify::steps::{self, Sequence};
use crate::verify::{LayerError, Toolchain, reference};

/// The largest error of an entrant that is timed, as a part of max(1, max abs expected).
pub(super) const TOLERANCE: f64 = 1e-5;

/// Seconds that a block takes at least.
const BLOCK: f64 = 2e-3;

/// Names in the folder that an entrant is built in; no model's files have dashes.
const HARNESS: &str = "dopec-time.c";
const LAYERS: &str = "dopec-layers.c";
const PROGRAM: &str = "dopec-time";
const INPUTS: &str = "dopec-inputs.bin";
const OUTPUTS: &str = "dopec-outputs.bin";

/// What all entrants share: the model, the inputs, what they should give.
pub(super) struct Course<'m> {
    file: &'m str,
    pub(super) model: &'m Model,
    toolchain: &'m Toolchain,
    inputs: Sequence,
    expected: Vec<Vec<f64>>,
}

/// A compiled model that waits to be timed.
pub(super) struct Entrant {
    child: Child,
    /// Closed before the child is waited for: it ends when nothing more is asked.
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    passes: usize,
    steps: usize,
    /// Its largest error, as a part of max(1, max abs expected).
    pub(super) error: f64,
    /// Nanoseconds a step, by round.
    pub(super) times: Vec<f64>,
    /// The part of a step that each layer takes, by round.
    pub(super) shares: Vec<Vec<f64>>,
    /// Where it was built; gone with it.
    folder: tempfile::TempDir,
}

impl<'m> Course<'m> {
    pub(super) fn new(file: &'m str, model: &'m Model, options: &'m Options) -> Course<'m> {
        let inputs = steps::random(model, options.seed, options.steps);
        let outputs = |mut layers: Vec<Vec<f64>>| layers.pop().unwrap_or_default();
        let expected = reference(model, &inputs, None).into_iter().map(outputs).collect();
        Course { file, model, toolchain: &options.toolchain, inputs, expected }
    }

    /// Compiles and starts an entrant, and compares what it gives; with `layers` it times those, too.
    pub(super) fn enter(&self, settings: &Settings, layers: bool) -> Result<Entrant, Faults> {
        let folder = tempfile::tempdir().map_err(|error| {
            let title = format!("no temporary folder could be made: {error}");
            Faults::plain(self.file, title, "set TMPDIR to a folder that can be written")
        })?;
        let settings = Settings { emit: vec![Emit::C], data: DataForm::Incbin, ..settings.clone() };
        let program = crate::lower::lower(self.model.clone(), &settings);
        let emitted = emit::emit(&program, &settings);
        let harness = emit::stopwatch(&program, layers);
        let mut words = Vec::new();
        self.inputs.write(&mut words);
        let name = &program.name;
        let source = if layers { LAYERS.to_owned() } else { format!("{name}.c") };
        let wrapped = format!(
            "void {name}_time_layer(void);\n#define {}_TRACE(layer, values, count) {name}_time_layer()\n#include \"{name}.c\"\n",
            name.to_uppercase()
        );
        let (harness, words, wrapped) = (harness.as_slice(), words.as_slice(), wrapped.as_bytes());
        let path = |name: &str| folder.path().join(name);
        let mut outputs: Vec<(PathBuf, &dyn Contents)> =
            vec![(path(HARNESS), &harness), (path(INPUTS), &words), (path(LAYERS), &wrapped)];
        outputs.extend(emitted.iter().map(|file| (path(&file.name), file as &dyn Contents)));
        files::write(&outputs)?;
        let mut compile = self.toolchain.command();
        compile.args(&self.toolchain.flags).current_dir(folder.path());
        compile.args(["-o", PROGRAM, HARNESS, &source]);
        self.toolchain.succeed(self.file, &mut compile, "name another with CC, or mend --cflags")?;
        drop(emitted);
        self.start(folder)
    }

    fn start(&self, folder: tempfile::TempDir) -> Result<Entrant, Faults> {
        let steps = self.inputs.len();
        let mut command = Command::new(folder.path().join(PROGRAM));
        command.current_dir(folder.path()).args([INPUTS, OUTPUTS, &steps.to_string()]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| self.broken(&error.to_string()))?;
        let (Some(asked), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.broken("its pipes are missing"));
        };
        let mut entrant = Entrant {
            child,
            asked: Some(asked),
            answers: BufReader::new(answers),
            passes: 1,
            steps,
            error: 0.0,
            times: Vec::new(),
            shares: Vec::new(),
            folder,
        };
        let ready = entrant.answer().map_err(|error| self.broken(&error))?;
        if ready != "ready" {
            return Err(self.broken(&format!("it said `{ready}`")));
        }
        let bytes = std::fs::read(entrant.folder.path().join(OUTPUTS))
            .map_err(|error| self.broken(&error.to_string()))?;
        let found: Vec<f32> = bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let (mut error, mut found) = (LayerError::new("", String::new()), found.as_slice());
        for (step, expected) in self.expected.iter().enumerate() {
            error.meet(step, expected, &mut found);
        }
        entrant.error = error.error;
        Ok(entrant)
    }

    /// Times the entrants in turn, for so many rounds; forgets what was timed before.
    pub(super) fn race(&self, entrants: &mut [&mut Entrant], rounds: usize) -> Result<(), Faults> {
        for entrant in &mut *entrants {
            entrant.fill_block().map_err(|error| self.broken(&error))?;
            entrant.times.clear();
            entrant.shares.clear();
        }
        for _ in 0..rounds {
            for entrant in &mut *entrants {
                entrant.block().map_err(|error| self.broken(&error))?;
            }
        }
        Ok(())
    }

    fn broken(&self, why: &str) -> Faults {
        let title = format!("the compiled model could not be timed: {why}");
        Faults::plain(self.file, title, "try again; if it stays, please report it with the model")
    }
}

impl Entrant {
    /// Nanoseconds a step.
    pub(super) fn time(&self) -> Quartiles {
        Quartiles::of(self.times.iter().copied())
    }

    /// This one's time over the other's, round by round.
    pub(super) fn ratio(&self, other: &Entrant) -> Quartiles {
        Quartiles::of(self.times.iter().zip(&other.times).map(|(own, other)| own / other))
    }

    /// Finds how many passes fill a block: by the faster of two, after one that does not count, whose tables came from memory.
    fn fill_block(&mut self) -> Result<(), String> {
        self.ask()?;
        loop {
            let seconds = self.ask()?.0.min(self.ask()?.0);
            if seconds >= BLOCK {
                return Ok(());
            }
            // A little more than needed, at least twice as many: clocks are coarse at first.
            let needed = (self.passes as f64 * BLOCK / seconds.max(1e-7) * 1.1).ceil() as usize;
            self.passes = needed.clamp(2 * self.passes, 64 * self.passes);
        }
    }

    fn block(&mut self) -> Result<(), String> {
        let (seconds, ticks) = self.ask()?;
        self.times.push(1e9 * seconds / (self.passes * self.steps) as f64);
        let all: f64 = ticks.iter().sum();
        self.shares.push(ticks.into_iter().map(|ticks| ticks / all.max(1.0)).collect());
        Ok(())
    }

    /// The seconds of a block, and the ticks of each layer where they are timed.
    fn ask(&mut self) -> Result<(f64, Vec<f64>), String> {
        let asked = self.asked.as_mut().ok_or("it has ended")?;
        writeln!(asked, "{}", self.passes).and_then(|()| asked.flush()).map_err(|error| error.to_string())?;
        let answer = self.answer()?;
        if answer == "wrong" {
            return Err("its outputs changed from pass to pass".to_owned());
        }
        let numbers: Result<Vec<f64>, _> = answer.split(' ').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([seconds, ticks @ ..]) => Ok((*seconds, ticks.to_vec())),
            _ => Err(format!("it said `{answer}`")),
        }
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) => Err("it ended early".to_owned()),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Entrant {
    fn drop(&mut self) {
        self.asked = None;
        let _ = self.child.wait();
    }
}
