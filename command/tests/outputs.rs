//! What the command leaves on disk: whole files or none, equal files untouched, the same bytes from anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models").canonicalize().unwrap()
}

fn dopec(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dopec"));
    command.current_dir(folder).args(arguments);
    command
}

fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.push((path.clone(), Vec::new()));
            files.extend(tree(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn the_same_bytes_from_any_folder_and_in_any_locale() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let model = models().join("shakespeare_small.json");
    let absolute = model.to_str().unwrap();
    succeed(dopec(here.path(), &[absolute, "--emit", "c,rust,ir", "-o", "."]));
    fs::copy(&model, there.path().join("shakespeare_small.json")).unwrap();
    let mut command =
        dopec(there.path(), &["shakespeare_small.json", "--emit", "ir,rust,c", "-o", "deep/er"]);
    command.env("LC_ALL", "de_DE.UTF-8").env("LANG", "tr_TR.UTF-8").env("TZ", "Asia/Tokyo");
    succeed(command);
    let named = |folder: PathBuf| -> Vec<_> {
        tree(&folder).into_iter().map(|(path, bytes)| (path.file_name().unwrap().to_owned(), bytes)).collect()
    };
    let files = named(here.path().to_owned());
    assert_eq!(files.len(), 4);
    assert!(files == named(there.path().join("deep/er")));
}

#[test]
fn equal_files_are_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let model = models().join("shakespeare_small.json");
    let arguments = [model.to_str().unwrap(), "--emit", "c"];
    succeed(dopec(folder.path(), &arguments));
    let file = folder.path().join("shakespeare_small.c");
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
    succeed(dopec(folder.path(), &arguments));
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
    succeed(dopec(folder.path(), &[&arguments[..], &["--unroll-limit", "0"]].concat()));
    assert_ne!(fs::metadata(&file).unwrap().modified().unwrap(), long_ago);
}

#[test]
fn nothing_is_written_when_anything_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let json = fs::read_to_string(models().join("shakespeare_small.json")).unwrap();
    fs::write(path.join("right.json"), &json).unwrap();
    fs::write(path.join("broken.json"), &json[..json.len() / 2]).unwrap();
    fs::write(path.join("unlike.json"), json.replacen("-3.3972116", "-3.2972116", 1)).unwrap();
    // A folder where a file should go: the header could be written, the source could not.
    fs::create_dir_all(path.join("blocked/shakespeare_small.c")).unwrap();
    let before = tree(path);
    let cases: [&[&str]; 6] = [
        &["broken.json", "--emit", "c,rust,ir", "-o", "new"],
        &["unlike.json", "--emit", "c", "-o", "new"],
        &["right.json", "--emit", "c", "-o", "blocked"],
        &["right.json", "--emit", "c", "-o", "right.json"],
        &["right.json", "--emit", "c", "-o", "new/right.json/../../right.json/deeper"],
        &["right.json", "--emit", "c", "-o", "new", "--depfile", "right.json/x.d"],
    ];
    for arguments in cases {
        let output = dopec(path, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty() && output.stderr.starts_with(b"error: "), "{arguments:?}");
        let after: Vec<_> = tree(path);
        assert!(
            after == before,
            "{arguments:?} left {:?}",
            after.iter().map(|(path, _)| path).collect::<Vec<_>>()
        );
    }
}

#[test]
fn outputs_replace_nothing_that_they_are_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let json = fs::read_to_string(models().join("shakespeare_medium.json")).unwrap();
    // The weights have the name that tables in a file of their own get.
    let stored = json.replacen("shakespeare_medium.safetensors", "shakespeare_medium.bin", 1);
    fs::write(path.join("m.json"), &stored).unwrap();
    fs::write(path.join("shakespeare_medium.c"), &stored).unwrap();
    fs::copy(models().join("shakespeare_medium.safetensors"), path.join("shakespeare_medium.bin")).unwrap();
    let before = tree(path);
    let cases: [(&[&str], &str); 5] = [
        (&["m.json", "--data", "incbin"], "`shakespeare_medium.bin`, which is read"),
        (&["m.json", "--depfile", "m.json"], "`m.json`, which is read"),
        (&["m.json", "--depfile", "new/../m.json"], "`m.json`, which is read"),
        (&["m.json", "--depfile", "shakespeare_medium.h"], "`shakespeare_medium.h`, which is written, too"),
        (&["shakespeare_medium.c"], "`shakespeare_medium.c`, which is read"),
    ];
    for (arguments, words) in cases {
        let output = dopec(path, &[arguments, &["--emit", "c"]].concat()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(words) && said.contains("= help: "), "{arguments:?}: {said}");
        assert!(tree(path) == before, "{arguments:?}");
    }
    succeed(dopec(path, &["m.json", "--emit", "c", "--data", "incbin", "-o", "gen"]));
}

