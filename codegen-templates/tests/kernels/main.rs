//! The Rust kernels, as their files stand, against plain loops in 64-bit floats over awkward shapes, and the bounds
//! that `math.rs` states. The C kernels have the same tests in `runtime-c`.
//!
//! Here are the kernels themselves, random numbers and the comparison; the tests are in a file for each family.

mod dense;
mod functions;
mod sparse;
mod tables;
mod wide;

/// The files as emitted code holds them: in one module.
#[allow(dead_code, unsafe_code, clippy::too_many_arguments)]
mod kernels {
    const FAMILY: u8 = 0;

    include!("../../rust/kernels/base.rs");
    include!("../../rust/kernels/math.rs");
    include!("../../rust/kernels/dense_panels.rs");
    include!("../../rust/kernels/dense_dots.rs");
    include!("../../rust/kernels/dense_blocks.rs");
    include!("../../rust/kernels/dense_batch.rs");
    include!("../../rust/kernels/kron_outer.rs");
    include!("../../rust/kernels/monarch_mix.rs");
    include!("../../rust/kernels/monarch_row.rs");
    include!("../../rust/kernels/circulant.rs");
    include!("../../rust/kernels/sell.rs");
    include!("../../rust/kernels/csr.rs");
    include!("../../rust/kernels/lookup.rs");
    include!("../../rust/kernels/lookup_packed.rs");
    include!("../../rust/kernels/coo.rs");
    include!("../../rust/kernels/csr_row.rs");
    include!("../../rust/kernels/outer.rs");
    include!("../../rust/kernels/add.rs");
    include!("../../rust/kernels/fill.rs");
    include!("../../rust/kernels/lstm_cell.rs");
    include!("../../rust/kernels/gru_cell.rs");
    include!("../../rust/kernels/activations.rs");
    include!("../../rust/kernels/layer_norm.rs");
    include!("../../rust/kernels/wide.rs");
    include!("../../rust/kernels/csr_wide.rs");
    include!("../../rust/kernels/sell_wide.rs");
    include!("../../rust/kernels/dense_wide.rs");
    include!("../../rust/kernels/circulant_wide.rs");
    include!("../../rust/kernels/monarch_mix_wide.rs");
    include!("../../rust/kernels/fill_wide.rs");
    include!("../../rust/kernels/transpose.rs");

    /// What the cell's fractions stand for: rounded once more than there. NaN stays, which the cell sees to itself.
    pub(super) fn sigmoid_value(x: f32) -> f32 {
        let Fraction { over, under } = sigmoid_fraction(x);
        if x.is_nan() { x } else { over / under }
    }

    /// The same for tanh.
    pub(super) fn tanh_value(x: f32) -> f32 {
        let Fraction { over, under } = tanh_fraction(x);
        if x.is_nan() { x } else { over / under }
    }
}

use kernels::Init;

const SIZES: [usize; 17] = [1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 33, 50, 65];

/// Random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.below(2_000_001) as f32 / 1e6 - 1.0).collect()
    }
}

/// Runs `kernel` from each start and compares with `sums`: for each output the terms that are added to its start.
fn check(what: &str, random: &mut Random, sums: &[Vec<f64>], kernel: &mut dyn FnMut(&mut [f32], Init<'_>)) {
    let (table, held) = (random.floats(sums.len()), random.floats(sums.len()));
    for start in 0..3 {
        let mut y = if start == 2 { held.clone() } else { vec![f32::NAN; sums.len()] };
        kernel(&mut y, [Init::Zero, Init::From(&table), Init::Accumulate][start]);
        for (i, (found, terms)) in y.iter().zip(sums).enumerate() {
            let begin = [0.0, f64::from(table[i]), f64::from(held[i])][start];
            let expected = begin + terms.iter().sum::<f64>();
            let scale = begin.abs() + terms.iter().map(|term| term.abs()).sum::<f64>();
            let error = (f64::from(*found) - expected).abs();
            assert!(
                error <= 2e-6 * scale.max(1e-30),
                "{what}, start {start}: y[{i}] = {found}, expected {expected}"
            );
        }
    }
}

fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}
