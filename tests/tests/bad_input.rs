//! Faults: what, where, what was expected and found, and how to mend it; several at once.

use dopec::{Emit, OutputFile, Settings, Source};
use dopec_tests::{faults, faults_of_bytes, random};
use proptest::prelude::*;

/// A model that is right; each test spoils one place of it.
const RIGHT: &str = r#"{
  "format": "doped-model",
  "version": 1,
  "name": "tiny",
  "layers": [
    {"linear": {"name": "first", "input_size": 4, "output_size": 6,
      "weight": {"shape": [6, 4],
        "structure": {"kronecker": {"factors": [{"shape": [2, 2], "data": [1, 2, 3, 4]}, {"shape": [3, 2], "data": [1, 2, 3, 4, 5, 6]}]}},
        "sparse": {"row_ptr": {"shape": [7], "data": [0, 2, 2, 2, 2, 2, 3]}, "col_idx": {"shape": [3], "data": [0, 3, 1]}, "values": {"shape": [3], "data": [0.5, 1.5, 2.5]}}}}},
    {"activation": {"name": "second", "function": "relu"}}
  ],
  "check": {"inputs": [[0, 0, 0, 0]], "outputs": [[0, 0, 0, 0, 0, 0]]}
}"#;

/// Spoils the right model and looks for the words in what is said of it.
fn spoiled(from: &str, to: &str, words: &[&str]) {
    assert!(RIGHT.contains(from), "{from}");
    let said = faults(&RIGHT.replacen(from, to, 1));
    for word in words {
        assert!(said.contains(word), "{to}: no {word:?} in\n{said}");
    }
    assert!(said.contains("--> dir/tiny.json:"), "no place in\n{said}");
}

#[test]
fn the_right_model_is_right() {
    let open = |_: &str| Err(std::io::Error::other("none"));
    dopec::read(&Source { file: "tiny.json", json: RIGHT.as_bytes(), open: &open, lock: None }).unwrap();
}