/// A small model with a sparse part.
fn speller(folder: &Path) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/tune.in");
    fs::copy(models.join("speller.json"), folder.join("speller.json")).unwrap();
}

#[test]
fn the_lock_file_appears_with_the_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    speller(path);
    fs::create_dir_all(path.join("blocked/speller.c")).unwrap();
    let before = tree(path);
    let tune = ["speller.json", "--emit", "c", "--tune", "--cflags", "-O0"];
    let output = dopec(path, &[&tune[..], &["-o", "blocked"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(tree(path) == before);
    let output = dopec(path, &[&tune[..], &["--depfile", "speller.lock.json"]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(tree(path) == before);
    // What is written says that it is made from the lock file written with it.
    succeed(dopec(path, &[&tune[..], &["--depfile", "speller.d"]].concat()));
    let depfile = fs::read_to_string(path.join("speller.d")).unwrap();
    assert_eq!(depfile, "speller.h speller.c: speller.json speller.lock.json\n");
    succeed(dopec(path, &["speller.json", "--emit", "c", "--check"]));
}

#[test]
fn tuning_replaces_only_a_lock_file_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    speller(path);
    let lock = path.join("speller.lock.json");
    let tune = ["speller.json", "--emit", "c", "--tune", "--cflags", "-O0", "--target", "portable"];
    let of_another = r#"{"format": "dopec-lock", "version": 1, "model": {"other.json": "0"}, "target": "portable", "choices": {}}"#;
    for (text, words) in
        [("my notes", "found `my notes`"), (of_another, "expected one that was made for `speller.json`")]
    {
        fs::write(&lock, text).unwrap();
        let output = dopec(path, &tune).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && said.contains("delete it or move it away"), "{said}");
        assert_eq!(fs::read_to_string(&lock).unwrap(), text);
    }
    // The model was trained again, or the file is damaged.
    let older = of_another.replace("other.json", "speller.json").replace("portable", "avx512");
    for (text, lost) in [(older.as_str(), true), (&older[..40], false)] {
        fs::write(&lock, text).unwrap();
        let said = String::from_utf8(succeed(dopec(path, &tune)).stderr).unwrap();
        assert_eq!(said.contains("speller.lock.json: its choices for avx512 are replaced"), lost, "{said}");
        assert!(fs::read_to_string(&lock).unwrap().contains("\"target\": \"portable\""));
    }
}

#[test]
fn the_weights_file_is_a_dependency() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["shakespeare_medium.json", "shakespeare_medium.safetensors"] {
        fs::copy(models().join(name), folder.path().join(name)).unwrap();
    }
    let arguments = ["shakespeare_medium.json", "--emit", "rust", "-o", "out put", "--depfile", "deps/m.d"];
    succeed(dopec(folder.path(), &arguments));
    let text = fs::read_to_string(folder.path().join("deps/m.d")).unwrap();
    let expected =
        "out\\ put/shakespeare_medium.rs: shakespeare_medium.json shakespeare_medium.safetensors\n";
    assert_eq!(text, expected);
}

/// On Linux a path is any bytes; make reads the same ones.
#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_not_utf_8_is_a_dependency() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let name = std::ffi::OsStr::from_bytes(b"m\xfc #.json");
    fs::copy(models().join("shakespeare_small.json"), folder.path().join(name)).unwrap();
    let mut command = dopec(folder.path(), &["--emit", "rust", "--depfile", "m.d"]);
    command.arg(name);
    succeed(command);
    assert_eq!(fs::read(folder.path().join("m.d")).unwrap(), b"shakespeare_small.rs: m\xfc\\ \\#.json\n");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let model = models().join("shakespeare_medium.json");
    let mut command = dopec(&models(), &[model.to_str().unwrap(), "--emit", "ir"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}
