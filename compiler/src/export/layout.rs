//! JSON as people read it: what fits stands on one line, longer objects and lists take a line for each element, each
//! array of numbers one.

use std::fmt::Display;

use serde_json::Value;

/// Characters that an object or a list may take to stand on one line.
const WIDTH: usize = 100;

/// A value to be spelled.
pub(super) enum Json {
    /// Keys and values, in order.
    Object(Vec<(String, Json)>),
    /// Elements, in order.
    List(Vec<Json>),
    /// JSON that stands on one line however long it is.
    Text(String),
}

/// An object of these keys.
pub(super) fn object(fields: Vec<(&str, Json)>) -> Json {
    Json::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

impl Json {
    /// What spells itself as JSON.
    pub(super) fn plain(value: impl Display) -> Json {
        Json::Text(value.to_string())
    }

    /// A string, escaped.
    pub(super) fn string(text: &str) -> Json {
        Json::plain(Value::from(text))
    }

    /// Any value.
    pub(super) fn value(value: &Value) -> Json {
        match value {
            Value::Object(fields) => {
                Json::Object(fields.iter().map(|(key, value)| (key.clone(), Json::value(value))).collect())
            }
            Value::Array(elements) if elements.iter().any(|element| !element.is_number()) => {
                Json::List(elements.iter().map(Json::value).collect())
            }
            _ => Json::plain(value),
        }
    }

    /// An array of numbers, each spelled already.
    pub(super) fn numbers(numbers: impl Iterator<Item = String>) -> Json {
        let mut text = String::from("[");
        for (i, number) in numbers.enumerate() {
            text.push_str(if i > 0 { ", " } else { "" });
            text.push_str(&number);
        }
        Json::Text(text + "]")
    }

    /// An array of floats.
    pub(super) fn floats(values: &[f32]) -> Json {
        Json::numbers(values.iter().map(|&value| float(value)))
    }

    /// The whole text, with a newline at its end.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.spell(&mut out, 0);
        out.push('\n');
        out
    }

    /// The length on one line, or none when that is above `limit`.
    fn len(&self, limit: usize) -> Option<usize> {
        let parts: Vec<(usize, &Json)> = match self {
            Json::Text(text) => return (text.len() <= limit).then_some(text.len()),
            Json::Object(fields) => fields.iter().map(|(key, value)| (key.len() + 6, value)).collect(),
            Json::List(elements) => elements.iter().map(|element| (2, element)).collect(),
        };
        let sum = parts.into_iter().try_fold(0, |sum, (before, part)| {
            let left = limit.checked_sub(sum + before)?;
            Some(sum + before + part.len(left)?)
        });
        sum.filter(|&sum| sum <= limit)
    }

    fn spell(&self, out: &mut String, depth: usize) {
        let (open, close) = match self {
            Json::Text(text) => return out.push_str(text),
            Json::Object(_) => ("{", "}"),
            Json::List(_) => ("[", "]"),
        };
        // An object of one key is a tagged value: the key's line is not spent on it.
        if let Json::Object(fields) = self
            && let [(key, value)] = &fields[..]
        {
            out.push_str(&format!("{{{}: ", Value::from(key.as_str())));
            value.spell(out, depth);
            return out.push('}');
        }
        let flat = self.len(WIDTH).is_some();
        let element = |out: &mut String, i: usize, key: Option<&str>, value: &Json| {
            match (flat, i) {
                (true, 0) => {}
                (true, _) => out.push_str(", "),
                (false, _) => {
                    out.push_str(if i > 0 { ",\n" } else { "\n" });
                    out.push_str(&"  ".repeat(depth + 1));
                }
            }
            if let Some(key) = key {
                out.push_str(&format!("{}: ", Value::from(key)));
            }
            value.spell(out, depth + 1);
        };
        out.push_str(open);
        match self {
            Json::Object(fields) => {
                fields.iter().enumerate().for_each(|(i, (key, value))| element(out, i, Some(key), value));
            }
            Json::List(elements) => {
                elements.iter().enumerate().for_each(|(i, value)| element(out, i, None, value));
            }
            Json::Text(_) => {}
        }
        if !flat {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
        out.push_str(close);
    }
}

/// A finite 32-bit float in the fewest digits that read back the same.
///
/// Readers take 64-bit floats and round them to 32 bits: where the two roundings would miss, which is possible for
/// digits that lie beside the middle of two floats, all digits are spelled.
pub(super) fn float(value: f32) -> String {
    debug_assert!(value.is_finite());
    let short = serde_json::to_string(&value).unwrap_or_default();
    let same = short.parse::<f64>().is_ok_and(|read| (read as f32).to_bits() == value.to_bits());
    if same { short } else { double(value.into()) }
}

/// A finite 64-bit float in the fewest digits that read back the same.
pub(super) fn double(value: f64) -> String {
    debug_assert!(value.is_finite());
    Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_back_the_same() {
        let bits = (0..200_000_u32).map(|i| i.wrapping_mul(0x9e37_79b9));
        let special = [0.0, -0.0, f32::MIN_POSITIVE, f32::MAX, f32::MIN, 1e-45, 16_777_216.0, 0.1];
        for value in bits.map(f32::from_bits).chain(special).filter(|value| value.is_finite()) {
            let read: f64 = serde_json::from_str(&float(value)).unwrap();
            assert_eq!((read as f32).to_bits(), value.to_bits(), "{value:e}");
        }
        assert_eq!((float(0.1), float(-0.0), double(0.1)), ("0.1".into(), "-0.0".into(), "0.1".into()));
    }

    #[test]
    fn what_fits_stands_on_one_line() {
        let short = || object(vec![("a", Json::plain(1)), ("b", Json::floats(&[0.5, 2.0]))]);
        assert_eq!(short().text(), "{\"a\": 1, \"b\": [0.5, 2.0]}\n");
        let long = object(vec![("first", short()), ("second", Json::floats(&[0.125; 30]))]);
        let text = long.text();
        assert!(
            text.starts_with("{\n  \"first\": {\"a\": 1, \"b\": [0.5, 2.0]},\n  \"second\": [0.125, "),
            "{text}"
        );
        assert_eq!(text.lines().count(), 4);
        let wrapped = Json::List(vec![object(vec![("only", long)]), Json::string("say \"hi\"")]).text();
        assert!(wrapped.starts_with("[\n  {\"only\": {\n    \"first\""), "{wrapped}");
        assert!(wrapped.ends_with("\n  }},\n  \"say \\\"hi\\\"\"\n]\n"), "{wrapped}");
        assert!(serde_json::from_str::<Value>(&wrapped).is_ok());
    }
}
