//! A model to go on from: read with its metadata; its vocabulary held to the text's; its sparse parts' new targets.

use std::path::{Path, PathBuf};

use dopec::model::{Function, LayerKind, Model};
use dopec::{Faults, files};
use dopec_trainer::NetworkSpec;
use dopec_trainer::budget::{Counting, stored_bits};
use dopec_trainer::data::{Unit, Vocabulary};
use dopec_trainer::network::{LayerSpec, LstmSpec, MatrixSpec};
use serde_json::Value;

use super::faults::fault;
use super::input;
use super::options::{Token, Train};
use super::progress::tell;

/// A model, and what its file says of how it was made.
#[derive(Debug)]
pub(super) struct Source {
    file: String,
    /// The files that it was read from.
    pub(super) files: Vec<PathBuf>,
    /// The model.
    pub(super) model: Model,
    metadata: Value,
}

impl Source {
    /// Reads a model file.
    pub(super) fn read(path: &Path) -> Result<Source, Faults> {
        let (read, files) = files::with_source(path, |source| {
            let model = dopec::read(source)?;
            let text: Value = serde_json::from_slice(source.json).unwrap_or_default();
            Ok((model, text["metadata"].clone()))
        });
        let (model, metadata) = read?;
        let file = path.display().to_string();
        let last = model.layers.last().map(|layer| &layer.kind);
        if let Some(LayerKind::Activation(activation)) = last
            && activation.function == Function::Softmax
        {
            let title = "the model ends in softmax, but training takes what softmax is taken of";
            return Err(Faults::plain(file, title, "leave the last layer out of the model"));
        }
        Ok(Source { file, files, model, metadata })
    }

    /// What a token of a text is: what the model's file says, else what is asked for.
    pub(super) fn unit(&self, asked: Option<Token>) -> Result<Unit, Faults> {
        let Some(Vocabulary { unit: said, .. }) = self.told()? else {
            return Ok(asked.map_or(Unit::Character, Unit::from));
        };
        if let Some(unit) = asked.map(Unit::from).filter(|unit| *unit != said) {
            let (expected, found) = (words(said), words(unit));
            let help = "leave --unit out: the model's file says what its tokens are";
            return Err(fault("--unit", "the model's tokens are of another unit", expected, found, help));
        }
        Ok(said)
    }

    /// The vocabulary for a text of this unit: the model's, where its file says it, else the text's, if that has the size.
    pub(super) fn vocabulary(&self, unit: Unit, text: &[u8]) -> Result<Vocabulary, Faults> {
        if let Some(vocabulary) = self.told()? {
            return Ok(vocabulary);
        }
        let size = self.tokens()?;
        let limit = (unit == Unit::Word).then_some(size.max(2));
        let refuse = |error| super::faults::of(Path::new(&self.file), &error);
        let vocabulary = Vocabulary::of(text, unit, limit).map_err(refuse)?;
        if vocabulary.len() != size {
            let expected = format!("{size} {}, as the model has", words(unit));
            let help = "give the text that it was trained on; a model that this command has written knows its vocabulary";
            let title = "the text's vocabulary is not the model's";
            return Err(fault(&self.file, title, &expected, &vocabulary.len().to_string(), help));
        }
        tell(format_args!(
            "{}: says nothing of its vocabulary: taken to be the text's {size} {}, in order",
            self.file,
            words(unit)
        ));
        Ok(vocabulary)
    }

    /// The vocabulary that the model's file says it has.
    pub(super) fn told(&self) -> Result<Option<Vocabulary>, Faults> {
        let size = self.tokens()?;
        let tokens: Option<Vec<String>> = serde_json::from_value(self.metadata["vocabulary"].clone()).ok();
        let unit = match self.metadata["unit"].as_str() {
            Some("characters") => Some(Unit::Character),
            Some("bytes") => Some(Unit::Byte),
            Some("words") => Some(Unit::Word),
            _ => None,
        };
        let tokens = tokens.filter(|tokens| tokens.len() == size);
        Ok(tokens.zip(unit).map(|(tokens, unit)| Vocabulary { unit, tokens }))
    }

