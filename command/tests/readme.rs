//! The README's own commands: those of dopec are run here, the others by the checks of every change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().canonicalize().unwrap()
}

/// The lines of the README's code blocks that have no language, without comments.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut commands = Vec::new();
    let mut block = None;
    for line in readme.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(language), None) => block = Some(language.is_empty()),
            (Some(_), Some(_)) => block = None,
            (None, Some(true)) => commands.push(line.split(" #").next().unwrap_or(line).trim().to_owned()),
            _ => {}
        }
    }
    commands
}

#[test]
fn dopec_commands_work() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("tests/models")).unwrap();
    let model = "tests/models/shakespeare_small.json";
    fs::copy(root().join(model), folder.path().join(model)).unwrap();
    let commands = commands();
    let own: Vec<&str> = commands.iter().filter_map(|line| line.strip_prefix("dopec ")).collect();
    assert!(own.len() >= 4, "{commands:?}");
    for arguments in own {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dopec"));
        let output = command.args(arguments.split_whitespace()).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "dopec {arguments}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(folder.path().join("gen/shakespeare_small.c").is_file());
}

#[test]
fn the_other_commands_are_checked_with_every_change() {
    let checks = fs::read_to_string(root().join(".ci/run")).unwrap();
    let commands = commands();
    let others: Vec<&String> = commands.iter().filter(|line| !line.starts_with("dopec ")).collect();
    assert!(others.iter().any(|line| *line == "cargo run --release -p shakespeare"));
    assert!(others.iter().any(|line| *line == "cargo test --workspace"));
    for line in others.iter().filter(|line| !line.starts_with("cargo install")) {
        assert!(checks.lines().any(|check| check == **line), "`.ci/run` does not run `{line}`");
    }
}
