//! A large model of a given density, for measuring: two LSTM layers, each matrix a Kronecker product and a sparse part,
//! stored in a safetensors file.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};

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
    let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let mut nnz = 0;
    let mut layers = Vec::new();
    for layer in 0..2 {
        let mut matrix = |side: &str| -> Value {
            let key = |part: &str| format!("lstm{layer}.{side}.{part}");
            let floats = |random: &mut Random, n: usize, deviation: f64| -> Vec<u8> {
                (0..n).flat_map(|_| random.value(deviation).to_le_bytes()).collect()
            };
            let (rows, cols) = (4 * units, units);
            let (m, n) = (half(rows), half(cols));
            let deviation = (0.5 / (cols as f64).sqrt()).sqrt();
            for (part, shape) in [("factor0", [m, n]), ("factor1", [rows / m, cols / n])] {
                let values = floats(&mut random, shape[0] * shape[1], deviation);
                tensors.insert(key(part), (Dtype::F32, shape.to_vec(), values));
            }
            let (mut row_ptr, mut columns) = (vec![0_u32], Vec::new());
            for _ in 0..rows {
                columns.extend((0..cols as u16).filter(|_| random.chance(density)));
                row_ptr.push(columns.len() as u32);
            }
            let values = floats(&mut random, columns.len(), 0.5 / (density * cols as f64).sqrt());
            nnz += columns.len();
            let bytes = row_ptr.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(key("row_ptr"), (Dtype::U32, vec![rows + 1], bytes));
            let bytes = columns.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(key("col_idx"), (Dtype::U16, vec![columns.len()], bytes));
            tensors.insert(key("values"), (Dtype::F32, vec![columns.len()], values));
            let stored = |part: &str| json!({"tensor": key(part)});
            json!({
                "shape": [rows, cols],
                "structure": {"kronecker": {"factors": [stored("factor0"), stored("factor1")]}},
                "sparse": {"row_ptr": stored("row_ptr"), "col_idx": stored("col_idx"), "values": stored("values")},
            })
        };
        let (ih, hh) = (matrix("weight_ih"), matrix("weight_hh"));
        layers
            .push(json!({"lstm": {"name": format!("lstm{layer}"), "input_size": units, "hidden_size": units,
            "weight_ih": ih, "weight_hh": hh}}));
    }
    let views: BTreeMap<&String, TensorView<'_>> = tensors
        .iter()
        .map(|(key, (dtype, shape, bytes))| {
            (key, TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape asks for"))
        })
        .collect();
    let weights = serialize(views, None).expect("views of whole tensors can be stored");
    let weights_file = format!("{name}.safetensors");
    let json = json!({"format": "doped-model", "version": 1, "name": name, "weights": weights_file, "layers": layers});
    Large { json: json.to_string(), weights_file, weights, nnz }
}

/// The divisor of n nearest below its square root.
fn half(n: usize) -> usize {
    (1..=n.isqrt()).rev().find(|divisor| n.is_multiple_of(*divisor)).unwrap_or(1)
}
