//! The lock file: the ways of a model's sparse parts, as `--tune` found them best on some machine.
//!
//! Takes the file beside the model; gives [`Choices`] that name the model's own parts and ways that there are, or every
//! fault. It is made for the bytes of one model: for any other it is refused, since its choices would be guesses.
//! What it tells of the machine and of the times measured is for people, and is not read.

use std::collections::BTreeMap;

use super::json::Node;
use super::reader::{Reader, list, nearest, short};
use super::{Source, base_name, sha256};
use crate::faults::{Fault, Faults};
use crate::lower::parts;
use crate::model::{Model, SourceFile};
use crate::settings::Target;
use crate::ways::{Choices, Way};

/// What the lock file says it is.
pub(crate) const FORMAT: &str = "dopec-lock";

/// The version of the format that is read and written.
pub(crate) const VERSION: u64 = 1;

/// How to mend whatever is wrong with it.
const MEND: &str = "run dopec with --tune again, or delete the lock file";

/// How to mend a file that tuning would not replace.
const MOVE: &str = "delete it or move it away, or give --no-lock";

/// Reads the lock file that the source names.
///
/// # Errors
///
/// It can't be read, or everything that is wrong with it.
pub(crate) fn lock(source: &Source<'_>, name: &str, model: &Model) -> Result<(Choices, SourceFile), Faults> {
    let file = beside(source.file, name);
    let plain = |title: String| Faults::plain(&file, title, MOVE);
    let bytes =
        (source.open)(name).map_err(|error| plain(format!("the lock file can't be read: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        plain(format!("the lock file is not text: byte {} is not UTF-8", error.valid_up_to()))
    })?;
    let mut reader = Reader { text, faults: Vec::new(), layer: None, weights: None, weights_failed: false };
    let choices = read(&mut reader, model);
    let mut faults = reader.faults;
    match choices {
        Some(choices) if faults.is_empty() => {
            Ok((choices, SourceFile { name: name.to_owned(), sha256: sha256(&bytes) }))
        }
        _ => {
            let mend = if text.contains(&format!("\"{FORMAT}\"")) { MEND } else { MOVE };
            for fault in &mut faults {
                fault.help = Some(match fault.help.take() {
                    Some(help) if help == MOVE => help,
                    Some(help) if help.starts_with("did you mean") => format!("{help} Else {mend}"),
                    _ => mend.to_owned(),
                });
            }
            faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.start));
            Err(Faults::new(file, text, faults))
        }
    }
}

/// The path of a file beside the model's.
fn beside(model: &str, name: &str) -> String {
    format!("{}{name}", &model[..model.len() - base_name(model).len()])
}

/// Looks at the lock file that a new one is to replace, where there is one; gives the target it is for, where that can be
/// told. It may be damaged, or made for older files of the model, but must be a lock file of this model.
///
/// # Errors
///
/// It can't be read, is no lock file, or is one of another model.
pub fn replaced_lock(source: &Source<'_>) -> Result<Option<Target>, Faults> {
    let Some(name) = source.lock else { return Ok(None) };
    let model = base_name(source.file);
    let file = beside(source.file, name);
    let help = "delete it or move it away: that is where the lock file is to go";
    let bytes = (source.open)(name).map_err(|error| {
        Faults::plain(&file, format!("what stands in the lock file's place can't be read: {error}"), help)
    })?;
    let refuse = |title: &str, expected: String, found: String| {
        let fault = Fault {
            title: title.to_owned(),
            expected: Some(expected),
            found: Some(found),
            help: Some(help.to_owned()),
            ..Fault::default()
        };
        Err(Faults::new(&file, "", vec![fault]))
    };
    let mark = format!("\"{FORMAT}\"");
    let text = String::from_utf8_lossy(&bytes);
    if !text.contains(&mark) {
        let found = short(text.trim_start());
        return refuse("no lock file stands in its place", format!("a file of the format {mark}"), found);
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(None) };
    if let Some(files) = value["model"].as_object()
        && !files.contains_key(model)
    {
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let title = "the lock file of another model stands in its place";
        return refuse(
            title,
            format!("one that was made for `{model}`"),
            format!("one for {}", list(&names)),
        );
    }
    let word = value["target"].as_str();
    Ok(Target::ALL.iter().find(|(known, _)| Some(*known) == word).map(|(_, target)| *target))
}

