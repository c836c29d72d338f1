//! Random numbers, awkward sizes, and the comparison of a kernel with plain sums.

use crate::kernels::Init;

pub(crate) const SIZES: [usize; 19] = [1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 32, 33, 50, 65, 83];

/// Random numbers, the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    pub(crate) fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.below(2_000_001) as f32 / 1e6 - 1.0).collect()
    }
}

/// Runs `kernel` from each start and compares with `sums`: for each output the terms that are added to its start.
pub(crate) fn check(
    what: &str,
    random: &mut Random,
    sums: &[Vec<f64>],
    kernel: &mut dyn FnMut(&mut [f32], Init<'_>),
) {
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

pub(crate) fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}
