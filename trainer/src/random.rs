//! Random numbers, each a function of the run's seed, the step, what it is for and which part of the
//! network asks.
//!
//! No generator lives longer than the draw it was made for, so that nothing of it has to be saved: a
//! run that is resumed at a step draws what the uninterrupted run would have drawn. The generator is
//! ChaCha with 8 rounds, the same on every machine.

use crate::real::Real;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What numbers are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// First values of parameters; `index` is the parameter.
    Initialise = 1,
    /// Masks of co-matrix dropout; `index` is the doped matrix.
    CoMatrixDropout = 2,
    /// Dropout between layers; `index` holds the layer and the lane.
    Dropout = 3,
    /// The order of samples in an epoch; `step` is the epoch.
    Shuffle = 4,
}

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of one draw. Streams that differ in any argument are independent.
    pub fn new(seed: u64, purpose: Purpose, index: u64, step: u64) -> Stream {
        let mut key = [0; 32];
        for (part, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, index, step]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in [0, 1), of 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform below `bound`, which is above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // 64 random bits scaled: the bias is below bound / 2⁶⁴.
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Normal with mean 0 and the given standard deviation (Box and Muller).
    pub fn normal<R: Real>(&mut self, deviation: f64) -> R {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        R::of(deviation * radius * (std::f64::consts::TAU * self.uniform()).cos())
    }

    /// Fills `kept` with ones, and zeros with the given probability (in steps of 1/65536).
    pub fn keep(&mut self, drop_probability: f64, kept: &mut [u8]) {
        let threshold = (drop_probability * 65536.0).round() as u32;
        let mut bytes = [0; 512];
        for chunk in kept.chunks_mut(bytes.len() / 2) {
            self.0.fill_bytes(&mut bytes);
            for (kept, pair) in chunk.iter_mut().zip(bytes.chunks_exact(2)) {
                *kept = u8::from(u32::from(u16::from_le_bytes([pair[0], pair[1]])) >= threshold);
            }
        }
    }

    /// A random order of 0, 1, ... `len` − 1 (Fisher and Yates).
    pub fn order(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for k in (1..len).rev() {
            order.swap(k, self.below(k + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Stream};

    #[test]
    fn a_stream_is_the_same_whenever_it_is_made_and_differs_by_every_argument() {
        let draw = |seed, purpose, index, step| Stream::new(seed, purpose, index, step).below(1 << 40);
        let first = draw(1, Purpose::Dropout, 2, 3);
        assert_eq!(first, draw(1, Purpose::Dropout, 2, 3));
        assert_ne!(first, draw(0, Purpose::Dropout, 2, 3));
        assert_ne!(first, draw(1, Purpose::Shuffle, 2, 3));
        assert_ne!(first, draw(1, Purpose::Dropout, 3, 3));
        assert_ne!(first, draw(1, Purpose::Dropout, 2, 4));
    }

    #[test]
    fn numbers_are_distributed_as_they_say() {
        let mut stream = Stream::new(7, Purpose::Initialise, 0, 0);
        let normals: Vec<f64> = (0..20_000).map(|_| stream.normal(2.0)).collect();
        let mean = normals.iter().sum::<f64>() / 20_000.0;
        let variance = normals.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.05 && (variance - 4.0).abs() < 0.15, "{mean} {variance}");
        let mut kept = vec![2; 100_000];
        stream.keep(0.3, &mut kept);
        let share = kept.iter().filter(|&&one| one == 1).count() as f64 / 1e5;
        assert!((share - 0.7).abs() < 0.01 && kept.iter().all(|&k| k < 2), "{share}");
        let mut order = stream.order(100);
        assert_ne!(order, (0..100).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
