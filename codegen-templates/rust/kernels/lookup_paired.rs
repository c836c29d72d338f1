// Look-ups in registers (`lookup.rs`) whose slots come in pairs, which share sixteen values: a value of the first slot stands in
// its row's lane, where the first has none one of the second's, for any row. Fewer bytes than a value for every row of every
// slot, and no mask to take apart: one instruction (vpermps) moves the second's to their rows. A window is 31 columns and a
// zero, which the rows without a value look up. Takes bands as `lookup` does; gives every row's sum.

/// Slots of a pair.
#[allow(dead_code)]
const PAIR: usize = 2;

/// Slots whose indices are in a word.
#[allow(dead_code)]
const QUAD: usize = 4;

/// Bits of a word: the first slot's index, the second's, and which of the sixteen the second's value is; then those of the next
/// pair.
#[allow(dead_code)]
const SECOND: u32 = 5;
#[allow(dead_code)]
const AMONG: u32 = 10;
#[allow(dead_code)]
const NEXT_PAIR: u32 = 14;

/// How its tables are cut.
#[allow(dead_code)]
const PAIRED_LAYOUT: BandLayout =
    BandLayout { group: GROUP, most: BAND / GROUP, sharing: PAIR, per_word: QUAD };

/// `lookup` with slots in pairs, so that counts are even: `values[(k * groups + 2 * g) * 8..][..16]` are those that the windows
/// k and k + 1 share for group g of a band, k even. Words `indices[k / 4 * slots + i - b]`, fourteen bits for a pair, have
/// for row i where its input stands in the first window: 16 for none, else its column, and one more from the 16th on; the
/// same for the second, 5 bits up; and which of the sixteen is its value there, 10 bits up. Windows lie within x, or start
/// at 0 where that has fewer than 32.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn lookup_paired(
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
        let band = next_band(&mut tables, rows - first, PAIRED_LAYOUT);
        let place = (first, band.rows, row_of);
        let groups = band.groups;
        lookup_paired_rows(y, init, place, band.starts, band.values, band.indices, x, groups, &mut waiting);
        first += band.rows;
    }
    waiting.place_all(y, init);
}

/// y = init + sums of a band of so many groups, of which `rows` are there from `first` on; `starts` are its windows.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
fn lookup_paired_rows<'a>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    groups: usize,
    waiting: &mut Waiting<'a>,
) {
    let (windows, slots) = (starts.len(), groups * GROUP);
    assert!(windows.is_multiple_of(PAIR));
    assert!(values.len() == windows / PAIR * slots && indices.len() == windows.div_ceil(QUAD) * slots);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows and
        // rows are tables of the model, checked against the lengths of x and y when it was compiled.
        unsafe {
            match groups {
                1 => lookup_paired_band::<1>(y, init, place, starts, values, indices, x, waiting),
                2 => lookup_paired_band::<2>(y, init, place, starts, values, indices, x, waiting),
                4 => lookup_paired_band::<4>(y, init, place, starts, values, indices, x, waiting),
                _ => lookup_paired_band::<8>(y, init, place, starts, values, indices, x, waiting),
            }
        }
        return;
    }
    let mut sums = [0.0_f32; BAND];
    let mut k = 0;
    while k < windows {
        let (words, shared) = (&indices[k / QUAD * slots..][..slots], &values[k / PAIR * slots..][..slots]);
        let (next, second) = ((k % QUAD / PAIR) as u32, k % PAIR == 1);
        let mut i = 0;
        while i < slots {
            let pair = words[i] >> (next * NEXT_PAIR);
            let index = (if second { pair >> SECOND } else { pair } & 31) as usize;
            let lane = if second { (pair >> AMONG & 15) as usize } else { i % GROUP };
            if index != NOTHING {
                let column = if index > NOTHING { index - 1 } else { index };
                sums[i] += shared[i / GROUP * GROUP + lane] * x[starts[k] as usize + column];
            }
            i += 1;
        }
        k += 1;
    }
    lookup_finish(y, init, place, &sums);
}

/// y = init + sums of a band of `G` groups. In bands of few groups second slots have sums of their own, so that an addition
/// need not wait for the one before.
///
/// # Safety
///
/// The processor has AVX-512; `values` and `indices` hold those of `G` groups for each of `starts`, an even number, every
/// window lies within x, and the rows are rows of y.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
unsafe fn lookup_paired_band<'a, const G: usize>(
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
    let (mut value, mut word) = (values.as_ptr(), indices.as_ptr());
    // SAFETY: the caller's promise.
    unsafe {
        let mut partial = [[_mm512_setzero_ps(); 2]; G];
        let from = |k: usize| x.as_ptr().add(*starts.get_unchecked(k) as usize);
        let mut first = 0;
        while first + QUAD <= starts.len() {
            let (windows, next) = ([from(first), from(first + 1)], [from(first + 2), from(first + 3)]);
            lookup_paired_windows::<G, 0, SECOND, AMONG>(&mut partial, value, word, windows);
            lookup_paired_windows::<G, NEXT_PAIR, { NEXT_PAIR + SECOND }, { NEXT_PAIR + AMONG }>(
                &mut partial,
                value.add(G * GROUP),
                word,
                next,
            );
            value = value.add(PAIR * G * GROUP);
            word = word.add(G * GROUP);
            first += QUAD;
            waiting.place(y, init);
        }
        if first < starts.len() {
            let windows = [from(first), from(first + 1)];
            lookup_paired_windows::<G, 0, SECOND, AMONG>(&mut partial, value, word, windows);
        }
        let mut sums = [_mm512_setzero_ps(); G];
        let mut g = 0;
        while g < G {
            sums[g] = _mm512_add_ps(partial[g][0], partial[g][1]);
            g += 1;
        }
        lookup_end(y, init, place, &sums, waiting);
    }
}

/// Adds the slots of two windows, a pair for each group: the first's indices stand `A` bits up in the words, the second's `B`,
/// and which values those are `C`.
///
/// # Safety
///
/// The processor has AVX-512; there are sixteen values and words for each of `G` groups, and 31 inputs in each window.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_paired_windows<const G: usize, const A: u32, const B: u32, const C: u32>(
    partial: &mut [[core::arch::x86_64::__m512; 2]; G],
    values: *const f32,
    words: *const u32,
    windows: [*const f32; PAIR],
) {
    use core::arch::x86_64::*;
    let odd = if G <= 4 { 1 } else { 0 };
    // SAFETY: the caller's promise.
    unsafe {
        let [first, second] = [lookup_inputs(windows[0]), lookup_inputs(windows[1])];
        let mut g = 0;
        while g < G {
            let value = _mm512_loadu_ps(values.add(g * GROUP));
            let word = _mm512_loadu_si512(words.add(g * GROUP).cast());
            let input = _mm512_permutex2var_ps(first.0, _mm512_srli_epi32::<A>(word), first.1);
            partial[g][0] = _mm512_fmadd_ps(value, input, partial[g][0]);
            let spread = _mm512_permutexvar_ps(_mm512_srli_epi32::<C>(word), value);
            let input = _mm512_permutex2var_ps(second.0, _mm512_srli_epi32::<B>(word), second.1);
            partial[g][odd] = _mm512_fmadd_ps(spread, input, partial[g][odd]);
            g += 1;
        }
    }
}
