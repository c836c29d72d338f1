//! The examples of docs/data.md are read as it says, and are such as `dopec train` takes.

use std::path::Path;

use dopec_cli::data::{Sequences, Targets, read};

/// The CSV files shown in the docs.
fn examples() -> Vec<Sequences> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data.md");
    let text = std::fs::read_to_string(docs).unwrap();
    let blocks =
        text.split("```\n").skip(1).filter(|block| block.contains("\n0.") || block.starts_with("sequence,"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.csv");
    blocks
        .map(|block| {
            std::fs::write(&path, block).unwrap();
            read(&path).unwrap_or_else(|faults| panic!("{faults}"))
        })
        .collect()
}

#[test]
fn the_examples_are_read() {
    let [whole, steps] = &examples()[..] else { panic!("two examples of CSV") };
    assert_eq!((whole.count, whole.steps, whole.features), (2, 4, 1));
    assert_eq!(whole.targets, Targets::Classes(vec![1, 0]));
    assert_eq!(whole.sequence(1), [0.3, 0.9, 0.5, 0.2]);
    assert_eq!((steps.count, steps.steps, steps.features), (2, 2, 2));
    assert_eq!(steps.targets, Targets::Values { size: 1, values: vec![0.75, 0.5] });
    assert_eq!(steps.sequence(1), [0.0, 1.9, 0.1, 1.8]);
    for example in [whole, steps] {
        assert!((0..example.count).all(|i| example.length(i) == example.steps), "{example:?}");
    }
}
