// Vectors of units, for the cells on AVX2 and AVX-512: as many as a register holds. There are instructions here for rounding,
// and one for the greater of two that keeps NaN, so that it needs no care of its own; on AVX-512 one for powers of two.

#[cfg(target_arch = "x86_64")]
#[allow(dead_code, unsafe_code, unused_unsafe)]
mod units {
    use core::arch::x86_64::*;

    /// Vectors that a cell takes together; of a single one some units may be missing.
    pub(super) const TOGETHER: usize = 2;

    /// A vector of units.
    ///
    /// # Safety
    ///
    /// Each function needs a processor that has the vector's instructions: AVX-512 (F, DQ), or AVX2 and FMA.
    pub(super) trait Units: Copy {
        /// How many they are.
        const COUNT: usize;
        /// The same number for every unit.
        unsafe fn all(x: f32) -> Self;
        /// The first `count` floats, then zeros.
        unsafe fn load(from: &[f32], count: usize) -> Self;
        /// Writes the first `count` of them.
        unsafe fn store(self, to: &mut [f32], count: usize);
        unsafe fn add(self, other: Self) -> Self;
        unsafe fn sub(self, other: Self) -> Self;
        unsafe fn mul(self, other: Self) -> Self;
        unsafe fn div(self, other: Self) -> Self;
        /// self * by + sum.
        unsafe fn multiply_add(self, by: Self, sum: Self) -> Self;
        /// The greater of a limit and self; self where it is NaN.
        unsafe fn at_least(self, limit: f32) -> Self;
        /// The nearest integer.
        unsafe fn nearest(self) -> Self;
        /// self * 2^power, for whole powers where both are normal numbers.
        unsafe fn scale(self, power: Self) -> Self;
        /// -|self|.
        unsafe fn below(self) -> Self;
        /// Unit by unit a where self has a sign, else b.
        unsafe fn by_sign(self, a: Self, b: Self) -> Self;
        /// The magnitude of self, and the sign of another.
        unsafe fn with_sign(self, of: Self) -> Self;
    }

    impl Units for __m512 {
        const COUNT: usize = 16;

        #[inline(always)]
        unsafe fn all(x: f32) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: &[f32], count: usize) -> Self {
            let from = from[..count].as_ptr();
            // SAFETY: as many floats are there.
            unsafe {
                if count == Self::COUNT { _mm512_loadu_ps(from) } else { _mm512_maskz_loadu_ps((1 << count) - 1, from) }
            }
        }

        #[inline(always)]
        unsafe fn store(self, to: &mut [f32], count: usize) {
            let to = to[..count].as_mut_ptr();
            // SAFETY: as many floats are there.
            unsafe {
                if count == Self::COUNT {
                    _mm512_storeu_ps(to, self);
                } else {
                    _mm512_mask_storeu_ps(to, (1 << count) - 1, self);
                }
            }
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_add_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_sub_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_mul_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_div_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn multiply_add(self, by: Self, sum: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_fmadd_ps(self, by, sum) }
        }

        #[inline(always)]
        unsafe fn at_least(self, limit: f32) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_max_ps(_mm512_set1_ps(limit), self) }
        }

        #[inline(always)]
        unsafe fn below(self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_or_ps(self, _mm512_set1_ps(-0.0)) }
        }

        #[inline(always)]
        unsafe fn with_sign(self, of: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let sign = _mm512_set1_ps(-0.0);
                _mm512_or_ps(_mm512_andnot_ps(sign, self), _mm512_and_ps(sign, of))
            }
        }

        #[inline(always)]
        unsafe fn nearest(self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_roundscale_ps::<8>(self) }
        }

        #[inline(always)]
        unsafe fn scale(self, power: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_scalef_ps(self, power) }
        }

        #[inline(always)]
        unsafe fn by_sign(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm512_mask_mov_ps(b, _mm512_movepi32_mask(_mm512_castps_si512(self)), a) }
        }
    }

    impl Units for __m256 {
        const COUNT: usize = 8;

        #[inline(always)]
        unsafe fn all(x: f32) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_set1_ps(x) }
        }

        #[inline(always)]
        unsafe fn load(from: &[f32], count: usize) -> Self {
            let from = from[..count].as_ptr();
            // SAFETY: as many floats are there.
            unsafe {
                if count == Self::COUNT {
                    return _mm256_loadu_ps(from);
                }
                let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
                _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes))
            }
        }

        #[inline(always)]
        unsafe fn store(self, to: &mut [f32], count: usize) {
            let to = &mut to[..count];
            // SAFETY: as many floats are there.
            unsafe {
                if count == Self::COUNT {
                    return _mm256_storeu_ps(to.as_mut_ptr(), self);
                }
                let mut all = [0.0; Self::COUNT]; // the instruction for a part is slow on AMD's processors
                _mm256_storeu_ps(all.as_mut_ptr(), self);
                to.copy_from_slice(&all[..count]);
            }
        }

        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_add_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_sub_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_mul_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_div_ps(self, other) }
        }

        #[inline(always)]
        unsafe fn multiply_add(self, by: Self, sum: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_fmadd_ps(self, by, sum) }
        }

        #[inline(always)]
        unsafe fn at_least(self, limit: f32) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_max_ps(_mm256_set1_ps(limit), self) }
        }

        #[inline(always)]
        unsafe fn below(self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_or_ps(self, _mm256_set1_ps(-0.0)) }
        }

        #[inline(always)]
        unsafe fn with_sign(self, of: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let sign = _mm256_set1_ps(-0.0);
                _mm256_or_ps(_mm256_andnot_ps(sign, self), _mm256_and_ps(sign, of))
            }
        }

        #[inline(always)]
        unsafe fn nearest(self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_round_ps::<8>(self) }
        }

        #[inline(always)]
        unsafe fn scale(self, power: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe {
                let exponent = _mm256_slli_epi32::<23>(_mm256_cvtps_epi32(power));
                _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(self), exponent))
            }
        }

        #[inline(always)]
        unsafe fn by_sign(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller's promise.
            unsafe { _mm256_blendv_ps(b, a, self) }
        }
    }
}
