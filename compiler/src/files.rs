//! Files: a model and its lock file read from disk, outputs and models written to it. The only part of the library that
//! touches either.
//!
//! Outputs appear whole, and all or none of them ([`changes`]). A file that holds the same bytes already is not touched,
//! and none that the outputs are made from is replaced.

mod changes;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::emit::OutputFile;
use crate::export::{self, Storage, export};
use crate::faults::{Fault, Faults};
use crate::ingest::Source;
use crate::model::Model;
use changes::Changes;

/// Runs `work` on the model file at `path`; gives its result and the files that were read, or tried.
///
/// # Errors
///
/// The model file can't be read, or what `work` gives.
pub fn with_source<R>(
    path: &Path,
    work: impl FnOnce(&Source<'_>) -> Result<R, Faults>,
) -> (Result<R, Faults>, Vec<PathBuf>) {
    with_source_named(path, &path.display().to_string(), work)
}

/// As [`with_source`], for a file that faults call `file`: as the user wrote it, where `path` is not that.
///
/// # Errors
///
/// As [`with_source`].
pub fn with_source_named<R>(
    path: &Path,
    file: &str,
    work: impl FnOnce(&Source<'_>) -> Result<R, Faults>,
) -> (Result<R, Faults>, Vec<PathBuf>) {
    let read = RefCell::new(vec![path.to_owned()]);
    let json = match std::fs::read(path) {
        Ok(json) => json,
        Err(error) => {
            let fault = Faults::plain(
                file,
                format!("the model file can't be read: {error}"),
                "give the path of a model's JSON file",
            );
            return (Err(fault), read.into_inner());
        }
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let open = |name: &str| -> io::Result<Vec<u8>> {
        let path = folder.join(name);
        let mut read = read.borrow_mut();
        if !read.contains(&path) {
            read.push(path.clone());
        }
        std::fs::read(path)
    };
    let lock = lock_path(path);
    // One that can't be looked at is not left aside in silence: opening it says why.
    let none = lock.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let lock = (!none).then(|| lock.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let result = work(&Source { file, json: &json, open: &open, lock: lock.as_deref() });
    (result, read.into_inner())
}

/// The lock file of a model file: beside it, `x.lock.json` for `x.json`, and `x.10x.lock.json` for `x.10x`.
pub fn lock_path(model: &Path) -> PathBuf {
    let mut name = export::file_stem(model).unwrap_or_default().to_owned();
    name.push(".lock.json");
    model.with_file_name(name)
}

/// The files of `folder` that are missing or hold other bytes than they should.
pub fn out_of_date(folder: &Path, files: &[OutputFile<'_>]) -> Vec<PathBuf> {
    let path = |file: &OutputFile<'_>| folder.join(&file.name);
    files.iter().filter(|file| !holds(&path(file), *file)).map(path).collect()
}

/// What a file is to hold.
pub trait Contents {
    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()>;
}

impl Contents for OutputFile<'_> {
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        OutputFile::write_to(self, out)
    }
}

impl Contents for &[u8] {
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self)
    }
}

/// Whether a file is there and holds just these contents.
fn holds(path: &Path, contents: &dyn Contents) -> bool {
    /// Takes only what the file holds next.
    struct Comparison(BufReader<File>);
    impl Write for Comparison {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let found = self.0.fill_buf()?;
            let len = found.len().min(bytes.len());
            if len == 0 && !bytes.is_empty() || found[..len] != bytes[..len] {
                return Err(io::Error::other("the file holds something else"));
            }
            self.0.consume(len);
            Ok(len)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let compare = || -> io::Result<bool> {
        let mut comparison = Comparison(BufReader::new(File::open(path)?));
        contents.write_to(&mut comparison)?;
        Ok(comparison.0.fill_buf()?.is_empty())
    };
    compare().unwrap_or(false)
}

/// Writes files, each a path and its contents, making the folders that are missing.
///
/// # Errors
///
/// Two have the same path; one can't be written. Then none was changed.
pub fn write(files: &[(PathBuf, &dyn Contents)]) -> Result<(), Faults> {
    write_made_from(&[], files)
}

/// As [`write`], for files that are made from those at `read`.
///
/// # Errors
///
/// As [`write`]; one would replace a file of `read`.
pub fn write_made_from(read: &[PathBuf], files: &[(PathBuf, &dyn Contents)]) -> Result<(), Faults> {
    apart(read, files.iter().map(|(path, _)| path.as_path()))?;
    let mut changes = Changes::default();
    files
        .iter()
        .try_for_each(|(path, contents)| changes.prepare(path, *contents))
        .and_then(|()| changes.commit())
        .map_err(|(path, error)| {
            changes.undo();
            Faults::plain(
                path.display().to_string(),
                format!("the output can't be written: {error}"),
                "give a folder that can be written, with room in it",
            )
        })
}

/// Whether every file that is to be `written` has a path of its own, which none of `read` has: the comparison of
/// [`write_made_from`], for what is to be known before there is anything to write. Links, and steps back by `..`, are
/// seen through.
///
/// # Errors
///
/// Two have the same path; one would replace a file of `read`.
pub fn apart<'p>(read: &[PathBuf], written: impl IntoIterator<Item = &'p Path>) -> Result<(), Faults> {
    let refuse = |path: &Path, title: &str, found: String, help: &str| {
        let fault = Fault {
            title: title.to_owned(),
            expected: Some("a path of its own for each output".to_owned()),
            found: Some(found),
            help: Some(help.to_owned()),
            ..Fault::default()
        };
        Err(Faults::new(path.display().to_string(), "", vec![fault]).of_the_request())
    };
    let inputs: Vec<PathBuf> = read.iter().map(|path| real(path)).collect();
    let mut outputs: Vec<(&Path, PathBuf)> = Vec::new();
    for path in written {
        let place = real(path);
        if let Some(i) = inputs.iter().position(|input| *input == place) {
            let found = format!("`{}`, which is read", read[i].display());
            let help = "write to another folder or name, or rename the file that is read";
            return refuse(path, "an output would replace a file that it is made from", found, help);
        }
        if let Some((other, _)) = outputs.iter().find(|(_, output)| *output == place) {
            let found = format!("`{}`, which is written, too", other.display());
            return refuse(path, "two outputs have the same path", found, "give one of them another name");
        }
        outputs.push((path, place));
    }
    Ok(())
}

/// A path without links and `..`, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
        real = real.canonicalize().unwrap_or(real);
    }
    real
}