    /// Tells where more of a file is held out than was when the model was trained on it: what is more was trained on. Of
    /// a file by another name nothing is known.
    pub(super) fn tell_of_more_held_out(&self, options: &Train) {
        let training = &self.metadata["training"];
        let name = options.input.file_name().map(|name| name.to_string_lossy());
        if training["data"].as_str().is_none_or(|was| Some(was) != name.as_deref()) {
            return;
        }
        let was = input::share(&options.input, training["held-out"].as_f64());
        let is = input::share(&options.input, options.held_out);
        if is > was {
            tell(format_args!(
                "{}: was trained with --held-out {was}: of the {is} that is held out now it was trained on a part, and the score is too good for that",
                self.file
            ));
        }
    }

    /// How many tokens it knows.
    fn tokens(&self) -> Result<usize, Faults> {
        if let LayerKind::Embedding(embedding) = &self.model.layers[0].kind {
            return Ok(embedding.vocab);
        }
        let title = "the model takes vectors, but the input is a text";
        let help = "give sequences, as .npz, .csv or .tsv, or a model that begins with an embedding";
        Err(fault(&self.file, title, "tokens", "vectors", help))
    }

    /// The model's form, with the sparse parts of its matrices to be pruned until each matrix takes a factor-th of a
    /// dense one; those that are that sparse already stay as they are.
    pub(super) fn pruned_further(&self, factor: f64, counting: Counting) -> Result<NetworkSpec, Faults> {
        let mut spec = NetworkSpec::of(&self.model);
        let mut sparse = 0;
        for layer in &mut spec.layers {
            let name = layer.name().to_owned();
            for (matrix, rows, cols) in matrices(layer) {
                let Some(now) = matrix.nonzeros else { continue };
                sparse += 1;
                let bits = |nonzeros| {
                    stored_bits(&MatrixSpec { nonzeros, ..matrix.clone() }, rows, cols, counting) as f64
                };
                let (least, one) = (bits(Some(0)), bits(Some(1)) - bits(Some(0)));
                let room = ((rows * cols * 32) as f64 / factor - least) / one;
                if room < 1.0 {
                    let title = format!(
                        "a {rows}×{cols} matrix of layer `{name}` can't be {factor} times smaller than dense"
                    );
                    let expected = format!("{:.0} values at most", (rows * cols) as f64 / factor);
                    let found = format!("{:.0} for its structure, and a non-zero", least / 32.0);
                    let help = "give a smaller --factor";
                    return Err(fault("--factor", &title, &expected, &found, help));
                }
                matrix.nonzeros = Some(now.min(room as usize));
            }
        }
        if sparse == 0 {
            let title = "no matrix of the model has a sparse part that could be pruned";
            return Err(Faults::plain(self.file.as_str(), title, "leave --factor out to train it as it is"));
        }
        Ok(spec)
    }
}

/// The matrices of a layer, with their extents.
pub(super) fn matrices(layer: &mut LayerSpec) -> Vec<(&mut MatrixSpec, usize, usize)> {
    match layer {
        LayerSpec::Embedding { vocab, size, weight, .. } => vec![(weight, *vocab, *size)],
        LayerSpec::Linear { input_size, output_size, weight, .. } => {
            vec![(weight, *output_size, *input_size)]
        }
        LayerSpec::Lstm { input_size, hidden_size: h, weights, .. } => match weights {
            LstmSpec::Split { ih, hh } => vec![(ih, 4 * *h, *input_size), (hh, 4 * *h, *h)],
            LstmSpec::Joined { weight } => vec![(weight, 4 * *h, *input_size + *h)],
        },
        LayerSpec::Gru { input_size, hidden_size: h, weight_ih, weight_hh, .. } => {
            vec![(weight_ih, 3 * *h, *input_size), (weight_hh, 3 * *h, *h)]
        }
        _ => Vec::new(),
    }
}

/// A unit in the plural.
pub(super) fn words(unit: Unit) -> &'static str {
    match unit {
        Unit::Character => "characters",
        Unit::Byte => "bytes",
        Unit::Word => "words",
    }
}