#[test]
fn each_fault_is_named_and_placed() {
    spoiled("\"version\": 1", "\"version\": 2", &["unknown version", "expected 1", "tiny.json:3:14"]);
    spoiled("\"doped-model\"", "\"onnx\"", &["not a doped model", "`\"onnx\"`"]);
    spoiled(
        "\"layers\"",
        "\"layer\"",
        &["unknown key `layer`", "did you mean `layers`?", "`layers` is missing"],
    );
    spoiled("\"name\": \"tiny\"", "\"name\": \"tiny\", \"name\": \"b\"", &["given twice"]);
    spoiled("\"tiny\"", "\"while\"", &["no keyword of C, C++ or Rust"]);
    spoiled("\"tiny\"", "\"string\"", &["no header that emitted C includes", "`string.h`"]);
    spoiled("\"tiny\"", "\"f32\"", &["no type of Rust's own"]);
    spoiled("\"tiny\"", "\"Tiny\"", &["lower-case letter"]);
    spoiled("\"tiny\"", &format!("\"{}\"", "a".repeat(65)), &["at most 64 characters"]);
    spoiled("\"tiny\"", "7", &["`name`", "a string", "found"]);
    spoiled("\"name\": \"tiny\"", "\"name\": \"tiny\", \"n\\u0061me\": \"b\"", &["given twice"]);
    spoiled("\"layers\": [", "\"layers\": {\"a\": [", &["tiny.json:"]);
    spoiled("\"structure\"", "\"structur\"", &["unknown key `structur`", "did you mean `structure`?"]);
    spoiled("\"kronecker\"", "\"kronneker\"", &["did you mean `kronecker`?"]);
    spoiled("{\"linear\"", "{\"lineer\"", &["did you mean `linear`?"]);
    spoiled("[0.5, 1.5, 2.5]", "\"0.5 1.5 2.5\"", &["an array of numbers", "sparse.values"]);
    spoiled(
        "\"input_size\": 4",
        "\"input_size\": \"4\"",
        &["expected an integer from 1", "layer `first`, field `input_size`"],
    );
    spoiled(
        "[2, 2], \"data\": [1, 2, 3, 4]",
        "[2, 2], \"data\": [1, 2, 3]",
        &["disagree", "4 values", "found 3", "factors[0]"],
    );
    spoiled(
        "\"shape\": [3, 2], \"data\"",
        "\"shape\": [2, 3], \"data\"",
        &["factors' product is not the matrix", "[4, 6]"],
    );
    spoiled("[0.5, 1.5", "[0.5, NaN", &["`NaN` is not a number", "tiny.json:9:"]);
    spoiled("[0.5, 1.5", "[0.5, 1e39", &["range of 32-bit floats", "1e39"]);
    spoiled("[0.5, 1.5", "[0.5, 1e999", &["1e999"]);
    spoiled("[0.5, 1.5", "[0.5, Infinity", &["`Infinity` is not a number"]);
    spoiled("[0.5, 1.5", "[0.5, -Infinity", &["not a number"]);
    spoiled("[0.5, 1.5", "[0.5, \"x\"", &["element", "32-bit floats"]);
    spoiled("[0, 2, 2, 2, 2, 2, 3]", "[0, 2, 1, 2, 2, 2, 3]", &["it falls", "sparse.row_ptr"]);
    spoiled("[0, 2, 2, 2, 2, 2, 3]", "[0, 2, 2, 2, 2, 2, 4]", &["overruns"]);
    spoiled("[0, 3, 1]", "[0, 4, 1]", &["out of range", "columns below 4", "in row 0"]);
    spoiled("[0, 3, 1]", "[3, 3, 1]", &["repeated"]);
    spoiled("[0, 3, 1]", "[3, 0, 1]", &["out of order"]);
    spoiled("[0, 3, 1]", "[0, -3, 1]", &["0 to 4294967295", "-3"]);
    spoiled(
        "\"shape\": [3], \"data\": [0, 3",
        "\"shape\": [4294967296, 4294967296, 3], \"data\": [0, 3",
        &["disagree", "memory"],
    );
    spoiled(
        "\"output_size\": 6",
        "\"output_size\": 7",
        &["matrix of the wrong shape", "[7, 4]", "found [6, 4]"],
    );
    spoiled("\"input_size\": 4", "\"input_size\": 99999999999999999999", &["4294967295"]);
    spoiled("\"shape\": [6, 4]", "\"shape\": [4294967296, 4294967296]", &["too large"]);
    spoiled(
        "{\"activation\": {\"name\": \"second\"",
        "{\"activation\": {\"name\": \"first\"",
        &["two layers are named `first`"],
    );
    spoiled("\"relu\"", "\"relo\"", &["did you mean `relu`?", "found `\"relo\"`"]);
    spoiled("\"relu\"", "\"swish\"", &["an unknown function", "train with one of these"]);
    spoiled(
        "\"inputs\": [[0, 0, 0, 0]]",
        "\"tokens\": [0]",
        &["another kind of input", "expected `inputs` alone", "found `tokens`"],
    );
    spoiled("[[0, 0, 0, 0]]", "[[0, 0, 0]]", &["vector of the wrong length", "found 3 numbers"]);
    spoiled("[[0, 0, 0, 0]]", "[[0, 0, 0, 0], [0, 0, 0, 0]]", &["as many outputs as steps", "found 1 rows"]);
    spoiled(
        "\"check\": {",
        "\"check\": {\"tolerance\": 0, ",
        &["not above zero", "found `0`", "such as 1e-4"],
    );
    spoiled("\"check\": {", "\"check\": {\"tolerance\": \"x\", ", &["not a number", "without quotes"]);
    spoiled(
        "{\"activation\":",
        "{\"gru\": 1, \"activation\":",
        &["exactly one key", "found `gru`, `activation`"],
    );
    spoiled("\"shape\": [6, 4]", "\"shape\": [24]", &["not the shape of a matrix", "found [24]"]);
    spoiled(
        "{\"kronecker\"",
        "{\"low_rank\": 1, \"kronecker\"",
        &["exactly one key", "`low_rank`, `kronecker`"],
    );
    spoiled(
        "\"factors\": [{\"shape\": [2, 2], \"data\": [1, 2, 3, 4]}, ",
        "\"factors\": [",
        &["fewer than two"],
    );
    let one = "{\"shape\": [1, 1], \"data\": [1]}, ";
    spoiled(
        "\"factors\": [",
        &format!("\"factors\": [{}", one.repeat(20_000)),
        &["too many factors", "expected 2 to 32 factors", "found 20002"],
    );
    spoiled("\"shape\": [2, 2], \"data\"", "\"shape\": [2, 2, 1], \"data\"", &["expected 2 dimensions"]);
    spoiled(
        "[[0, 0, 0, 0, 0, 0]]",
        "[[0, 0, 0, 1, 0, 0]]",
        &["does not reproduce step 0", "check.outputs[0][3]"],
    );
    spoiled(
        "\"name\": \"tiny\"",
        "\"name\": \"tiny\", \"weights\": \"../x.safetensors\"",
        &["leaves the model's folder"],
    );
    spoiled(
        "\"name\": \"tiny\"",
        "\"name\": \"tiny\", \"weights\": \"/x.safetensors\"",
        &["leaves the model's folder"],
    );
    spoiled("\"name\": \"tiny\"", "\"name\": \"tiny\", \"weights\": \"x.safetensors\"", &["can't be read"]);
    spoiled(
        "\"name\": \"tiny\"",
        "\"name\": \"tiny\", \"weights\": \"lying.safetensors\"",
        &["not sound safetensors"],
    );
    spoiled(
        "\"name\": \"tiny\"",
        "\"name\": \"tiny\", \"weights\": \"short.safetensors\"",
        &["not sound safetensors"],
    );
    spoiled("{\"shape\": [2, 2], \"data\": [1, 2, 3, 4]}", "{\"tensor\": \"a\"}", &["names none"]);
}

