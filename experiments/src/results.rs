//! The results file: a line of JSON for each finished case, with the case itself, so that no line needs another.
//!
//! A line is appended when its case has ended. A last line that was cut short, as by a full disk or a loss of power,
//! is dropped when the file is opened; anything else that is no result is an error, since results are not to be lost.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::{Result, at};

/// A text, told from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextId {
    /// The name of its file.
    pub name: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// FNV-1a over its bytes, in hexadecimal.
    pub hash: String,
}

impl TextId {
    /// Of the bytes of a file.
    pub fn of(path: &Path, bytes: &[u8]) -> TextId {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        TextId { name, bytes: bytes.len(), hash: format!("{:016x}", fnv(bytes)) }
    }

    /// Whether both are the same text, whatever their files are called.
    pub fn same(&self, other: &TextId) -> bool {
        self.bytes == other.bytes && self.hash == other.hash
    }
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// How a run stood at a step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Steps taken.
    pub step: u64,
    /// Share of S that is kept.
    pub density: f64,
    /// Share of S in what both parts of the doped matrices carry; their mean.
    pub sparse: f64,
    /// Loss of the last batch, in nats.
    pub loss: f64,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Held-out loss, nats a token.
    pub loss: f64,
    /// Bits that the LSTM matrices take, by the budget's counting.
    pub stored_bits: u64,
    /// Bits of the dense network's LSTM matrices.
    pub dense_bits: u64,
    /// Wall-clock seconds of training and scoring, while whatever else ran.
    pub seconds: f64,
    /// The processor, as the system calls it.
    pub machine: String,
    /// The share of S over the run, for doped forms.
    pub moments: Vec<Moment>,
}

/// A line of the results file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The case.
    pub case: Case,
    /// The text.
    pub text: TextId,
    /// What came of it.
    pub outcome: Outcome,
}

/// The results file, open to append to.
#[derive(Debug)]
pub struct Results {
    lines: Vec<Line>,
    file: File,
    path: String,
}

impl Results {
    /// Opens a results file, or begins one.
    ///
    /// # Errors
    ///
    /// What the system says; a line, other than a last one cut short, that is no result.
    pub fn open(path: &Path) -> Result<Results> {
        let name = path.display().to_string();
        let (lines, whole) = parse(&text_of(path)?).map_err(at(&name))?;
        let file = OpenOptions::new().append(true).create(true).open(path).map_err(at(&name))?;
        file.set_len(whole as u64).map_err(at(&name))?;
        Ok(Results { lines, file, path: name })
    }

    /// The lines of a results file, which is left as it is; none where there is no such file.
    ///
    /// # Errors
    ///
    /// As [`Results::open`].
    pub fn read(path: &Path) -> Result<Vec<Line>> {
        Ok(parse(&text_of(path)?).map_err(at(path.display()))?.0)
    }

    /// What came of a case on a text, where it is done.
    pub fn find(&self, case: &Case, text: &TextId) -> Option<&Line> {
        self.lines.iter().find(|line| line.case == *case && line.text.same(text))
    }

    /// Appends a line, down to the disk.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn append(&mut self, line: Line) -> Result<()> {
        let mut text = serde_json::to_string(&line).expect("a result is plain data");
        text.push('\n');
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(at(&self.path))?;
        self.lines.push(line);
        Ok(())
    }
}

fn text_of(path: &Path) -> Result<String> {
    match fs::read(path) {
        // A character cut in two is in the last line.
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(at(path.display())(error)),
    }
}

/// The results of a file's text, and the length of what is whole of it.
fn parse(text: &str) -> Result<(Vec<Line>, usize)> {
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let line = |(k, line): (usize, &str)| serde_json::from_str(line).map_err(at(format!("line {}", k + 1)));
    Ok((text[..whole].lines().enumerate().map(line).collect::<Result<_>>()?, whole))
}
