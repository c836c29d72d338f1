//! The networks that are measured: made in memory, with the shapes of the published language models and the statistics
//! of the trained models in `tests/models`, or drawn evenly at random.
//!
//! Takes shapes, a compression factor and a [`Flavour`]; gives a [`Model`]. Compression counts values alone, as the
//! method's papers do: rows · cols / (values of the Kronecker factors + non-zeros); indices are not counted. The same
//! arguments give the same model everywhere.

use dopec::model::{
    Csr, Gate, Layer, LayerKind, Linear, Lstm, LstmWeights, Matrix, Model, Structure, Tensor,
};
use dopec::reference;
use fastrand::Rng;

/// Where the non-zeros of a sparse part stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Uneven, as pruning leaves them. In the six recurrent matrices of `tests/models` the deviation of the non-zeros
    /// of a row is 0.72 to 1.00 of their mean, that of a column 0.33 to 0.73; the gates i, f, g, o hold about 27, 27,
    /// 11 and 35 in a hundred. Here a position's chance is a row's weight times a column's: gamma distributed with
    /// shapes 2 and 4, rows times their gate's share. Magnitudes are log-normal with a deviation of 0.35: a tenth lie
    /// below 0.64 and a tenth above 1.57 of the median, where the trained ones have 0.55 to 0.67 and 1.42 to 1.76.
    Trained,
    /// Every position with the same chance, values normal.
    Uniform,
}

impl Flavour {
    /// Both.
    pub(crate) const ALL: [Flavour; 2] = [Flavour::Trained, Flavour::Uniform];

    /// How the non-zeros are spread, in titles.
    pub(crate) fn spread(self) -> &'static str {
        match self {
            Flavour::Trained => "non-zeros as uneven as trained",
            Flavour::Uniform => "non-zeros spread evenly",
        }
    }

    /// The word it goes by in names of cases.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Flavour::Trained => "trained",
            Flavour::Uniform => "uniform",
        }
    }
}

/// The part of all non-zeros that each gate's rows hold, times four.
const GATE_SHARES: [f32; 4] = [1.08, 1.08, 0.44, 1.40];

/// LSTM layers of `units` units on an input as wide, each with one doped matrix [W_x W_h] of 4·units × 2·units.
pub(crate) fn lstm(name: &str, layers: usize, units: usize, compression: f64, flavour: Flavour) -> Model {
    let mut rng = rng(name, flavour);
    let layer = |i: usize| {
        let matrix = doped(&mut rng, 4 * units, 2 * units, compression, flavour);
        let bias = (0..4 * units).map(|_| 0.1 * normal(&mut rng)).collect();
        Layer {
            name: format!("lstm{i}"),
            kind: LayerKind::Lstm(Lstm {
                input_size: units,
                hidden_size: units,
                weights: LstmWeights::Joined(Box::new(matrix)),
                bias: Some(bias),
                gate_order: [Gate::Input, Gate::Forget, Gate::Candidate, Gate::Output],
            }),
        }
    };
    model(name, (0..layers).map(layer).collect())
}

/// A sparse matrix alone, as a linear layer without bias; the part `density` of it is non-zero.
pub(crate) fn sparse(name: &str, rows: usize, cols: usize, density: f64, flavour: Flavour) -> Model {
    let nnz = (density * (rows * cols) as f64).round() as usize;
    let csr = csr(&mut rng(name, flavour), rows, cols, nnz, flavour);
    linear(name, Matrix { rows, cols, structure: None, sparse: Some(csr) })
}

/// A matrix alone, as a linear layer without bias.
pub(crate) fn linear(name: &str, weight: Matrix) -> Model {
    let (input_size, output_size) = (weight.cols, weight.rows);
    let kind = LayerKind::Linear(Linear { input_size, output_size, weight, bias: None });
    model(name, vec![Layer { name: "linear".to_owned(), kind }])
}

/// The same network with every doped matrix stored whole.
pub(crate) fn dense(model: &Model) -> Model {
    let dense = |matrix: &Matrix| {
        let data = reference::to_dense(matrix).into_iter().map(|weight| weight as f32).collect();
        let weight = Tensor { shape: vec![matrix.rows, matrix.cols], data };
        Matrix { structure: Some(Structure::Dense(weight)), sparse: None, ..*matrix }
    };
    let mut model = Model { name: format!("{}_dense", model.name), check: None, ..model.clone() };
    for layer in &mut model.layers {
        match &mut layer.kind {
            LayerKind::Linear(linear) => linear.weight = dense(&linear.weight),
            LayerKind::Lstm(lstm) => match &mut lstm.weights {
                LstmWeights::Split { ih, hh } => (**ih, **hh) = (dense(ih), dense(hh)),
                LstmWeights::Joined(matrix) => **matrix = dense(matrix),
            },
            _ => {}
        }
    }
    model
}

