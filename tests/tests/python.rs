//! The fixtures that `python/oracle.py` wrote: their model files are sound, and the first loss of each is what the
//! 64-bit reference gives of the initial model. And the names that `python/doped.py` refuses are those that the format does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dopec::Source;
use dopec::model::Model;
use dopec::reference::{Input, Reference};
use serde_json::Value;

fn read(text: &str) -> Model {
    let open = |_: &str| Err(std::io::Error::other("no other file"));
    let source = Source { file: "fixture.json", json: text.as_bytes(), open: &open, lock: None };
    dopec::read(&source).unwrap_or_else(|faults| panic!("{faults}"))
}

/// −ln of the softmax of `scores` at `target`, in nats.
fn cross_entropy(scores: &[f64], target: u32) -> f64 {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
    total.ln() + largest - scores[target as usize]
}

#[test]
fn the_first_loss_of_each_fixture_is_the_references() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/fixtures");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let fixture: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let (initial, last) = (read(&fixture["initial"].to_string()), read(&fixture["final"].to_string()));
        assert!(initial.check.is_some() && last.check.is_some() && initial != last);
        let tokens =
            |key: &str| -> Vec<Vec<u32>> { serde_json::from_value(fixture[key][0].clone()).unwrap() };
        let (inputs, targets) = (tokens("inputs"), tokens("targets"));
        let streams = inputs[0].len();
        let mut losses = Vec::new();
        for stream in 0..streams {
            let mut reference = Reference::new(&initial);
            for (inputs, targets) in inputs.iter().zip(&targets) {
                let scores = reference.step(Input::Token(inputs[stream])).pop().unwrap();
                losses.push(cross_entropy(&scores, targets[stream]));
            }
        }
        let (mean, expected) = (losses.iter().sum::<f64>() / losses.len() as f64, &fixture["losses"][0]);
        assert!((mean - expected.as_f64().unwrap()).abs() < 1e-9, "{}: {mean}, {expected}", path.display());
        let steps = fixture["losses"].as_array().unwrap().len();
        assert!(steps == 20 && fixture["nnz"].as_array().unwrap().len() == steps);
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn the_names_that_doped_py_refuses_are_those_of_the_format() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let words = |text: &str, from: &str, to: &str| -> BTreeSet<String> {
        let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}"));
        let (words, _) = rest.split_once(to).unwrap();
        words.split_ascii_whitespace().filter(|word| *word != "\\").map(str::to_owned).collect()
    };
    let python = words(&read("python/doped.py"), "RESERVED = \"\"\"", "\"\"\"");
    let rust = read("compiler/src/ingest/name.rs");
    let lists =
        ["KEYWORDS", "HEADERS", "TYPES"].map(|list| words(&rust, &format!("{list}: &str = \""), "\";"));
    assert_eq!(python, lists.into_iter().flatten().collect());
    assert!(python.iter().all(|word| dopec::ingest::check_name(word).is_err()));
}
