//! Model → model file: the inverse of [`crate::ingest`].
//!
//! Takes a [`Model`], metadata and where the weights are to go; gives the text of the JSON file and, where arrays are
//! stored beside it, the bytes of the safetensors file. Reading them gives the same model, bit for bit: floats are
//! spelled with the fewest digits that read back the same. The same arguments give the same bytes. Relies on what the
//! fields of a [`Model`] promise; whoever made the model by hand can hold it to that with [`Exported::read`].

mod layer;
mod layout;
mod matrix;
mod store;

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::faults::Faults;
use crate::ingest::Source;
use crate::model::{Check, Model, Steps};
use layout::{Json, object};
use store::Store;

/// Where the weights of an exported model go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Storage {
    /// Into the JSON file while the model has at most [`INLINE_VALUES`] of them, else as [`Storage::Beside`].
    #[default]
    Auto,
    /// All into the JSON file.
    Inline,
    /// Arrays of more than [`INLINE_LEN`] values into a safetensors file beside it, shorter ones into the JSON file.
    Beside,
}

/// Values, indices counted, up to which [`Storage::Auto`] keeps a model in one file: about 300 kB of text.
pub const INLINE_VALUES: usize = 1 << 15;

/// Values of the longest array that stays in the JSON file when there is a weights file.
pub const INLINE_LEN: usize = 32;

/// A model file, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The text of the JSON file.
    pub json: String,
    /// The name and the bytes of the safetensors file, where there is one.
    pub weights: Option<(String, Vec<u8>)>,
}

/// Spells a model. `metadata` goes into the file as it is; null leaves it out. `weights_file` is what a safetensors
/// file would be called: a path below the JSON file's folder ([`weights_name`] gives a fitting one).
///
/// Tensors of a weights file are named by layer and field, joined by dots: `lstm0.weight_ih.factors.1`. Values are
/// F32; `row_ptr` is U32; `col_idx` is U16 where the columns allow it, else U32.
pub fn export(model: &Model, metadata: &Value, storage: Storage, weights_file: &str) -> Exported {
    let beside = match storage {
        Storage::Inline => false,
        Storage::Beside => true,
        Storage::Auto => {
            let mut count = Store::counting();
            model.layers.iter().for_each(|layer| drop(layer::layer(layer, &mut count)));
            count.values > INLINE_VALUES
        }
    };
    let mut store = if beside { Store::beside() } else { Store::inline() };
    let layers = model.layers.iter().map(|layer| layer::layer(layer, &mut store)).collect();
    let weights = store.bytes().map(|bytes| (weights_file.to_owned(), bytes));
    let mut file = vec![
        ("format", Json::string("doped-model")),
        ("version", Json::plain(1)),
        ("name", Json::string(&model.name)),
    ];
    file.extend(weights.as_ref().map(|(name, _)| ("weights", Json::string(name))));
    file.push(("layers", Json::List(layers)));
    file.extend(model.check.as_ref().map(|values| ("check", check(values))));
    if !metadata.is_null() {
        file.push(("metadata", Json::value(metadata)));
    }
    Exported { json: object(file).text(), weights }
}

/// A model file's name without `.json`, with whatever else it ends in: what stands beside `lm.10x` is not called as what
/// stands beside `lm.20x`. None where the path has no name.
pub fn file_stem(path: &Path) -> Option<&OsStr> {
    match path.extension() {
        Some(ending) if ending.eq_ignore_ascii_case("json") => path.file_stem(),
        _ => path.file_name(),
    }
}

/// A name for the weights file of a model file at `path`: that of the JSON file with another ending, or the model's, `name`,
/// where a path with that name could not stand in a model file.
pub fn weights_name(path: &Path, name: &str) -> String {
    let stem = file_stem(path).and_then(OsStr::to_str).filter(|stem| !stem.contains(['\\', ':', '\0']));
    format!("{}.safetensors", stem.unwrap_or(name))
}

impl Exported {
    /// Reads the file back, as [`crate::read`] does: holds a model that was made by hand to the format and to its
    /// check vectors. `file` is what faults call it.
    ///
    /// # Errors
    ///
    /// As [`crate::read`].
    pub fn read(&self, file: &str) -> Result<Model, Faults> {
        let open = |name: &str| match &self.weights {
            Some((file, bytes)) if file == name => Ok(bytes.clone()),
            _ => Err(io::Error::other("there is no such file")),
        };
        crate::read(&Source { file, json: self.json.as_bytes(), open: &open, lock: None })
    }
}

fn check(check: &Check) -> Json {
    let steps = match &check.steps {
        Steps::Tokens(tokens) => ("tokens", Json::numbers(tokens.iter().map(u32::to_string))),
        Steps::Vectors(vectors) => {
            ("inputs", Json::List(vectors.iter().map(|row| Json::floats(row)).collect()))
        }
    };
    let row = |row: &Vec<f64>| Json::numbers(row.iter().map(|value| layout::double(*value)));
    let outputs = Json::List(check.outputs.iter().map(row).collect());
    object(vec![steps, ("outputs", outputs), ("tolerance", Json::Text(layout::double(check.tolerance)))])
}
