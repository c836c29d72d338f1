//! What reading a model carries along: the text, the faults found so far, the weights file.
//!
//! Every function that reads a part gives `None` after it has recorded why, so that its caller can go on
//! with the next part and faults that have nothing to do with each other are reported together.

use std::ops::Range;

use super::json::{self, Node, Number};
use super::weights::Weights;
use crate::faults::Fault;

/// The largest size: a model's indices have 32 bits, and a few such sizes add up on the machine that compiles it.
const MOST_SIZE: u64 = if usize::BITS < 64 { (usize::MAX / 8) as u64 } else { u32::MAX as u64 };

/// The state of ingest.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) faults: Vec<Fault>,
    pub(super) layer: Option<String>,
    pub(super) weights: Option<Weights>,
    /// Whether a weights file was named but could not be read: tensors that need it are not faults then.
    pub(super) weights_failed: bool,
}

/// The fields of an object, each taken once.
pub(super) struct Fields<'a> {
    node: Node<'a>,
    entries: Vec<(String, Node<'a>)>,
}

impl<'a> Reader<'a> {
    /// The bytes of the file that a node is.
    pub(super) fn span(&self, node: &Node<'_>) -> Range<usize> {
        let start = node.text.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + node.text.len()
    }

    /// Records a fault at a node; what it gives back can be filled in further.
    pub(super) fn fault(
        &mut self,
        node: &Node<'_>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Fault {
        let mut span = self.span(node);
        // Of a large value, mark where it starts: a screen of carets tells nothing.
        if node.text.len() > 60 || node.text.contains('\n') {
            span.end = span.start + 1;
        }
        self.fault_at(span, &node.path, title, label)
    }

