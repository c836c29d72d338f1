//! Checkpoints: everything that the next step of a run depends on, in the safetensors format.
//!
//! Arrays are the parameters, both moments of Adam, the masks and the carried states; the header holds
//! the specification, the settings, the step and the place in the data. Random numbers need nothing saved
//! (see [`crate::random`]). A checkpoint is written whole or not at all; it carries a SHA-256 of all its bytes,
//! so that none with a changed bit is gone on with.

use super::{Data, Settings, Trainer};
use crate::error::Error;
use crate::network::{Initialisation, Network, NetworkSpec};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The key of the header in the metadata.
const KEY: &str = "dopec-checkpoint";
const VERSION: u32 = 2;

/// What the checksum stands after in the file, where the header is a string within JSON.
const BEFORE_CHECKSUM: &[u8] = br#"{\"sha256\":\""#;
/// What stands in the checksum's place while it is computed.
const NO_CHECKSUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// In hexadecimal; the first field, where [`BEFORE_CHECKSUM`] expects it.
    sha256: String,
    version: u32,
    spec: NetworkSpec,
    settings: Settings,
    /// Of the data that is trained on.
    fingerprint: u64,
    step: u64,
    updates: u64,
    place: [u64; 2],
    from: Vec<usize>,
    /// For each sparse part whether its pruned positions may return.
    returns: Vec<bool>,
    /// The caller's own.
    #[serde(default)]
    notes: String,
}

/// The field that headers of all versions have.
#[derive(Debug, Deserialize)]
struct Version {
    version: u32,
}

impl Trainer {
    /// The run as it is between two steps.
    pub fn checkpoint(&mut self) -> Vec<u8> {
        self.checkpoint_with("")
    }

    /// As [`Trainer::checkpoint`], with a text that [`Trainer::notes`] gives back: what the caller needs to go on.
    pub fn checkpoint_with(&mut self, notes: &str) -> Vec<u8> {
        let mut arrays: Vec<(String, Dtype, Vec<u8>)> = Vec::new();
        let mut push = |name: String, values: &[f32]| {
            arrays.push((name, Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect()));
        };
        let moments = self.adam.mean.iter().zip(&self.adam.square);
        for (k, (parameter, (mean, square))) in self.network.parameters.iter().zip(moments).enumerate() {
            push(format!("value.{k}.{}", parameter.name), &parameter.values);
            push(format!("mean.{k}"), mean);
            push(format!("square.{k}"), square);
        }
        for (k, shard) in self.shards.iter_mut().enumerate() {
            for (layer, state) in shard.worker.states().enumerate() {
                push(format!("state.{k}.{layer}.h"), &state.h);
                push(format!("state.{k}.{layer}.c"), &state.c);
            }
        }
        let (mut masks, mut returns) = (0, Vec::new());
        for matrix in self.network.matrices() {
            matrix.visit_sparse(&mut |_, sparse| {
                arrays.push((format!("mask.{masks}"), Dtype::U8, sparse.mask.clone()));
                masks += 1;
                returns.push(sparse.returns);
            });
        }
        let header = Header {
            sha256: NO_CHECKSUM.to_owned(),
            version: VERSION,
            spec: self.network.spec.clone(),
            settings: self.settings,
            fingerprint: self.fingerprint,
            step: self.step,
            updates: self.adam.updates,
            place: self.feed.place(),
            from: self.from.clone(),
            returns,
            notes: notes.to_owned(),
        };
        let header = serde_json::to_string(&header).expect("a header is plain data");
        let views = arrays.iter().map(|(name, dtype, bytes)| {
            let shape = vec![bytes.len() / (dtype.bitsize() / 8)];
            (name, TensorView::new(*dtype, shape, bytes).expect("the shape is that of the bytes"))
        });
        let metadata = [(KEY.to_owned(), header)].into_iter().collect();
        let mut bytes = safetensors::serialize(views, Some(metadata)).expect("arrays have different names");
        let place = checksum_place(&bytes).expect("the header has one");
        let sum = checksum(&bytes, place);
        bytes[place..][..sum.len()].copy_from_slice(sum.as_bytes());
        bytes
    }

