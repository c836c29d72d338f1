//! The text of a model file; and JSON that is text, but no UTF-8, as editors and shells write it, or was cut or spoiled.
//!
//! Takes the bytes of a model file; gives its text, or says how to mend them.

use super::{EXPORT, Source};
use crate::faults::{Fault, Faults};

/// How to mend another encoding.
const SAVE: &str = "save it as UTF-8 without a byte order mark";

/// The text of a file.
///
/// # Errors
///
/// A byte order mark, UTF-16, or bytes that are not UTF-8.
pub(super) fn text<'s>(source: &Source<'s>) -> Result<&'s str, Faults> {
    let bytes = source.json;
    let plain = |title: &str, help: String| Err(Faults::plain(source.file, title, help));
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => {
            return plain(
                "the file starts with a byte order mark, which JSON does not have",
                "remove the byte order mark, its first three bytes: save it as UTF-8 without one".to_owned(),
            );
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [b'{', 0, ..] | [0, b'{', ..] => {
            return plain("the file is UTF-16, and JSON is UTF-8", SAVE.to_owned());
        }
        _ => {}
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let start = error.valid_up_to();
    // The header of a weights file may start with these letters, but for its zeros.
    let json = bytes.trim_ascii_start().starts_with(b"{") && !bytes.iter().take(16).any(|byte| *byte == 0);
    if !json {
        let title = format!("the file is not text: byte {start} is not UTF-8");
        return plain(&title, format!("give the JSON file, not the weights file; {EXPORT}"));
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (title, label, help) = match error.error_len() {
        None => (
            "the file ends too early: the JSON is truncated",
            "nothing follows",
            "write the file again, whole",
        ),
        Some(_) => ("the file is not UTF-8", "not UTF-8 from here", SAVE),
    };
    let fault = Fault {
        title: title.to_owned(),
        span: Some(start..start + char::REPLACEMENT_CHARACTER.len_utf8()),
        label: label.to_owned(),
        expected: error.error_len().map(|_| "JSON in UTF-8".to_owned()),
        found: error.error_len().map(|_| format!("the byte 0x{:02X}", bytes[start])),
        help: Some(help.to_owned()),
        ..Fault::default()
    };
    Err(Faults::new(source.file, text, vec![fault]))
}