    /// Records a fault at a place of the text.
    pub(super) fn fault_at(
        &mut self,
        span: Range<usize>,
        path: &str,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Fault {
        self.faults.push(Fault {
            title: title.into(),
            span: Some(span),
            label: label.into(),
            layer: self.layer.clone(),
            field: (!path.is_empty()).then(|| path.to_owned()),
            ..Fault::default()
        });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    /// The fields of an object whose keys are all among `known`.
    pub(super) fn fields(&mut self, node: &Node<'a>, known: &[&str]) -> Option<Fields<'a>> {
        let Some(entries) = node.entries() else {
            self.wrong_type(node, "an object");
            return None;
        };
        let mut fields = Fields { node: node.clone(), entries: Vec::new() };
        for (key, text) in entries {
            let child = node.child(text, &key);
            let place = self.key_span(&key, &child);
            if !known.contains(&&*key) {
                let fault = self.fault_at(
                    place,
                    &child.path,
                    format!("unknown key `{key}`"),
                    "not a key of the format",
                );
                fault.expected = Some(format!("one of {}", list(known)));
                fault.help = Some(match nearest(&key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "remove it, or put it into `metadata`, which is free".to_owned(),
                });
            } else if fields.entries.iter().any(|(other, _)| *other == *key) {
                let fault =
                    self.fault_at(place, &child.path, format!("`{key}` is given twice"), "the second time");
                fault.help = Some("remove one of the two".to_owned());
            } else {
                fields.entries.push((key.into_owned(), child));
            }
        }
        Some(fields)
    }

    fn key_span(&self, key: &str, child: &Node<'_>) -> Range<usize> {
        let value = self.span(child);
        let written = format!("\"{key}\"");
        match self.text[..value.start].rfind(&written) {
            Some(start) if value.start - start < written.len() + 200 => start..start + written.len(),
            _ => value.start..value.start + 1,
        }
    }

    /// Records that a value is of another type.
    pub(super) fn wrong_type(&mut self, node: &Node<'_>, expected: &str) {
        let kind = node.kind();
        let name = node.path.rsplit('.').next().unwrap_or_default().to_owned();
        let title =
            if name.is_empty() { "wrong type".to_owned() } else { format!("`{name}` is of the wrong type") };
        let fault = self.fault(node, title, format!("this is {kind}"));
        fault.expected = Some(expected.to_owned());
        fault.found = Some(kind.to_owned());
        fault.help = Some(format!("write {expected} in its place"));
    }

    /// A required field.
    pub(super) fn require(&mut self, fields: &mut Fields<'a>, key: &str) -> Option<Node<'a>> {
        let found = fields.take(key);
        if found.is_none() {
            let node = fields.node.clone();
            let mut span = self.span(&node);
            span.end = span.start + 1;
            let path = node.child(node.text, key).path;
            let fault = self.fault_at(span, &path, format!("`{key}` is missing"), "in this object");
            fault.help = Some(format!("add `\"{key}\": ...`"));
        }
        found
    }

    /// A string.
    pub(super) fn string(&mut self, node: &Node<'a>) -> Option<String> {
        let value = node.value();
        if value.is_none() {
            self.wrong_type(node, "a string");
        }
        value
    }

    /// A size: an integer of at least 1 that 32 bits hold.
    pub(super) fn size(&mut self, node: &Node<'a>) -> Option<usize> {
        match node.value::<u64>() {
            Some(value) if (1..=MOST_SIZE).contains(&value) => Some(value as usize),
            _ => {
                let fault = self.fault(node, "not a size", "not a size");
                fault.expected = Some(format!("an integer from 1 to {MOST_SIZE}"));
                fault.found = Some(short(node.text));
                fault.help = Some("give the size as a number without point and quotes".to_owned());
                None
            }
        }
    }

    /// An array of numbers.
    pub(super) fn numbers<T: Number>(&mut self, node: &Node<'a>) -> Option<Vec<T>> {
        match node.numbers() {
            Ok(numbers) => Some(numbers),
            Err(_) if !node.text.starts_with('[') => {
                self.wrong_type(node, "an array of numbers");
                None
            }
            Err((place, message)) => {
                let start = self.span(node).start;
                let found = node.text[place.clone()].to_owned();
                let span = start + place.start..start + place.end;
                let fault =
                    self.fault_at(span, &node.path, "an element is not what it must be", "this element");
                fault.expected = Some(T::EXPECTED.to_owned());
                fault.found = Some(if found.trim().is_empty() { message } else { short(&found) });
                fault.help = Some("mend this element, or what wrote the array".to_owned());
                None
            }
        }
    }

    /// The syntax of the whole text, checked once; the root value.
    pub(super) fn root(&mut self) -> Option<Node<'a>> {
        let error = match serde_json::from_str::<&serde_json::value::RawValue>(self.text) {
            Ok(raw) => return Some(Node { text: raw.get(), path: String::new() }),
            Err(error) => error,
        };
        let at = json::offset(self.text, error.line(), error.column());
        let place = json::token(self.text, at);
        let word = self.text[place.clone()].trim_start_matches(['-', '+']);
        let (title, label, help);
        // A file that ends within a number is one that was cut, too.
        let cut = place.end == self.text.len() && json::message(&error) == "invalid number";
        if error.is_eof() || cut {
            title = "the file ends too early: the JSON is truncated".to_owned();
            label = "nothing follows".to_owned();
            help = "write the file again, whole";
        } else if ["NaN", "nan", "Infinity", "inf", "Inf"].contains(&word) {
            title = format!("`{word}` is not a number of JSON, nor one that a model may hold");
            label = "not a finite number".to_owned();
            help = "find out why training gave it: every weight must be finite";
        } else {
            title = format!("the file is not JSON: {}", json::message(&error));
            label = "here".to_owned();
            help = "mend the JSON; a parser of your language will show the same place";
        }
        let span = if place.is_empty() && place.start > 0 { place.start - 1..place.start } else { place };
        self.fault_at(span, "", title, label).help = Some(help.to_owned());
        None
    }
}

impl<'a> Fields<'a> {
    /// Takes a field out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node<'a>> {
        let at = self.entries.iter().position(|(other, _)| other == key)?;
        Some(self.entries.remove(at).1)
    }

    /// The keys that are left, as a message lists them.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.entries.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() { "none".to_owned() } else { list(&names) }
    }

    /// The only field of an object that must have exactly one.
    pub(super) fn only(mut self) -> Option<(String, Node<'a>)> {
        if self.entries.len() == 1 { self.entries.pop() } else { None }
    }
}

/// A value as a message shows it.
pub(super) fn short(text: &str) -> String {
    let mut out: String = text.chars().take(40).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    format!("`{out}`")
}

/// Names as a message lists them.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The name nearest to `word`, if any is near: at most a third of its letters changed.
pub(super) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = names.map(|name| (distance(word, name), name)).min_by_key(|&(distance, _)| distance)?;
    (near.0 <= word.chars().count().max(3) / 3).then_some(near.1)
}

/// Edit distance (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(80).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(80).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}
