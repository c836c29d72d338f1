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

/// Writes `files` into `folder`, which is made when missing; gives their paths.
///
/// # Errors
///
/// The folder can't be made or written; then none of the files was changed.
pub fn write(folder: &Path, files: &[OutputFile]) -> Result<Vec<PathBuf>, Faults> {
    let made = missing_folders(folder);
    let mut temporaries: Vec<(PathBuf, PathBuf)> = Vec::new();
    let result = prepare(folder, files, &mut temporaries).and_then(|()| {
        temporaries
            .iter()
            .try_for_each(|(from, to)| std::fs::rename(from, to).map_err(|error| (to.clone(), error)))
    });
    if let Err((path, error)) = result {
        for (from, _) in &temporaries {
            let _ = std::fs::remove_file(from);
        }
        for folder in made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
        let title = format!("the output can't be written: {error}");
        return Err(Faults::plain(
            path.display().to_string(),
            title,
            "give -o a folder that can be written, with room in it",
        ));
    }
    Ok(files.iter().map(|file| folder.join(&file.name)).collect())
}

fn prepare(
    folder: &Path,
    files: &[OutputFile],
    temporaries: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), (PathBuf, io::Error)> {
    std::fs::create_dir_all(folder).map_err(|error| (folder.to_owned(), error))?;
    for file in files {
        let to = folder.join(&file.name);
        if std::fs::read(&to).is_ok_and(|bytes| bytes == file.bytes) {
            continue;
        }
        if to.is_dir() {
            return Err((to, io::Error::other("a folder of that name is in the way")));
        }
        let from = folder.join(format!(".{}.{}.tmp", file.name, std::process::id()));
        temporaries.push((from.clone(), to.clone()));
        std::fs::write(&from, &file.bytes).map_err(|error| (to, error))?;
    }
    Ok(())
}

/// The folders that making `folder` would make, outermost first.
fn missing_folders(folder: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = folder
        .ancestors()
        .filter(|path| !path.as_os_str().is_empty() && !path.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}