/// Weights of the model's matrices, and how many times they are compressed.
pub(crate) fn summary(model: &Model) -> String {
    let matrices = matrices(model);
    let weights: usize = matrices.iter().map(|matrix| matrix.rows * matrix.cols).sum();
    let nnz: usize = matrices.iter().filter_map(|matrix| matrix.sparse.as_ref()).map(Csr::nnz).sum();
    let values: usize = matrices.iter().map(|matrix| values(matrix)).sum();
    format!(
        "{weights} weights in {values} values, {nnz} of them non-zeros: {:.1}x.",
        weights as f64 / values as f64
    )
}

/// The matrices of linear and recurrent layers.
fn matrices(model: &Model) -> Vec<&Matrix> {
    model
        .layers
        .iter()
        .flat_map(|layer| match &layer.kind {
            LayerKind::Linear(linear) => vec![&linear.weight],
            LayerKind::Lstm(lstm) => match &lstm.weights {
                LstmWeights::Split { ih, hh } => vec![&**ih, &**hh],
                LstmWeights::Joined(matrix) => vec![&**matrix],
            },
            _ => Vec::new(),
        })
        .collect()
}

/// The values that a matrix is stored in; indices are not counted.
fn values(matrix: &Matrix) -> usize {
    let structure = match &matrix.structure {
        Some(Structure::Kronecker(factors)) => factors.iter().map(|factor| factor.data.len()).sum(),
        Some(Structure::Dense(weight)) => weight.data.len(),
        _ => 0,
    };
    structure + matrix.sparse.as_ref().map_or(0, Csr::nnz)
}

fn model(name: &str, layers: Vec<Layer>) -> Model {
    Model { name: name.to_owned(), layers, check: None, files: Vec::new() }
}

/// A Kronecker product of two factors and as many non-zeros as the compression factor leaves.
fn doped(rng: &mut Rng, rows: usize, cols: usize, compression: f64, flavour: Flavour) -> Matrix {
    let [first, second] = factors(rows, cols);
    let deviation = (0.5 / (cols as f32).sqrt()).sqrt();
    let structure = [first, second].map(|shape| Tensor {
        shape: shape.to_vec(),
        data: (0..shape[0] * shape[1]).map(|_| deviation * normal(rng)).collect(),
    });
    let values = structure.iter().map(|factor| factor.data.len()).sum::<usize>();
    let nnz = ((rows * cols) as f64 / compression).round() as usize - values;
    let sparse = Some(csr(rng, rows, cols, nnz, flavour));
    Matrix { rows, cols, structure: Some(Structure::Kronecker(structure.into())), sparse }
}

/// The shapes of two factors with the fewest values among those whose product may have full rank.
/// Of equals the one with the most rows first, as the method has it for the medium model.
fn factors(rows: usize, cols: usize) -> [[usize; 2]; 2] {
    let divisors = |n: usize| (1..=n).filter(move |divisor| n.is_multiple_of(*divisor));
    let mut best: Option<[[usize; 2]; 2]> = None;
    for m in divisors(rows) {
        for n in divisors(cols) {
            let shapes = [[m, n], [rows / m, cols / n]];
            let rank: usize = shapes.iter().map(|[m, n]| m.min(n)).product();
            let values = |shapes: &[[usize; 2]; 2]| shapes.iter().map(|[m, n]| m * n).sum::<usize>();
            if rank == rows.min(cols) && best.is_none_or(|best| values(&shapes) <= values(&best)) {
                best = Some(shapes);
            }
        }
    }
    best.unwrap_or([[1, 1], [rows, cols]])
}

