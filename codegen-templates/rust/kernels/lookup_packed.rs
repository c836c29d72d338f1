// Look-ups in registers (`lookup.rs`) for matrices whose tables are read from far away, where bytes decide: values stand
// close together, and a mask of each slot says which of its 16 rows have one. One instruction (vexpandps) moves them to
// their lanes. Takes bands as `lookup` does; gives every row's sum.

/// Floats behind the last value that may be read.
#[allow(dead_code)]
const BEHIND: usize = 16;

/// Bytes ahead of which values are fetched: their addresses depend on the masks, so that no processor foresees them.
#[allow(dead_code)]
const AHEAD: usize = 4096;

/// Groups whose masks fill a word of 64 bits: one count says where the values of each of them stand.
#[allow(dead_code)]
const MASKS: usize = 4;

/// `lookup` with packed values: bit `lane` of `masks[k * groups + g]`, window k and group g of a band, says whether that
/// lane has a value; they follow one another by band, window, group and lane, and behind the last stand at least 16 more
/// floats.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn lookup_packed(
    y: &mut [f32],
    init: Init<'_>,
    counts: &[u16],
    starts: &[u16],
    values: &[f32],
    masks: &[u16],
    indices: &[u32],
    row_of: Option<&[u16]>,
    x: &[f32],
    rows: usize,
    cols: usize,
) {
    assert!(init.fits(y.len()) && x.len() == cols);
    let mut room = [0.0; WINDOW];
    let x = lookup_input(x, &mut room);
    let (mut starts, mut values, mut masks, mut indices) = (starts, values, masks, indices);
    let (mut band, mut first) = (0, 0);
    let mut waiting = Waiting::NONE;
    while first < rows {
        let (windows, groups) = (counts[band] as usize, lookup_height(rows - first, GROUP, BAND / GROUP));
        let slots = groups * GROUP;
        let count = if rows - first < slots { rows - first } else { slots };
        let words = windows.div_ceil(INDICES) * slots;
        let (now, masked, then) =
            (starts.split_at(windows), masks.split_at(windows * groups), indices.split_at(words));
        let place = (first, count, row_of);
        let used = lookup_packed_rows(y, init, place, now.0, values, masked.0, then.0, x, groups, &mut waiting);
        (starts, masks, indices) = (now.1, masked.1, then.1);
        values = &values[used..];
        first += slots;
        band += 1;
    }
    waiting.place_all(y, init);
}

/// y = init + sums of a band of so many groups, of which `rows` are there from `first` on; `starts` are its windows. Gives
/// the number of its values.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
fn lookup_packed_rows<'a>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    values: &[f32],
    masks: &[u16],
    indices: &[u32],
    x: &[f32],
    groups: usize,
    waiting: &mut Waiting<'a>,
) -> usize {
    let windows = starts.len();
    assert!(masks.len() == windows * groups && indices.len() == windows.div_ceil(INDICES) * groups * GROUP);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions, and the slices hold what so many groups and windows need; windows,
        // masks and rows are tables of the model, checked against the lengths of x, values and y when it was compiled.
        return unsafe {
            match groups {
                1 => lookup_packed_band::<1>(y, init, place, starts, values, masks, indices, x, waiting),
                2 => lookup_packed_band::<2>(y, init, place, starts, values, masks, indices, x, waiting),
                4 => lookup_packed_band::<4>(y, init, place, starts, values, masks, indices, x, waiting),
                _ => lookup_packed_band::<8>(y, init, place, starts, values, masks, indices, x, waiting),
            }
        };
    }
    let mut sums = [0.0_f32; BAND];
    let mut used = 0;
    let mut k = 0;
    while k < windows {
        let mut i = 0;
        while i < groups * GROUP {
            if masks[k * groups + i / GROUP] >> (i % GROUP) & 1 == 1 {
                let index = indices[k / INDICES * groups * GROUP + i] >> (5 * (k % INDICES)) & 31;
                sums[i] += values[used] * x[starts[k] as usize + index as usize];
                used += 1;
            }
            i += 1;
        }
        k += 1;
    }
    lookup_finish(y, init, place, &sums);
    used
}

/// The values at `from` in the lanes of the mask that stands `SHIFT` bits up in a word, 0 in the others.
///
/// Masks taken out of a word one by one would be moved to their registers by the unit that does look-ups; on an AMD Zen 5
/// shifts have another. No intrinsic keeps a word among masks.
///
/// # Safety
///
/// The processor has AVX-512; as many values as the mask has bits and 16 more can be read `at` floats behind `from`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
#[allow(unsafe_code)]
unsafe fn lookup_expand<const SHIFT: u8>(
    masks: u64,
    from: *const f32,
    at: usize,
) -> core::arch::x86_64::__m512 {
    let spread;
    // SAFETY: the caller's promise; nothing is written.
    unsafe {
        if SHIFT == 0 {
            core::arch::asm!(
                "vexpandps {spread}{{{mask}}}{{z}}, zmmword ptr [{from} + 4*{at}]",
                from = in(reg) from,
                at = in(reg) at,
                mask = in(kreg) masks,
                spread = lateout(zmm_reg) spread,
                options(pure, readonly, nostack, preserves_flags)
            );
        } else {
            core::arch::asm!(
                "kshiftrq {mask}, {masks}, {shift}",
                "vexpandps {spread}{{{mask}}}{{z}}, zmmword ptr [{from} + 4*{at}]",
                from = in(reg) from,
                at = in(reg) at,
                masks = in(kreg) masks,
                mask = out(kreg) _,
                shift = const SHIFT,
                spread = lateout(zmm_reg) spread,
                options(pure, readonly, nostack, preserves_flags)
            );
        }
    }
    spread
}

