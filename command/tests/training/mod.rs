//! What the tests of `dopec train` share: a text made here, the command run on it, options of a short run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Lines that texts are made of.
#[allow(dead_code)]
pub(crate) const LINES: [&str; 6] = [
    "the cat sat on the mat and looked at the moon.\n",
    "A dog came by, and the cat ran up a tree!\n",
    "\"who is there?\" said the owl, who was old and wise.\n",
    "nobody, said the wind; it was only the wind.\n",
    "the moon went down behind the hill at seven.\n",
    "and then the cat came home to the mat again.\n",
];

/// Lines in an order that a small model can learn some of, `len` bytes or a little more.
#[allow(dead_code)]
pub(crate) fn text(len: usize) -> String {
    let (mut text, mut state) = (String::new(), 12345_u32);
    while text.len() < len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(LINES[(state >> 16) as usize % LINES.len()]);
    }
    text
}

/// A run of some seconds, in so many steps.
#[allow(dead_code)]
pub(crate) fn small(steps: &str) -> Vec<&str> {
    smaller("4", steps)
}

/// The same, of matrices so many times smaller.
#[allow(dead_code)]
pub(crate) fn smaller<'a>(factor: &'a str, steps: &'a str) -> Vec<&'a str> {
    let sizes = "--hidden 32 --embedding 16 --batch 8 --sequence 24 --threads 2";
    let mut options: Vec<&str> = sizes.split(' ').collect();
    options.extend(["--factor", factor, "--steps", steps]);
    options
}

/// The command, in a folder.
pub(crate) fn dopec(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dopec"));
    command.current_dir(folder).args(arguments);
    command
}

/// `dopec train`
pub(crate) fn train(folder: &Path, arguments: &[&str]) -> Command {
    dopec(folder, &[&["train"], arguments].concat())
}

/// Runs a command that is to succeed.
pub(crate) fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The stderr of a command that is to exit with 1.
#[allow(dead_code)]
pub(crate) fn fail(command: Command) -> String {
    exit(1, command)
}

/// The stderr of a command that is to exit with such a code: 2 where the command line is at fault.
#[allow(dead_code)]
pub(crate) fn exit(code: i32, mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "{command:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// What a model file says of how it was made.
#[allow(dead_code)]
pub(crate) fn metadata(model: &Path) -> serde_json::Value {
    let file: serde_json::Value = serde_json::from_slice(&fs::read(model).unwrap()).unwrap();
    file["metadata"].clone()
}
