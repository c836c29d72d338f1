//! Data sets of sequences: npz and CSV files → [`Sequences`].
//!
//! Takes the path of a file; gives sequences of vectors, each with one target, a class or values; or faults that name
//! the array or the line and column, what was expected and found, and how to mend it. Whoever holds [`Sequences`] may
//! rely on what its fields promise. The layouts are described for users in docs/data.md.

mod csv;
mod npy;
mod npz;

use std::path::Path;

use dopec::Faults;

/// Sequences of vectors, each with a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequences {
    /// Number of sequences, at least 1.
    pub count: usize,
    /// Steps of the longest sequence, at least 1.
    pub steps: usize,
    /// Length of a vector, at least 1.
    pub features: usize,
    /// `[count, steps, features]`, row-major, all finite; zero past a sequence's length.
    pub inputs: Vec<f32>,
    /// Steps of each sequence, from 1 to `steps`; none: all have `steps`.
    pub lengths: Option<Vec<usize>>,
    /// What is to be learnt of each sequence.
    pub targets: Targets,
}

/// One target for each sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Classes, counted from 0.
    Classes(Vec<u32>),
    /// Vectors of `size` values, at least 1: `[count, size]`, row-major, all finite.
    Values {
        /// Length of a target.
        size: usize,
        /// The targets, one after another.
        values: Vec<f32>,
    },
}

impl Sequences {
    /// The steps of sequence `i`: `[length, features]`.
    ///
    /// # Panics
    ///
    /// When `i` is not below `count`.
    pub fn sequence(&self, i: usize) -> &[f32] {
        let start = i * self.steps * self.features;
        &self.inputs[start..start + self.length(i) * self.features]
    }

    /// Number of steps of sequence `i`.
    ///
    /// # Panics
    ///
    /// When `i` is not below `count`.
    pub fn length(&self, i: usize) -> usize {
        assert!(i < self.count, "sequence {i} of {}", self.count);
        self.lengths.as_ref().map_or(self.steps, |lengths| lengths[i])
    }

    /// Length of a model's output for these targets: classes up to the largest that occurs, or values of a target.
    pub fn output_size(&self) -> usize {
        match &self.targets {
            Targets::Classes(classes) => classes.iter().max().map_or(0, |&largest| largest as usize + 1),
            Targets::Values { size, .. } => *size,
        }
    }
}

/// Reads a file: `.npz`, `.csv`, or `.tsv`, which is CSV with tabs.
///
/// # Errors
///
/// A file that can't be read, is of another kind, or does not hold what docs/data.md asks for.
pub fn read(path: &Path) -> Result<Sequences, Faults> {
    let file = path.display().to_string();
    let kind = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let reader = match kind.as_deref() {
        Some("npz") => npz::read,
        Some("csv" | "tsv") => csv::read,
        _ => {
            let title = "the kind of the data file can't be told from its name";
            return Err(Faults::plain(file, title, "give a file that ends in .npz, .csv or .tsv"));
        }
    };
    let bytes = std::fs::read(path).map_err(|error| {
        let title = format!("the data file can't be read: {error}");
        Faults::plain(file.as_str(), title, "give the path of a data file")
    })?;
    reader(&file, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_how_a_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Data.CSV");
        std::fs::write(&path, "a,b,class\n1,2,0\n3,,1\n").unwrap();
        let data = read(&path).unwrap();
        assert_eq!((data.count, data.steps, data.features, data.output_size()), (2, 2, 1, 2));
        assert_eq!((data.sequence(0), data.sequence(1)), (&[1.0, 2.0][..], &[3.0][..]));
        let tabs = folder.path().join("data.tsv");
        std::fs::write(&tabs, "a\tb\tclass\n1\t2\t0\n3\t\t1\n").unwrap();
        assert_eq!(read(&tabs).unwrap(), data);
        for (name, words) in
            [("x.npz", "can't be read"), ("x.parquet", "ends in .npz, .csv or .tsv"), ("x", "kind of")]
        {
            let faults = read(&folder.path().join(name)).unwrap_err();
            assert!(faults.to_string().contains(words), "{faults}");
        }
        std::fs::write(folder.path().join("x.npz"), "not a zip").unwrap();
        let faults = read(&folder.path().join("x.npz")).unwrap_err();
        assert!(faults.to_string().contains("not a sound npz file"), "{faults}");
    }
}
