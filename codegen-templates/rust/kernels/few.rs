// The last lanes of a product whose other lanes fill strips: one or two of them would leave a strip all but empty. Where it
// has sixteen lanes, as many columns stand side by side in it. Takes vectors and the scalars that they are multiplied by, as
// the wide tile does; gives the sums.

/// Strips that hold the vectors' lanes.
const FEW_STRIPS: usize = 8;

/// Whether so many lanes are few, and so many columns fit the strips and fill one.
#[inline(always)]
fn are_few(lanes: usize, depth: usize) -> bool {
    FAMILY == 2 && (lanes == 1 || lanes == 2) && (GROUP..=FEW_STRIPS * GROUP).contains(&(lanes * depth))
}

/// `y[at + h * y_stride + t]` = init + sum over j < depth of `vectors[j * stride + t] * scalars[h * depth + j]`, for h < height
/// and t < lanes, which are few.
#[inline(always)]
#[allow(unsafe_code)]
fn few(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    (vectors, stride): (&[f32], usize),
    scalars: &[f32],
    (height, lanes, depth): (usize, usize, usize),
) {
    assert!(are_few(lanes, depth) && scalars.len() == height * depth);
    let side = GROUP / lanes;
    let count = depth.div_ceil(side);
    // The last strip goes back over columns that others have, as zeros.
    let last = depth - side;
    let mut columns = [[0.0; GROUP]; FEW_STRIPS];
    let mut j = 0;
    while j < depth {
        let strip = j / side;
        let place = if strip + 1 < count { j % side } else { j - last };
        let mut t = 0;
        while t < lanes {
            columns[strip][place * lanes + t] = vectors[j * stride + t];
            t += 1;
        }
        j += 1;
    }
    let mut h = 0;
    while h < height {
        let row = &scalars[h * depth..(h + 1) * depth];
        // SAFETY: the family has the instructions, since lanes are few.
        #[cfg(target_arch = "x86_64")]
        let sums = unsafe { few_sums(&columns, row, lanes, count) };
        #[cfg(not(target_arch = "x86_64"))]
        let sums = [row[0]; 2];
        let to = at + h * y_stride;
        let mut t = 0;
        while t < lanes {
            let [start] = init.load(y, to + t);
            y[to + t] = start + sums[t];
            t += 1;
        }
        h += 1;
    }
}

/// The sums of the lanes for one row of scalars, as many as the columns of the first `count` strips; of a single lane the
/// first.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn few_sums(columns: &[[f32; GROUP]; FEW_STRIPS], row: &[f32], lanes: usize, count: usize) -> [f32; 2] {
    use core::arch::x86_64::*;
    let side = GROUP / lanes;
    // SAFETY: the caller's promise; each strip's scalars lie within the row, as the last goes back so far.
    unsafe {
        let twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
        let mut partial = [_mm512_setzero_ps(); 2];
        let mut k = 0;
        while k < count {
            let from = row.as_ptr().add(if k + 1 < count { k * side } else { row.len() - side });
            let scale = if lanes == 2 {
                _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(from)))
            } else {
                _mm512_loadu_ps(from)
            };
            partial[k % 2] = _mm512_fmadd_ps(_mm512_loadu_ps(columns[k].as_ptr()), scale, partial[k % 2]);
            k += 1;
        }
        let sum = _mm512_add_ps(partial[0], partial[1]);
        let eight = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps::<1>(sum));
        let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        let (first, second) = (_mm_cvtss_f32(two), _mm_cvtss_f32(_mm_movehdup_ps(two)));
        if lanes == 2 { [first, second] } else { [first + second, 0.0] }
    }
}
