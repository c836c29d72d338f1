//! The reference against vectors that PyTorch computed in float64, and each formula against another.
//!
//! Reads the models of `tests/models`; the README there says where each comes from.

use std::fs;
use std::path::{Path, PathBuf};

use dopec::model::{EmbeddingWeight, LayerKind, LstmWeights, Matrix, Model, Structure};
use dopec::reference::{Input, Reference, check, multiply, to_dense};

fn models_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models")
}

fn load(path: &Path) -> Model {
    let json = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let open = |name: &str| fs::read(path.with_file_name(name));
    let file = path.display().to_string();
    dopec::ingest::ingest(&dopec::ingest::Source {
        file: &file,
        json: json.as_bytes(),
        open: &open,
        lock: None,
    })
    .unwrap_or_else(|faults| panic!("{faults}"))
}

/// Every model of the oracle with its file's name, in the order of names.
fn oracle_models() -> Vec<(String, Model)> {
    let folder = models_folder().join("oracle");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 60, "models of the oracle are missing");
    files.iter().map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), load(file))).collect()
}

#[test]
fn every_oracle_model_is_reproduced() {
    for (name, model) in oracle_models() {
        let tolerance = model.check.as_ref().unwrap_or_else(|| panic!("{name} has no check")).tolerance;
        assert!(tolerance <= 1e-6, "{name} has a tolerance of {tolerance}");
        if let Err(mismatches) = check(&model) {
            panic!("{name}: {mismatches:#?}");
        }
    }
}

#[test]
fn no_weight_of_an_oracle_model_can_change_unnoticed() {
    for (name, model) in oracle_models() {
        for tensor in 0..tensors(&mut model.clone()).len() {
            let mut changed = model.clone();
            // Each value by another factor: some layers undo a common factor or a common shift.
            for (i, value) in tensors(&mut changed)[tensor].iter_mut().enumerate() {
                *value *= 1.01 + 0.001 * i as f32;
            }
            if changed != model {
                assert!(check(&changed).is_err(), "{name}: tensor {tensor} has no part in the outputs");
            }
        }
    }
}

#[test]
fn no_gate_order_of_an_oracle_model_can_change_unnoticed() {
    let mut orders = Vec::new();
    for (name, model) in oracle_models() {
        for layer in 0..model.layers.len() {
            let mut changed = model.clone();
            let LayerKind::Lstm(lstm) = &mut changed.layers[layer].kind else { continue };
            orders.push(lstm.gate_order);
            for (a, b) in [(0, 1), (1, 2), (2, 3)] {
                let LayerKind::Lstm(lstm) = &mut changed.layers[layer].kind else { unreachable!() };
                lstm.gate_order.swap(a, b);
                assert!(check(&changed).is_err(), "{name}: the gates {a} and {b} are alike");
            }
        }
    }
    orders.sort_by_key(|order| format!("{order:?}"));
    orders.dedup();
    assert!(orders.len() >= 4, "the oracle has too few gate orders: {orders:?}");
}

#[test]
fn shakespeare_is_reproduced_over_256_tokens() {
    for name in ["shakespeare_small", "shakespeare_medium"] {
        let model = load(&models_folder().join(format!("{name}.json")));
        let text = fs::read_to_string(models_folder().join(format!("{name}.vectors.json"))).unwrap();
        let vectors: Vectors = serde_json::from_str(&text).unwrap();
        assert_eq!(vectors.tokens.len(), 256);
        assert!(!vectors.output_rows.is_empty());

        let mut reference = Reference::new(&model);
        let outputs: Vec<Vec<f64>> = (vectors.tokens.iter())
            .map(|&token| reference.step(Input::Token(token)).pop().unwrap())
            .collect();
        for (&step, expected) in vectors.output_rows.iter().zip(&vectors.outputs) {
            assert_eq!(outputs[step].len(), expected.len());
            let limit = 1e-6 * expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
            for (found, expected) in outputs[step].iter().zip(expected) {
                assert!((found - expected).abs() <= limit, "{name}, step {step}: {found} is not {expected}");
            }
        }

        let losses = outputs.iter().zip(&vectors.tokens[1..]).map(|(scores, &next)| {
            let total: f64 = scores.iter().map(|score| score.exp()).sum();
            total.ln() - scores[next as usize]
        });
        let mean = losses.sum::<f64>() / 255.0;
        assert!((mean - vectors.mean_nll_nats).abs() < 1e-6, "{name}: a mean loss of {mean} nats");
    }
}

#[test]
fn a_reset_forgets_and_a_clone_remembers() {
    let model = load(&models_folder().join("shakespeare_small.json"));
    let mut reference = Reference::new(&model);
    let first = reference.step(Input::Token(12));
    assert_eq!(first.len(), model.layers.len());
    let mut copy = reference.clone();
    let second = reference.step(Input::Token(12));
    assert_ne!(first, second);
    assert_eq!(second, copy.step(Input::Token(12)));
    reference.reset();
    assert_eq!(first, reference.step(Input::Token(12)));
}

