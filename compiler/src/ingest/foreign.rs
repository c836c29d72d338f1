//! Files that are given for a model file and are none: told by their first bytes, or by the ending of their name.
//!
//! Only what no model file begins with is told apart: anything else gives the reader's own faults.

use super::{EXPORT, Source};
use crate::faults::{Fault, Faults};

/// Finds the fault of a file of another kind.
///
/// # Errors
///
/// What it looks to be.
pub(super) fn check(source: &Source<'_>) -> Result<(), Faults> {
    let Some(kind) = kind(source.file, source.json) else { return Ok(()) };
    let fault = Fault {
        title: "not a model file".to_owned(),
        expected: Some("a JSON file as docs/model-file.md describes it".to_owned()),
        found: Some(kind.to_owned()),
        help: Some(format!("give the JSON file that names the weights file; {EXPORT}")),
        ..Fault::default()
    };
    Err(Faults::new(source.file, "", vec![fault]))
}

/// What a file that is no JSON looks to be, in words that follow "found".
fn kind(name: &str, bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Some("a zip archive, as PyTorch's .pt files and numpy's .npz are");
    }
    // A pickle of protocol 2 to 5.
    if matches!(bytes, [0x80, 2..=5, ..]) {
        return Some("a pickle, as PyTorch's older .pt files are");
    }
    if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        return Some("an HDF5 file, as Keras's .h5 files are");
    }
    if safetensors(bytes) {
        return Some("a safetensors file, which holds weights without layers");
    }
    // ONNX has no first bytes of its own: a message's field 1, the version, is what it mostly begins with.
    let onnx = name.to_ascii_lowercase().ends_with(".onnx");
    (onnx && bytes.first().is_none_or(|&first| first == 0x08)).then_some("an ONNX file")
}

/// A length in eight bytes, and a header of that length, which is JSON.
fn safetensors(bytes: &[u8]) -> bool {
    let Some((length, header)) = bytes.split_first_chunk::<8>() else { return false };
    header.first() == Some(&b'{') && u64::from_le_bytes(*length) <= header.len() as u64
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn what_is_no_model_file_is_told_by_its_first_bytes_or_its_ending() {
        let cases: [(&str, &[u8], &str); 5] = [
            ("x.pt", b"PK\x03\x04rest", "a zip archive"),
            ("x.pt", b"\x80\x02}q", "a pickle"),
            ("x.h5", b"\x89HDF\r\n\x1a\nrest", "an HDF5 file"),
            ("x.json", b"\x02\0\0\0\0\0\0\0{}", "a safetensors file"),
            ("X.ONNX", b"\x08\x07", "an ONNX file"),
        ];
        for (name, bytes, words) in cases {
            assert!(kind(name, bytes).is_some_and(|kind| kind.starts_with(words)), "{name}");
        }
    }

    #[test]
    fn text_is_left_to_the_reader() {
        for (name, bytes) in [
            ("x.json", &b"{}"[..]),
            ("x.json", b""),
            ("x.json", b"        {\"format\": 1}"),
            ("x.onnx", b"{}"),
            ("x.json", b"\xff\0\0\0\0\0\0\0{}"),
            ("x.json", b"PK"),
        ] {
            assert_eq!(kind(name, bytes), None, "{name} {bytes:?}");
        }
    }
}