fn read(reader: &mut Reader<'_>, model: &Model) -> Option<Choices> {
    let root = reader.root()?;
    let known = ["format", "version", "dopec", "model", "target", "machine", "choices", "measured"];
    let mut fields = reader.fields(&root, &known)?;
    let (format, version) = (reader.require(&mut fields, "format"), reader.require(&mut fields, "version"));
    let (format, version) = (format?, version?);
    if format.value::<String>().as_deref() != Some(FORMAT) {
        let fault = reader.fault(&format, "not a lock file of dopec", "another format");
        fault.expected = Some(format!("\"{FORMAT}\""));
        fault.found = Some(short(format.text));
        fault.help = Some(MOVE.to_owned());
        return None;
    }
    if version.value::<u64>() != Some(VERSION) {
        let fault = reader.fault(&version, "an unknown version of the lock file", "this version");
        fault.expected = Some(format!("{VERSION}, the version this dopec reads"));
        fault.found = Some(short(version.text));
        return None;
    }
    let files = reader.require(&mut fields, "model");
    let target = reader.require(&mut fields, "target");
    let choices = reader.require(&mut fields, "choices");
    let of_this_model = files.and_then(|node| same_files(reader, &node, model));
    let target = target.and_then(|node| self::target(reader, &node));
    // Of another model's parts nothing need be said.
    of_this_model?;
    let ways = choices.and_then(|node| ways(reader, &node, model, target));
    Some(Choices { target: target?, ways: ways? })
}

/// Whether the lock file was made for the files that the model was read from.
fn same_files(reader: &mut Reader<'_>, node: &Node<'_>, model: &Model) -> Option<()> {
    let found: Option<BTreeMap<String, String>> = node.value();
    let Some(found) = found else {
        reader.wrong_type(node, "an object of file names and their SHA-256");
        return None;
    };
    let expected: BTreeMap<&str, &str> =
        model.files.iter().map(|file| (file.name.as_str(), file.sha256.as_str())).collect();
    if found.iter().map(|(name, sha256)| (name.as_str(), sha256.as_str())).eq(expected.clone()) {
        return Some(());
    }
    let spelled = |(name, sha256): (&str, &str)| format!("{name} sha256:{sha256}");
    let of_others = !model.files.first().is_some_and(|file| found.contains_key(&file.name));
    let fault = reader.fault(node, "a lock file that was made for another model", "these files");
    fault.help = of_others.then(|| MOVE.to_owned());
    fault.expected = Some(expected.into_iter().map(spelled).collect::<Vec<_>>().join(", "));
    let found = found.iter().map(|(name, sha256)| spelled((name, sha256)));
    fault.found = Some(found.collect::<Vec<_>>().join(", "));
    None
}

fn target(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Target> {
    let word: Option<String> = node.value();
    let known = Target::ALL.iter().filter(|(_, target)| *target != Target::Any);
    let found = known.clone().find(|(known, _)| word.as_deref() == Some(*known));
    if found.is_none() {
        let words: Vec<&str> = known.map(|(word, _)| *word).collect();
        let fault = reader.fault(node, "an unknown target", "this target");
        fault.expected = Some(format!("one of {}", list(&words)));
        fault.found = Some(short(node.text));
    }
    found.map(|(_, target)| *target)
}

/// The ways of parts, which code for the target must have where that is known.
fn ways(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    model: &Model,
    target: Option<Target>,
) -> Option<BTreeMap<String, Way>> {
    let Some(entries) = node.entries() else {
        reader.wrong_type(node, "an object of parts and their ways");
        return None;
    };
    let parts = parts(model);
    let paths: Vec<&str> = parts.iter().map(|part| part.path.as_str()).collect();
    let possible = |way: &Way| target.is_none_or(|target| way.possible(target));
    let words: Vec<&str> =
        Way::ALL.iter().filter(|(_, way, _)| possible(way)).map(|(word, ..)| *word).collect();
    let mut ways = BTreeMap::new();
    for (path, text) in entries {
        let value = Node { text, path: format!("choices.{path}") };
        if !paths.contains(&&*path) {
            let fault = reader.fault(&value, format!("the model has no sparse part `{path}`"), "its way");
            fault.expected = Some(match paths.is_empty() {
                true => "no part: the model has none".to_owned(),
                false => format!("one of {}", list(&paths)),
            });
            fault.help = nearest(&path, paths.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            continue;
        }
        let word: Option<String> = value.value();
        match Way::ALL.iter().find(|(known, ..)| word.as_deref() == Some(*known)) {
            Some((word, way, _)) if !possible(way) => {
                let target = target.map_or("", Target::word);
                let title = format!("code for `{target}` has no `{word}`");
                let fault = reader.fault(&value, title, "this way");
                fault.expected = Some(format!("one of {}", list(&words)));
                fault.found = Some(format!("`{word}`"));
            }
            Some((_, way, _)) if ways.insert(path.to_string(), *way).is_none() => {}
            Some(_) => {
                let fault = reader.fault(&value, format!("`{path}` is given twice"), "the second time");
                fault.expected = Some("one way for each part".to_owned());
                fault.found = Some("two".to_owned());
            }
            None => {
                let word = word.unwrap_or_default();
                let fault = reader.fault(&value, "an unknown way to compute a sparse part", "this way");
                fault.expected = Some(format!("one of {}", list(&words)));
                fault.found = Some(short(text));
                fault.help =
                    nearest(&word, words.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            }
        }
    }
    Some(ways)
}
