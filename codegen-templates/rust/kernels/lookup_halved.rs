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
    let (mut values, mut indices) = (values.as_ptr(), indices.as_ptr());
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[_mm512_setzero_ps(); G]; 2];
        let mut first = 0;
        while first < starts.len() {
            let mut at = [_mm512_setzero_si512(); G];
            let mut g = 0;
            while g < G {
                at[g] = _mm512_loadu_si512(indices.add(g * GROUP).cast());
                g += 1;
            }
            indices = indices.add(G * GROUP);
            if first + BYTES <= starts.len() {
                let mut k = 0;
                while k < BYTES {
                    let window = x.as_ptr().add(*starts.get_unchecked(first + k) as usize);
                    lookup_halved_window(&mut sums[k % 2 * odd], &mut at, values.add(k * G * HALF), window);
                    k += 1;
                }
                values = values.add(BYTES * G * HALF);
            } else {
                let mut k = first;
                while k < starts.len() {
                    let window = x.as_ptr().add(*starts.get_unchecked(k) as usize);
                    lookup_halved_window(&mut sums[0], &mut at, values, window);
                    values = values.add(G * HALF);
                    k += 1;
                }
            }
            first += BYTES;
        }
        let mut g = 0;
        while g < G {
            sums[0][g] = _mm512_add_ps(sums[0][g], sums[1][g]);
            g += 1;
        }
        lookup_end(y, init, place, &sums[0]);
    }
}

/// Adds the slots of one window, a slot for each group, and moves on to the next bytes of `at`.
///
/// # Safety
///
/// The processor has AVX-512; there are eight values for each of `G` groups, and 31 inputs.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_halved_window<const G: usize>(
    sums: &mut [core::arch::x86_64::__m512; G],
    at: &mut [core::arch::x86_64::__m512i; G],
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
            let eight = _mm512_broadcast_f64x4(_mm256_loadu_pd(values.add(g * HALF).cast()));
            let value = _mm512_permutexvar_ps(_mm512_srli_epi32::<5>(at[g]), _mm512_castpd_ps(eight));
            let input = _mm512_permutex2var_ps(low, at[g], high);
            sums[g] = _mm512_fmadd_ps(value, input, sums[g]);
            at[g] = _mm512_srli_epi32::<8>(at[g]);
            g += 1;
        }
    }
}
