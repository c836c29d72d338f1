// The functions that gates and activations are made of, without a library call. Takes one float, gives one. There are no
// branches, tables or floats chosen by comparison, only integers: so loops around these functions turn into vector code.
// Bounds are in units in the last place of the result (ULP), checked over all floats by the tests.

/// Magnitude bits, at most those of a limit. Signed, for vector units that compare only so.
#[inline(always)]
#[allow(dead_code)]
fn limit(magnitude: u32, limit: i32) -> u32 {
    (magnitude as i32).min(limit) as u32
}

/// The bits that make a result NaN when the argument was, else none.
#[inline(always)]
#[allow(dead_code)]
fn nan_bits(magnitude: u32) -> u32 {
    if magnitude as i32 > 0x7f80_0000 { 0x7fc0_0000 } else { 0 }
}

/// The integer nearest to x / ln 2, twice: as a float, and plus 256. For |x| < 128. Adding 3 * 2^22 leaves no room for a
/// fraction in the sum, whose lowest bits are then the integer's.
#[inline(always)]
#[allow(dead_code)]
fn exponent(x: f32) -> (f32, u32) {
    let shifted = multiply_add(x, core::f32::consts::LOG2_E, 12_582_912.0);
    (shifted - 12_582_912.0, shifted.to_bits().wrapping_sub(0x4b40_0000 - 256))
}

/// e^r - 1, where r = x - count * ln 2 and |r| is at most ln 2 / 2 and a little: within 3e-8 of it relatively, before
/// rounding. ln 2 is taken off in two parts, the first short enough for an exact product. The coefficients are a minimax
/// fit.
#[inline(always)]
#[allow(dead_code)]
fn exp_polynomial(x: f32, count: f32) -> f32 {
    let r = multiply_add(count, 2.121_944_4e-4, multiply_add(-count, 0.693_359_4, x));
    let mut p = 0.001_388_887_3;
    p = multiply_add(p, r, 0.008_369_081);
    p = multiply_add(p, r, 0.041_667_137);
    p = multiply_add(p, r, 0.166_665_06);
    p = multiply_add(p, r, 0.499_999_97);
    multiply_add(r * r, p, r)
}

/// e^x within 1.1 ULP, subnormal results too. Infinity above 88.72284, 0 below -103.97208; NaN gives NaN. The power of two
/// is applied in two halves, since it may lie outside a float's range.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn exp(x: f32) -> f32 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let within = f32::from_bits(limit(magnitude, 0x42d2_0000) | (bits & 0x8000_0000)); // -105 .. 105
    let (count, exponent) = exponent(within);
    let half = exponent >> 1;
    let fraction = 1.0 + exp_polynomial(within, count);
    let power = fraction * f32::from_bits((half - 1) << 23) * f32::from_bits((exponent - half - 1) << 23);
    f32::from_bits(power.to_bits() | nan_bits(magnitude))
}

/// 1 / (1 + e^-x) within 2.5 ULP, also where it is all but 0: only e^-|x| is taken, which can't overflow. NaN gives NaN.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn sigmoid(x: f32) -> f32 {
    let bits = x.to_bits();
    let e = exp(f32::from_bits(bits | 0x8000_0000));
    let negative = (bits >> 31).wrapping_neg();
    let above = f32::from_bits((e.to_bits() & negative) | (0x3f80_0000 & !negative)); // e or 1
    above / (1.0 + e)
}

/// tanh x within 3 ULP, around 0 too: with m = e^(-2|x|) - 1 its magnitude is that of m / (m + 2), and m comes from the
/// polynomial for e^r - 1, so that nothing cancels. tanh(-0) is -0; NaN gives NaN.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn tanh(x: f32) -> f32 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    let a = -2.0 * f32::from_bits(limit(magnitude, 0x41a0_0000)); // from 20 on tanh is 1
    let (count, exponent) = exponent(a);
    let power = f32::from_bits((exponent - 129) << 23);
    let m = multiply_add(power, exp_polynomial(a, count), power - 1.0);
    let size = (m / (m + 2.0)).to_bits() & 0x7fff_ffff;
    f32::from_bits(size | (bits & 0x8000_0000) | nan_bits(magnitude))
}

/// ln x within 1.5 ULP, for positive finite x; anything else gives a meaningless number. With x = 2^k m and m within
/// sqrt(1/2) .. sqrt(2), it is k ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), by the series s + s^3/3 + s^5/5 + ...
#[inline(always)]
#[allow(dead_code)]
pub(super) fn log(x: f32) -> f32 {
    let subnormal = (x.to_bits().wrapping_sub(0x0080_0000) >> 31).wrapping_neg(); // all bits or none
    let scaled = x * f32::from_bits(0x3f80_0000 + (subnormal & 0x0b80_0000)); // by 2^23 or 1
    let bits = scaled.to_bits().wrapping_add(0x3f80_0000 - 0x3f35_04f3); // the exponent steps at sqrt(1/2)
    let k = ((bits >> 23) as i32 - 127 - (subnormal & 23) as i32) as f32;
    let f = f32::from_bits((bits & 0x007f_ffff) + 0x3f35_04f3) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 0.090_909_09;
    series = series * z + 0.111_111_11;
    series = series * z + 0.142_857_15;
    series = series * z + 0.2;
    series = series * z + 0.333_333_34;
    series *= z;
    // 2 atanh(s) = f - s (f - 2 series): a correction small beside f, which is exact.
    k * 0.693_359_4 + (f - (s * (f - 2.0 * series) + k * 2.121_944_4e-4))
}

/// 1 / sqrt x within 2.5 ULP, for positive normal x; anything else gives a meaningless number. A first guess halves the
/// exponent in the bits (Lomont, Fast Inverse Square Root, 2003); each of three Newton steps doubles the bits that are
/// right.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn rsqrt(x: f32) -> f32 {
    let mut y = f32::from_bits(0x5f37_5a86_u32.wrapping_sub(x.to_bits() >> 1));
    y += y * (0.5 - 0.5 * x * y * y);
    y += y * (0.5 - 0.5 * x * y * y);
    y += y * (0.5 - 0.5 * x * y * y);
    y
}
