//! What is trained on: a text, or a file of sequences → two parts of data, and what the network is to take and give.
//!
//! Whatever is wrong with the input is found here, before anything is trained.

use std::path::Path;

use dopec::Faults;
use dopec_cli::data::{self, Sequences, Targets};
use dopec_trainer::data::{Inputs, Labels, Samples, Text, UNKNOWN, Unit, Vocabulary};
use dopec_trainer::score::{Loss, Objective, Over};
use dopec_trainer::{Data, Error};

use super::faults::{self, fault};
use super::options::Train;
use super::source::{Source, words};
use super::suited;

/// The seed by which sequences are held out, whatever that of the run.
const SPLIT: u64 = 1;

/// The share of a text that is held out, where nothing else is asked for; and that of sequences.
const OF_TEXT: f64 = 0.05;
const OF_SEQUENCES: f64 = 0.2;

/// Data in two parts.
#[derive(Debug)]
pub(super) struct Input {
    /// To train on.
    pub(super) train: Data,
    /// To score on.
    pub(super) held_out: Data,
    /// What is minimised.
    pub(super) objective: Objective,
    /// The tokens of a text; none for sequences.
    pub(super) vocabulary: Option<Vocabulary>,
    /// Length of a vector of a sequence; the number of tokens of a text.
    pub(super) input_size: usize,
    /// Tokens, classes, or values of a target.
    pub(super) output_size: usize,
}

impl Input {
    /// Reads the input. `from` is the model to go on from.
    pub(super) fn read(options: &Train, from: Option<&Source>) -> Result<Input, Faults> {
        if of_sequences(&options.input) { sequences(options, from.is_none()) } else { text(options, from) }
    }

    /// The share of the words to predict that the vocabulary has one place for, `<unk>`, where it has.
    pub(super) fn unknown(&self) -> Option<f64> {
        let vocabulary = self.vocabulary.as_ref().filter(|vocabulary| vocabulary.unit == Unit::Word)?;
        let unknown = vocabulary.tokens.iter().position(|token| token == UNKNOWN)? as u32;
        let Data::Tokens(tokens) = &self.held_out else { return None };
        let count = tokens[1..].iter().filter(|&&token| token == unknown).count();
        Some(count as f64 / (tokens.len() - 1) as f64)
    }

    /// What a prediction is called.
    pub(super) fn unit(&self) -> &'static str {
        match self.vocabulary.as_ref().map(|vocabulary| vocabulary.unit) {
            Some(Unit::Character) => "character",
            Some(Unit::Byte) => "byte",
            Some(Unit::Word) => "word",
            None => "sequence",
        }
    }
}

/// Whether a file is of sequences, by its name.
fn of_sequences(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("npz" | "csv" | "tsv"))
}

/// The share of a file that is held out where `asked` is asked for.
pub(super) fn share(path: &Path, asked: Option<f64>) -> f64 {
    asked.unwrap_or(if of_sequences(path) { OF_SEQUENCES } else { OF_TEXT })
}

fn text(options: &Train, from: Option<&Source>) -> Result<Input, Faults> {
    let file = options.input.display().to_string();
    let bytes = std::fs::read(&options.input).map_err(|error| {
        let title = format!("the data file can't be read: {error}");
        Faults::plain(file.as_str(), title, "give the path of a text, or of an .npz, .csv or .tsv file")
    })?;
    if bytes.is_empty() {
        let help = "give a text to learn from: some hundred kilobytes are a beginning";
        return Err(fault(&file, "the text is empty", "two different tokens at least", "no byte", help));
    }
    let unit = match from {
        Some(from) => from.unit(options.unit)?,
        None => options.unit.map_or(Unit::Character, Unit::from),
    };
    if options.vocabulary.is_some() && unit != Unit::Word {
        let help = "give --unit words, too, or leave --vocabulary out";
        let title = "a vocabulary is limited to its most frequent words, and the text is not read as words";
        return Err(fault("--vocabulary", title, "--unit words", words(unit), help));
    }
    if unit != Unit::Byte {
        let told = from.is_some_and(|from| matches!(from.told(), Ok(Some(_))));
        utf8(&file, &bytes, told)?;
    }
    let share = share(&options.input, options.held_out);
    let refuse = |error| faults::of(&options.input, &error);
    let vocabulary = match from {
        Some(from) => from.vocabulary(unit, &bytes)?,
        None => Vocabulary::of(&bytes, unit, options.vocabulary).map_err(refuse)?,
    };
    if vocabulary.len() < 2 {
        let found = format!("{:?} alone, in {} bytes", vocabulary.tokens[0], bytes.len());
        let title = "the text holds one token: there is nothing to predict";
        return Err(fault(
            &file,
            title,
            "two different tokens at least",
            &found,
            "give a text to learn from",
        ));
    }
    let text = Text::with_vocabulary(&bytes, vocabulary, share).map_err(|error| match (from, &error) {
        (Some(_), Error::Data(problem)) => {
            let help =
                "replace what the model does not know: its vocabulary is that of the text it was trained on";
            Faults::plain(file.as_str(), format!("the model can't read the text: {problem}"), help)
        }
        _ => refuse(error),
    })?;
    let steps = options.sequence();
    let least = options.batch * steps + 1;
    if text.train.len() < least {
        let expected = format!("{least}: {} sequences of {steps}, and one more", options.batch);
        let found = format!("{} to train on, and {} held out", text.train.len(), text.validation.len());
        let help = "give a longer text, or a smaller --batch or --sequence";
        return Err(fault(&file, "the text is too short for a batch", &expected, &found, help));
    }
    let size = text.vocabulary.len();
    Ok(Input {
        train: Data::Tokens(text.train),
        held_out: Data::Tokens(text.validation),
        objective: Objective::LANGUAGE_MODEL,
        vocabulary: Some(text.vocabulary),
        input_size: size,
        output_size: size,
    })
}