#[test]
fn files_of_other_kinds_are_told_apart() {
    let open = |_: &str| Err(std::io::Error::other("none"));
    let said = |file: &str, json: &[u8]| {
        dopec::read(&Source { file, json, open: &open, lock: None }).unwrap_err().to_string()
    };
    for (file, bytes, words) in [
        ("lm.pt", &b"PK\x03\x04\xff"[..], "found a zip archive, as PyTorch's .pt files"),
        ("lm.safetensors", b"\x02\0\0\0\0\0\0\0{}", "found a safetensors file"),
        ("lm.onnx", b"\x08\x07\x12\x07pytorch", "found an ONNX file"),
    ] {
        let said = said(file, bytes);
        assert!(said.starts_with(&format!("error: not a model file\n--> {file}")), "{said}");
        assert!(said.contains(words) && said.contains("docs/model-file.md and python/doped.py"), "{said}");
    }
    let said = said("lm.json", b"\x01\xff");
    assert!(said.contains("not text: byte 1 is not UTF-8") && said.contains("python/doped.py"), "{said}");
}

#[test]
fn truncated_anywhere_is_a_fault_and_no_panic() {
    for end in 0..RIGHT.len() {
        let said = faults(&RIGHT[..end]);
        assert!(said.contains("truncated"), "{end}: {said}");
    }
    for number in ["1.", "1e", "-"] {
        let said = faults(&RIGHT.replacen("[0.5, 1.5", &format!("[{number}, 1.5"), 1));
        assert!(said.contains("not JSON: invalid number"), "{said}");
        let cut = RIGHT.split_once("0.5, 1.5").unwrap().0;
        assert!(faults(&format!("{cut}{number}")).contains("truncated"), "{number}");
    }
}

#[test]
fn another_encoding_is_named() {
    let check = |json: &[u8], words: &[&str]| {
        let said = faults_of_bytes(json);
        for word in words {
            assert!(said.contains(word), "no {word:?} in\n{said}");
        }
    };
    check(format!("\u{feff}{RIGHT}").as_bytes(), &["byte order mark", "remove"]);
    let wide = |mark: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{mark}{RIGHT}").encode_utf16().flat_map(bytes).collect()
    };
    for mark in ["", "\u{feff}"] {
        check(&wide(mark, u16::to_le_bytes), &["UTF-16", "save it as UTF-8"]);
        check(&wide(mark, u16::to_be_bytes), &["UTF-16", "save it as UTF-8"]);
    }
    let umlaut = RIGHT.replacen("\"first\"", "\"fürst\"", 1);
    let latin: Vec<u8> = umlaut.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    check(&latin, &["the file is not UTF-8", "tiny.json:6:27", "0xFC", "save it as UTF-8"]);
    let cut = umlaut.find('ü').unwrap() + 1;
    check(&umlaut.as_bytes()[..cut], &["truncated", "tiny.json:6:27"]);
    let weights = [&b" {\0\0\0\0\0\0{"[..], &[0xff; 40]].concat();
    assert!(!faults_of_bytes(&weights).contains("save it as UTF-8"));
}

#[test]
fn several_faults_are_reported_together() {
    let json = RIGHT.replacen("[0, 3, 1]", "[3, 0, 1]", 1).replacen("\"relu\"", "\"relo\"", 1);
    let said = faults(&json);
    assert!(said.contains("out of order") && said.contains("did you mean `relu`?"), "{said}");
    let said = faults(&RIGHT.replacen("tiny", "Tiny", 1).replacen("[[0, 0, 0, 0]]", "[[0]]", 1));
    assert!(said.contains("lower-case letter") && said.contains("vector of the wrong length"), "{said}");
    for key in ["format", "version", "name", "layers"] {
        assert!(faults("{}").contains(&format!("`{key}` is missing")), "{key}");
    }
    let said = faults(&RIGHT.replacen("\"version\": 1,", "", 1).replacen("\"relu\"", "\"relo\"", 1));
    assert!(said.contains("`version` is missing") && said.contains("did you mean `relu`?"), "{said}");
}

