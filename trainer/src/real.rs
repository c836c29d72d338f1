//! The numbers that are trained with: 32-bit floats, and 64-bit floats for checks of gradients.
//!
//! Everything in this crate is written once over [`Real`]. For `f32` the transcendental functions are
//! polynomials that compilers turn into vector code (see the bounds on each); for `f64` they are those
//! of the standard library.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A float that networks are trained in.
pub trait Real:
    Copy
    + Debug
    + Default
    + Display
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// Rounded to nearest.
    fn of(value: f64) -> Self;
    /// Exactly.
    fn wide(self) -> f64;
    /// √x
    fn sqrt(self) -> Self;
    /// |x|
    fn abs(self) -> Self;
    /// e^x; relative error below 2·10⁻⁷ in `f32`, with results held within 10^±38.
    fn exp(self) -> Self;
    /// tanh x; relative error below 3·10⁻⁷ in `f32`.
    fn tanh(self) -> Self;
    /// 1 / (1 + e^−x); relative error below 4·10⁻⁷ in `f32`.
    fn sigmoid(self) -> Self;
    /// Neither infinite nor not a number.
    fn is_finite(self) -> bool;
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;

    #[inline(always)]
    fn of(value: f64) -> f32 {
        value as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn sqrt(self) -> f32 {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> f32 {
        self.abs()
    }

    /// 2^n · e^r with x = n ln 2 + r, |r| ≤ ln 2 / 2, after Cephes' `expf`.
    #[inline(always)]
    fn exp(self) -> f32 {
        // Adding and taking away 1.5·2²³ rounds to the nearest integer, and leaves it in the low bits.
        const ROUND: f32 = 12_582_912.0;
        // `if` and not `clamp`, so that a NaN passes through and is seen in the loss.
        let x = if self > 88.0 { 88.0 } else { self };
        let x = if x < -87.0 { -87.0 } else { x };
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
        // ln 2 in two pieces: n times the first is exact.
        let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
        let mut p = 1.987_569_2e-4;
        p = p * r + 1.398_199_9e-3;
        p = p * r + 8.333_452e-3;
        p = p * r + 4.166_579_6e-2;
        p = p * r + 1.666_666_5e-1;
        p = p * r + 0.5;
        (p * r * r + r + 1.0) * power
    }

    /// An odd polynomial below 0.625, 1 − 2 / (e^2x + 1) above, after Cephes' `tanhf`.
    #[inline(always)]
    fn tanh(self) -> f32 {
        let z = self * self;
        let mut p = -5.704_988_7e-3;
        p = p * z + 2.063_909e-2;
        p = p * z - 5.373_971_6e-2;
        p = p * z + 1.333_144_2e-1;
        p = p * z - 3.333_328e-1;
        let near = p * z * self + self;
        let far = 1.0 - 2.0 / (Real::exp(2.0 * self) + 1.0);
        if self.abs() < 0.625 { near } else { far }
    }

    #[inline(always)]
    fn sigmoid(self) -> f32 {
        1.0 / (1.0 + Real::exp(-self))
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;

    #[inline(always)]
    fn of(value: f64) -> f64 {
        value
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn sqrt(self) -> f64 {
        self.sqrt()
    }

    #[inline(always)]
    fn abs(self) -> f64 {
        self.abs()
    }

    #[inline(always)]
    fn exp(self) -> f64 {
        self.exp()
    }

    #[inline(always)]
    fn tanh(self) -> f64 {
        self.tanh()
    }

    #[inline(always)]
    fn sigmoid(self) -> f64 {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline(always)]
    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::Real;

    /// The largest relative error of `ours` against `truth` over a fine grid of [−range, range].
    fn worst(range: f64, ours: fn(f32) -> f32, truth: fn(f64) -> f64) -> f64 {
        let error = |k: i32| {
            let x = (f64::from(k) / 200_000.0 * range) as f32;
            let expected = truth(f64::from(x));
            if expected == 0.0 { 0.0 } else { ((f64::from(ours(x)) - expected) / expected).abs() }
        };
        (-200_000..=200_000).map(error).fold(0.0, f64::max)
    }

    #[test]
    fn the_fast_functions_are_as_precise_as_they_say() {
        assert!(worst(86.0, Real::exp, f64::exp) < 2e-7);
        assert!(worst(20.0, Real::tanh, f64::tanh) < 3e-7);
        assert!(worst(1.0, Real::tanh, f64::tanh) < 3e-7);
        assert!(worst(80.0, Real::sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 4e-7);
    }

    #[test]
    fn the_fast_functions_keep_their_heads_at_the_ends() {
        assert_eq!(Real::tanh(1e30_f32), 1.0);
        assert_eq!(Real::tanh(-1e30_f32), -1.0);
        assert_eq!(Real::sigmoid(1e30_f32), 1.0);
        assert!(Real::sigmoid(-1e30_f32) < 1e-37);
        assert!(Real::exp(f32::NAN).is_nan() && Real::tanh(f32::NAN).is_nan());
    }
}
