//! `cargo run --release -p dopec-bench`: how fast compiled models run, beside every peer that can be had.
//!
//! In one run, on one thread of one core: each case's network is made, its peers are built for its shapes and loaded
//! with the same weights, and timed in turn, every timed result held to the 64-bit reference.

mod cases;
mod entrants;
mod measure;
mod models;
mod network;
mod peer;
mod ring;
mod runner;
mod toolchain;

use std::process::ExitCode;

use clap::Parser;

use measure::Effort;

/// Measures compiled models beside the peers that bench/setup.sh fetches; prints a table for each case.
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
    /// The processor core to stay on; the last one that this process may use, unless given.
    #[arg(long, value_name = "NUMBER")]
    core: Option<usize>,
}

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
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut runner =
        runner::Runner::new(folder.path(), if arguments.quick { Effort::QUICK } else { Effort::FULL });
    for case in &mut cases {
        if !arguments.peers.is_empty() {
            case.entrants.retain(|entrant| arguments.peers.iter().any(|name| entrant.name.contains(name)));
        }
        let result = runner.case(case)?;
        print!("{}", result.table());
        for standing in &result.standings {
            eprintln!("{}: {}", standing.name, standing.about);
        }
    }
    Ok(())
}
