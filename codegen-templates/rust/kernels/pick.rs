// What look-ups as straight-line code stand on: all inputs stand in registers, sixteen neighbouring ones a block or fifteen and
// a zero, and a pick takes one out of two blocks for each of sixteen rows. Takes blocks, and for each pick, or pair of picks,
// sixteen values, and indices of five bits, several in a word. Gives the rows' sums. Which blocks a pick takes from is in the
// code that calls.
// What is called for every pick is `#[inline]` alone, as `dot` is: optimised it is inlined all the same, and unoptimised
// hundreds of picks, inlined always, would each keep their values in the caller's frame, half a megabyte in all.

/// All of x in blocks of `I` inputs, with zeros behind.
#[inline(always)]
pub(super) fn blocks<const I: usize, const N: usize>(x: &[f32]) -> [Sixteen; N] {
    let mut blocks = [[0.0; GROUP]; N];
    let mut i = 0;
    while i < N {
        let from = &x[i * I..];
        if from.len() >= GROUP {
            // As a whole: fifteen floats would go by way of memory.
            blocks[i].copy_from_slice(&from[..GROUP]);
            if I < GROUP {
                blocks[i][I] = 0.0;
            }
        } else {
            blocks[i][..from.len()].copy_from_slice(from);
        }
        i += 1;
    }
    blocks
}

/// What the sums of `R` rows from `first` on start from.
#[inline(always)]
pub(super) fn pick_start<const R: usize>(init: Init<'_>, y: &[f32], first: usize) -> Sixteen {
    let mut start = [0.0; GROUP];
    start[..R].copy_from_slice(&init.load::<R>(y, first));
    start
}

/// sum += value * input, row by row: the input is the element of both blocks, taken together, that the five bits from `SHIFT`
/// on of the row's word name.
#[inline]
pub(super) fn pick<const SHIFT: u32>(
    sum: &mut Sixteen,
    values: &[f32],
    low: &Sixteen,
    high: &Sixteen,
    words: &[u32],
) {
    assert!(values.len() >= GROUP && words.len() >= GROUP);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        use core::arch::x86_64::*;
        // SAFETY: the family has the instructions, and all have sixteen numbers.
        #[allow(unsafe_code)]
        unsafe {
            let at = _mm512_srli_epi32::<SHIFT>(_mm512_loadu_si512(words.as_ptr().cast()));
            let (low, high) = (_mm512_loadu_ps(low.as_ptr()), _mm512_loadu_ps(high.as_ptr()));
            let inputs = _mm512_permutex2var_ps(low, at, high);
            let values = _mm512_loadu_ps(values.as_ptr());
            let added = _mm512_fmadd_ps(values, inputs, _mm512_loadu_ps(sum.as_ptr()));
            _mm512_storeu_ps(sum.as_mut_ptr(), added);
        }
        return;
    }
    let mut i = 0;
    while i < GROUP {
        let index = (words[i] >> SHIFT & 31) as usize;
        sum[i] += values[i] * if index < GROUP { low[index] } else { high[index - GROUP] };
        i += 1;
    }
}

/// `pick`, with values that stand anywhere among sixteen: the four bits from `AMONG` on of the row's word tell which.
#[inline]
#[allow(dead_code)]
pub(super) fn pick_among<const SHIFT: u32, const AMONG: u32>(
    sum: &mut Sixteen,
    values: &[f32],
    low: &Sixteen,
    high: &Sixteen,
    words: &[u32],
) {
    assert!(values.len() >= GROUP && words.len() >= GROUP);
    let mut spread = [0.0; GROUP];
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        use core::arch::x86_64::*;
        // SAFETY: the family has the instructions, and all have sixteen numbers.
        #[allow(unsafe_code)]
        unsafe {
            let at = _mm512_srli_epi32::<AMONG>(_mm512_loadu_si512(words.as_ptr().cast()));
            let values = _mm512_permutexvar_ps(at, _mm512_loadu_ps(values.as_ptr()));
            _mm512_storeu_ps(spread.as_mut_ptr(), values);
        }
        return pick::<SHIFT>(sum, &spread, low, high, words);
    }
    let mut i = 0;
    while i < GROUP {
        spread[i] = values[(words[i] >> AMONG & 15) as usize];
        i += 1;
    }
    pick::<SHIFT>(sum, &spread, low, high, words);
}

/// a += b.
#[inline]
pub(super) fn pick_sum(a: &mut Sixteen, b: &Sixteen) {
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        use core::arch::x86_64::{_mm512_add_ps, _mm512_loadu_ps, _mm512_storeu_ps};
        // SAFETY: the family has the instructions, and both have sixteen numbers.
        #[allow(unsafe_code)]
        unsafe {
            _mm512_storeu_ps(
                a.as_mut_ptr(),
                _mm512_add_ps(_mm512_loadu_ps(a.as_ptr()), _mm512_loadu_ps(b.as_ptr())),
            );
        }
        return;
    }
    let mut i = 0;
    while i < GROUP {
        a[i] += b[i];
        i += 1;
    }
}

/// `y[first..first + R]` = sums.
#[inline]
pub(super) fn pick_end<const R: usize>(y: &mut [f32], first: usize, sums: &Sixteen) {
    y[first..first + R].copy_from_slice(&sums[..R]);
}
