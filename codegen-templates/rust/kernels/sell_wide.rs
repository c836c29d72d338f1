// A sparse matrix times a wide vector, from the slices of sliced ELLPACK that sell.rs reads: each element meets a row of
// lanes, so that nothing is gathered, and the rows of a slice have sums of their own, so that no addition waits for the one
// before.

/// `y[i * lanes + b]` = init + sum over the row's elements of value * `x[column * unit + b]`, for i in `row_of` and b <
/// lanes. Slices, slots, padding and rows that are not listed are those of `sell`, columns too where unit is lanes; two where
/// they say how many pairs of floats stand before theirs, which addresses take as it is. Every column's lanes must lie within
/// x.
#[inline]
#[allow(clippy::too_many_arguments)]
pub(super) fn sell_wide<C: Copy + Into<u32>, R: Copy + Into<u32>>(
    y: &mut [f32],
    init: Init<'_>,
    values: &[f32],
    columns: &[C],
    slice_ptr: &[u32],
    row_of: &[R],
    x: &[f32],
    rows: usize,
    unit: usize,
    lanes: usize,
) {
    assert!(init.fits(y.len()) && values.len() == columns.len() && row_of.len() == rows);
    assert!(slice_ptr.len() == rows.div_ceil(LANES) + 1 && x.len().is_multiple_of(lanes));
    let mut first = 0;
    while first < rows {
        let slice = first / LANES;
        let slots = slice_ptr[slice] as usize * LANES..slice_ptr[slice + 1] as usize * LANES;
        let (values, columns) = (&values[slots.clone()], &columns[slots]);
        let listed = if rows - first < LANES { rows - first } else { LANES };
        let mut b = 0;
        while b + STRIP <= lanes {
            let sums = sell_wide_strips(columns, values, (x, unit, b));
            let mut i = 0;
            while i < listed {
                let to = row_of[first + i].into() as usize * lanes + b;
                let mut begun: [f32; STRIP] = init.load(y, to);
                strip_add_scaled(&mut begun, &sums[i], 1.0);
                y[to..][..STRIP].copy_from_slice(&begun);
                i += 1;
            }
            b += STRIP;
        }
        while b < lanes {
            let mut sums = [0.0; LANES];
            let mut at = 0;
            while at < values.len() {
                let from = columns[at].into() as usize * unit + b;
                sums[at % LANES] += values[at] * x[from];
                at += 1;
            }
            let mut i = 0;
            while i < listed {
                let to = row_of[first + i].into() as usize * lanes + b;
                let [begun] = init.load(y, to);
                y[to] = begun + sums[i];
                i += 1;
            }
            b += 1;
        }
        first += LANES;
    }
}

/// The sums of a slice's rows for the strip of lanes from `offset` on.
#[inline(always)]
#[allow(unsafe_code)]
fn sell_wide_strips<C: Copy + Into<u32>>(
    columns: &[C],
    values: &[f32],
    (x, unit, offset): (&[f32], usize, usize),
) -> [[f32; STRIP]; LANES] {
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        // SAFETY: the family has the instructions; columns are tables of the model, as below.
        return unsafe { sell_wide_shuffled(columns, values, (x, unit, offset)) };
    }
    let mut sums = [[0.0; STRIP]; LANES];
    let mut at = 0;
    while at < values.len() {
        let (columns, values) = (&columns[at..at + LANES], &values[at..at + LANES]);
        let mut i = 0;
        while i < LANES {
            let from = columns[i].into() as usize * unit + offset;
            debug_assert!(from + STRIP <= x.len());
            // SAFETY: columns are tables of the model, checked against the length of x when it was compiled, and a strip
            // ends inside a row of lanes.
            let row = unsafe { x.get_unchecked(from..from + STRIP) };
            strip_add_scaled(&mut sums[i], row, values[i]);
            i += 1;
        }
        at += LANES;
    }
    sums
}

/// The same, the weights of a slot in a register, out of which shuffles spread them: read from memory a weight takes the
/// load unit as long as a whole strip does.
///
/// # Safety
///
/// The processor has AVX-512; for every column the strip from column * unit + offset on lies within x.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn sell_wide_shuffled<C: Copy + Into<u32>>(
    columns: &[C],
    values: &[f32],
    (x, unit, offset): (&[f32], usize, usize),
) -> [[f32; STRIP]; LANES] {
    use core::arch::x86_64::*;
    // SAFETY: the caller's promise; slots have eight columns and values each.
    unsafe {
        // Where the compiler doesn't see which weight an order spreads, it can't load each by itself after all.
        let first: i32 = core::hint::black_box(0);
        let mut orders = [_mm512_set1_epi32(first); LANES];
        let mut sums = [_mm512_setzero_ps(); LANES];
        let mut i = 0;
        while i < LANES {
            orders[i] = _mm512_set1_epi32(first + i as i32);
            i += 1;
        }
        let mut at = 0;
        while at < values.len() {
            let (columns, values) = (&columns[at..at + LANES], &values[at..at + LANES]);
            // Loads are what there are too few of: columns come out of words of 64 bits.
            let words = column_words(columns);
            let weights = _mm512_castps256_ps512(_mm256_loadu_ps(values.as_ptr()));
            let mut i = 0;
            while i < LANES {
                let from = column_of::<C>(&words, i) * unit + offset;
                debug_assert!(from + STRIP <= x.len());
                let weight = _mm512_permutexvar_ps(orders[i], weights);
                sums[i] = _mm512_fmadd_ps(_mm512_loadu_ps(x.as_ptr().add(from)), weight, sums[i]);
                i += 1;
            }
            at += LANES;
        }
        let mut strips = [[0.0; STRIP]; LANES];
        let mut i = 0;
        while i < LANES {
            _mm512_storeu_ps(strips[i].as_mut_ptr(), sums[i]);
            i += 1;
        }
        strips
    }
}
