// A sparse matrix times a vector by look-ups in registers instead of loads: 32 neighbouring inputs, a window, stand in two
// registers of AVX-512, out of which one instruction (vpermi2ps) takes an input for each of 16 rows. Takes bands of up to
// 128 rows; each has windows of its own, wherever its elements are, and for each window and 16 rows a slot: 16 values and
// 5-bit indices into the window. Gives every row's sum. Elements that found no slot are left to another kernel. Rows stay
// in their own order, or stand in any that is given.

/// Indices in a word.
#[allow(dead_code)]
const INDICES: usize = 6;

/// Where a window has 31 columns and a zero: the index of that; the columns from the 16th on are one further up.
#[allow(dead_code)]
const NOTHING: usize = 16;

/// How its tables are cut.
#[allow(dead_code)]
const PADDED_LAYOUT: BandLayout =
    BandLayout { group: GROUP, most: BAND / GROUP, sharing: 1, per_word: INDICES };

/// `y[row]` = init + sum over the windows k of i's band of `values[k * slots + i - b] * x[starts[k] + index]` for i < rows,
/// where row is `row_of[i]`, or i without `row_of`, and the band starts at b and has `slots` lanes, all of its
/// groups'. The index is five bits of `indices[k / 6 * slots + i - b]`, the first window of six lowest. Bands are as
/// high as `lookup_height` says; band after band, `counts` has the number of its windows, and `starts`, `values` and
/// `indices` hold what is its own. Windows lie within x, or start at 0 where that is shorter. Empty slots hold value 0 and
/// index 0. No row is listed twice; rows not listed are left as they are.
#[inline]
#[allow(unsafe_code, clippy::too_many_arguments)]
pub(super) fn lookup(
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
    let mut waiting = Waiting::NONE;
    while first < rows {
        let band = next_band(&mut tables, rows - first, PADDED_LAYOUT);
        let place = (first, band.rows, row_of);
        let slots = band.groups * GROUP;
        lookup_rows(y, init, place, band.starts, band.values, band.indices, x, slots, &mut waiting);
        first += band.rows;
    }
    waiting.place_all(y, init);
}

/// y = init + sums of a band of `slots` lanes, of which `rows` are there from `first` on; `starts` are its windows.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
fn lookup_rows<'a>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    slots: usize,
    waiting: &mut Waiting<'a>,
) {
    let windows = starts.len();
    assert!(values.len() == windows * slots && indices.len() == windows.div_ceil(INDICES) * slots);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows and
        // rows are tables of the model, checked against the lengths of x and y when it was compiled.
        unsafe {
            match slots / GROUP {
                1 => lookup_band::<1>(y, init, place, starts, values, indices, x, waiting),
                2 => lookup_band::<2>(y, init, place, starts, values, indices, x, waiting),
                4 => lookup_band::<4>(y, init, place, starts, values, indices, x, waiting),
                _ => lookup_band::<8>(y, init, place, starts, values, indices, x, waiting),
            }
        }
        return;
    }
    let mut sums = [0.0_f32; BAND];
    let mut k = 0;
    while k < windows {
        let mut i = 0;
        while i < slots {
            let index = indices[k / INDICES * slots + i] >> (5 * (k % INDICES)) & 31;
            sums[i] += values[k * slots + i] * x[starts[k] as usize + index as usize];
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
/// The processor has AVX-512; `values` and `indices` hold those of `G` groups for each of `starts`, every window lies within
/// x, and the rows are rows of y.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
unsafe fn lookup_band<'a, const G: usize>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    waiting: &mut Waiting<'a>,
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
            waiting.place(y, init);
            if first + INDICES <= starts.len() {
                let mut k = 0;
                while k < INDICES {
                    let window = x.as_ptr().add(*starts.get_unchecked(first + k) as usize);
                    lookup_window(&mut sums[k % 2 * odd], &mut at, values.add(k * G * GROUP), window);
                    k += 1;
                }
                values = values.add(INDICES * G * GROUP);
            } else {
                let mut k = first;
                while k < starts.len() {
                    let window = x.as_ptr().add(*starts.get_unchecked(k) as usize);
                    lookup_window(&mut sums[0], &mut at, values, window);
                    values = values.add(G * GROUP);
                    k += 1;
                }
            }
            first += INDICES;
        }
        let mut g = 0;
        while g < G {
            sums[0][g] = _mm512_add_ps(sums[0][g], sums[1][g]);
            g += 1;
        }
        lookup_end(y, init, place, &sums[0], waiting);
    }
}

/// Where the inputs of a window of 31 columns stand: all of them, and a zero at `NOTHING`.
///
/// # Safety
///
/// The processor has AVX-512, and the window 31 inputs.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(dead_code, unsafe_code)]
unsafe fn lookup_inputs(
    window: *const f32,
) -> (core::arch::x86_64::__m512, core::arch::x86_64::__m512) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let upper = _mm512_loadu_ps(window.add(GROUP - 1));
        (_mm512_loadu_ps(window), _mm512_maskz_mov_ps(!1, upper))
    }
}

/// Adds the slots of one window, a slot for each group, and moves on to the next indices of `at`.
///
/// # Safety
///
/// The processor has AVX-512; there are values for `G` groups, and the inputs of a window.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_window<const G: usize>(
    sums: &mut [core::arch::x86_64::__m512; G],
    at: &mut [core::arch::x86_64::__m512i; G],
    values: *const f32,
    window: *const f32,
) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = (_mm512_loadu_ps(window), _mm512_loadu_ps(window.add(GROUP)));
        let mut g = 0;
        while g < G {
            let input = _mm512_permutex2var_ps(low, at[g], high);
            sums[g] = _mm512_fmadd_ps(_mm512_loadu_ps(values.add(g * GROUP)), input, sums[g]);
            at[g] = _mm512_srli_epi32::<5>(at[g]);
            g += 1;
        }
    }
}

/// y = init + sums for a band's rows: out of the registers where all are there in their own order. Where they stand out of it
/// they wait; those that did so before are in their places then.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_end<'a, const G: usize>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    sums: &[core::arch::x86_64::__m512; G],
    waiting: &mut Waiting<'a>,
) {
    use core::arch::x86_64::*;
    let (first, rows, row_of) = place;
    let in_place = row_of.is_none() && rows == G * GROUP;
    if !in_place {
        waiting.place_all(y, init);
    }
    let mut g = 0;
    while g < G {
        let mut sum = sums[g];
        // SAFETY: the caller's promise; each array read or written has sixteen floats from there on.
        unsafe {
            if in_place {
                let begun: [f32; GROUP] = init.load(y, first + g * GROUP);
                sum = _mm512_add_ps(sum, _mm512_loadu_ps(begun.as_ptr()));
                _mm512_storeu_ps(y[first + g * GROUP..][..GROUP].as_mut_ptr(), sum);
            } else {
                _mm512_storeu_ps(waiting.lanes[g * GROUP..][..GROUP].as_mut_ptr(), sum);
            }
        }
        g += 1;
    }
    if let Some(row_of) = row_of {
        (waiting.rows, waiting.first) = (&row_of[first..first + rows], 0);
    } else if !in_place {
        lookup_finish(y, init, place, &waiting.lanes);
    }
}
