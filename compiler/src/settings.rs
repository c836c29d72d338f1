//! The one set of options that the command, the macro and build.rs all turn their own syntax into.

use std::path::Path;

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
    /// In the source: numbers in C; in Rust numbers while small, one aligned byte block when large.
    #[default]
    Source,
    /// In `NAME.bin` beside the source, taken in by an assembler directive (C) or `include_bytes!` (Rust).
    Incbin,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            emit: vec![Emit::C],
            unroll_limit: None,
            data: DataForm::Source,
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
        let mut text = format!("dopec {} --emit {word}", self.model_file);
        if let Some(limit) = self.unroll_limit {
            text.push_str(&format!(" --unroll-limit {limit}"));
        }
        if self.data == DataForm::Incbin {
            text.push_str(" --data incbin");
        }
        text
    }
}

impl Emit {
    /// Every form, with the word it goes by.
    pub const ALL: [(&'static str, Emit); 3] = [("c", Emit::C), ("rust", Emit::Rust), ("ir", Emit::Ir)];
}

impl DataForm {
    /// Every form, with the word it goes by.
    pub const ALL: [(&'static str, DataForm); 2] =
        [("source", DataForm::Source), ("incbin", DataForm::Incbin)];
}
