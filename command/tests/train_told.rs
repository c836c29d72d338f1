//! What `dopec train` says beside the model: the report, a time that is enough, how large a network may be.

mod training;

use std::fs;

use training::{exit, small, succeed, text, train};

#[test]
fn the_report_says_what_was_asked_for_and_what_a_guess_scores() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(9_000)).unwrap();
    let run = |more: &[&'static str]| {
        let options = [&["text.txt", "-o", "model.json", "--fresh"][..], more, &small("300")].concat();
        let output = succeed(train(path, &options));
        [output.stdout, output.stderr].map(|told| String::from_utf8(told).unwrap())
    };
    let [report, said] = run(&["--counting", "indices"]);
    assert!(report.contains(" 4.00 with the columns of non-zeros, "), "{report}");
    assert!(report.contains("\n  asked for     --factor 4 --counting indices\n"), "{report}");
    assert!(
        report.contains("\n  a guess       ") && report.contains("each character by its share"),
        "{report}"
    );
    assert!(!said.contains("better than"), "{said}");
    // One that learns next to nothing.
    let [report, said] = run(&["--learning-rate", "1e-9"]);
    assert!(report.contains("\n  asked for     --factor 4 --counting values\n"), "{report}");
    assert!(!report.contains("columns"), "{report}");
    assert!(said.ends_with("train longer, with another --learning-rate\n"), "{said}");
    assert!(
        said.contains("\nthe model is no better than guessing each character by its share of the text: ")
    );
}

#[test]
fn a_time_that_is_too_short_is_told_with_one_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("text.txt"), text(9_000)).unwrap();
    let run = ["text.txt", "-o", "x.json", "--minutes", "0.000001", "--hidden", "32", "--batch", "8"];
    let said = exit(2, train(path, &run));
    let (_, expected) = said.split_once("expected about ").unwrap_or_else(|| panic!("{said}"));
    let (minutes, rest) = expected.split_once(" or more: ").unwrap();
    let (step, _) = rest.split_once(" seconds a step").unwrap();
    assert!(minutes.parse::<f64>().unwrap() > 0.000001 && step.parse::<f64>().unwrap() > 0.0, "{said}");
}

#[test]
fn a_model_that_is_too_large_to_be_trained_is_refused_before_memory_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // 65536×32768 weights in sixteen factors.
    let mut factors = vec![r#"{"shape": [2, 2], "data": [1, 2, 3, 4]}"#; 15];
    factors.push(r#"{"shape": [2, 1], "data": [1, 2]}"#);
    let factors = factors.join(", ");
    let large = format!(
        r#"{{"format": "doped-model", "version": 1, "name": "large", "layers": [{{"linear": {{"name": "only",
        "input_size": 32768, "output_size": 65536, "weight": {{"shape": [65536, 32768],
        "structure": {{"kronecker": {{"factors": [{factors}]}}}}}}}}}}]}}"#
    );
    fs::write(path.join("large.json"), large).unwrap();
    fs::write(path.join("few.csv"), "a,target\n1,2\n2,1\n").unwrap();
    let said = exit(2, train(path, &["few.csv", "--from", "large.json", "-o", "x.json", "--batch", "1"]));
    assert!(
        said.contains("too large to be trained\n--> --from") && said.contains("found 2147483648"),
        "{said}"
    );
}
