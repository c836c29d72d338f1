//! The published JSON Schema and the reader: what one accepts the other does, but for what no schema can say.

use std::path::Path;

use dopec::Source;
use dopec_tests::random;
use jsonschema::Validator;
use serde_json::{Map, Value};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn schema() -> Validator {
    let text = std::fs::read_to_string(repository().join("docs/model.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).unwrap()
}

fn accepts(schema: &Validator, name: &str, text: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{name}:\n{}", errors.join("\n"));
}

#[test]
fn the_schema_accepts_every_example() {
    let schema = schema();
    let mut count = 0;
    for folder in ["tests/models", "tests/models/oracle"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".json") && !name.ends_with(".vectors.json") {
                accepts(&schema, &name, &std::fs::read_to_string(&path).unwrap());
                count += 1;
            }
        }
    }
    assert!(count > 60);
    for (name, text) in random::catalogue() {
        accepts(&schema, &name, &text);
    }
}

/// Calls `visit` with copies of `value`, each spoiled in one place: a key left out, a key too many, a value of
/// another type.
fn spoil(value: &Value, visit: &mut dyn FnMut(Value, String)) {
    fn spoil_object(object: &Map<String, Value>, visit: &mut dyn FnMut(Value, String)) {
        for key in object.keys() {
            let mut fewer = object.clone();
            fewer.remove(key);
            visit(Value::Object(fewer), format!("without {key}"));
            let mut other = object.clone();
            other[key] = Value::Bool(true);
            visit(Value::Object(other), format!("{key} true"));
            spoil(&object[key], &mut |inner, what| {
                let mut other = object.clone();
                other[key] = inner;
                visit(Value::Object(other), format!("{key}: {what}"));
            });
        }
        let mut more = object.clone();
        more.insert("unheard".into(), Value::Null);
        visit(Value::Object(more), "with a key too many".into());
    }
    match value {
        Value::Object(object) => spoil_object(object, visit),
        Value::Array(elements) => {
            for (i, element) in elements.iter().enumerate().take(4) {
                spoil(element, &mut |inner, what| {
                    let mut other = elements.clone();
                    other[i] = inner;
                    visit(Value::Array(other), format!("[{i}] {what}"));
                });
            }
        }
        _ => {}
    }
}

/// Whatever the schema refuses, the reader refuses; and it refuses all but the ways of leaving out what may be
/// left out, which the schema accepts too.
#[test]
fn the_schema_and_the_reader_agree_on_every_spoiled_model() {
    let schema = schema();
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let reads = |text: &str| {
        dopec::ingest::ingest(&Source { file: "x", json: text.as_bytes(), open: &open, lock: None }).is_ok()
    };
    let (mut refused, mut accepted) = (0, 0);
    for name in ["linear_vstack", "lstm_joined_iofg", "gru_monarch", "embedding_sparse", "network"] {
        let path = repository().join(format!("tests/models/oracle/{name}.json"));
        let Ok(text) = std::fs::read_to_string(&path) else { panic!("{} is missing", path.display()) };
        let model: Value = serde_json::from_str(&text).unwrap();
        spoil(&model, &mut |spoiled, what| {
            let (by_schema, by_reader) = (schema.is_valid(&spoiled), reads(&spoiled.to_string()));
            // Leaving out the sparse part or the structure of a matrix, or a whole layer's kind, is judged by both.
            assert!(by_schema || !by_reader, "{name}, {what}: the schema refuses what the reader accepts");
            let free = what.starts_with("metadata") || what.starts_with("check");
            if by_schema && !by_reader && !free {
                panic!("{name}, {what}: the reader refuses what the schema accepts");
            }
            if by_reader { accepted += 1 } else { refused += 1 }
        });
    }
    assert!(refused > 200 && accepted > 5, "{refused} refused, {accepted} accepted");
}
