//! Tiny models in C, in Rust and printed: each text reviewed as a snapshot, compiled with warnings as errors, run
//! and compared with the reference.
//!
//! The kernels, which have tests of their own, are cut out of the snapshots.

use std::path::{Path, PathBuf};

use dopec::verify::{Options, Toolchain};
use dopec::{Emit, Settings, Target, files, verify};

fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("snapshot-models/{name}.json"))
}

/// The text without the kernels: each run of them starts after a line of the one kind and ends before one of the other.
fn without_kernels(text: &str, starts: &[&str], ends: &[&str]) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside &= !ends.iter().any(|end| line.starts_with(end));
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
        if starts.iter().any(|start| line.starts_with(start)) {
            inside = true;
            out.push_str("... kernels ...\n");
        }
    }
    assert!(!inside && out.contains("... kernels ..."));
    out
}

/// Snapshots the three outputs of a model, then builds and runs the C and the Rust.
fn snapshot(name: &str, settings: &Settings) {
    let settings =
        Settings { emit: vec![Emit::C, Emit::Rust, Emit::Ir], ..settings.clone() }.for_model(&model(name));
    let (compiled, _) = files::with_source(&model(name), |source| dopec::compile(source, &settings));
    let mut snapshots = insta::Settings::clone_current();
    snapshots.set_prepend_module_to_snapshot(false);
    snapshots.set_omit_expression(true);
    for file in compiled.unwrap().files() {
        let text = String::from_utf8(file.bytes()).unwrap();
        let text = match Path::new(&file.name).extension().unwrap().to_str().unwrap() {
            "c" => without_kernels(&text, &["/* ---- kernels"], &["/* ---- straight-line", "/* ---- layers"]),
            "rs" => without_kernels(&text, &["mod kernels {", "macro_rules! kernels"], &["}"]),
            _ => text,
        };
        snapshots.bind(|| insta::assert_snapshot!(file.name, text));
    }

    let strict = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -O1 -fsanitize=address,undefined";
    let flags = |flags: &str| flags.split_whitespace().map(str::to_owned).collect();
    let toolchains = [
        Toolchain { compiler: "gcc".into(), flags: flags(strict), ..Toolchain::c() },
        Toolchain { flags: flags("-O -D warnings"), ..Toolchain::rust() },
    ];
    let (reports, _) = files::with_source(&model(name), |source| {
        verify::run(source, &settings, &toolchains, &Options { random_steps: 20, ..Options::default() })
    });
    for report in reports.unwrap_or_else(|faults| panic!("{faults}")) {
        assert!(report.passes(), "{report}");
    }
}

/// A Kronecker product with a sparse part and a bias, straight line; for every family of instructions.
#[test]
fn mixer() {
    snapshot("mixer", &Settings::default());
}

/// Tokens, an LSTM with tables, a head.
#[test]
fn speller() {
    snapshot("speller", &Settings { unroll_limit: Some(0), target: Target::Portable, ..Settings::default() });
}

/// Tokens, a joined LSTM and a softmax, for four streams at once and in blocks of three steps.
#[test]
fn chorus() {
    let settings =
        Settings { batch: Some(4), run_block: Some(3), target: Target::Portable, ..Settings::default() };
    snapshot("chorus", &settings);
}

/// Stacks and blocks of other structures, a GRU.
#[test]
fn filter() {
    snapshot("filter", &Settings { target: Target::Portable, ..Settings::default() });
}

/// A sparse part alone: look-ups as straight-line code on AVX-512, straight line elsewhere.
#[test]
fn reader() {
    snapshot("reader", &Settings::default());
}
