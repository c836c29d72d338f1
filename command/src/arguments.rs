//! The command line, as clap reads it and as `--help` explains it.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, ValueEnum};

/// Compile a trained doped neural network to C or Rust specialised for exactly that model.
#[derive(Debug, Parser)]
#[command(name = "dopec", version, args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) compile: Compile,
    #[command(subcommand)]
    pub(crate) subcommand: Option<Subcommand>,
}

const EXAMPLES: &str = "Examples:
  dopec keyword_lm.json --emit c                 keyword_lm.h and keyword_lm.c, here
  dopec keyword_lm.json --emit rust -o gen/      gen/keyword_lm.rs
  dopec keyword_lm.json --emit ir | less         what is computed, by which kernels, and why
  dopec keyword_lm.json --emit c -o gen --check  fails when gen/ is out of date
  dopec keyword_lm.json --emit c --tune          tunes the kernels for this machine first
  dopec verify keyword_lm.json                   builds the C and compares it with the reference
  dopec bench keyword_lm.json                    times kernels, targets and layers of this model
  dopec train text.txt --factor 20 -o lm.json    a doped language model of a text
  dopec inspect keyword_lm.json                  shapes, compression, work and memory by layer";

/// Options of compiling.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// The model file (JSON).
    #[arg(required = true)]
    pub(crate) model: Option<PathBuf>,
    /// One model is compiled at a time.
    #[arg(hide = true, value_hint = clap::ValueHint::Other)]
    pub(crate) more: Vec<PathBuf>,
    /// What to emit, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    pub(crate) emit: Vec<Emit>,
    /// Write to this folder, made when missing [default: the current one; `ir` alone goes to stdout].
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Time the ways to compute each sparse part on this machine, and write the best to the lock file beside the model
    /// (MODEL.lock.json), which this and every later build use.
    #[arg(long, conflicts_with_all = ["check", "no_lock", "unroll_limit"])]
    pub(crate) tune: bool,
    /// Flags for the C compiler that `--tune` times with, split as a shell does; the compiler is CC, else `cc`.
    #[arg(long, value_name = "FLAGS", default_value = "-O3", allow_hyphen_values = true, requires = "tune", value_parser = words)]
    pub(crate) cflags: Words,
    /// Write nothing; exit with 1 when a file is missing or differs.
    #[arg(long)]
    pub(crate) check: bool,
    /// Also write the dependencies of the outputs, for make and ninja.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) depfile: Option<PathBuf>,
}

/// Options that shape the emitted code.
#[derive(Debug, Args)]
pub(crate) struct Shape {
    #[command(flatten)]
    pub(crate) computation: Computation,
    /// Where large tables go: into the source, or into NAME.bin, which the source takes in; a C compiler then needs the
    /// folder of NAME.bin with -I.
    #[arg(long, value_enum, default_value = "source")]
    pub(crate) data: Data,
    /// Which processors the code is for.
    #[arg(long, value_enum, default_value = "any")]
    pub(crate) target: Target,
}

/// Options that choose what is computed, and how.
#[derive(Debug, Args)]
pub(crate) struct Computation {
    /// Sparse parts of up to N non-zeros become straight-line code, all others tables; 0: tables only
    /// [default: 4096 a part, 8192 in the code of a family of instructions].
    #[arg(long, value_name = "N", value_parser = between(0, usize::MAX as u64), allow_negative_numbers = true)]
    pub(crate) unroll_limit: Option<u64>,
    /// Also emit a step of N independent streams at once, 1 to 256.
    #[arg(long, value_name = "N", value_parser = at_once(), allow_negative_numbers = true)]
    pub(crate) batch: Option<u64>,
    /// Steps that `run` takes at once, 1 to 256; 1: each by itself [default: 16 where it pays, else 1].
    #[arg(long, value_name = "N", value_parser = at_once(), allow_negative_numbers = true)]
    pub(crate) run_block: Option<u64>,
    /// Leave the lock file beside the model aside; `--unroll-limit` does so, too.
    #[arg(long)]
    pub(crate) no_lock: bool,
}

/// Words of a command line.
#[derive(Debug, Clone)]
pub(crate) struct Words(pub(crate) Vec<String>);

/// Split as a shell does, quotes and backslashes included.
fn words(text: &str) -> Result<Words, String> {
    let unfinished = || "expected words as in a shell, but a quote is open or a backslash is last".to_owned();
    shlex::split(text).map(Words).ok_or_else(unfinished)
}