/// Writes a model to `path`, its weights, where they are stored beside it, to the same name ending in `.safetensors`
/// ([`export::weights_name`]).
///
/// # Errors
///
/// A file can't be written; then none was changed.
pub fn save(path: &Path, model: &Model, metadata: &Value, storage: Storage) -> Result<(), Faults> {
    let exported = export(model, metadata, storage, &export::weights_name(path, &model.name));
    let json = exported.json.as_bytes();
    let mut files: Vec<(PathBuf, &dyn Contents)> = vec![(path.to_owned(), &json)];
    let weights =
        exported.weights.as_ref().map(|(name, bytes)| (path.with_file_name(name), bytes.as_slice()));
    files.extend(weights.iter().map(|(path, bytes)| (path.clone(), bytes as &dyn Contents)));
    write(&files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Puts a folder where the file is to go, while its contents are asked for.
    struct Trap(PathBuf);

    impl Contents for Trap {
        fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
            fs::create_dir_all(&self.0)?;
            out.write_all(b"never seen")
        }
    }

    /// The names in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_between_two_files_takes_the_first_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("replaced"), "before").unwrap();
        let files: [(PathBuf, &dyn Contents); 3] = [
            (path("replaced"), &b"after".as_slice()),
            (path("made"), &b"new".as_slice()),
            (path("trap"), &Trap(path("trap"))),
        ];
        let said = write(&files).unwrap_err().to_string();
        assert!(said.contains("the output can't be written"), "{said}");
        assert_eq!(fs::read_to_string(path("replaced")).unwrap(), "before");
        assert_eq!(names(folder.path()), ["replaced", "trap"]);
        write(&files[..2]).unwrap();
        assert_eq!(fs::read_to_string(path("replaced")).unwrap(), "after");
        assert_eq!(names(folder.path()), ["made", "replaced", "trap"]);
    }

    #[test]
    fn a_lock_file_is_called_as_its_model() {
        for (model, lock) in [
            ("models/lm.json", "models/lm.lock.json"),
            ("lm.10x", "lm.10x.lock.json"),
            ("lm", "lm.lock.json"),
        ] {
            assert_eq!(lock_path(Path::new(model)), Path::new(lock));
        }
    }

    #[test]
    fn folders_are_made_that_others_make_or_that_lead_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write(&[(path("missing/../gen/x"), &b"x".as_slice())]).unwrap();
        assert_eq!(fs::read_to_string(path("gen/x")).unwrap(), "x");
        // Of a run that fails only what it made itself is removed.
        fs::create_dir(path("there")).unwrap();
        write(&[(path("there/deep/x"), &b"x".as_slice()), (path("gen/x/y"), &b"".as_slice())]).unwrap_err();
        assert_eq!(names(&path("there")), [""; 0]);
        // Two runs at once.
        let run = |name: &str| {
            for i in 0..300 {
                write(&[(path(&format!("{i}/a/b/c/{name}")), &b"x".as_slice())]).unwrap();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| run("one"));
            run("two");
        });
    }

    #[test]
    fn paths_are_compared_without_links_and_steps_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("model"), "model").unwrap();
        let contents = b"output".as_slice();
        for output in ["model", "new/../model", "./new/deep/../../model"] {
            let faults = write_made_from(&[path("model")], &[(path(output), &contents)]).unwrap_err();
            assert!(faults.is_of_the_request(), "{faults}");
            assert!(faults.to_string().contains("replace a file that it is made from"), "{faults}");
            let faults = write(&[(path("x"), &contents), (path("new/../x"), &contents)]).unwrap_err();
            assert!(faults.is_of_the_request(), "{faults}");
            assert!(faults.to_string().contains("two outputs have the same path"), "{faults}");
            assert_eq!(names(folder.path()), ["model"]);
        }
        assert_eq!(fs::read_to_string(path("model")).unwrap(), "model");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_what_is_no_file_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/model"), "model").unwrap();
        std::os::unix::fs::symlink(path("real"), path("linked")).unwrap();
        // A path through a link is that of the file it leads to.
        let faults = write_made_from(&[path("real/model")], &[(path("linked/model"), &b"x".as_slice())]);
        assert!(faults.unwrap_err().is_of_the_request());
        // An output that is a link stays one.
        std::os::unix::fs::symlink(path("real/output"), path("output")).unwrap();
        fs::write(path("real/output"), "before").unwrap();
        write(&[(path("output"), &b"after".as_slice())]).unwrap();
        assert_eq!(fs::read_to_string(path("real/output")).unwrap(), "after");
        assert!(path("output").is_symlink());
        // One to nothing is neither followed nor replaced.
        std::os::unix::fs::symlink(path("real/none"), path("astray")).unwrap();
        assert!(write(&[(path("astray"), &b"x".as_slice())]).is_err());
        assert!(path("astray").is_symlink() && !path("real/none").exists());
        // What is no file is not replaced: a socket, as devices are root's.
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        let said = write(&[(path("socket"), &b"x".as_slice())]).unwrap_err().to_string();
        assert!(said.contains("a device or pipe of that name is in the way"), "{said}");
        // A lock file that is a link to nothing is there.
        std::os::unix::fs::symlink(path("nothing"), path("real/model.lock.json")).unwrap();
        let (lock, _) = with_source(&path("real/model"), |source| Ok(source.lock.map(str::to_owned)));
        assert_eq!(lock.unwrap().as_deref(), Some("model.lock.json"));
    }
}