/// Adds a window of `G` groups, whose indices stand `SHIFT` bits up in `at`; gives where the values go on.
///
/// # Safety
///
/// The processor has AVX-512; 32 floats can be read at `from`, `G` masks at `mask`, and at `value` as many values as they
/// have bits and 16 more.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_packed_window<const G: usize, const SHIFT: u32>(
    partial: &mut [[core::arch::x86_64::__m512; 2]; G],
    parity: usize,
    at: &[core::arch::x86_64::__m512i; G],
    mut value: *const f32,
    mask: *const u16,
    from: *const f32,
) -> *const f32 {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise.
    unsafe {
        let (low, high) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(GROUP)));
        let mut first = 0;
        while first < G {
            let count = if G - first < MASKS { G - first } else { MASKS };
            let mut word = 0_u64;
            core::ptr::copy_nonoverlapping(mask.add(first), (&raw mut word).cast(), count);
            let mut i = 0;
            while i < count {
                let g = first + i;
                let before = if i == 0 { 0 } else { (word << (64 - 16 * i)).count_ones() as usize };
                let input = _mm512_permutex2var_ps(low, _mm512_srli_epi32::<SHIFT>(at[g]), high);
                let spread = match i {
                    0 => lookup_expand::<0>(word, value, before),
                    1 => lookup_expand::<16>(word, value, before),
                    2 => lookup_expand::<32>(word, value, before),
                    _ => lookup_expand::<48>(word, value, before),
                };
                if i % 2 == 0 {
                    // More would take as long as what they save.
                    _mm_prefetch::<_MM_HINT_T0>(value.wrapping_add(before).wrapping_byte_add(AHEAD).cast());
                }
                partial[g][parity] = _mm512_fmadd_ps(spread, input, partial[g][parity]);
                i += 1;
            }
            value = value.add(word.count_ones() as usize);
            first += MASKS;
        }
        value
    }
}

/// y = init + sums of a band of `G` groups; gives the number of its values.
///
/// # Safety
///
/// The processor has AVX-512; `masks` and `indices` hold those of `G` groups for each of `starts`, `values` as many as the
/// masks have bits and 16 more, every window lies within x, and the rows are rows of y.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
unsafe fn lookup_packed_band<'a, const G: usize>(
    y: &mut [f32],
    init: Init<'_>,
    place: (usize, usize, Option<&'a [u16]>),
    starts: &[u16],
    values: &[f32],
    masks: &[u16],
    indices: &[u32],
    x: &[f32],
    waiting: &mut Waiting<'a>,
) -> usize {
    use core::arch::x86_64::*;
    debug_assert!(
        masks.iter().map(|mask| mask.count_ones() as usize).sum::<usize>() + BEHIND <= values.len()
    );
    let odd = if G <= 4 { 1 } else { 0 };
    let (mut value, mut mask, mut indices) = (values.as_ptr(), masks.as_ptr(), indices.as_ptr());
    // SAFETY: the caller's promise.
    unsafe {
        let mut partial = [[_mm512_setzero_ps(); 2]; G];
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
            let from = |k: usize| x.as_ptr().add(*starts.get_unchecked(first + k) as usize);
            if first + INDICES <= starts.len() {
                // All windows of a word, so that shifts are constants.
                value = lookup_packed_window::<G, 0>(&mut partial, 0, &at, value, mask, from(0));
                value = lookup_packed_window::<G, 5>(&mut partial, odd, &at, value, mask.add(G), from(1));
                value = lookup_packed_window::<G, 10>(&mut partial, 0, &at, value, mask.add(2 * G), from(2));
                value = lookup_packed_window::<G, 15>(&mut partial, odd, &at, value, mask.add(3 * G), from(3));
                value = lookup_packed_window::<G, 20>(&mut partial, 0, &at, value, mask.add(4 * G), from(4));
                value = lookup_packed_window::<G, 25>(&mut partial, odd, &at, value, mask.add(5 * G), from(5));
                mask = mask.add(INDICES * G);
            } else {
                let mut k = 0;
                while first + k < starts.len() {
                    value = lookup_packed_window::<G, 0>(&mut partial, 0, &at, value, mask, from(k));
                    let mut g = 0;
                    while g < G {
                        at[g] = _mm512_srli_epi32::<5>(at[g]);
                        g += 1;
                    }
                    mask = mask.add(G);
                    k += 1;
                }
            }
            first += INDICES;
        }
        let mut sums = [_mm512_setzero_ps(); G];
        let mut g = 0;
        while g < G {
            sums[g] = _mm512_add_ps(partial[g][0], partial[g][1]);
            g += 1;
        }
        lookup_end(y, init, place, &sums, waiting);
        value.offset_from(values.as_ptr()) as usize
    }
}
