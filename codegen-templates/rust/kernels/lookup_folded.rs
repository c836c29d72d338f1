// Look-ups in registers (`lookup.rs`) for matrices whose tables are read from far away, where bytes decide: value and index of an
// element stand in one word of 32 bits, and a lane is shared by two rows, of which a bit of the word says whose it is, so that
// few words are empty. A window is 31 columns and a zero, which empty words look up. Takes bands of up to 256 rows, with
// windows as those of `lookup`; gives every row's sum.

/// Rows of a group, two to a lane.
#[allow(dead_code)]
const FOLDED_GROUP: usize = 32;

/// A word, from below: an index, whether it is of the lane's second row, and what is left of a value's bits, the highest its
/// sign. Of its exponent the lowest two bits are kept.
#[allow(dead_code)]
const INDEX_MASK: u32 = 31;
#[allow(dead_code)]
const OF_SECOND: u32 = 32;
#[allow(dead_code)]
const VALUE_BITS: u32 = 6;
#[allow(dead_code)]
const EXPONENT_MASK: u32 = 3;

/// Words ahead that are fetched.
#[allow(dead_code)]
const WORDS_AHEAD: usize = 1024;

/// Windows between two times that sums of the band before go to their places.
#[allow(dead_code)]
const PLACED: usize = 4;

/// `y[row]` = init + sum over the words of i's lane that are of it, for i < rows, where row is `row_of[i]`, or i without `row_of`.
/// Bands are as high as `lookup_height` says for groups of 32 rows; lane l of a band's group g has the rows 32 * g + l and
/// 32 * g + 16 + l of it. Band after band, `counts` has the number of its windows, and `starts` and `words` hold what is its
/// own: `words[(k * groups + g) * 16 + l]` for window k. Its lowest five bits are where the input stands in the window, 16 for
/// none, else its column, and one more from the 16th on; the sixth is set where it is of the second row. The highest is the
/// value's sign, and those between are the lowest 25 of its other bits, after `least` & 3 was taken off its exponent. All
/// exponents, biased, are of the four from `least` on. Windows lie within x, or start at 0 where that has fewer than 32. No
/// row is listed twice; rows not listed are left as they are.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn lookup_folded(
    y: &mut [f32],
    init: Init<'_>,
    counts: &[u16],
    starts: &[u16],
    words: &[u32],
    row_of: Option<&[u16]>,
    x: &[f32],
    rows: usize,
    cols: usize,
    least: usize,
) {
    assert!(init.fits(y.len()) && x.len() == cols);
    let mut room = [0.0; WINDOW];
    let x = lookup_input(x, &mut room);
    let (mut starts, mut words, mut first, mut band) = (starts, words, 0, 0);
    let mut waiting = Waiting::NONE;
    // What words miss of an exponent, and what sums miss: exponents stand there less what `least` is above a multiple of four.
    let (above, up) = (least as u32 & !EXPONENT_MASK, least as u32 & EXPONENT_MASK);
    let range = (above << 23, f32::from_bits((127 + up) << 23));
    while first < rows {
        let groups = lookup_height(rows - first, FOLDED_GROUP, BAND / GROUP);
        let (count, windows) = ((rows - first).min(groups * FOLDED_GROUP), counts[band] as usize);
        let (own_starts, own_words);
        (own_starts, starts) = starts.split_at(windows);
        (own_words, words) = words.split_at(windows * groups * GROUP);
        lookup_folded_rows(y, init, (first, count, row_of), own_starts, own_words, x, groups, range, &mut waiting);
        first += count;
        band += 1;
    }
    waiting.place_all(y, init);
}

/// y = init + sums of a band of so many groups, of which `rows` are there from `first` on; `starts` are its windows.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
fn lookup_folded_rows<'a>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    words: &[u32],
    x: &[f32],
    groups: usize,
    range: (u32, f32),
    waiting: &mut Waiting<'a>,
) {
    let slots = groups * GROUP;
    assert!(words.len() == starts.len() * slots);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows and
        // rows are tables of the model, checked against the lengths of x and y when it was compiled.
        unsafe {
            match groups {
                1 => lookup_folded_band::<1, 2>(y, init, place, starts, words, x, range, waiting),
                2 => lookup_folded_band::<2, 4>(y, init, place, starts, words, x, range, waiting),
                4 => lookup_folded_band::<4, 8>(y, init, place, starts, words, x, range, waiting),
                _ => lookup_folded_band::<8, 16>(y, init, place, starts, words, x, range, waiting),
            }
        }
        return;
    }
    let (above, scale) = range;
    let mut sums = [0.0_f32; MOST_ROWS];
    let mut k = 0;
    while k < starts.len() {
        let mut i = 0;
        while i < slots {
            let word = words[k * slots + i];
            let second = if word & OF_SECOND == 0 { 0 } else { GROUP };
            sums[i / GROUP * FOLDED_GROUP + second + i % GROUP] +=
                folded_term(word, above, &x[starts[k] as usize..]);
            i += 1;
        }
        k += 1;
    }
    let mut i = 0;
    while i < groups * FOLDED_GROUP {
        sums[i] *= scale;
        i += 1;
    }
    lookup_finish(y, init, place, &sums);
}