    /// The specification and the settings of a checkpoint, and the steps that its run had taken.
    ///
    /// # Errors
    ///
    /// Bytes that are not a checkpoint, or not all of one.
    pub fn inspect(bytes: &[u8]) -> Result<(NetworkSpec, Settings, u64), Error> {
        let header = read_header(bytes)?;
        Ok((header.spec, header.settings, header.step))
    }

    /// The text that a checkpoint was made with; empty where there was none.
    ///
    /// # Errors
    ///
    /// Bytes that are not a checkpoint, or not all of one.
    pub fn notes(bytes: &[u8]) -> Result<String, Error> {
        Ok(read_header(bytes)?.notes)
    }

    /// Goes on with the run of a checkpoint, on the data it was trained on.
    ///
    /// `expected` is what the caller would begin with; a checkpoint of another network or of other settings
    /// is then refused.
    ///
    /// # Errors
    ///
    /// Bytes that are not a checkpoint, or not all of one; a checkpoint of another network, of other
    /// settings or of other data.
    pub fn resume(
        bytes: &[u8],
        data: Data,
        expected: Option<(&NetworkSpec, &Settings)>,
    ) -> Result<Trainer, Error> {
        let header = read_header(bytes)?;
        let refuse = |problem: &str| Err(Error::Checkpoint(problem.to_owned()));
        match expected {
            Some((spec, _)) if *spec != header.spec => return refuse("it is of another network"),
            Some((_, settings)) if *settings != header.settings => {
                return refuse("it is of a run with other settings");
            }
            _ => {}
        }
        if data.fingerprint() != header.fingerprint {
            return refuse("its run was trained on other data");
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let options = Initialisation { seed: header.settings.seed, ..Initialisation::default() };
        let network = Network::new(header.spec, options)?;
        let mut trainer = Trainer::new(network, header.settings, data)?;
        let moments = trainer.adam.mean.iter_mut().zip(&mut trainer.adam.square);
        for (k, (parameter, (mean, square))) in trainer.network.parameters.iter_mut().zip(moments).enumerate()
        {
            fill(&tensors, &format!("value.{k}.{}", parameter.name), &mut parameter.values)?;
            fill(&tensors, &format!("mean.{k}"), mean)?;
            fill(&tensors, &format!("square.{k}"), square)?;
        }
        for (k, shard) in trainer.shards.iter_mut().enumerate() {
            for (layer, state) in shard.worker.states().enumerate() {
                state.h = floats(&tensors, &format!("state.{k}.{layer}.h"))?;
                state.c = floats(&tensors, &format!("state.{k}.{layer}.c"))?;
            }
        }
        let (mut k, mut problem) = (0, None);
        let (matrices, _) = trainer.network.matrices_mut();
        for matrix in matrices {
            matrix.visit_sparse_mut(&mut |sparse| {
                let name = format!("mask.{k}");
                match tensors.tensor(&name) {
                    Ok(view) if view.data().len() == sparse.mask.len() && header.returns.len() > k => {
                        sparse.mask.copy_from_slice(view.data());
                        sparse.returns = header.returns[k];
                    }
                    _ => problem = Some(name),
                }
                k += 1;
            });
        }
        if let Some(name) = problem {
            return Err(damaged(format!("{name} is not as long as it should be")));
        }
        if header.from.len() != trainer.from.len() {
            return Err(damaged("the sparse parts are not those of its network"));
        }
        trainer.from = header.from;
        trainer.step = header.step;
        trainer.adam.updates = header.updates;
        trainer.feed.seek(header.place, header.settings.seed);
        Ok(trainer)
    }

    /// Writes a checkpoint, whole or not at all: what stood at `path` stays until the new one is complete.
    ///
    /// # Errors
    ///
    /// What the system says, as of a full disk.
    pub fn write_checkpoint(&mut self, path: &Path) -> Result<(), Error> {
        write_whole(path, &self.checkpoint())
    }
}

/// Writes a file whole or not at all: beside its place first, as `path` with `.partial` behind it, and then to it by
/// renaming. What a kill leaves there is replaced by the next that is written to `path`.
///
/// # Errors
///
/// What the system says, as of a full disk; what stood at `path` is then still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = Path::new(&beside);
    let written = fs::File::create(beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(beside, path));
    written.map_err(|error| {
        // Nothing to be done where this fails too: the first error is the one to tell.
        let _ = fs::remove_file(beside);
        Error::File { path: path.display().to_string(), problem: error.to_string() }
    })
}

