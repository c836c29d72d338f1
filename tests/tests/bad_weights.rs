//! Faults of a weights file: tensors that are missing, of the wrong type or shape, or can't be held; a file that lies.

use dopec::Source;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// A model whose tensors are all stored, and a weights file with the entries given.
fn stored(entries: &[(&str, Dtype, &[usize], &[u8])]) -> String {
    let views: Vec<(&str, TensorView<'_>)> = entries
        .iter()
        .map(|(key, dtype, shape, bytes)| (*key, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()))
        .collect();
    faults_of_stored(&serialize(views, None).unwrap())
}

fn faults_of_stored(weights: &[u8]) -> String {
    let json = r#"{
  "format": "doped-model", "version": 1, "name": "stored", "weights": "stored.safetensors",
  "layers": [
    {"linear": {"name": "only", "input_size": 3, "output_size": 2,
      "weight": {"shape": [2, 3], "sparse": {
        "row_ptr": {"tensor": "row_ptr"}, "col_idx": {"tensor": "col_idx"}, "values": {"tensor": "values"}}}}}
  ]
}"#;
    let open = |_: &str| Ok(weights.to_vec());
    match dopec::read(&Source { file: "stored.json", json: json.as_bytes(), open: &open, lock: None }) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

const ROW_PTR: (&str, Dtype, &[usize], &[u8]) = ("row_ptr", Dtype::U8, &[3], &[0, 1, 2]);
const COL_IDX: (&str, Dtype, &[usize], &[u8]) = ("col_idx", Dtype::I16, &[2], &[2, 0, 0, 0]);
const VALUES: (&str, Dtype, &[usize], &[u8]) = ("values", Dtype::F16, &[2], &[0, 0x3c, 0, 0xc0]);

#[test]
fn tensors_of_a_weights_file() {
    assert_eq!(stored(&[ROW_PTR, COL_IDX, VALUES]), "");
    let check = |said: &str, words: &[&str]| {
        for word in words.iter().chain(&["stored.json:", "layer `only`, field `weight.sparse."]) {
            assert!(said.contains(word), "no {word:?} in\n{said}");
        }
    };
    check(&stored(&[ROW_PTR, COL_IDX]), &["has no tensor `values`", "the file has `col_idx`, `row_ptr`"]);
    let misnamed = ("vallues", VALUES.1, VALUES.2, VALUES.3);
    check(&stored(&[ROW_PTR, COL_IDX, misnamed]), &["has no tensor `values`", "did you mean `vallues`?"]);
    let integers = ("values", Dtype::I16, VALUES.2, VALUES.3);
    check(
        &stored(&[ROW_PTR, COL_IDX, integers]),
        &["wrong type", "expected F32, F64, F16 or BF16", "found I16"],
    );
    let floats = ("col_idx", Dtype::F16, COL_IDX.2, COL_IDX.3);
    check(&stored(&[ROW_PTR, floats, VALUES]), &["wrong type", "an integer type", "found F16"]);
    let negative = ("col_idx", Dtype::I16, COL_IDX.2, &[0xff, 0xff, 0, 0][..]);
    check(&stored(&[ROW_PTR, negative, VALUES]), &["element 0", "found -1", "0 to 4294967295"]);
    let infinite = ("values", Dtype::F16, VALUES.2, &[0, 0x3c, 0, 0x7c][..]);
    check(&stored(&[ROW_PTR, COL_IDX, infinite]), &["element 1", "found inf"]);
    let nan = ("values", Dtype::BF16, VALUES.2, &[0xc0, 0x7f, 0, 0][..]);
    check(&stored(&[ROW_PTR, COL_IDX, nan]), &["element 0", "found NaN"]);
    let wide = ("values", Dtype::F64, VALUES.2, &[0, 0, 0, 0, 0, 0, 0xf0, 0x7e, 0, 0, 0, 0, 0, 0, 0, 0][..]);
    check(
        &stored(&[ROW_PTR, COL_IDX, wide]),
        &["element 0", "range of 32-bit floats", "found 2.7430620343968443e303"],
    );
    let longer = ("row_ptr", Dtype::U8, &[4][..], &[0, 1, 2, 2][..]);
    check(&stored(&[longer, COL_IDX, VALUES]), &["wrong shape", "expected shape [3]", "found shape [4]"]);
}

#[test]
fn a_weights_file_that_lies_at_any_byte() {
    let entries = [ROW_PTR, COL_IDX, VALUES];
    let views = entries
        .map(|(key, dtype, shape, bytes)| (key, TensorView::new(dtype, shape.to_vec(), bytes).unwrap()));
    let right = serialize(views, None).unwrap();
    for end in 0..right.len() {
        assert!(faults_of_stored(&right[..end]).contains("is not sound safetensors"), "cut at {end}");
    }
    // Any other byte anywhere: another model, or a fault; never a panic.
    for at in 0..right.len() {
        for byte in [0, 1, b'0', b'9', b'"', b'{', 0x7f, 0xff] {
            let mut lying = right.clone();
            lying[at] = byte;
            faults_of_stored(&lying);
        }
    }
}
