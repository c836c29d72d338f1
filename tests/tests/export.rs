//! Models written and read again: the same bits, whatever the structure, the layer and the place of the weights; and
//! files that the published schema accepts.

use std::fs;
use std::path::Path;

use dopec::export::{Exported, INLINE_LEN, Storage, export, weights_name};
use dopec::model::{Model, SourceFile};
use dopec::reference::record;
use dopec::{Source, files};
use dopec_tests::random::{catalogue, random_model, random_steps};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn schema() -> Validator {
    let text = fs::read_to_string(repository().join("docs/model.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

/// A model file of random weights, with check vectors.
fn read(text: &str) -> Model {
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let source = Source { file: "model.json", json: text.as_bytes(), open: &open, lock: None };
    let mut model = dopec::read(&source).unwrap_or_else(|faults| panic!("{faults}"));
    model.check =
        Some(record(&model, random_steps(&model, 3, 7)).unwrap_or_else(|faults| panic!("{faults}")));
    model
}

/// All that a model says, in words that tell 0 from -0 and every float from its neighbours.
fn words(model: &Model) -> String {
    format!("{:?}", Model { files: Vec::new(), ..model.clone() })
}

/// Writes the model in every way, and holds what is read back to it.
fn round_trip(schema: &Validator, model: &Model) {
    let metadata = json!({"scores": {"perplexity": 4.75}, "note": ["a \"text\"", null, 1.5e-7]});
    let expected = words(model);
    for storage in [Storage::Inline, Storage::Beside, Storage::Auto] {
        let name = &model.name;
        let exported = export(model, &metadata, storage, "weights.safetensors");
        assert_eq!(exported, export(model, &metadata, storage, "weights.safetensors"), "{name}");
        let value: Value = serde_json::from_str(&exported.json).unwrap();
        let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {}\n{}", errors.join("\n"), exported.json);
        assert_eq!(value["metadata"], metadata, "{name}");
        assert_eq!(value.get("weights").is_some(), exported.weights.is_some(), "{name}");
        assert!(storage != Storage::Inline || exported.weights.is_none(), "{name}");
        let again = exported.read("model.json").unwrap_or_else(|faults| panic!("{name}: {faults}"));
        assert!(words(&again) == expected, "{name}, {storage:?}");
        assert_eq!(again.files.len(), 1 + usize::from(exported.weights.is_some()), "{name}");
    }
}

#[test]
fn the_whole_catalogue_is_read_back_bit_for_bit() {
    let schema = schema();
    let mut stored = 0;
    for (_, text) in catalogue() {
        let model = read(&text);
        round_trip(&schema, &model);
        stored += usize::from(export(&model, &Value::Null, Storage::Beside, "w").weights.is_some());
    }
    assert!(stored > 100, "{stored} models have arrays long enough to be stored");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_models_are_read_back_bit_for_bit(seed: u64, layers in 1_usize..6, largest in 1_usize..34) {
        round_trip(&schema(), &read(&random_model(seed, layers, largest)));
    }
}

#[test]
fn models_of_the_oracle_and_trained_ones_are_read_back_bit_for_bit() {
    let schema = schema();
    let mut paths = vec![];
    for folder in ["tests/models", "tests/models/oracle"] {
        for entry in fs::read_dir(repository().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".json") && !name.ends_with(".vectors.json") {
                paths.push(path);
            }
        }
    }
    assert!(paths.len() > 60);
    for path in paths {
        let (model, _) = files::with_source(&path, dopec::read);
        round_trip(&schema, &model.unwrap_or_else(|faults| panic!("{faults}")));
    }
}

#[test]
fn small_models_stay_in_one_file_and_large_ones_do_not() {
    let folder = repository().join("tests/models");
    let load = |name: &str| files::with_source(&folder.join(name), dopec::read).0.unwrap();
    let small = load("shakespeare_small.json");
    let medium = load("shakespeare_medium.json");
    assert!(export(&medium, &Value::Null, Storage::Auto, "w").weights.is_some());
    let temporary = tempfile::tempdir().unwrap();
    for (model, storage, expected) in [
        (&small, Storage::Inline, &["model.json"][..]),
        (&medium, Storage::Auto, &["model.json", "model.safetensors"]),
    ] {
        let path = temporary.path().join(&model.name).join("model.json");
        files::save(&path, model, &Value::Null, storage).unwrap();
        let again = files::with_source(&path, dopec::read).0.unwrap();
        assert!(words(&again) == words(model));
        let names: Vec<&str> = again.files.iter().map(|SourceFile { name, .. }| name.as_str()).collect();
        assert_eq!(names, expected);
    }
    let text = export(&medium, &Value::Null, Storage::Beside, "w.safetensors").json;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value.get("metadata").is_none());
    let longest = |line: &str| line.matches(", ").count();
    let weights = text.split("\"check\"").next().unwrap();
    assert!(weights.lines().map(longest).max() < Some(2 * INLINE_LEN));
}

#[test]
fn a_weights_file_is_named_after_the_model_file_where_that_can_be() {
    for (path, expected) in [
        ("deep/er/lm.v2.json", "lm.v2.safetensors"),
        ("a b.json", "a b.safetensors"),
        ("back\\slash.json", "random_1.safetensors"),
        ("c:x.json", "random_1.safetensors"),
        ("", "random_1.safetensors"),
        ("LM.JSON", "LM.safetensors"),
        ("lm", "lm.safetensors"),
        ("lm.10x", "lm.10x.safetensors"),
        ("lm.20x", "lm.20x.safetensors"),
        ("x.safetensors", "x.safetensors.safetensors"),
    ] {
        assert_eq!(weights_name(Path::new(path), "random_1"), expected, "{path}");
    }
}

#[test]
fn a_model_that_breaks_its_promises_is_caught_when_it_is_read_back() {
    let mut model = read(&random_model(3, 2, 9));
    let exported = export(&model, &Value::Null, Storage::Inline, "w");
    let broken = Exported { json: exported.json.replacen("\"shape\": [", "\"shape\": [1", 1), ..exported };
    assert!(broken.read("model.json").is_err());
    model.check.as_mut().unwrap().outputs[1][0] += 1.0;
    let faults = export(&model, &Value::Null, Storage::Inline, "w").read("model.json").unwrap_err();
    assert!(faults.to_string().contains("does not reproduce step 1"), "{faults}");
}

#[test]
fn columns_past_16_bits_are_stored_whole() {
    for (cols, dtype) in [(65_536, "U16"), (65_537, "U32")] {
        let last = cols - 1;
        let indices: Vec<usize> = (0..40).chain([last]).collect();
        let matrix = json!({"shape": [1, cols], "sparse": {
            "row_ptr": {"shape": [2], "data": [0, indices.len()]},
            "col_idx": {"shape": [indices.len()], "data": indices},
            "values": {"shape": [indices.len()], "data": indices},
        }});
        let layer =
            json!({"linear": {"name": "wide", "input_size": cols, "output_size": 1, "weight": matrix}});
        let text =
            json!({"format": "doped-model", "version": 1, "name": "wide", "layers": [layer]}).to_string();
        let model = read(&text);
        let exported = export(&model, &Value::Null, Storage::Beside, "w.safetensors");
        assert!(words(&exported.read("model.json").unwrap()) == words(&model));
        let bytes = &exported.weights.unwrap().1;
        assert!(String::from_utf8_lossy(bytes).contains(&format!("{{\"dtype\":\"{dtype}\",\"shape\":[41]")));
    }
}
