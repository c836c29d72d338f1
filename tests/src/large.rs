//! A large model of a given density, for measuring: two LSTM layers, each matrix a Kronecker product and a sparse part,
//! stored in a safetensors file.

use dopec::export::{Exported, Storage, export};
use dopec::model::{Csr, Gate, Layer, LayerKind, Lstm, LstmWeights, Matrix, Model, Structure, Tensor};

use crate::random::Random;

/// A model file and the weights file that it names.
#[derive(Debug)]
pub struct Large {
    /// The text of the model file.
    pub json: String,
    /// The name of the weights file.
    pub weights_file: String,
    /// The bytes of the weights file.
    pub weights: Vec<u8>,
    /// Non-zeros of all sparse parts.
    pub nnz: usize,
}

/// Two LSTM layers of `units`, of whose weights the part `density` is non-zero. Columns are spread evenly at random.
pub fn two_layers(name: &str, units: usize, density: f64) -> Large {
    let mut random = Random::named(name);
    let mut nnz = 0;
    let mut matrix = || {
        let floats = |random: &mut Random, n: usize, deviation: f64| -> Vec<f32> {
            (0..n).map(|_| random.value(deviation)).collect()
        };
        let (rows, cols) = (4 * units, units);
        let (m, n) = (half(rows), half(cols));
        let deviation = (0.5 / (cols as f64).sqrt()).sqrt();
        let factors = [[m, n], [rows / m, cols / n]].map(|shape| Tensor {
            shape: shape.to_vec(),
            data: floats(&mut random, shape[0] * shape[1], deviation),
        });
        let (mut row_ptr, mut col_idx) = (vec![0_u32], Vec::new());
        for _ in 0..rows {
            col_idx.extend((0..cols as u32).filter(|_| random.chance(density)));
            row_ptr.push(col_idx.len() as u32);
        }
        let values = floats(&mut random, col_idx.len(), 0.5 / (density * cols as f64).sqrt());
        nnz += values.len();
        let structure = Some(Structure::Kronecker(factors.into()));
        Box::new(Matrix { rows, cols, structure, sparse: Some(Csr { row_ptr, col_idx, values }) })
    };
    let layers = (0..2).map(|layer| {
        let weights = LstmWeights::Split { ih: matrix(), hh: matrix() };
        let (input_size, hidden_size, bias, gate_order) = (units, units, None, Gate::ORDER);
        let kind = LayerKind::Lstm(Lstm { input_size, hidden_size, weights, bias, gate_order });
        Layer { name: format!("lstm{layer}"), kind }
    });
    let layers = layers.collect();
    let model = Model { name: name.to_owned(), layers, check: None, files: Vec::new() };
    let weights_file = format!("{name}.safetensors");
    let Exported { json, weights } = export(&model, &serde_json::Value::Null, Storage::Beside, &weights_file);
    let (weights_file, weights) = weights.expect("large models are stored beside the JSON file");
    Large { json, weights_file, weights, nnz }
}

/// The divisor of n nearest below its square root.
fn half(n: usize) -> usize {
    (1..=n.isqrt()).rev().find(|divisor| n.is_multiple_of(*divisor)).unwrap_or(1)
}
