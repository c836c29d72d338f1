//! Bytes → Model: everything is checked here, once.
//!
//! Takes the bytes of a model file and a way to open the weights file it names; gives a [`Model`] on whose
//! invariants all later stages rely, or every independent fault at once, each with its place in the text.
//! Nothing is allocated for a size before as many bytes are there; nothing recurses deeper than a limit.

mod check;
mod encoding;
mod foreign;
mod half;
mod json;
mod layer;
mod lock;
mod matrix;
mod name;
mod reader;
mod tensor;
mod weights;

use std::fmt::Write;
use std::io;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::faults::{Fault, Faults};
use crate::model::{Layer, LayerKind, Model, SourceFile};
use crate::reference::Mismatch;
use json::Node;
pub(crate) use lock::lock;
pub use lock::replaced_lock;
#[cfg(feature = "verify")]
pub(crate) use lock::{FORMAT as LOCK_FORMAT, VERSION as LOCK_VERSION};
pub use name::check_name;
use reader::Reader;
use weights::Weights;

/// Where a model file comes from, for those who have none yet.
const EXPORT: &str = "to make one from a trained network, see docs/model-file.md and python/doped.py";

/// A model file before it is read.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The file as faults name it: as the user gave it.
    pub file: &'a str,
    /// Its bytes.
    pub json: &'a [u8],
    /// Reads the weights file that the model names, or the lock file, by its path relative to the model file's folder.
    pub open: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
    /// The lock file beside it, for `open`, where there is one.
    pub lock: Option<&'a str>,
}

/// Places in the text that later stages report at.
#[derive(Debug)]
pub struct Locations {
    file: String,
    text: String,
    outputs: Vec<Range<usize>>,
}

/// Reads and checks a model.
///
/// # Errors
///
/// Every fault found, in the order of the text.
pub fn ingest(source: &Source<'_>) -> Result<Model, Faults> {
    ingest_located(source).map(|(model, _)| model)
}

/// As [`ingest`], with the places that the check vectors stand at.
///
/// # Errors
///
/// As [`ingest`].
pub fn ingest_located(source: &Source<'_>) -> Result<(Model, Locations), Faults> {
    foreign::check(source)?;
    let text = encoding::text(source)?;
    let mut reader = Reader { text, faults: Vec::new(), layer: None, weights: None, weights_failed: false };
    let read = read(&mut reader, source);
    let mut faults = reader.faults;
    match read {
        Some((model, outputs)) if faults.is_empty() => {
            Ok((model, Locations { file: source.file.to_owned(), text: text.to_owned(), outputs }))
        }
        _ => {
            faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
            Err(Faults::new(source.file, text, faults))
        }
    }
}

impl Locations {
    /// The faults of a model that does not reproduce its own check vectors.
    pub fn mismatches(&self, mismatches: &[Mismatch]) -> Faults {
        let faults = mismatches.iter().map(|mismatch| {
            let span = self.outputs.get(mismatch.step).cloned();
            Fault {
                title: format!("the model does not reproduce step {} of its check vectors", mismatch.step),
                span: span.map(|span| span.start..span.start + 1),
                label: format!("expected of step {}", mismatch.step),
                layer: None,
                field: Some(format!("check.outputs[{}][{}]", mismatch.step, mismatch.index)),
                expected: Some(format!("{} within {:.1e}", mismatch.expected, mismatch.limit)),
                found: Some(format!("{}, which is {:.1e} off", mismatch.found, mismatch.error)),
                help: Some("gate order, the order of Kronecker factors and rows against columns are what exporters get wrong".to_owned()),
            }
        });
        Faults::new(self.file.as_str(), self.text.as_str(), faults.collect())
    }
}

fn read<'a>(reader: &mut Reader<'a>, source: &Source<'_>) -> Option<(Model, Vec<Range<usize>>)> {
    let root = reader.root()?;
    let known = ["format", "version", "name", "weights", "layers", "check", "metadata"];
    let mut fields = reader.fields(&root, &known)?;
    let [format, version, name, list] =
        ["format", "version", "name", "layers"].map(|key| reader.require(&mut fields, key));
    let format_ok = format.is_none_or(|node| {
        let right = node.value::<String>().as_deref() == Some("doped-model");
        if !right {
            let fault = reader.fault(&node, "not a doped model", "another format");
            fault.expected = Some("\"doped-model\"".to_owned());
            fault.found = Some(reader::short(node.text));
            fault.help = Some("give a model file as docs/model-file.md describes it".to_owned());
        }
        right
    });
    let version_ok = version.is_none_or(|node| {
        let right = node.value::<u64>() == Some(1);
        if !right {
            let fault = reader.fault(&node, "an unknown version of the format", "this version");
            fault.expected = Some("1, the version this dopec reads".to_owned());
            fault.found = Some(reader::short(node.text));
            fault.help = Some("export the model as version 1, or use a newer dopec".to_owned());
        }
        right
    });
    // What another format, or another version of it, has in its layers is not for this reader to judge.
    if !format_ok || !version_ok {
        return None;
    }
    let name = name.and_then(|node| reader.name(&node));
    let mut files = vec![SourceFile { name: base_name(source.file).to_owned(), sha256: sha256(source.json) }];
    if let Some(node) = fields.take("weights") {
        match open(reader, &node, source) {
            Some((weights, file)) => {
                files.push(file);
                reader.weights = Some(weights);
            }
            None => reader.weights_failed = true,
        }
    }
    let layers = list.and_then(|node| layers(reader, &node));
    reader.layer = None;
    reader.weights = None;
    // What is wrong with the check vectors is told beside a name that is wrong.
    let mut model = Model { name: name.clone().unwrap_or_default(), layers: layers?, check: None, files };
    let mut outputs = Vec::new();
    if let Some(node) = fields.take("check") {
        let (check, places) = reader.check(&node, &model)?;
        model.check = Some(check);
        outputs = places;
    }
    name?;
    Some((model, outputs))
}

fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn open<'a>(reader: &mut Reader<'a>, node: &Node<'a>, source: &Source<'_>) -> Option<(Weights, SourceFile)> {
    let path = reader.string(node)?;
    let inside = !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|part| !part.is_empty() && part != "..");
    if !inside {
        let fault = reader.fault(node, "a weights path that leaves the model's folder", "this path");
        fault.expected = Some("a path below the folder of the JSON file".to_owned());
        fault.found = Some(reader::short(node.text));
        fault.help = Some("put the safetensors file beside the JSON file and give its name".to_owned());
        return None;
    }
    let bytes = match (source.open)(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let fault =
                reader.fault(node, format!("the weights file `{path}` can't be read: {error}"), "this file");
            fault.help = Some("put it beside the JSON file, or mend the path".to_owned());
            return None;
        }
    };
    let file = SourceFile { name: base_name(&path).to_owned(), sha256: sha256(&bytes) };
    match Weights::new(path.clone(), bytes) {
        Ok(weights) => Some((weights, file)),
        Err(error) => {
            let title = format!("the weights file `{path}` is not sound safetensors: {error}");
            let fault = reader.fault(node, title, "this file");
            fault.help = Some(
                "it is truncated, or its header does not match its bytes: write or copy it again".to_owned(),
            );
            None
        }
    }
}

fn layers<'a>(reader: &mut Reader<'a>, node: &Node<'a>) -> Option<Vec<Layer>> {
    let Some(elements) = node.elements() else {
        reader.wrong_type(node, "an array of layers");
        return None;
    };
    if elements.is_empty() {
        let fault = reader.fault(node, "a model without layers", "no layers");
        fault.expected = Some("at least one".to_owned());
        fault.found = Some("none".to_owned());
        fault.help = Some("write the layers in the order in which they run".to_owned());
        return None;
    }
    let read: Vec<_> = elements.iter().enumerate().map(|(i, element)| reader.layer(element, i)).collect();
    let mut whole = true;
    let mut seen: Vec<String> = Vec::new();
    for (i, read) in read.iter().enumerate() {
        let Some(read) = read else {
            whole = false;
            continue;
        };
        reader.layer = Some(read.layer.as_ref().map_or(format!("#{i}"), |layer| layer.name.clone()));
        if read.kind == "embedding" && i > 0 {
            let fault = reader.fault(&read.node, "an embedding that is not the first layer", "this layer");
            fault.expected = Some("tokens go in at the start only".to_owned());
            fault.found = Some(format!("an embedding as layer {}", i + 1));
            fault.help = Some("move it to the front, or use `linear`".to_owned());
            whole = false;
        }
        match &read.layer {
            Some(layer) if seen.contains(&layer.name) => {
                let fault =
                    reader.fault(&read.node, format!("two layers are named `{}`", layer.name), "the second");
                fault.expected = Some("a name that no other layer has".to_owned());
                fault.found = Some(format!("`{}` again", layer.name));
                fault.help = Some("give each layer a name of its own".to_owned());
                whole = false;
            }
            Some(layer) => seen.push(layer.name.clone()),
            None => whole = false,
        }
    }
    if !whole {
        return None;
    }
    let (mut layers, nodes): (Vec<Layer>, Vec<Node<'a>>) =
        read.into_iter().flatten().filter_map(|read| read.layer.map(|layer| (layer, read.node))).unzip();
    sizes(reader, &mut layers, &nodes).then_some(layers)
}

/// Gives activations their sizes and holds neighbours to each other.
fn sizes<'a>(reader: &mut Reader<'a>, layers: &mut [Layer], nodes: &[Node<'a>]) -> bool {
    let first_sized = layers.iter().position(|layer| !matches!(layer.kind, LayerKind::Activation(_)));
    let Some(first) = first_sized else {
        reader.layer = Some(layers[0].name.clone());
        let fault = reader.fault(
            &nodes[0],
            "a model of activations alone: nothing says how long its vectors are",
            "this layer",
        );
        fault.expected = Some("a layer with a size, anywhere in the model".to_owned());
        fault.found = Some("none".to_owned());
        fault.help = Some("add a layer that has a size, such as `layer_norm` or `linear`".to_owned());
        return false;
    };
    let mut size = layers[first].kind.input_size();
    let mut right = true;
    for (i, (layer, node)) in layers.iter_mut().zip(nodes).enumerate() {
        if let LayerKind::Activation(activation) = &mut layer.kind {
            activation.size = size;
        } else if i > 0 && layer.kind.input_size() != size {
            reader.layer = Some(layer.name.clone());
            let fault = reader.fault(node, "a layer that does not fit the one before", "this layer");
            fault.expected = Some(format!("an input of {size}, which is what the layer before gives"));
            fault.found = Some(format!("an input of {}", layer.kind.input_size()));
            fault.help = Some("mend the sizes of one of the two, or their order".to_owned());
            right = false;
        }
        size = layer.kind.output_size();
    }
    right
}
