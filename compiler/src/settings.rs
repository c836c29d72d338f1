//! The one set of options that the command, the macro and build.rs all turn their own syntax into.

use std::path::Path;

use crate::faults::Faults;
use crate::ways::Choices;

/// How a model is compiled. [`Settings::default`] is what every door starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What to emit, in the order asked for.
    pub emit: Vec<Emit>,
    /// Overrules the rule that chooses straight line or table for a sparse part: straight line up to
    /// this many non-zeros, a table above; 0 makes every sparse part a table.
    pub unroll_limit: Option<usize>,
    /// Where large tables go.
    pub data: DataForm,
    /// Which processors the code is for.
    pub target: Target,
    /// Code for a step of so many streams at once, besides.
    pub batch: Option<usize>,
    /// Overrules how many steps `run` takes at once; 1 takes each by itself.
    pub run_block: Option<usize>,
    /// Whether the lock file beside the model file is used, where there is one: it fills in [`Settings::choices`].
    pub lock: bool,
    /// Ways for sparse parts that overrule the rules, but not [`Settings::unroll_limit`].
    pub choices: Option<Choices>,
    /// The model file's name without folders, for the command line that emitted files show.
    pub model_file: String,
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emit {
    /// `NAME.h` and `NAME.c`.
    C,
    /// `NAME.rs`.
    Rust,
    /// `NAME.ir.txt`: the printed Program.
    Ir,
}

/// Where the values of large tables go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataForm {
    /// In the source: numbers while small (64 KiB in C, 2,048 values in Rust), little-endian bytes when large, which
    /// compile in a tenth of the time.
    #[default]
    Source,
    /// In the source, as numbers whatever their size: for any byte order, and for whoever wants to read them.
    Numbers,
    /// In `NAME.bin` beside the source, taken in by an assembler directive (C) or `include_bytes!` (Rust).
    Incbin,
}

/// The processors that code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// Any: on x86-64 the code holds itself for several families of instructions, and takes the best that the
    /// processor it runs on has; elsewhere what the compiler makes of it.
    #[default]
    Any,
    /// Those that the compiler is told of by its own flags: the code is held once.
    Portable,
    /// x86-64 with AVX2 and fused multiply-add.
    Avx2,
    /// x86-64 with AVX-512 (F, VL, BW and DQ).
    Avx512,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            emit: vec![Emit::C],
            unroll_limit: None,
            data: DataForm::Source,
            target: Target::Any,
            batch: None,
            run_block: None,
            lock: true,
            choices: None,
            model_file: String::new(),
        }
    }
}

impl Settings {
    /// Fills in [`Settings::model_file`].
    pub fn for_model(self, path: &Path) -> Settings {
        let model_file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Settings { model_file, ..self }
    }

    /// The command line that gives one form of output, whichever door was used: the options that change it, and
    /// neither folders nor what else is emitted.
    pub fn command_line(&self, form: Emit) -> String {
        let word = Emit::ALL.iter().find(|(_, known)| *known == form).map_or("", |(word, _)| word);
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        let mut text = match &self.model_file {
            file if file.chars().all(plain) => format!("dopec {file} --emit {word}"),
            file => format!("dopec '{}' --emit {word}", file.replace('\'', "'\\''")),
        };
        if let Some(limit) = self.unroll_limit {
            text.push_str(&format!(" --unroll-limit {limit}"));
        }
        if self.data != DataForm::Source {
            text.push_str(&format!(" --data {}", self.data.word()));
        }
        if self.target != Target::Any {
            text.push_str(&format!(" --target {}", self.target.word()));
        }
        for (option, number) in [("batch", self.batch), ("run-block", self.run_block)] {
            if let Some(number) = number {
                text.push_str(&format!(" --{option} {number}"));
            }
        }
        if !self.lock {
            text.push_str(" --no-lock");
        }
        text
    }

    /// The most streams, and steps of `run`, that are taken at once: beyond, memory is all that grows.
    pub const MOST_AT_ONCE: usize = 256;

    /// Refuses numbers that no code can be made for.
    ///
    /// # Errors
    ///
    /// A number of streams, or of steps of `run`, that is 0 or above [`Settings::MOST_AT_ONCE`].
    pub fn check(&self) -> Result<(), Faults> {
        let most = Settings::MOST_AT_ONCE;
        for (option, what, number) in
            [("batch", "streams", self.batch), ("run-block", "steps", self.run_block)]
        {
            if let Some(number) = number.filter(|number| !(1..=most).contains(number)) {
                let title = format!("{option}: {number} {what} at once, expected 1 to {most}");
                let help = "give a number within these bounds";
                return Err(Faults::plain(&self.model_file, title, help).of_the_request());
            }
        }
        Ok(())
    }
}

impl Emit {
    /// Every form, with the word it goes by.
    pub const ALL: [(&'static str, Emit); 3] = [("c", Emit::C), ("rust", Emit::Rust), ("ir", Emit::Ir)];
}

impl Target {
    /// Every target, with the word it goes by.
    pub const ALL: [(&'static str, Target); 4] = [
        ("any", Target::Any),
        ("portable", Target::Portable),
        ("avx2", Target::Avx2),
        ("avx512", Target::Avx512),
    ];

    /// The word it goes by.
    pub fn word(self) -> &'static str {
        Target::ALL.iter().find(|(_, target)| *target == self).map_or("", |(word, _)| word)
    }
}

impl DataForm {
    /// Every form, with the word it goes by.
    pub const ALL: [(&'static str, DataForm); 3] =
        [("source", DataForm::Source), ("numbers", DataForm::Numbers), ("incbin", DataForm::Incbin)];

    /// The word it goes by.
    pub fn word(self) -> &'static str {
        DataForm::ALL.iter().find(|(_, form)| *form == self).map_or("", |(word, _)| word)
    }
}
