// A sparse matrix times a vector by look-ups in registers instead of loads: a block of 32 inputs stands in two registers
// of AVX-512, out of which one instruction (vpermi2ps) takes an input for each of 16 rows. Takes, for each group of 16
// rows and each block, as many slots of 16 values and 5-bit indices as there are in every cell; gives every row's sum.
// What does not fit the slots is left to another kernel. Rows stay in their own order.

/// Rows of a group.
#[allow(dead_code)]
const GROUP: usize = 16;

/// Columns of a block.
#[allow(dead_code)]
const BLOCK: usize = 32;

/// y[i] = init + sum over the blocks b of cols and s < slots of `values[((g * blocks + b) * slots + s) * 16 + lane] *
/// x[32 * b + index]`, for i = 16 * g + lane < rows. The index is five bits of `indices[(g * words + w) * 16 + lane]`: a
/// word holds those of 6 / slots blocks, a block's first slot lowest. Empty slots hold value 0 and index 0; lanes past
/// rows are empty. `slots` divides 6.
#[inline(always)]
#[allow(unsafe_code, clippy::too_many_arguments)]
pub(super) fn lookup(
    y: &mut [f32],
    init: Init<'_>,
    values: &[f32],
    indices: &[u32],
    x: &[f32],
    rows: usize,
    cols: usize,
    slots: usize,
) {
    let blocks = cols.div_ceil(BLOCK);
    let blocks_in_word = 6 / slots;
    let words = blocks.div_ceil(blocks_in_word);
    let groups = rows.div_ceil(GROUP);
    assert!(y.len() == rows && init.fits(rows) && x.len() == cols);
    assert!(values.len() == groups * blocks * slots * GROUP && indices.len() == groups * words * GROUP);
    let mut last = [0.0; BLOCK];
    let rest = cols - (blocks - 1) * BLOCK;
    last[..rest].copy_from_slice(&x[(blocks - 1) * BLOCK..]);
    let mut g = 0;
    while g < groups {
        let lanes = if rows - g * GROUP < GROUP { rows - g * GROUP } else { GROUP };
        let mut sums = [[0.0_f32; GROUP]; 4];
        #[cfg(target_arch = "x86_64")]
        if FAMILY == 2 {
            let together = if (g + 4) * GROUP <= rows { 4 } else { 1 };
            // SAFETY: the family has the instructions; the lengths of the tables were checked above.
            unsafe {
                let (values, indices) =
                    (values.as_ptr().add(g * blocks * slots * GROUP), indices.as_ptr().add(g * words * GROUP));
                if together == 4 {
                    lookup_groups::<4>(&mut sums, values, indices, x, &last, blocks, slots);
                } else {
                    lookup_groups::<1>(&mut sums, values, indices, x, &last, blocks, slots);
                }
            }
            if together == 4 {
                let mut h = 0;
                while h < 4 {
                    let at = (g + h) * GROUP;
                    let mut start = init.load::<GROUP>(y, at);
                    add_scaled(&mut start, &sums[h], 1.0);
                    y[at..at + GROUP].copy_from_slice(&start);
                    h += 1;
                }
                g += 4;
                continue;
            }
        }
        if FAMILY != 2 {
            let mut lane = 0;
            while lane < lanes {
                let mut block = 0;
                while block < blocks {
                    let word = indices[(g * words + block / blocks_in_word) * GROUP + lane];
                    let mut slot = 0;
                    while slot < slots {
                        let index = word >> (5 * (block % blocks_in_word * slots + slot)) & 31;
                        let value = values[((g * blocks + block) * slots + slot) * GROUP + lane];
                        sums[0][lane] += value * x[block * BLOCK + index as usize];
                        slot += 1;
                    }
                    block += 1;
                }
                lane += 1;
            }
        }
        let mut lane = 0;
        while lane < lanes {
            let at = g * GROUP + lane;
            let [start] = init.load(y, at);
            y[at] = start + sums[0][lane];
            lane += 1;
        }
        g += 1;
    }
}

/// The sums of `G` neighbouring groups of rows, at most four; each block's registers serve all of them.
///
/// # Safety
///
/// The processor has AVX-512; `values` and `indices` hold those of `G` groups, `x` all blocks but the last.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lookup_groups<const G: usize>(
    sums: &mut [[f32; GROUP]; 4],
    values: *const f32,
    indices: *const u32,
    x: &[f32],
    last: &[f32; BLOCK],
    blocks: usize,
    slots: usize,
) {
    use core::arch::x86_64::*;
    let blocks_in_word = 6 / slots;
    let words = blocks.div_ceil(blocks_in_word);
    // SAFETY: the caller's promise.
    unsafe {
        let mut partial = [[_mm512_setzero_ps(); 2]; G];
        let mut word = 0;
        while word < words {
            let mut at = [_mm512_setzero_si512(); G];
            let mut g = 0;
            while g < G {
                at[g] = _mm512_loadu_si512(indices.add((g * words + word) * GROUP).cast());
                g += 1;
            }
            let end = if (word + 1) * blocks_in_word < blocks { (word + 1) * blocks_in_word } else { blocks };
            let mut block = word * blocks_in_word;
            while block < end {
                let from = if block + 1 < blocks { x.as_ptr().add(block * BLOCK) } else { last.as_ptr() };
                let (low, high) = (_mm512_loadu_ps(from), _mm512_loadu_ps(from.add(GROUP)));
                let mut slot = 0;
                while slot < slots {
                    let mut g = 0;
                    while g < G {
                        let value = values.add(((g * blocks + block) * slots + slot) * GROUP);
                        let input = _mm512_permutex2var_ps(low, at[g], high);
                        let sum = &mut partial[g][slot % 2];
                        *sum = _mm512_fmadd_ps(_mm512_loadu_ps(value), input, *sum);
                        at[g] = _mm512_srli_epi32::<5>(at[g]);
                        g += 1;
                    }
                    slot += 1;
                }
                block += 1;
            }
            word += 1;
        }
        let mut g = 0;
        while g < G {
            _mm512_storeu_ps(sums[g].as_mut_ptr(), _mm512_add_ps(partial[g][0], partial[g][1]));
            g += 1;
        }
    }
}
