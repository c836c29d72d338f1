//! Files: a model and its lock file read from disk, outputs and models written to it. The only part of the library that touches either.
//!
//! Outputs appear whole or not at all: each is written beside its place under another name and renamed once
//! all are written. A file that holds the same bytes already is not touched.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::emit::OutputFile;
use crate::export::{self, Storage, export};
use crate::faults::Faults;
use crate::ingest::Source;
use crate::model::Model;

/// Bytes written at a time.
const BUFFER: usize = 1 << 16;

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
        read.borrow_mut().push(path.clone());
        std::fs::read(path)
    };
    let lock = lock_path(path);
    let lock = lock.exists().then(|| lock.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let result = work(&Source { file, json: &json, open: &open, lock: lock.as_deref() });
    (result, read.into_inner())
}

/// The lock file of a model file: beside it, `x.lock.json` for `x.json`.
pub fn lock_path(model: &Path) -> PathBuf {
    model.with_extension("lock.json")
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
/// One can't be written; then none was changed.
pub fn write(files: &[(PathBuf, &dyn Contents)]) -> Result<(), Faults> {
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

/// Writes a model to `path`, its weights, where they are stored beside it, to the same name ending in `.safetensors`.
///
/// # Errors
///
/// A file can't be written; then none was changed.
pub fn save(path: &Path, model: &Model, metadata: &Value, storage: Storage) -> Result<(), Faults> {
    let exported = export(model, metadata, storage, &export::weights_name(path, model));
    let json = exported.json.as_bytes();
    let mut files: Vec<(PathBuf, &dyn Contents)> = vec![(path.to_owned(), &json)];
    let weights =
        exported.weights.as_ref().map(|(name, bytes)| (path.with_file_name(name), bytes.as_slice()));
    files.extend(weights.iter().map(|(path, bytes)| (path.clone(), bytes as &dyn Contents)));
    write(&files)
}

/// What has been done to write files, so that it can be undone.
#[derive(Default)]
struct Changes {
    /// Folders made, outermost first.
    folders: Vec<PathBuf>,
    /// Files written beside their places, and those places.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Changes {
    fn prepare(&mut self, to: &Path, contents: &dyn Contents) -> Result<(), (PathBuf, io::Error)> {
        let folder = to.parent().unwrap_or(Path::new(""));
        self.make(folder).map_err(|error| (folder.to_owned(), error))?;
        if holds(to, contents) {
            return Ok(());
        }
        if to.is_dir() {
            return Err((to.to_owned(), io::Error::other("a folder of that name is in the way")));
        }
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let from = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        self.files.push((from.clone(), to.to_owned()));
        let write = || -> io::Result<()> {
            let mut out = BufWriter::with_capacity(BUFFER, File::create(&from)?);
            contents.write_to(&mut out)?;
            out.flush()
        };
        write().map_err(|error| (to.to_owned(), error))
    }

    fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing = folder.ancestors().filter(|path| !path.as_os_str().is_empty() && !path.exists());
        let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        missing.reverse();
        for path in missing {
            std::fs::create_dir(&path)?;
            self.folders.push(path);
        }
        Ok(())
    }

    fn commit(&self) -> Result<(), (PathBuf, io::Error)> {
        let rename =
            |(from, to): &(PathBuf, PathBuf)| std::fs::rename(from, to).map_err(|error| (to.clone(), error));
        self.files.iter().try_for_each(rename)
    }

    fn undo(&self) {
        for (from, _) in &self.files {
            let _ = std::fs::remove_file(from);
        }
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}
