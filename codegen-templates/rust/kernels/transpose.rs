// A matrix turned: between vectors one after another and a wide vector, whose lanes they are. Takes it row by row; gives it
// column by column. Sixteen columns are read of each row before the next ones, so that a line of the cache is used up while
// it is there; squares of four by four are turned in registers, of sixteen by sixteen on AVX-512.

/// y[j * rows + i] = x[i * cols + j], for i < rows and j < cols.
#[inline(always)]
pub(super) fn transpose(y: &mut [f32], x: &[f32], rows: usize, cols: usize) {
    assert!(y.len() == rows * cols && x.len() == rows * cols);
    let (whole_rows, whole_cols) = (rows - rows % 4, cols - cols % 4);
    let mut first = 0;
    while first < cols {
        let end = if first + 16 < cols { first + 16 } else { cols };
        let whole = if end < whole_cols { end } else { whole_cols };
        let mut i = 0;
        #[cfg(target_arch = "x86_64")]
        while FAMILY == 2 && first + GROUP <= cols && i + GROUP <= rows {
            // SAFETY: the family has the instructions.
            #[allow(unsafe_code)]
            unsafe {
                transpose_sixteen((y, first * rows + i, rows), (x, i * cols + first, cols));
            }
            i += GROUP;
        }
        while i < whole_rows {
            let mut j = first;
            while j < whole {
                transpose_square((y, j * rows + i, rows), (x, i * cols + j, cols));
                j += 4;
            }
            i += 4;
        }
        let mut i = 0;
        while i < rows {
            let mut j = if i < whole_rows { whole } else { first };
            while j < end {
                y[j * rows + i] = x[i * cols + j];
                j += 1;
            }
            i += 1;
        }
        first += 16;
    }
}

/// A square of four by four.
#[inline(always)]
fn transpose_square((y, to, y_stride): (&mut [f32], usize, usize), (x, from, x_stride): (&[f32], usize, usize)) {
    let (y, x) = (&mut y[to..to + 3 * y_stride + 4], &x[from..from + 3 * x_stride + 4]);
    #[cfg(all(target_arch = "x86_64", target_feature = "sse"))]
    {
        use core::arch::x86_64::{_mm_loadu_ps, _mm_movehl_ps, _mm_movelh_ps, _mm_storeu_ps};
        use core::arch::x86_64::{_mm_unpackhi_ps, _mm_unpacklo_ps};
        // SAFETY: the target has these instructions; both slices hold four rows, the last of them four floats.
        #[allow(unsafe_code)]
        unsafe {
            let x = x.as_ptr();
            let (a, b) = (_mm_loadu_ps(x), _mm_loadu_ps(x.add(x_stride)));
            let (c, d) = (_mm_loadu_ps(x.add(2 * x_stride)), _mm_loadu_ps(x.add(3 * x_stride)));
            let (low, high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
            let (other_low, other_high) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
            let y = y.as_mut_ptr();
            _mm_storeu_ps(y, _mm_movelh_ps(low, other_low));
            _mm_storeu_ps(y.add(y_stride), _mm_movehl_ps(other_low, low));
            _mm_storeu_ps(y.add(2 * y_stride), _mm_movelh_ps(high, other_high));
            _mm_storeu_ps(y.add(3 * y_stride), _mm_movehl_ps(other_high, high));
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse")))]
    for i in 0..4 {
        for j in 0..4 {
            y[j * y_stride + i] = x[i * x_stride + j];
        }
    }
}

/// A square of sixteen by sixteen: of its quarters the upper right and the lower left change places, then those of each
/// quarter, down to single elements.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn transpose_sixteen((y, to, y_stride): (&mut [f32], usize, usize), (x, from, x_stride): (&[f32], usize, usize)) {
    use core::arch::x86_64::*;
    let (y, x) = (&mut y[to..to + 15 * y_stride + GROUP], &x[from..from + 15 * x_stride + GROUP]);
    // SAFETY: the caller's promise; both slices hold sixteen rows, the last of them sixteen floats.
    unsafe {
        let mut rows = [_mm512_setzero_ps(); GROUP];
        let mut i = 0;
        while i < GROUP {
            rows[i] = _mm512_loadu_ps(x.as_ptr().add(i * x_stride));
            i += 1;
        }
        exchange::<8>(&mut rows);
        exchange::<4>(&mut rows);
        exchange::<2>(&mut rows);
        exchange::<1>(&mut rows);
        let mut i = 0;
        while i < GROUP {
            _mm512_storeu_ps(y.as_mut_ptr().add(i * y_stride), rows[i]);
            i += 1;
        }
    }
}

/// Exchanges the upper right and the lower left of every square of twice HALF rows.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn exchange<const HALF: usize>(rows: &mut [core::arch::x86_64::__m512; GROUP]) {
    use core::arch::x86_64::*;
    // Where lanes are in the left half of their squares, those of the upper row, else those left in the lower.
    let (mut left, mut right) = ([0; GROUP], [0; GROUP]);
    let mut lane = 0;
    while lane < GROUP {
        left[lane] = ((lane & !HALF) + (lane & HALF) * (GROUP / HALF)) as i32;
        right[lane] = left[lane] + HALF as i32;
        lane += 1;
    }
    // SAFETY: the caller's promise; both are as long as a register.
    unsafe {
        let left = _mm512_loadu_si512(left.as_ptr().cast());
        let right = _mm512_loadu_si512(right.as_ptr().cast());
        let mut i = 0;
        while i < GROUP {
            if i & HALF == 0 {
                let (upper, lower) = (rows[i], rows[i + HALF]);
                rows[i] = _mm512_permutex2var_ps(upper, left, lower);
                rows[i + HALF] = _mm512_permutex2var_ps(upper, right, lower);
            }
            i += 1;
        }
    }
}
