//! Faults: what, where, what was expected and found, and how to mend it; several at once.

use dopec::Source;

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

fn faults(json: &str) -> String {
    let open = |name: &str| match name {
        "lying.safetensors" => Ok(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}".to_vec()),
        "short.safetensors" => Ok(b"\x40\0\0\0\0\0\0\0{\"a\":".to_vec()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    match dopec::read(&Source { file: "dir/tiny.json", json: json.as_bytes(), open: &open }) {
        Ok(_) => panic!("accepted: {json}"),
        Err(faults) => faults.to_string(),
    }
}

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
    dopec::read(&Source { file: "tiny.json", json: RIGHT.as_bytes(), open: &open }).unwrap();
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
    spoiled("\"tiny\"", "\"Tiny\"", &["lower-case letter"]);
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
    spoiled("[0.5, 1.5", "[0.5, \"x\"", &["element", "32-bit floats"]);
    spoiled("[0, 2, 2, 2, 2, 2, 3]", "[0, 2, 1, 2, 2, 2, 3]", &["it falls", "sparse.row_ptr"]);
    spoiled("[0, 2, 2, 2, 2, 2, 3]", "[0, 2, 2, 2, 2, 2, 4]", &["overruns"]);
    spoiled("[0, 3, 1]", "[0, 4, 1]", &["out of range", "columns below 4", "in row 0"]);
    spoiled("[0, 3, 1]", "[3, 3, 1]", &["repeated"]);
    spoiled("[0, 3, 1]", "[3, 0, 1]", &["out of order"]);
    spoiled("[0, 3, 1]", "[0, -3, 1]", &["0 to 4294967295", "-3"]);
    spoiled("\"shape\": [6, 4]", "\"shape\": [4294967296, 4294967296]", &["too large"]);
    spoiled(
        "{\"activation\": {\"name\": \"second\"",
        "{\"activation\": {\"name\": \"first\"",
        &["two layers are named `first`"],
    );
    spoiled("\"relu\"", "\"relo\"", &["did you mean `relu`?"]);
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
fn truncated_anywhere_is_a_fault_and_no_panic() {
    for end in 0..RIGHT.len() {
        let said = faults(&RIGHT[..end]);
        assert!(said.starts_with("error"), "{said}");
    }
    assert!(faults(&RIGHT[..200]).contains("truncated"));
}

#[test]
fn several_faults_are_reported_together() {
    let json = RIGHT.replacen("[0, 3, 1]", "[3, 0, 1]", 1).replacen("\"relu\"", "\"relo\"", 1);
    let said = faults(&json);
    assert!(said.contains("out of order") && said.contains("did you mean `relu`?"), "{said}");
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
