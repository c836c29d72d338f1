// The gates' functions as fractions, which stay so until they are multiplied, so that a cell divides but twice. Takes one
// float, or on AVX-512 those of sixteen units; gives numerator and denominator.

/// `over / under`, where under is within 1 .. 2.
#[allow(dead_code)]
struct Fraction {
    over: f32,
    under: f32,
}

/// 1 / (1 + e^-x), divided out within 2.5 ULP down to -87, which stands for all that is less. NaN gives a number.
#[inline(always)]
#[allow(dead_code)]
fn sigmoid_fraction(x: f32) -> Fraction {
    let bits = x.to_bits();
    let a = -f32::from_bits(limit(bits & 0x7fff_ffff, 0x42ae_0000)); // -87 .. 0
    let (count, exponent) = exponent(a);
    let power = f32::from_bits((exponent - 129) << 23);
    let e = multiply_add(power, exp_polynomial(a, count), power);
    let negative = (bits >> 31).wrapping_neg();
    let over = f32::from_bits((e.to_bits() & negative) | (0x3f80_0000 & !negative)); // e or 1
    Fraction { over, under: 1.0 + e }
}

/// tanh x, divided out within 3 ULP, as `tanh` computes it. NaN gives a number.
#[inline(always)]
#[allow(dead_code)]
fn tanh_fraction(x: f32) -> Fraction {
    let bits = x.to_bits();
    let a = -2.0 * f32::from_bits(limit(bits & 0x7fff_ffff, 0x41a0_0000)); // from 20 on tanh is 1
    let (count, exponent) = exponent(a);
    let power = f32::from_bits((exponent - 129) << 23);
    let m = multiply_add(power, exp_polynomial(a, count), power - 1.0);
    Fraction { over: f32::from_bits((m.to_bits() & 0x7fff_ffff) | (bits & 0x8000_0000)), under: m + 2.0 }
}

/// Magnitude bits, the greatest of all.
#[inline(always)]
#[allow(dead_code)]
fn widest<const N: usize>(values: [f32; N]) -> u32 {
    let mut widest = 0;
    for value in values {
        widest = (value.to_bits() as i32 & 0x7fff_ffff).max(widest);
    }
    widest as u32
}

/// Sixteen units on AVX-512. There are instructions for rounding and for powers of two, and one for the greater of two that
/// keeps NaN, so that it needs no care of its own. All is safe where the processor has AVX-512, which the family says.
#[cfg(target_arch = "x86_64")]
#[allow(dead_code, unsafe_code, unused_unsafe)]
mod units {
    use core::arch::x86_64::*;

    /// How many they are.
    pub(super) const UNITS: usize = 16;

    /// `over / under` for each unit.
    pub(super) struct Fractions {
        pub(super) over: __m512,
        pub(super) under: __m512,
    }

    /// The first `count` of sixteen floats, then zeros.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    pub(super) unsafe fn load(from: &[f32], count: usize) -> __m512 {
        let from = from[..count].as_ptr();
        // SAFETY: as many floats are there.
        unsafe { if count == UNITS { _mm512_loadu_ps(from) } else { _mm512_maskz_loadu_ps(first(count), from) } }
    }

    /// Writes the first `count` of them.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    pub(super) unsafe fn store(to: &mut [f32], units: __m512, count: usize) {
        let to = to[..count].as_mut_ptr();
        // SAFETY: as many floats are there.
        unsafe { if count == UNITS { _mm512_storeu_ps(to, units) } else { _mm512_mask_storeu_ps(to, first(count), units) } }
    }

    /// The mask of the first `count` units, which are not all.
    #[inline(always)]
    fn first(count: usize) -> u16 {
        (1 << count) - 1
    }

    /// `exp_polynomial`, where count is the integer nearest to x / ln 2.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn exp_polynomial(x: __m512, count: __m512) -> __m512 {
        // SAFETY: the caller's promise.
        unsafe {
            let r = _mm512_fmadd_ps(count, _mm512_set1_ps(-0.693_359_4), x);
            let r = _mm512_fmadd_ps(count, _mm512_set1_ps(2.121_944_4e-4), r);
            let mut p = _mm512_set1_ps(0.001_388_887_3);
            p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.008_369_081));
            p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.041_667_137));
            p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.166_665_06));
            p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.499_999_97));
            _mm512_fmadd_ps(_mm512_mul_ps(r, r), p, r)
        }
    }

    /// -|x|, at least the limit, and the integer nearest to it / ln 2. NaN stays.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    unsafe fn below(x: __m512, limit: f32) -> (__m512, __m512) {
        // SAFETY: the caller's promise.
        unsafe {
            let a = _mm512_max_ps(_mm512_set1_ps(limit), _mm512_or_ps(x, _mm512_set1_ps(-0.0)));
            let count = _mm512_roundscale_ps::<8>(_mm512_mul_ps(a, _mm512_set1_ps(core::f32::consts::LOG2_E)));
            (a, count)
        }
    }

    /// `sigmoid_fraction`; NaN gives NaN.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    pub(super) unsafe fn sigmoid_fractions(x: __m512) -> Fractions {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, count) = below(x, -87.0);
            let one = _mm512_set1_ps(1.0);
            let e = _mm512_scalef_ps(_mm512_add_ps(exp_polynomial(a, count), one), count);
            let negative = _mm512_movepi32_mask(_mm512_castps_si512(x));
            Fractions { over: _mm512_mask_mov_ps(one, negative, e), under: _mm512_add_ps(e, one) }
        }
    }

    /// `tanh_fraction`; NaN gives NaN.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512.
    #[inline(always)]
    pub(super) unsafe fn tanh_fractions(x: __m512) -> Fractions {
        // SAFETY: the caller's promise.
        unsafe {
            let (a, count) = below(_mm512_add_ps(x, x), -40.0); // from 20 on tanh is 1
            let (one, sign) = (_mm512_set1_ps(1.0), _mm512_set1_ps(-0.0));
            let power = _mm512_scalef_ps(one, count);
            let m = _mm512_fmadd_ps(power, exp_polynomial(a, count), _mm512_sub_ps(power, one));
            let over = _mm512_or_ps(_mm512_andnot_ps(sign, m), _mm512_and_ps(sign, x));
            Fractions { over, under: _mm512_add_ps(m, _mm512_set1_ps(2.0)) }
        }
    }
}
