//! Files: a model read from disk, outputs written to it. The only part of the library that touches either.
//!
//! Outputs appear whole or not at all: each is written beside its place under another name and renamed once
//! all are written. A file that holds the same bytes already is not touched.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use crate::emit::OutputFile;
use crate::faults::Faults;
use crate::ingest::Source;

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
    let result = work(&Source { file, json: &json, open: &open });
    (result, read.into_inner())
}

/// The files of `folder` that are missing or hold other bytes than they should.
pub fn out_of_date(folder: &Path, files: &[OutputFile]) -> Vec<PathBuf> {
    let stale =
        |file: &&OutputFile| std::fs::read(folder.join(&file.name)).map_or(true, |bytes| bytes != file.bytes);
    files.iter().filter(stale).map(|file| folder.join(&file.name)).collect()
}

/// Writes files, each a path and its bytes, making the folders that are missing.
///
/// # Errors
///
/// One can't be written; then none was changed.
pub fn write(files: &[(PathBuf, &[u8])]) -> Result<(), Faults> {
    let mut changes = Changes::default();
    files
        .iter()
        .try_for_each(|(path, bytes)| changes.prepare(path, bytes))
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

/// What has been done to write files, so that it can be undone.
#[derive(Default)]
struct Changes {
    /// Folders made, outermost first.
    folders: Vec<PathBuf>,
    /// Files written beside their places, and those places.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Changes {
    fn prepare(&mut self, to: &Path, bytes: &[u8]) -> Result<(), (PathBuf, io::Error)> {
        let folder = to.parent().unwrap_or(Path::new(""));
        self.make(folder).map_err(|error| (folder.to_owned(), error))?;
        if std::fs::read(to).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        if to.is_dir() {
            return Err((to.to_owned(), io::Error::other("a folder of that name is in the way")));
        }
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let from = folder.join(format!(".{name}.{}.tmp", std::process::id()));
        self.files.push((from.clone(), to.to_owned()));
        std::fs::write(&from, bytes).map_err(|error| (to.to_owned(), error))
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
