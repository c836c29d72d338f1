//! `cargo run --release -p dopec-bench`: how fast compiled models run, beside every peer that can be had.
//!
//! In one run, on one thread of one core: each case's network is made, its peers are built for its shapes and loaded
//! with the same weights, and timed in turn, every timed result held to the 64-bit reference.

mod aligned;
mod cases;
mod copies;
mod entrants;
mod machine;
mod measure;
mod models;
mod network;
mod peer;
mod plot;
mod questions;
mod report;
mod ring;
mod roofline;
mod runner;
mod toolchain;
#[cfg(feature = "tract")]
mod tract;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Parser;
use dopec::Target;

use measure::Effort;
use report::Report;
use runner::Runner;

/// Measures compiled models beside the peers that bench/setup.sh fetches; prints a table for each case.
///
/// A row of a table is measured again by its case, whose name stands under the table's title, and its peer:
/// `--case layer-128 --peer "gemv by hand"`; with `--peer "dopec, C"` beside that, their ratio, too.
#[derive(Debug, Parser)]
#[command(name = "dopec-bench", version)]
struct Arguments {
    /// Few rounds of short blocks: a look, not a record.
    #[arg(long)]
    quick: bool,
    /// Only cases whose name contains this; may be given several times. `--list` prints the names.
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<String>,
    /// Only peers whose name contains this; may be given several times.
    #[arg(long = "peer", value_name = "NAME")]
    peers: Vec<String>,
    /// Prints the names of the cases.
    #[arg(long)]
    list: bool,
    /// Writes bench/RESULTS.md and docs/speedup.svg; takes all cases and peers, and is refused where somebody is missing whom
    /// a row of what is asked names.
    #[arg(long, conflicts_with_all = ["cases", "peers"])]
    write: bool,
    /// As on a processor whose widest vectors are those of AVX2: dopec's code for that target, peers compiled for it, MKL
    /// and OpenBLAS held to it. MKL takes 128-bit SSE on processors of AMD all the same. onnxruntime and tract can't be
    /// held, and use what the processor has.
    #[arg(long, conflicts_with = "write")]
    avx2: bool,
    /// The processor core to stay on; the last one that this process may use, unless given.
    #[arg(long, value_name = "NUMBER")]
    core: Option<usize>,
}

/// What holds MKL and OpenBLAS to AVX2. They read it when they are loaded, so that it must be there from the start.
const HELD: [(&str, &str); 2] = [("MKL_ENABLE_INSTRUCTIONS", "AVX2"), ("OPENBLAS_CORETYPE", "Haswell")];

/// What the machine's lines say of it.
const HELD_TEXT: &str = "held to AVX2: dopec's code, what is compiled here, OpenBLAS, and MKL, whose `def` kernels (on \
    processors of AMD) are 128-bit SSE code all the same; not held: onnxruntime and tract";

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let mut cases = cases::all();
    if !arguments.cases.is_empty() {
        cases.retain(|case| arguments.cases.iter().any(|name| case.name.contains(name)));
    }
    if cases.is_empty() {
        return Err("no case has such a name; --list prints them".to_owned());
    }
    if arguments.list {
        cases.iter().for_each(|case| println!("{:<24} {}", case.name, case.title));
        return Ok(());
    }
    if arguments.avx2 && HELD.iter().any(|(name, value)| std::env::var(name).as_deref() != Ok(*value)) {
        return Err(again_held());
    }
    let core = machine::pin(arguments.core)?;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let mut machine = machine::describe(core);
    if arguments.avx2 {
        machine.push(HELD_TEXT.to_owned());
    }
    machine.iter().for_each(|line| println!("{line}"));
    let target = if arguments.avx2 { Target::Avx2 } else { Target::Any };
    let mut runner = Runner::new(folder.path(), effort, target);
    if arguments.write {
        let fail = |missing| {
            format!(
                "a record needs everybody whom a row of what is asked names; bench/setup.sh fetches libraries, \
                 `--features tract` builds tract in:{missing}"
            )
        };
        runner.rehearse(&cases).map_err(fail)?;
    }
    if let Err(reason) = runner.measure_limits() {
        eprintln!("the core's limits are not known: {reason}");
    }
    let count = cases.len();
    let mut results = Vec::new();
    for (i, case) in cases.iter_mut().enumerate() {
        eprintln!("{} of {count}: {}", i + 1, case.title);
        if !arguments.peers.is_empty() {
            case.choose(&arguments.peers);
        }
        let result = runner.case(case)?;
        print!("{}", report::table(&result));
        results.push(result);
    }
    let report =
        Report { machine: &machine, limits: runner.limits(), quick: arguments.quick, results: &results };
    print!("\n{}", report.summary());
    if arguments.write {
        write("RESULTS.md", &report.markdown())?;
        write("../docs/speedup.svg", &plot::svg(&report.series())?)?;
    }
    Ok(())
}

/// Starts this program again in place of itself, with [`HELD`] around it; comes back only with the reason why it can't.
fn again_held() -> String {
    let fail = |error: std::io::Error| format!("the benchmark could not be started again for AVX2: {error}");
    match std::env::current_exe() {
        Ok(program) => fail(Command::new(program).args(std::env::args_os().skip(1)).envs(HELD).exec()),
        Err(error) => fail(error),
    }
}

/// Writes a file, named from this crate's folder.
fn write(name: &str, text: &str) -> Result<(), String> {
    let path = toolchain::root().join(name);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
