//! Copies of one native peer, which take turns: a round each.
//!
//! A table lies in small pages, and which of them share a part of the second-level cache depends on where the system
//! finds room for them: the same object, loaded from another copy of its file, is up to a quarter faster or slower where
//! its tables nearly fill that cache. One copy's luck would be taken for a property of the code. (Peers whose weights lie
//! on large pages have no such luck.)
//!
//! Takes an object's path, beside which it puts the copies; gives a [`Peer`] whose times are those of all copies.

use std::fs;
use std::path::Path;

use crate::aligned::Steps;
use crate::peer::{Mode, Native, Peer};
use crate::ring::Ring;

/// How many: as many as a quick look has rounds.
const COPIES: usize = 7;

/// A peer in several copies.
pub(crate) struct Copies {
    copies: Vec<Native>,
    now: usize,
}

impl Copies {
    /// Copies an object and loads the copies.
    ///
    /// # Errors
    ///
    /// Why one can't be written or loaded.
    pub(crate) fn open(object: &Path, weights: &Path, ring: &Ring, mode: Mode) -> Result<Copies, String> {
        let copy = |i| {
            let path = object.with_extension(format!("{i}.so"));
            fs::copy(object, &path).map_err(|error| format!("{}: {error}", path.display()))?;
            Native::open(&path, weights, ring, mode)
        };
        Ok(Copies { copies: (0..COPIES).map(copy).collect::<Result<_, _>>()?, now: 0 })
    }
}

impl Peer for Copies {
    fn time(&mut self, passes: usize) -> Result<f64, String> {
        self.copies[self.now].time(passes)
    }

    fn outputs(&self) -> &Steps<f32> {
        self.copies[self.now].outputs()
    }

    fn about(&self) -> &str {
        self.copies[self.now].about()
    }

    fn next_round(&mut self) {
        self.now = (self.now + 1) % self.copies.len();
    }
}
