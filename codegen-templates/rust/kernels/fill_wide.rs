// A wide vector set to what sums start from: the same for every lane. Takes a bias; gives it repeated along the lanes.

/// `y[i * lanes + k] = bias[i]`.
#[inline(always)]
pub(super) fn fill_wide(y: &mut [f32], bias: &[f32], n: usize, lanes: usize) {
    assert!(y.len() == n * lanes && bias.len() == n);
    for (row, bias) in y.chunks_exact_mut(lanes).zip(bias) {
        let mut fours = row.chunks_exact_mut(4);
        for four in &mut fours {
            fill_four(four, *bias);
        }
        for lane in fours.into_remainder() {
            *lane = *bias;
        }
    }
}

/// Four lanes by one instruction: single lanes become a loop over rows, with scattered writes.
#[inline(always)]
fn fill_four(four: &mut [f32], bias: f32) {
    assert!(four.len() == 4);
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use core::arch::x86_64::{_mm_set1_ps, _mm_storeu_ps};
        // SAFETY: the target has the instructions, and there are four floats.
        #[allow(unsafe_code)]
        unsafe {
            _mm_storeu_ps(four.as_mut_ptr(), _mm_set1_ps(bias));
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    four.fill(bias);
}