/// A whole number within bounds, which are said of whatever else is given.
fn between(least: u64, most: u64) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("{text} is not in {least}..={most}"))
    }
}

/// Numbers of streams and steps that code can be made for.
fn at_once() -> impl Fn(&str) -> Result<u64, String> + Clone {
    between(1, dopec::Settings::MOST_AT_ONCE as u64)
}

/// A target that one processor's code is for, by its word.
fn family() -> impl TypedValueParser<Value = dopec::Target> {
    let single = dopec::Target::ALL.into_iter().filter(|(_, target)| *target != dopec::Target::Any);
    PossibleValuesParser::new(single.map(|(word, _)| word)).map(|word| {
        let known = dopec::Target::ALL.into_iter().find(|(known, _)| *known == word);
        known.map_or(dopec::Target::Portable, |(_, target)| target)
    })
}

/// A finite number for which `holds` says so; `bounds` says the same in words.
pub(crate) fn number(
    bounds: &'static str,
    holds: fn(f64) -> bool,
) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite() && holds(*number));
        number.ok_or_else(|| format!("expected a finite number, {bounds}"))
    }
}

/// The other commands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Build the emitted code with this machine's compiler and compare it with the 64-bit reference.
    Verify(Verify),
    /// Time a step on this machine: every way to compute the sparse parts, every target, each layer.
    Bench(Bench),
    /// Train a language model on a text, or a model of sequences, until it can be compiled.
    Train(Box<crate::train::options::Train>),
    /// Print shapes, compression, work, memory and the kernels chosen, by layer.
    Inspect {
        /// The model file (JSON).
        model: PathBuf,
        /// Whose code to look at: emitted for any processor, a file holds it for each of these.
        #[arg(long, value_name = "TARGET", default_value = "portable", value_parser = family())]
        target: dopec::Target,
        #[command(flatten)]
        computation: Computation,
    },
    /// Print completions for a shell.
    Completions {
        /// Which.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The model file (JSON).
    pub(crate) model: PathBuf,
    /// What to build: c, rust, or c,rust for both. Compilers come from CC and RUSTC, else `cc` and `rustc`.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "c")]
    pub(crate) emit: Vec<Language>,
    /// Flags for the C compiler, split as a shell does.
    #[arg(long, value_name = "FLAGS", default_value = "-O2", allow_hyphen_values = true, value_parser = words)]
    pub(crate) cflags: Words,
    /// Random steps fed after the check vectors.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = between(1, 100_000), allow_negative_numbers = true)]
    pub(crate) steps: u64,
    /// Where the random steps start.
    #[arg(long, default_value_t = 1, value_parser = between(0, u64::MAX), allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// The largest error that passes, as a part of max(1, max abs expected).
    #[arg(long, default_value_t = 1e-5, value_parser = number("above 0", |value| value > 0.0), allow_negative_numbers = true)]
    pub(crate) tolerance: f64,
    #[command(flatten)]
    pub(crate) shape: Shape,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The model file (JSON).
    pub(crate) model: PathBuf,
    /// Flags for the C compiler, split as a shell does; it is CC, else `cc`.
    #[arg(long, value_name = "FLAGS", default_value = "-O3", allow_hyphen_values = true, value_parser = words)]
    pub(crate) cflags: Words,
    /// Blocks of each row; a figure is their median.
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = between(1, 10_000), allow_negative_numbers = true)]
    pub(crate) rounds: u64,
    /// Random inputs, fed over and over from the reset state.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = between(1, 100_000), allow_negative_numbers = true)]
    pub(crate) steps: u64,
}

/// `--emit`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// NAME.h and NAME.c
    C,
    /// NAME.rs
    Rust,
    /// NAME.ir.txt: every operation, its shapes, the kernel chosen and why
    Ir,
}

/// `verify --emit`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// The emitted C.
    C,
    /// The emitted Rust.
    Rust,
}

/// `--target`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Any: on x86-64 the best of several families of instructions, picked at run time
    Any,
    /// Those that the compiler's own flags name
    Portable,
    /// x86-64 with AVX2 and FMA
    Avx2,
    /// x86-64 with AVX-512
    Avx512,
}

/// `--data`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Data {
    /// In the source: numbers while small, bytes when large.
    Source,
    /// In the source, all as numbers: for any byte order.
    Numbers,
    /// In NAME.bin.
    Incbin,
}