/// y = init + sums of a band of `G` groups, which have `S` sums, two each.
///
/// # Safety
///
/// The processor has AVX-512; there are words of `G` groups for each of `starts`, every window lies within x, and the rows are
/// rows of y.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
unsafe fn lookup_folded_band<'a, const G: usize, const S: usize>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    words: &[u32],
    x: &[f32],
    (above, scale): (u32, f32),
    waiting: &mut Waiting<'a>,
) {
    use core::arch::x86_64::*;
    let mut words = words.as_ptr();
    // SAFETY: the caller's promise.
    unsafe {
        let above = _mm512_set1_epi32(above as i32);
        let mut partial = [[_mm512_setzero_ps(); 2]; G];
        let mut k = 0;
        while k < starts.len() {
            if k % PLACED == 0 {
                waiting.place(y, init);
            }
            let window = x.as_ptr().add(*starts.get_unchecked(k) as usize);
            lookup_folded_window(&mut partial, words, window, above);
            words = words.add(G * GROUP);
            k += 1;
        }
        let mut sums = [_mm512_setzero_ps(); S];
        let mut g = 0;
        while g < G {
            sums[2 * g] = _mm512_mul_ps(partial[g][0], _mm512_set1_ps(scale));
            sums[2 * g + 1] = _mm512_mul_ps(partial[g][1], _mm512_set1_ps(scale));
            g += 1;
        }
        lookup_end(y, init, place, &sums, waiting);
    }
}

/// Adds the slots of one window, a slot for each group.
///
/// # Safety
///
/// The processor has AVX-512; there are sixteen words for each of `G` groups, and 31 inputs in the window.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_folded_window<const G: usize>(
    partial: &mut [[core::arch::x86_64::__m512; 2]; G],
    words: *const u32,
    window: *const f32,
    above: core::arch::x86_64::__m512i,
) {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise; what is fetched is not read, so that it may lie behind the words.
    unsafe {
        let (low, high) = lookup_inputs(window);
        let bit = _mm512_set1_epi32(OF_SECOND as i32);
        let mut g = 0;
        while g < G {
            let from = words.add(g * GROUP);
            _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(WORDS_AHEAD).cast());
            let word = _mm512_loadu_si512(from.cast());
            let value = folded_values(word, above);
            let input = _mm512_permutex2var_ps(low, word, high);
            let of_second = _mm512_test_epi32_mask(word, bit);
            let added = _mm512_fmadd_ps(value, input, partial[g][0]);
            partial[g][0] = _mm512_mask_mov_ps(added, of_second, partial[g][0]);
            partial[g][1] = _mm512_mask3_fmadd_ps(value, input, partial[g][1], of_second);
            g += 1;
        }
    }
}

/// The values in words, which miss what stands in `above`.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn folded_values(
    words: core::arch::x86_64::__m512i,
    above: core::arch::x86_64::__m512i,
) -> core::arch::x86_64::__m512 {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let kept = _mm512_set1_epi32(i32::MIN | i32::MAX >> VALUE_BITS);
        let shifted = _mm512_srai_epi32::<VALUE_BITS>(words); // copies of the sign come in above
        _mm512_castsi512_ps(_mm512_or_si512(_mm512_and_si512(shifted, kept), above))
    }
}

/// What a word adds: its value times the input of a window that it looks up.
#[inline(always)]
#[allow(dead_code)]
fn folded_term(word: u32, above: u32, window: &[f32]) -> f32 {
    let index = (word & INDEX_MASK) as usize;
    if index == NOTHING {
        return 0.0;
    }
    let value = f32::from_bits(word & 1 << 31 | above | (word & !(1 << 31)) >> VALUE_BITS);
    value * window[if index > NOTHING { index - 1 } else { index }]
}
