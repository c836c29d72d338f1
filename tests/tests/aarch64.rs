//! Emitted C on AArch64, whose vectors have four lanes, against the 64-bit reference: with the cross compiler and the
//! emulator, where both are installed; they must be where the environment sets `DOPEC_ALL_TOOLS`.

use std::fs;
use std::path::Path;
use std::process::Command;

use dopec::verify::{Options, Report, Toolchain};
use dopec::{DataForm, Settings, Source, files, verify};

const COMPILER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
const STRICT: &str = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -static";

fn toolchain(level: &str) -> Toolchain {
    let flags = STRICT.split_whitespace().chain([level]).map(str::to_owned).collect();
    let runner = Some(EMULATOR.to_owned());
    Toolchain { compiler: COMPILER.to_owned(), flags, runner, ..Toolchain::c() }
}

/// Says why where a tool is missing: there is nothing to test with then.
fn can_run() -> bool {
    let missing = [COMPILER, EMULATOR].into_iter().find(|tool| {
        !Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    if let Some(tool) = missing {
        assert!(
            std::env::var_os("DOPEC_ALL_TOOLS").is_none(),
            "DOPEC_ALL_TOOLS is set, and {tool} is missing"
        );
        println!("left out: needs {COMPILER} and {EMULATOR}, and {tool} is missing");
    }
    missing.is_none()
}

/// Streams and blocks, a rest of a vector in both.
fn wide() -> Settings {
    Settings { batch: Some(6), run_block: Some(5), ..Settings::default() }
}

fn tables(settings: Settings) -> Settings {
    Settings { unroll_limit: Some(0), ..settings }
}

fn options(random_steps: usize) -> Options {
    Options { random_steps, ..Options::default() }
}

fn pass(name: &str, reports: &[Report]) {
    reports.iter().for_each(|report| assert!(report.passes(), "{name}\n{report}"));
}

/// A model of `tests/models`.
fn check(name: &str, settings: &Settings, level: &str, steps: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    let (reports, _) = files::with_source(&path, |source| {
        verify::run(source, settings, &[toolchain(level)], &options(steps))
    });
    pass(name, &reports.unwrap_or_else(|faults| panic!("{faults}")));
}

#[test]
fn a_trained_model_straight_and_in_tables() {
    if can_run() {
        check("shakespeare_small.json", &Settings::default(), "-O2", 40);
        check("shakespeare_small.json", &tables(wide()), "-O3", 40);
    }
}

/// With sparse parts so large that they are slices, vectors and wide vectors of them.
#[test]
fn a_large_model_with_streams_and_blocks() {
    if can_run() {
        check("shakespeare_medium.json", &wide(), "-O2", 12);
    }
}

#[test]
fn nothing_is_left_unused() {
    if !can_run() {
        return;
    }
    let unrolled = Settings { unroll_limit: Some(100_000), ..wide() };
    for (name, settings) in [
        ("shakespeare_small.json", Settings::default()),
        ("shakespeare_medium.json", wide()),
        ("shakespeare_medium.json", Settings { data: DataForm::Incbin, ..wide() }),
        ("oracle/network.json", unrolled),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
        let folder = tempfile::tempdir().unwrap();
        let (compiled, _) = files::with_source(&path, |source| dopec::compile(source, &settings));
        let compiled = compiled.unwrap_or_else(|faults| panic!("{faults}"));
        let mut sources = Vec::new();
        for file in compiled.files() {
            let at = folder.path().join(&file.name);
            file.write_to(&mut fs::File::create(&at).unwrap()).unwrap();
            sources.extend((at.extension() == Some("c".as_ref())).then_some(at));
        }
        let mut command = Command::new(COMPILER);
        command.args(STRICT.split_whitespace().filter(|&flag| flag != "-static")).arg("-c").args(sources);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn every_structure() {
    if can_run() {
        for name in ["gru_low_rank", "gru_monarch", "lstm_joined_iofg", "lstm_split_circulant", "network"] {
            check(&format!("oracle/{name}.json"), &tables(wide()), "-O1", 12);
        }
    }
}

/// The GRU that `python/oracle.py` trained and pruned.
#[test]
fn a_doped_gru() {
    if !can_run() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/fixtures/twenty_steps_gru.json");
    let fixture: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let json = fixture["final"].to_string();
    let open = |_: &str| unreachable!("the arrays are inline");
    let source = Source { file: "gru.json", json: json.as_bytes(), open: &open, lock: None };
    for settings in [wide(), tables(wide())] {
        let reports = verify::run(&source, &settings, &[toolchain("-O2")], &options(30));
        pass("gru", &reports.unwrap_or_else(|faults| panic!("{faults}")));
    }
}