// By value, so that it can be handed to `map_err` as it is.
#[allow(clippy::needless_pass_by_value)]
fn damaged(problem: impl std::fmt::Display) -> Error {
    Error::Checkpoint(format!("it is cut short or damaged: {problem}"))
}

fn read_header(bytes: &[u8]) -> Result<Header, Error> {
    // Checks that every array is there to its last byte.
    SafeTensors::deserialize(bytes).map_err(damaged)?;
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let text = metadata.metadata().as_ref().and_then(|fields| fields.get(KEY));
    let Some(text) = text else {
        return Err(Error::Checkpoint("this is no checkpoint of dopec".to_owned()));
    };
    if let Some(place) = checksum_place(bytes)
        && bytes[place..][..NO_CHECKSUM.len()] != *checksum(bytes, place).as_bytes()
    {
        return Err(damaged("its checksum is that of other bytes"));
    }
    let Version { version } = serde_json::from_str(text).map_err(damaged)?;
    if version != VERSION {
        return Err(Error::Checkpoint(format!("it is of version {version}, this is version {VERSION}")));
    }
    serde_json::from_str(text).map_err(damaged)
}

/// Where the checksum stands in a safetensors file; none where there is none.
fn checksum_place(bytes: &[u8]) -> Option<usize> {
    let (length, _) = SafeTensors::read_metadata(bytes).ok()?;
    // The length itself stands before the header, in 8 bytes.
    let header = &bytes[..8 + length];
    let start = header.windows(BEFORE_CHECKSUM.len()).position(|part| part == BEFORE_CHECKSUM)?;
    let place = start + BEFORE_CHECKSUM.len();
    (place + NO_CHECKSUM.len() <= header.len()).then_some(place)
}

/// SHA-256 of a file, the checksum in it taken as zeros.
fn checksum(bytes: &[u8], place: usize) -> String {
    let mut hasher = Sha256::new();
    hasher.update(&bytes[..place]);
    hasher.update(NO_CHECKSUM);
    hasher.update(&bytes[place + NO_CHECKSUM.len()..]);
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn floats(tensors: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>, Error> {
    let view = tensors.tensor(name).map_err(damaged)?;
    if view.dtype() != Dtype::F32 {
        return Err(damaged(format!("{name} is not of 32-bit floats")));
    }
    let words = view.data().chunks_exact(4);
    Ok(words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
}

fn fill(tensors: &SafeTensors<'_>, name: &str, values: &mut [f32]) -> Result<(), Error> {
    let read = floats(tensors, name)?;
    if read.len() != values.len() {
        return Err(damaged(format!("{name} has {} values, not {}", read.len(), values.len())));
    }
    values.copy_from_slice(&read);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write_whole;
    use std::fs;

    #[test]
    fn what_a_kill_left_is_replaced_by_what_is_written_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.checkpoint");
        let left = || -> Vec<_> {
            let entries = fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        fs::write(folder.path().join("run.checkpoint.partial"), "cut off, and longer").unwrap();
        write_whole(&path, b"whole").unwrap();
        assert_eq!(
            (left(), fs::read(&path).unwrap()),
            (vec!["run.checkpoint".to_owned()], b"whole".to_vec())
        );
        // Nothing is left of one that fails.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        write_whole(&path, b"whole").unwrap_err();
        assert_eq!(left(), ["run.checkpoint"]);
    }
}
