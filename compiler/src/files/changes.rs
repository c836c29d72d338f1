//! Files that appear together: takes paths and contents; gives all of them in place, or everything as it was.
//!
//! Each file is written beside its place under another name. Only when all are there are they renamed, and what they
//! replace is kept beside them until the last one is in place, so that a failure midway can be taken back.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Contents, holds};

/// Bytes written at a time.
const BUFFER: usize = 1 << 16;

/// What has been done to write files, so that it can be undone.
#[derive(Default)]
pub(super) struct Changes {
    /// Folders made, outermost first.
    folders: Vec<PathBuf>,
    files: Vec<Change>,
}

/// A file on its way.
struct Change {
    /// Its place.
    to: PathBuf,
    /// Where it is written first.
    new: PathBuf,
    /// Where the file that it replaces is kept.
    old: PathBuf,
    /// Whether there was one.
    replaces: bool,
    /// Whether it is in its place.
    placed: bool,
}

impl Changes {
    /// Writes a file beside its place, making the folders that are missing; nothing where the file is there already.
    pub(super) fn prepare(&mut self, to: &Path, contents: &dyn Contents) -> Result<(), (PathBuf, io::Error)> {
        // A link stays one: what it leads to is replaced, and must be there.
        let linked = to.is_symlink().then(|| to.canonicalize()).transpose();
        let linked = linked.map_err(|error| (to.to_owned(), error))?;
        let to = linked.as_deref().unwrap_or(to);
        let folder = to.parent().unwrap_or(Path::new(""));
        self.make(folder).map_err(|error| (folder.to_owned(), error))?;
        if let Ok(found) = to.metadata()
            && !found.is_file()
        {
            let what = if found.is_dir() { "a folder" } else { "a device or pipe" };
            let error = io::Error::other(format!("{what} of that name is in the way"));
            return Err((to.to_owned(), error));
        }
        if holds(to, contents) {
            return Ok(());
        }
        let beside = |end: &str| {
            let mut name = OsString::from(".");
            name.push(to.file_name().unwrap_or_default());
            name.push(format!(".{}.{end}", std::process::id()));
            folder.join(name)
        };
        let (new, old) = (beside("tmp"), beside("old"));
        self.files.push(Change { to: to.to_owned(), new: new.clone(), old, replaces: false, placed: false });
        let write = || -> io::Result<()> {
            let mut out = BufWriter::with_capacity(BUFFER, File::create(&new)?);
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
            match fs::create_dir(&path) {
                Ok(()) => self.folders.push(path),
                // Another run was faster, or `..` leads back to where it is.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts the files into their places.
    pub(super) fn commit(&mut self) -> Result<(), (PathBuf, io::Error)> {
        self.files.iter_mut().try_for_each(|file| file.place().map_err(|error| (file.to.clone(), error)))?;
        for file in self.files.iter().filter(|file| file.replaces) {
            // All files are there: one that stays beside them is no fault.
            let _ = fs::remove_file(&file.old);
        }
        Ok(())
    }

    /// Takes everything back.
    pub(super) fn undo(&self) {
        self.files.iter().rev().for_each(Change::undo);
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Change {
    fn place(&mut self) -> io::Result<()> {
        if self.to.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            // A second name leaves the file where it is, so that readers always find one. Not every file system has them.
            fs::hard_link(&self.to, &self.old).or_else(|_| fs::rename(&self.to, &self.old))?;
            self.replaces = true;
        }
        fs::rename(&self.new, &self.to)?;
        self.placed = true;
        Ok(())
    }

    fn undo(&self) {
        let _ = fs::remove_file(&self.new);
        if self.replaces {
            // Two names of one file stay as they are when renamed: the second is removed then.
            let _ = fs::rename(&self.old, &self.to);
            let _ = fs::remove_file(&self.old);
        } else if self.placed {
            let _ = fs::remove_file(&self.to);
        }
    }
}