/// `nnz` non-zeros. Positions are drawn one after another without putting back, each with a chance in proportion to its
/// weight: those with the smallest exponential variates of their weights' rates are the ones (Efraimidis and Spirakis
/// 2006, Weighted random sampling with a reservoir).
fn csr(rng: &mut Rng, rows: usize, cols: usize, nnz: usize, flavour: Flavour) -> Csr {
    let (row_weights, col_weights): (Vec<f32>, Vec<f32>) = match flavour {
        Flavour::Trained => (
            (0..rows).map(|row| GATE_SHARES[4 * row / rows] * gamma(rng, 2)).collect(),
            (0..cols).map(|_| gamma(rng, 4)).collect(),
        ),
        Flavour::Uniform => (vec![1.0; rows], vec![1.0; cols]),
    };
    let mut keys: Vec<(f32, u32)> = (0..rows * cols)
        .map(|at| (exponential(rng) / (row_weights[at / cols] * col_weights[at % cols]), at as u32))
        .collect();
    if nnz < keys.len() {
        keys.select_nth_unstable_by(nnz, |a, b| a.0.total_cmp(&b.0));
        keys.truncate(nnz);
    }
    let mut positions: Vec<u32> = keys.into_iter().map(|(_, at)| at).collect();
    positions.sort_unstable();
    let mut row_ptr = vec![0_u32; rows + 1];
    positions.iter().for_each(|&at| row_ptr[at as usize / cols + 1] += 1);
    (0..rows).for_each(|row| row_ptr[row + 1] += row_ptr[row]);
    let scale = 0.5 / (nnz as f32 / rows as f32).max(1.0).sqrt();
    let values = positions
        .iter()
        .map(|_| match flavour {
            Flavour::Trained => scale * if rng.bool() { 1.0 } else { -1.0 } * (0.35 * normal(rng)).exp(),
            Flavour::Uniform => scale * normal(rng),
        })
        .collect();
    Csr { row_ptr, col_idx: positions.iter().map(|&at| at % cols as u32).collect(), values }
}

/// Random numbers of a model's own.
fn rng(name: &str, flavour: Flavour) -> Rng {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    Rng::with_seed(name.bytes().chain(flavour.word().bytes()).fold(0xcbf2_9ce4_8422_2325, hash))
}

/// Of mean 1.
fn exponential(rng: &mut Rng) -> f32 {
    -(1.0 - rng.f32()).ln()
}

/// Of mean 1 and deviation 1 / √shape.
fn gamma(rng: &mut Rng, shape: usize) -> f32 {
    (0..shape).map(|_| exponential(rng)).sum::<f32>() / shape as f32
}

/// Of mean 0 and deviation 1 (Box and Muller 1958).
pub(crate) fn normal(rng: &mut Rng) -> f32 {
    (2.0 * exponential(rng)).sqrt() * (std::f32::consts::TAU * rng.f32()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The deviation over the mean.
    fn variation(counts: &[usize]) -> f64 {
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<usize>() as f64 / n;
        (counts.iter().map(|&count| (count as f64 - mean).powi(2)).sum::<f64>() / n).sqrt() / mean
    }

    #[test]
    fn models_have_the_compression_that_they_claim() {
        for compression in [10.0, 25.0] {
            for flavour in Flavour::ALL {
                let model = lstm("claims", 2, 130, compression, flavour);
                for matrix in matrices(&model) {
                    let found = (matrix.rows * matrix.cols) as f64 / values(matrix) as f64;
                    assert!((found / compression - 1.0).abs() < 1e-3, "{found}");
                }
            }
        }
    }

    #[test]
    fn the_medium_models_factors_are_those_of_the_method() {
        assert_eq!(factors(2600, 1300), [[52, 26], [50, 50]]);
        let [[m1, n1], [m2, n2]] = factors(6000, 3000);
        assert_eq!((m1 * m2, n1 * n2), (6000, 3000));
    }

    #[test]
    fn rows_and_columns_are_as_uneven_as_those_of_trained_models() {
        let bounds = [(Flavour::Trained, 0.7..1.0, 0.35..0.75), (Flavour::Uniform, 0.0..0.25, 0.0..0.15)];
        for (flavour, rows, cols) in bounds {
            let csr = csr(&mut rng("uneven", flavour), 2048, 512, 41_943, flavour);
            assert_eq!(csr.nnz(), 41_943);
            let of_rows: Vec<usize> = (0..2048).map(|row| csr.row(row).count()).collect();
            let mut of_cols = vec![0; 512];
            csr.col_idx.iter().for_each(|&col| of_cols[col as usize] += 1);
            let (found_rows, found_cols) = (variation(&of_rows), variation(&of_cols));
            assert!(rows.contains(&found_rows), "{flavour:?}: rows {found_rows}");
            assert!(cols.contains(&found_cols), "{flavour:?}: columns {found_cols}");
        }
    }

    #[test]
    fn a_dense_copy_computes_the_same() {
        let doped = lstm("same", 1, 12, 4.0, Flavour::Trained);
        let dense = dense(&doped);
        let x = [0.5_f32; 12];
        let output = |model: &Model| reference::Reference::new(model).step(reference::Input::Vector(&x));
        for (a, b) in output(&doped)[0].iter().zip(&output(&dense)[0]) {
            assert!((a - b).abs() < 1e-6);
        }
        assert_eq!(values(matrices(&dense)[0]), 48 * 24);
    }
}
