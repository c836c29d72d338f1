// Look-ups in registers (`lookup.rs`) whose slots have eight values for their sixteen rows: any eight of the rows. Fewer bytes
// than a value for every row, and no mask to take apart: one instruction (vpermps) moves the eight to their rows. A window
// is 31 columns and a zero, which the rows without a value look up. Takes bands as `lookup` does; gives every row's sum.

/// Values of a slot.
#[allow(dead_code)]
const HALF: usize = 8;

/// Slots whose bytes are in a word.
#[allow(dead_code)]
const BYTES: usize = 4;

/// The index of a window's zero: its columns from the 16th on are one further up.
#[allow(dead_code)]
const NOTHING: usize = 16;

/// `lookup` with halved slots: `values[(k * groups + g) * 8..][..8]` are those of window k and group g of a band, and byte
/// k % 4 of `indices[k / 4 * slots + i - b]` is that of row i: which of the eight in its upper three bits, where its input
/// stands in the window in the others: 16 for none, else its column, and one more from the 16th on. Windows lie within
/// x, or start at 0 where that has fewer than 32.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn lookup_halved(
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
    let (mut starts, mut values, mut indices) = (starts, values, indices);
    let (mut band, mut first) = (0, 0);
    while first < rows {
        let (windows, groups) = (counts[band] as usize, lookup_height(rows - first));
        let slots = groups * GROUP;
        let count = if rows - first < slots { rows - first } else { slots };
        let now = starts.split_at(windows);
        let held = values.split_at(windows * groups * HALF);
        let words = indices.split_at(windows.div_ceil(BYTES) * slots);
        lookup_halved_rows(y, init, (first, count, row_of), now.0, held.0, words.0, x, groups);
        (starts, values, indices) = (now.1, held.1, words.1);
        first += slots;
        band += 1;
    }
}

/// y = init + sums of a band of so many groups, of which `rows` are there from `first` on; `starts` are its windows.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
fn lookup_halved_rows(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&[u16]>),
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    groups: usize,
) {
    let (windows, slots) = (starts.len(), groups * GROUP);
    assert!(values.len() == windows * groups * HALF && indices.len() == windows.div_ceil(BYTES) * slots);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows are
        // tables of the model, checked against the length of x when it was compiled.
        unsafe {
            match groups {
                1 => lookup_halved_band::<1>(y, init, place, starts, values, indices, x),
                2 => lookup_halved_band::<2>(y, init, place, starts, values, indices, x),
                4 => lookup_halved_band::<4>(y, init, place, starts, values, indices, x),
                _ => lookup_halved_band::<8>(y, init, place, starts, values, indices, x),
            }
        }
        return;
    }
    let mut sums = [0.0_f32; BAND];
    let mut k = 0;
    while k < windows {
        let mut i = 0;
        while i < slots {
            let byte = (indices[k / BYTES * slots + i] >> (8 * (k % BYTES)) & 255) as usize;
            let index = byte & 31;
            if index != NOTHING {
                let column = if index > NOTHING { index - 1 } else { index };
                let value = values[(k * groups + i / GROUP) * HALF + (byte >> 5)];
                sums[i] += value * x[starts[k] as usize + column];
            }
            i += 1;
        }
        k += 1;
    }
    lookup_finish(y, init, place, &sums);
}

/// y = init + sums of a band of `G` groups. In bands of few groups odd windows have sums of their own, so that an addition need
/// not wait for the one before.
///
/// # Safety
///
/// The processor has AVX-512; `values` and `indices` hold those of `G` groups for each of `starts`, and every window lies
/// within x.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_halved_band<const G: usize>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&[u16]>),
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
) {
    use core::arch::x86_64::*;
    let odd = if G <= 4 { 1 } else { 0 };
    let (mut value, mut indices) = (values.as_ptr(), indices.as_ptr());
    // SAFETY: the caller's promise.
    unsafe {
        let mut partial = [[_mm512_setzero_ps(); 2]; G];
        let mut first = 0;
        while first < starts.len() {
            let mut at = [_mm512_setzero_si512(); G];
            // Of each value among its eight: the same bytes, without their inputs.
            let mut among = [_mm512_setzero_si512(); G];
            let mut g = 0;
            while g < G {
                at[g] = _mm512_loadu_si512(indices.add(g * GROUP).cast());
                among[g] = _mm512_and_si512(_mm512_srli_epi32::<5>(at[g]), _mm512_set1_epi8(7));
                g += 1;
            }
            indices = indices.add(G * GROUP);
            let from = |k: usize| x.as_ptr().add(*starts.get_unchecked(first + k) as usize);
            if first + BYTES <= starts.len() {
                // All windows of a word, so that shifts are constants.
                let then = |k: usize| value.add(k * G * HALF);
                lookup_halved_window::<G, 0>(&mut partial, 0, &at, &among, then(0), from(0));
                lookup_halved_window::<G, 8>(&mut partial, odd, &at, &among, then(1), from(1));
                lookup_halved_window::<G, 16>(&mut partial, 0, &at, &among, then(2), from(2));
                lookup_halved_window::<G, 24>(&mut partial, odd, &at, &among, then(3), from(3));
                value = then(BYTES);
            } else {
                let mut k = 0;
                while first + k < starts.len() {
                    lookup_halved_window::<G, 0>(&mut partial, 0, &at, &among, value, from(k));
                    let mut g = 0;
                    while g < G {
                        at[g] = _mm512_srli_epi32::<8>(at[g]);
                        among[g] = _mm512_srli_epi32::<8>(among[g]);
                        g += 1;
                    }
                    value = value.add(G * HALF);
                    k += 1;
                }
            }
            first += BYTES;
        }
        let mut sums = [_mm512_setzero_ps(); G];
        let mut g = 0;
        while g < G {
            sums[g] = _mm512_add_ps(partial[g][0], partial[g][1]);
            g += 1;
        }
        lookup_end(y, init, place, &sums);
    }
}

/// Adds the slots of one window, a slot for each group, whose bytes stand `SHIFT` bits up in `at` and `among`.
///
/// # Safety
///
/// The processor has AVX-512; there are eight values for each of `G` groups, and 31 inputs.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_halved_window<const G: usize, const SHIFT: u32>(
    partial: &mut [[core::arch::x86_64::__m512; 2]; G],
    parity: usize,
    at: &[core::arch::x86_64::__m512i; G],
    among: &[core::arch::x86_64::__m512i; G],
    values: *const f32,
    window: *const f32,
) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let low = _mm512_loadu_ps(window);
        let high = _mm512_maskz_mov_ps(!1, _mm512_loadu_ps(window.add(GROUP - 1)));
        let mut g = 0;
        while g < G {
            let eight = _mm512_castps256_ps512(_mm256_loadu_ps(values.add(g * HALF)));
            let value = _mm512_permutexvar_ps(_mm512_srli_epi32::<SHIFT>(among[g]), eight);
            let input = _mm512_permutex2var_ps(low, _mm512_srli_epi32::<SHIFT>(at[g]), high);
            partial[g][parity] = _mm512_fmadd_ps(value, input, partial[g][parity]);
            g += 1;
        }
    }
}
