//! JSON with places: every value is a piece of the file's text, read one level at a time.
//!
//! Takes the text; gives [`Node`]s, each a slice of it, so that a fault anywhere can point into the file.
//! Objects keep the order and the duplicates of their keys; arrays of numbers go straight into vectors.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A value of the file, with the path of the field it stands in.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) text: &'a str,
    pub(super) path: String,
}

impl<'a> Node<'a> {
    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    /// A value inside this one.
    pub(super) fn child(&self, text: &'a str, name: &str) -> Node<'a> {
        let path = match (self.path.is_empty(), name.starts_with('[')) {
            (true, _) => name.to_owned(),
            (false, true) => format!("{}{name}", self.path),
            (false, false) => format!("{}.{name}", self.path),
        };
        Node { text, path }
    }

    /// The keys and values of an object, in order; none when it is no object.
    pub(super) fn entries(&self) -> Option<Vec<(Cow<'a, str>, &'a str)>> {
        serde_json::from_str::<Entries<'a>>(self.text).ok().map(|entries| entries.0)
    }

    /// The elements of an array; none when it is no array.
    pub(super) fn elements(&self) -> Option<Vec<Node<'a>>> {
        let raw: Vec<&'a RawValue> = serde_json::from_str(self.text).ok()?;
        Some(raw.iter().enumerate().map(|(i, raw)| self.child(raw.get(), &format!("[{i}]"))).collect())
    }

    /// The value, when it is of type `T`.
    pub(super) fn value<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.text).ok()
    }

    /// An array of numbers, or where in this node's text the first wrong element stands and what is wrong.
    pub(super) fn numbers<T: Number>(&self) -> Result<Vec<T>, (Range<usize>, String)> {
        serde_json::from_str::<Numbers<T>>(self.text).map(|numbers| numbers.0).map_err(|error| {
            let at = offset(self.text, error.line(), error.column());
            (token(self.text, at), message(&error))
        })
    }
}

/// The byte that serde_json means by a line and a column, both from 1.
pub(super) fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The word or number that ends at or holds byte `at`.
pub(super) fn token(text: &str, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let part = |i: usize| bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || b"+-._".contains(b));
    let mut start = at.min(bytes.len());
    if !part(start) && start > 0 && part(start - 1) {
        start -= 1;
    }
    let mut end = start;
    while start > 0 && part(start - 1) {
        start -= 1;
    }
    while part(end) {
        end += 1;
    }
    let mut end = end.max(start + 1).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start.min(end)..end
}

/// What a serde_json error says, without its line and column.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key_seed(Key)? {
                    let value: &'de RawValue = map.next_value()?;
                    entries.push((key, value.get()));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(key))
            }
            fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(key.to_owned()))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A type that arrays of numbers are read into.
pub(super) trait Number: Sized {
    /// What is asked for.
    const EXPECTED: &'static str;
    /// From a float literal.
    fn from_f64(value: f64) -> Option<Self>;
    /// From a literal without point and exponent.
    fn from_i128(value: i128) -> Option<Self>;
}

impl Number for f32 {
    const EXPECTED: &'static str = "a number within the range of 32-bit floats";
    fn from_f64(value: f64) -> Option<f32> {
        let value = value as f32;
        value.is_finite().then_some(value)
    }
    fn from_i128(value: i128) -> Option<f32> {
        Some(value as f32)
    }
}

impl Number for f64 {
    const EXPECTED: &'static str = "a number";
    fn from_f64(value: f64) -> Option<f64> {
        value.is_finite().then_some(value)
    }
    fn from_i128(value: i128) -> Option<f64> {
        Some(value as f64)
    }
}

impl Number for u32 {
    const EXPECTED: &'static str = "an integer from 0 to 4294967295";
    fn from_f64(_: f64) -> Option<u32> {
        None
    }
    fn from_i128(value: i128) -> Option<u32> {
        u32::try_from(value).ok()
    }
}

impl Number for usize {
    const EXPECTED: &'static str = "an integer, not negative";
    fn from_f64(_: f64) -> Option<usize> {
        None
    }
    fn from_i128(value: i128) -> Option<usize> {
        usize::try_from(value).ok()
    }
}

struct Numbers<T>(Vec<T>);

impl<'de, T: Number> Deserialize<'de> for Numbers<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(Vec<T>);
        impl<'de, T: Number> Visitor<'de> for List<T> {
            type Value = Numbers<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self::Value, A::Error> {
                while let Some(One(value)) = seq.next_element()? {
                    self.0.push(value);
                }
                Ok(Numbers(self.0))
            }
        }
        deserializer.deserialize_seq(List(Vec::new()))
    }
}

struct One<T>(T);

impl<'de, T: Number> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneVisitor<T>(std::marker::PhantomData<T>);
        impl<T: Number> Visitor<'_> for OneVisitor<T> {
            type Value = One<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<One<T>, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Float(value), &self);
                T::from_f64(value).map(One).ok_or_else(wrong)
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<One<T>, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(value), &self);
                T::from_i128(value.into()).map(One).ok_or_else(wrong)
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<One<T>, E> {
                let wrong = || E::invalid_value(serde::de::Unexpected::Signed(value), &self);
                T::from_i128(value.into()).map(One).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_any(OneVisitor(std::marker::PhantomData))
    }
}
