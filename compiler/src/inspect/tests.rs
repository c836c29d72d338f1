//! Numbers of models whose parts stand within one another.

use super::*;
use crate::ingest::Source;
use crate::settings::{Settings, Target};

fn inspection(layer: &str) -> Inspection {
    let json = format!(r#"{{"format": "doped-model", "version": 1, "name": "m", "layers": [{layer}]}}"#);
    let open = |_: &str| unreachable!("the arrays are inline");
    let source = Source { file: "m.json", json: json.as_bytes(), open: &open, lock: None };
    let model = crate::read(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let settings = Settings { target: Target::Portable, ..Settings::default() };
    let program = crate::lower::lower(model.clone(), &settings);
    Inspection::new(&model, &program)
}

#[test]
fn sparse_parts_within_a_sum_are_counted() {
    let row = |index: usize| {
        format!(
            r#"{{"shape": [1, 2], "sparse": {{"row_ptr": {{"shape": [2], "data": [0, 1]}},
            "col_idx": {{"shape": [1], "data": [{index}]}}, "values": {{"shape": [1], "data": [1]}}}}}}"#
        )
    };
    let stack = format!(r#"{{"vstack": {{"blocks": [{}, {}]}}}}"#, row(0), row(1));
    let weight = format!(r#"{{"shape": [2, 2], "structure": {{"sum": {{"terms": [{stack}, {stack}]}}}}}}"#);
    let found = inspection(&format!(
        r#"{{"linear": {{"name": "a", "input_size": 2, "output_size": 2, "weight": {weight}}}}}"#
    ));
    let matrix = &found.layers[0].matrices[0];
    assert_eq!((matrix.nnz, matrix.values), (4, 4));
}

#[test]
fn a_token_takes_one_block_of_an_embedding() {
    // A row of 3 out of rank 2 takes 6 multiply-adds, whichever block it is in; of rank 1 it takes 3.
    let block = |rank: usize| {
        let tensor = |rows: usize, cols: usize| {
            format!(r#"{{"shape": [{rows}, {cols}], "data": {:?}}}"#, vec![1; rows * cols])
        };
        let (left, right) = (tensor(4, rank), tensor(rank, 3));
        format!(r#"{{"shape": [4, 3], "structure": {{"low_rank": {{"left": {left}, "right": {right}}}}}}}"#)
    };
    let weight = format!(
        r#"{{"shape": [12, 3], "structure": {{"vstack": {{"blocks": [{}, {}, {}]}}}}}}"#,
        block(1),
        block(2),
        block(2)
    );
    let found = inspection(&format!(
        r#"{{"embedding": {{"name": "e", "vocab": 12, "size": 3, "weight": {weight}}}}}"#
    ));
    assert_eq!(found.layers[0].multiply_adds, 6);
}