#[test]
fn a_product_is_that_of_the_written_out_weights() {
    for (name, mut model) in oracle_models() {
        for matrix in matrices(&mut model) {
            let x: Vec<f64> = (0..matrix.cols).map(|j| (1.0 + 0.7 * j as f64).sin()).collect();
            let dense = to_dense(matrix);
            assert_eq!(dense.len(), matrix.rows * matrix.cols);
            let product = multiply(matrix, &x);
            assert_eq!(product.len(), matrix.rows);
            for (weights, found) in dense.chunks(matrix.cols).zip(product) {
                let expected: f64 = weights.iter().zip(&x).map(|(weight, x)| weight * x).sum();
                assert!((found - expected).abs() < 1e-12, "{name}: {found} is not {expected}");
            }
        }
    }
}

/// A `.vectors.json` file.
#[derive(serde::Deserialize)]
struct Vectors {
    tokens: Vec<u32>,
    output_rows: Vec<usize>,
    outputs: Vec<Vec<f64>>,
    mean_nll_nats: f64,
}

/// Every matrix that stands directly in a layer.
fn matrices(model: &mut Model) -> Vec<&mut Matrix> {
    let mut found: Vec<&mut Matrix> = Vec::new();
    for layer in &mut model.layers {
        match &mut layer.kind {
            LayerKind::Embedding(embedding) => {
                if let EmbeddingWeight::Matrix(matrix) = &mut embedding.weight {
                    found.push(matrix);
                }
            }
            LayerKind::Linear(linear) => found.push(&mut linear.weight),
            LayerKind::Lstm(lstm) => match &mut lstm.weights {
                LstmWeights::Split { ih, hh } => found.extend([&mut **ih, &mut **hh]),
                LstmWeights::Joined(weight) => found.push(weight),
            },
            LayerKind::Gru(gru) => found.extend([&mut gru.weight_ih, &mut gru.weight_hh]),
            LayerKind::Activation(_) | LayerKind::LayerNorm(_) => {}
        }
    }
    found
}

/// The values of every tensor that stands anywhere in the model.
fn tensors(model: &mut Model) -> Vec<&mut Vec<f32>> {
    let mut found: Vec<&mut Vec<f32>> = Vec::new();
    for layer in &mut model.layers {
        match &mut layer.kind {
            LayerKind::Embedding(embedding) => match &mut embedding.weight {
                EmbeddingWeight::Table(table) => found.push(&mut table.data),
                EmbeddingWeight::Matrix(matrix) => tensors_of_matrix(matrix, &mut found),
            },
            LayerKind::Linear(linear) => {
                tensors_of_matrix(&mut linear.weight, &mut found);
                found.extend(&mut linear.bias);
            }
            LayerKind::Lstm(lstm) => {
                match &mut lstm.weights {
                    LstmWeights::Split { ih, hh } => {
                        tensors_of_matrix(ih, &mut found);
                        tensors_of_matrix(hh, &mut found);
                    }
                    LstmWeights::Joined(weight) => tensors_of_matrix(weight, &mut found),
                }
                found.extend(&mut lstm.bias);
            }
            LayerKind::Gru(gru) => {
                tensors_of_matrix(&mut gru.weight_ih, &mut found);
                tensors_of_matrix(&mut gru.weight_hh, &mut found);
                found.extend(gru.bias_ih.iter_mut().chain(&mut gru.bias_hh));
            }
            LayerKind::Activation(_) => {}
            LayerKind::LayerNorm(norm) => {
                found.push(&mut norm.weight);
                found.extend(&mut norm.bias);
            }
        }
    }
    found
}

fn tensors_of_matrix<'m>(matrix: &'m mut Matrix, found: &mut Vec<&'m mut Vec<f32>>) {
    if let Some(structure) = &mut matrix.structure {
        tensors_of_structure(structure, found);
    }
    found.extend(matrix.sparse.iter_mut().map(|sparse| &mut sparse.values));
}

fn tensors_of_structure<'m>(structure: &'m mut Structure, found: &mut Vec<&'m mut Vec<f32>>) {
    match structure {
        Structure::Dense(weight) => found.push(&mut weight.data),
        Structure::Kronecker(factors) => found.extend(factors.iter_mut().map(|factor| &mut factor.data)),
        Structure::LowRank { left, right } => found.extend([&mut left.data, &mut right.data]),
        Structure::Monarch { first, second } => found.extend([&mut first.data, &mut second.data]),
        Structure::Circulant(column) => found.push(column),
        Structure::Sum(terms) => terms.iter_mut().for_each(|term| tensors_of_structure(term, found)),
        Structure::VStack(blocks) | Structure::HStack(blocks) | Structure::BlockDiagonal(blocks) => {
            blocks.iter_mut().for_each(|block| tensors_of_matrix(block, found));
        }
    }
}
