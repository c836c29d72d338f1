//! Faults of a model: collected while it is read, reported together.
//!
//! A [`Fault`] says what is wrong, where (a byte range of the JSON text, from which file, line and column
//! follow; the layer; the field), what was expected, what was found, and how to mend it. [`Faults`] holds
//! every fault of one run beside the text they point into and renders them in the manner of rustc. The
//! command prints that text and the macro puts the same text into its compile error.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// One thing wrong with a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// One sentence without a full stop.
    pub title: String,
    /// Where in the JSON text, in bytes; none when the fault is not in the text at all.
    pub span: Option<Range<usize>>,
    /// What stands under the marked place.
    pub label: String,
    /// The layer's name, or `#2` for the third layer while it has none.
    pub layer: Option<String>,
    /// The path of the field inside the layer (or inside the file, outside layers), joined by dots.
    pub field: Option<String>,
    /// What the format asks for.
    pub expected: Option<String>,
    /// What stands there.
    pub found: Option<String>,
    /// How to mend it.
    pub help: Option<String>,
}

/// The faults of one model file. Never empty.
#[derive(Clone)]
pub struct Faults {
    file: String,
    text: String,
    faults: Vec<Fault>,
    of_the_request: bool,
}

/// Faults shown of one file; the rest is counted.
const SHOWN: usize = 20;

/// Width at which long source lines are cut around the marked place.
const WIDTH: usize = 120;

impl Faults {
    /// The faults of `file`, whose text is `text`. `faults` must not be empty.
    pub fn new(file: impl Into<String>, text: impl Into<String>, faults: Vec<Fault>) -> Faults {
        debug_assert!(!faults.is_empty());
        Faults { file: file.into(), text: text.into(), faults, of_the_request: false }
    }

    /// A single fault that has no place in a text: a file that can't be read or written, a tool that fails.
    pub fn plain(file: impl Into<String>, title: impl Into<String>, help: impl Into<String>) -> Faults {
        let fault = Fault { title: title.into(), help: Some(help.into()), ..Fault::default() };
        Faults::new(file, "", vec![fault])
    }

    /// The same, of what was asked for: of options and paths that were given, not of what a file holds.
    pub fn of_the_request(self) -> Faults {
        Faults { of_the_request: true, ..self }
    }

    /// Whether what was asked for is at fault.
    pub fn is_of_the_request(&self) -> bool {
        self.of_the_request
    }

    /// The faults, in the order they were found.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The rendered text, with terminal colours or without. Ends without a newline.
    pub fn render(&self, colours: bool) -> String {
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
        let mut out = String::new();
        for (i, fault) in self.faults.iter().take(SHOWN).enumerate() {
            if i > 0 {
                out.push_str("\n\n");
            }
            out.push_str(&renderer.render(&[self.group(fault)]));
        }
        if self.faults.len() > SHOWN {
            let more = self.faults.len() - SHOWN;
            out.push_str(&format!("\n\n... and {more} more fault{}", if more == 1 { "" } else { "s" }));
        }
        out
    }

    fn group<'a>(&'a self, fault: &'a Fault) -> Group<'a> {
        let mut group = Group::with_title(Level::ERROR.primary_title(fault.title.as_str()));
        match &fault.span {
            Some(span) => {
                let mark = AnnotationKind::Primary.span(span.clone()).label(fault.label.as_str());
                group = group
                    .element(Snippet::source(self.text.as_str()).path(self.file.as_str()).annotation(mark));
            }
            None => group = group.element(annotate_snippets::Origin::path(self.file.as_str())),
        }
        let place = match (&fault.layer, &fault.field) {
            (Some(layer), Some(field)) => Some(format!("layer `{layer}`, field `{field}`")),
            (Some(layer), None) => Some(format!("layer `{layer}`")),
            (None, Some(field)) => Some(format!("field `{field}`")),
            (None, None) => None,
        };
        let notes = [("", &place), ("expected ", &fault.expected), ("found ", &fault.found)];
        for (word, text) in notes {
            if let Some(text) = text {
                group = group.element(Level::NOTE.message(format!("{word}{text}")));
            }
        }
        if let Some(help) = &fault.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The rendered text, since `main` of a build script and `unwrap` print faults so.
impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}