#[test]
fn deep_nesting_ends_early() {
    let deep = format!("{}0{}", "{\"sum\": {\"terms\": [".repeat(1000), "]}}".repeat(1000));
    let structure = "{\"kronecker\": {\"factors\": [{\"shape\": [2, 2], \"data\": [1, 2, 3, 4]}, {\"shape\": [3, 2], \"data\": [1, 2, 3, 4, 5, 6]}]}}";
    spoiled(structure, &deep, &["nested too deep"]);
    assert!(faults(&"[".repeat(100_000)).contains("truncated"));
}

#[test]
fn no_layers_and_a_late_embedding() {
    let start = "{\"format\":\"doped-model\",\"version\":1,\"name\":\"a\",\"layers\":[";
    assert!(faults(&format!("{start}]}}")).contains("without layers"));
    let late = "{\"activation\":{\"name\":\"x\",\"function\":\"relu\"}},{\"embedding\":{\"name\":\"y\",\"vocab\":1,\"size\":1,\"weight\":{\"shape\":[1,1],\"data\":[1]}}}";
    assert!(faults(&format!("{start}{late}]}}")).contains("not the first layer"));
}

/// Reads and, where that goes well, compiles: neither may panic, nor take long.
fn survive(json: &[u8]) {
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let settings = Settings { emit: vec![Emit::C, Emit::Rust, Emit::Ir], ..Settings::default() };
    match dopec::compile(&Source { file: "any.json", json, open: &open, lock: None }, &settings) {
        Ok(compiled) => {
            assert!(compiled.files().iter().map(OutputFile::bytes).all(|bytes| !bytes.is_empty()));
        }
        Err(faults) => assert!(faults.to_string().starts_with("error")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    /// A model of any kind with a few pieces cut out, doubled or replaced.
    #[test]
    fn spoiled_models_never_panic(
        seed in 0_u64..1 << 32,
        spoils in prop::collection::vec((0.0_f64..1.0, 0_usize..40, 0_usize..14), 1..4),
    ) {
        let mut json = random::random_model(seed, 2, 5).into_bytes();
        for (place, len, what) in spoils {
            let start = (place * json.len() as f64) as usize;
            let end = (start + len).min(json.len());
            let piece: &[u8] = match what {
                0 => b"",
                1 => &json[start..end].repeat(2),
                2 => b"-1",
                3 => b"1e308",
                4 => b"18446744073709551616",
                5 => b"4294967295",
                6 => b"null",
                7 => b"{",
                8 => b"]",
                9 => b"\"",
                10 => "\u{1F600}".as_bytes(),
                11 => b"\xff",
                12 => b"[[[[",
                _ => b",",
            };
            let piece = piece.to_vec();
            json.splice(start..end, piece);
        }
        survive(&json);
    }

    /// A number anywhere in the model replaced by another.
    #[test]
    fn other_numbers_never_panic(seed in 0_u64..1 << 32, place in 0.0_f64..1.0, number in 0_usize..9) {
        let json = random::random_model(seed, 2, 5);
        let number = ["0", "-1", "1", "2", "7", "4294967295", "65536", "0.5", "1e30"][number];
        let start = (place * json.len() as f64) as usize;
        if let Some(at) = json[start..].find(|c: char| c.is_ascii_digit()) {
            let rest = json[start + at..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            survive(format!("{}{number}{rest}", &json[..start + at]).as_bytes());
        }
    }
}

#[test]
fn products_of_small_factors_stay_small() {
    let factor =
        |rows: usize| format!("{{\"shape\": [{rows}, 1], \"data\": [{}]}}", vec!["1"; rows].join(","));
    let json = format!(
        r#"{{"format": "doped-model", "version": 1, "name": "wide", "layers": [{{"linear": {{"name": "a",
            "input_size": 1, "output_size": 4194304000, "weight": {{"shape": [4194304000, 1],
            "structure": {{"kronecker": {{"factors": [{0}, {0}, {1}]}}}}}}}}}}]}}"#,
        factor(2048),
        factor(1000)
    );
    survive(json.as_bytes());
}

#[test]
fn metadata_is_free() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let json =
        RIGHT.replacen("\"name\"", &format!("\"metadata\": {{\"a\": {deep}, \"a\": null}}, \"name\""), 1);
    let open = |_: &str| Err(std::io::Error::other("none"));
    dopec::read(&Source { file: "tiny.json", json: json.as_bytes(), open: &open, lock: None }).unwrap();
    survive(
        RIGHT.replacen("\"name\"", &format!("\"metadata\": {}, \"name\"", "[".repeat(1000)), 1).as_bytes(),
    );
    let deeper = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    survive(RIGHT.replacen("\"name\"", &format!("\"metadata\": {deeper}, \"name\""), 1).as_bytes());
}
