// Look-ups in registers (`lookup.rs`) for AVX2: a window is 8 neighbouring inputs, which stand in one register, out of which one
// instruction (vpermps) takes an input for each of 8 rows. Takes bands of up to 32 rows; gives every row's sum.

/// Rows of a group, and columns of a window.
#[allow(dead_code)]
const EIGHT: usize = 8;

/// Rows of the highest band.
#[allow(dead_code)]
const EIGHT_BAND: usize = 4 * EIGHT;

/// Bits of an index, and indices in a word.
#[allow(dead_code)]
const EIGHT_BITS: u32 = 3;
#[allow(dead_code)]
const EIGHT_INDICES: usize = 10;

/// How its tables are cut.
#[allow(dead_code)]
const EIGHT_LAYOUT: BandLayout =
    BandLayout { group: EIGHT, most: EIGHT_BAND / EIGHT, sharing: 1, per_word: EIGHT_INDICES };

/// `lookup` with groups of eight rows, windows of eight columns and ten indices of three bits in a word: `y[row]` = init + sum
/// over the windows k of i's band of `values[k * slots + i - b] * x[starts[k] + index]`, where the index is three bits of
/// `indices[k / 10 * slots + i - b]` and slots are eight times what `lookup_height` says, four groups at most.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn lookup_eight(
    y: &mut [f32],
    init: Init<'_>,
    counts: &[u16],
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    row_of: Option<&[u16]>,
    x: &[f32],
    rows: usize,
    cols: usize,
) {
    assert!(init.fits(y.len()) && x.len() == cols);
    let mut room = [0.0; WINDOW];
    let x = lookup_input(x, &mut room);
    let (mut tables, mut first) = ((counts, starts, values, indices), 0);
    while first < rows {
        let band = next_band(&mut tables, rows - first, EIGHT_LAYOUT);
        let place = (first, band.rows, row_of);
        let mut sums = [0.0; EIGHT_BAND];
        lookup_eight_sums(&mut sums, band.starts, band.values, band.indices, x, band.groups);
        lookup_finish(y, init, place, &sums);
        first += band.rows;
    }
}

/// The sums of a band of so many groups; `starts` are its windows.
#[inline(always)]
#[allow(unsafe_code)]
fn lookup_eight_sums(
    sums: &mut [f32; EIGHT_BAND],
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    groups: usize,
) {
    let (windows, slots) = (starts.len(), groups * EIGHT);
    assert!(values.len() == windows * slots && indices.len() == windows.div_ceil(EIGHT_INDICES) * slots);
    #[cfg(target_arch = "x86_64")]
    if FAMILY != 0 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows are
        // tables of the model, checked against the length of x when it was compiled.
        unsafe {
            match groups {
                1 => lookup_eight_band::<1>(sums, starts, values, indices, x),
                2 => lookup_eight_band::<2>(sums, starts, values, indices, x),
                _ => lookup_eight_band::<4>(sums, starts, values, indices, x),
            }
        }
        return;
    }
    for (k, &start) in starts.iter().enumerate() {
        let words = &indices[k / EIGHT_INDICES * slots..][..slots];
        let inputs = &x[start as usize..][..EIGHT];
        let mut i = 0;
        while i < slots {
            let index = words[i] >> (EIGHT_BITS * (k % EIGHT_INDICES) as u32) & 7;
            sums[i] += values[k * slots + i] * inputs[index as usize];
            i += 1;
        }
    }
}

/// The sums of a band of `G` groups. Every other window has sums of its own, so that an addition need not wait for the one
/// before.
///
/// # Safety
///
/// The processor has AVX2 and FMA; `values` and `indices` hold those of `G` groups for each of `starts`, and every window lies
/// within x.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_eight_band<const G: usize>(
    sums: &mut [f32; EIGHT_BAND],
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
) {
    use core::arch::x86_64::*;
    let (mut value, mut word) = (values.as_ptr(), indices.as_ptr());
    // SAFETY: the caller's promise.
    unsafe {
        let mut partial = [[_mm256_setzero_ps(); G]; 2];
        for starts in starts.chunks(EIGHT_INDICES) {
            let mut at = [_mm256_setzero_si256(); G];
            let mut g = 0;
            while g < G {
                at[g] = _mm256_loadu_si256(word.add(g * EIGHT).cast());
                g += 1;
            }
            word = word.add(G * EIGHT);
            let (pairs, rest) = starts.as_chunks::<2>();
            for &[even, odd] in pairs {
                lookup_eight_window(&mut partial[0], &mut at, value, x.as_ptr().add(even as usize));
                lookup_eight_window(&mut partial[1], &mut at, value.add(G * EIGHT), x.as_ptr().add(odd as usize));
                value = value.add(2 * G * EIGHT);
            }
            if let [last] = rest {
                lookup_eight_window(&mut partial[0], &mut at, value, x.as_ptr().add(*last as usize));
                value = value.add(G * EIGHT);
            }
        }
        let mut g = 0;
        while g < G {
            let sum = _mm256_add_ps(partial[0][g], partial[1][g]);
            _mm256_storeu_ps(sums.as_mut_ptr().add(g * EIGHT), sum);
            g += 1;
        }
    }
}

/// Adds the slots of one window, a slot for each group, and moves on to their next indices.
///
/// # Safety
///
/// The processor has AVX2 and FMA; there are eight values for each of `G` groups, and the inputs of a window.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_eight_window<const G: usize>(
    sums: &mut [core::arch::x86_64::__m256; G],
    at: &mut [core::arch::x86_64::__m256i; G],
    values: *const f32,
    window: *const f32,
) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let inputs = _mm256_loadu_ps(window);
        let mut g = 0;
        while g < G {
            let input = _mm256_permutevar8x32_ps(inputs, at[g]);
            sums[g] = _mm256_fmadd_ps(_mm256_loadu_ps(values.add(g * EIGHT)), input, sums[g]);
            at[g] = _mm256_srli_epi32::<{ EIGHT_BITS as i32 }>(at[g]);
            g += 1;
        }
    }
}
