//! What can be wrong with one layer, and with two that do not fit.

use dopec_tests::faults;

/// A model of one layer.
fn of_layer(layer: &str) -> String {
    format!(r#"{{"format": "doped-model", "version": 1, "name": "one", "layers": [{layer}]}}"#)
}

#[test]
fn what_is_wrong_with_one_layer() {
    let matrix = |rows: usize, cols: usize| {
        let data = vec!["0"; rows * cols].join(",");
        format!(
            r#"{{"shape": [{rows}, {cols}], "structure": {{"dense": {{"weight": {{"shape": [{rows}, {cols}], "data": [{data}]}}}}}}}}"#
        )
    };
    let (ih, hh, joined) = (matrix(4, 1), matrix(4, 1), matrix(4, 2));
    let lstm = |weights: &str| {
        of_layer(&format!(r#"{{"lstm": {{"name": "a", "input_size": 1, "hidden_size": 1{weights}}}}}"#))
    };
    let norm = |epsilon: &str| {
        of_layer(&format!(
            r#"{{"layer_norm": {{"name": "a", "size": 1, "weight": {{"shape": [1], "data": [1]}}, "epsilon": {epsilon}}}}}"#
        ))
    };
    let linear = |shape: &str, rest: &str| {
        of_layer(&format!(
            r#"{{"linear": {{"name": "a", "input_size": 2, "output_size": 2, "weight": {{"shape": {shape}{rest}}}}}}}"#
        ))
    };
    let structure = |text: &str| linear("[2, 2]", &format!(r#", "structure": {text}"#));
    let stage = r#"{"shape": [1, 1, 2], "data": [1, 1]}"#;
    let cases: [(String, &[&str]); 14] = [
        (lstm(""), &["without its weights", "found none"]),
        (lstm(&format!(r#", "weight_ih": {ih}"#)), &["half of its weights", "found `weight_ih`"]),
        (
            lstm(&format!(r#", "weight": {joined}, "weight_ih": {ih}, "weight_hh": {hh}"#)),
            &["weights in two forms", "found `weight`, `weight_ih`, `weight_hh`", "remove the other"],
        ),
        (norm("0"), &["not above zero", "found `0`", "such as 1e-5"]),
        (norm("1e-40"), &["do not hold in full", "expected a number from 1.1754944e-38", "found `1e-40`"]),
        (norm("1e39"), &["do not hold in full"]),
        (linear("[2, 2]", ""), &["a matrix of nothing", "found neither"]),
        (structure(r#"{"sum": {"terms": []}}"#), &["`terms` is empty"]),
        (structure(r#"{"sum": {"terms": 1}}"#), &["expected an array", "write an array in its place"]),
        (
            structure(r#"{"hstack": {"blocks": [MATRIX]}}"#).replace("MATRIX", &matrix(2, 1)),
            &["do not make the matrix"],
        ),
        (
            structure(&format!(r#"{{"monarch": {{"first": {stage}, "second": {stage}}}}}"#)),
            &["stages of a monarch"],
        ),
        (
            linear(
                "[2, 1]",
                r#", "structure": {"circulant": {"first_column": {"shape": [2], "data": [1, 2]}}}"#,
            ),
            &["is square", "as many rows as columns"],
        ),
        (
            structure(
                r#"{"low_rank": {"left": {"shape": [2, 1], "data": [1, 1]}, "right": {"shape": [1, 3], "data": [1, 1, 1]}}}"#,
            ),
            &["wrong shape", "expected shape [1, 2]"],
        ),
        (of_layer("").replace("doped-model", "onnx"), &["not a doped model", "docs/model-file.md"]),
    ];
    for (json, words) in &cases {
        let said = faults(json);
        for word in *words {
            assert!(said.contains(word), "no {word:?} in\n{said}");
        }
    }
    let chain = r#"{"layer_norm": {"name": "NAME", "size": SIZE, "weight": {"shape": [SIZE], "data": [DATA]}, "epsilon": 1e-5}}"#;
    let one = chain.replace("NAME", "a").replace("SIZE", "1").replace("DATA", "1");
    let two = chain.replace("NAME", "b").replace("SIZE", "2").replace("DATA", "1, 1");
    assert!(faults(&of_layer(&format!("{one}, {two}"))).contains("mend the sizes"));
}