/// Characters and words are read from UTF-8. `told`: that they are tokens is said by a model.
fn utf8(file: &str, bytes: &[u8], told: bool) -> Result<(), Faults> {
    let Err(error) = std::str::from_utf8(bytes) else { return Ok(()) };
    let offset = error.valid_up_to();
    let line = 1 + bytes[..offset].iter().filter(|&&byte| byte == b'\n').count();
    let found = format!("0x{:02x} at byte {offset}, in line {line}", bytes[offset]);
    let help = match told {
        true => "save the text as UTF-8: the model's tokens are of such a text",
        false => "save the text as UTF-8, or give --unit bytes",
    };
    Err(fault(file, "the text is not UTF-8", "characters of UTF-8", &found, help))
}

/// `fresh`: the network is made for them.
fn sequences(options: &Train, fresh: bool) -> Result<Input, Faults> {
    let file = options.input.display().to_string();
    let of_texts = [
        ("--unit", options.unit.is_some()),
        ("--vocabulary", options.vocabulary.is_some()),
        ("--embedding", options.embedding.is_some()),
        ("--sequence", options.sequence.is_some()),
    ];
    if let Some((name, _)) = of_texts.into_iter().find(|(_, given)| *given) {
        let help =
            "leave it out for .npz, .csv and .tsv: sequences are taken whole, as the vectors that they are";
        return Err(Faults::plain(name, "the option is for texts", help).of_the_request());
    }
    let read = data::read(&options.input)?;
    // The array may have room for more.
    let longest = (0..read.count).map(|i| read.length(i)).max().unwrap_or(read.steps);
    if let Some(i) = (0..read.count).find(|&i| read.length(i) != longest) {
        let expected = format!("{longest} steps in each, as in the longest");
        let found = format!("{} in sequence {i}", read.length(i));
        let help = "cut or fill the sequences to one length, or train on those of each length by themselves";
        return Err(fault(&file, "the sequences are not equally long", &expected, &found, help));
    }
    let held_out = ((read.count as f64 * share(&options.input, options.held_out)).round() as usize).max(1);
    let left = read.count.saturating_sub(held_out);
    if left < options.batch {
        let found = format!("{left} to train on, and {} held out", held_out.min(read.count));
        let help = "give more sequences, or a smaller --batch";
        let expected = format!("{} at least", options.batch);
        return Err(fault(&file, "the sequences are too few for a batch", &expected, &found, help));
    }
    let output_size = read.output_size();
    let input_size = read.features;
    let loss = match &read.targets {
        Targets::Classes(classes) => {
            suited::classes(&file, classes, fresh)?;
            Loss::CrossEntropy
        }
        Targets::Values { .. } => Loss::MeanSquaredError,
    };
    suited::scale(&file, &read);
    let [train, held_out] = split(&options.input, &read, longest, held_out)?;
    let objective = Objective { loss, over: Over::LastStep };
    Ok(Input { train, held_out, objective, vocabulary: None, input_size, output_size })
}

/// Holds out as many sequences of so many steps. They are chosen by chance, since files may be sorted by class, but always
/// the same ones, so that whoever goes on from a model with another seed scores it on nothing that it was trained on.
fn split(path: &Path, read: &Sequences, steps: usize, held_out: usize) -> Result<[Data; 2], Faults> {
    let samples = |chosen: &[usize]| {
        let inputs = chosen.iter().flat_map(|&i| read.sequence(i)).copied().collect();
        let labels = match &read.targets {
            Targets::Classes(classes) => Labels::Classes(chosen.iter().map(|&i| classes[i]).collect()),
            Targets::Values { size, values } => {
                Labels::Values(chosen.iter().flat_map(|&i| &values[i * size..][..*size]).copied().collect())
            }
        };
        Samples::new(Inputs::Vectors(inputs), labels, chosen.len(), steps)
            .map_err(|error| faults::of(path, &error))
    };
    let all: Vec<usize> = (0..read.count).collect();
    // An order that no epoch of the run has.
    let order = samples(&all)?.order(SPLIT, u64::MAX);
    let (out, left) = order.split_at(held_out);
    let sorted = |part: &[usize]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part
    };
    Ok([Data::Samples(samples(&sorted(left))?), Data::Samples(samples(&sorted(out))?)])
}
