// What kernels stand on in which one number meets a row of lanes: the wide ones, and those of Kronecker factors. A wide
// vector is [len][lanes]: each of its elements is a row of as many floats as there are vectors side by side (streams, or
// steps in time). Gives a strip, the widest vector that the family of instructions has, and the wide tile, a piece of such a
// product.

/// Floats in a strip: sixteen on AVX-512, where one instruction then multiplies a row of sixteen lanes by a weight.
const STRIP: usize = if FAMILY == 2 { 16 } else { 8 };

/// sum += `row[..STRIP]` * scalar, lane by lane.
#[inline(always)]
#[allow(dead_code)]
fn strip_add_scaled(sum: &mut [f32; STRIP], row: &[f32], scalar: f32) {
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        use core::arch::x86_64::{_mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};
        assert!(row.len() >= STRIP);
        // SAFETY: the family has the instructions, and both have as many floats.
        #[allow(unsafe_code)]
        unsafe {
            let product = _mm512_fmadd_ps(
                _mm512_loadu_ps(row.as_ptr()),
                _mm512_set1_ps(scalar),
                _mm512_loadu_ps(sum.as_ptr()),
            );
            _mm512_storeu_ps(sum.as_mut_ptr(), product);
        }
        return;
    }
    add_scaled(sum, row, scalar);
}

/// What a wide tile works on: weights as scalars `weights[h * across + j * along + first]`, which steps may be negative,
/// and the lanes of x, rows of them `stride` apart.
#[derive(Clone, Copy)]
#[allow(dead_code)]
struct Wide<'a> {
    weights: &'a [f32],
    first: usize,
    across: usize,
    along: isize,
    x: &'a [f32],
    stride: usize,
    depth: usize,
}

impl Wide<'_> {
    #[inline(always)]
    #[allow(dead_code)]
    fn weight(&self, h: usize, j: usize) -> f32 {
        self.weights[(self.first + h * self.across).wrapping_add_signed(j as isize * self.along)]
    }
}

/// `y[at + h * y_stride + i]` = init + sum over j < depth of `x[offset + j * stride + i]` * weight(h, j), for h < H and S
/// strips of i.
#[inline(always)]
#[allow(dead_code)]
fn wide_tile<const H: usize, const S: usize>(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
) {
    let mut sums = [[[0.0; STRIP]; S]; H];
    let mut h = 0;
    while h < H {
        let mut s = 0;
        while s < S {
            sums[h][s] = init.load(y, at + h * y_stride + s * STRIP);
            s += 1;
        }
        h += 1;
    }
    let mut j = 0;
    while j < wide.depth {
        let row = &wide.x[offset + j * wide.stride..][..S * STRIP];
        let mut h = 0;
        while h < H {
            let weight = wide.weight(h, j);
            let mut s = 0;
            while s < S {
                strip_add_scaled(&mut sums[h][s], &row[s * STRIP..(s + 1) * STRIP], weight);
                s += 1;
            }
            h += 1;
        }
        j += 1;
    }
    let mut h = 0;
    while h < H {
        let mut s = 0;
        while s < S {
            y[at + h * y_stride + s * STRIP..][..STRIP].copy_from_slice(&sums[h][s]);
            s += 1;
        }
        h += 1;
    }
}

/// Strips side by side in a tile, which share a weight: with one each multiply-add would load a weight, and on AVX-512
/// loads would be too few.
#[allow(dead_code)]
const ABREAST_STRIPS: usize = if STRIP == 16 { 3 } else { 1 };

/// Rows of a tile of so many strips: sums have three quarters of 32 registers, or half of sixteen.
#[inline(always)]
#[allow(dead_code)]
fn tile_height(strips: usize) -> usize {
    match (STRIP, strips) {
        (16, 1) => 16,
        (16, 2) => 12,
        _ => 8,
    }
}

/// [`wide_tile`] of so many rows, up to sixteen; where nothing is optimised row by row, since tiles of all heights would take
/// their room in the caller's frame.
#[inline(always)]
#[allow(dead_code)]
fn tile_of<const S: usize>(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
    rows: usize,
) {
    #[cfg(debug_assertions)]
    {
        let mut h = 0;
        while h < rows {
            let wide = Wide { first: wide.first + h * wide.across, ..wide };
            wide_tile::<1, S>((y, at + h * y_stride, y_stride), init, wide, offset);
            h += 1;
        }
    }
    #[cfg(not(debug_assertions))]
    match rows {
        1 => wide_tile::<1, S>((y, at, y_stride), init, wide, offset),
        2 => wide_tile::<2, S>((y, at, y_stride), init, wide, offset),
        3 => wide_tile::<3, S>((y, at, y_stride), init, wide, offset),
        4 => wide_tile::<4, S>((y, at, y_stride), init, wide, offset),
        5 => wide_tile::<5, S>((y, at, y_stride), init, wide, offset),
        6 => wide_tile::<6, S>((y, at, y_stride), init, wide, offset),
        7 => wide_tile::<7, S>((y, at, y_stride), init, wide, offset),
        8 => wide_tile::<8, S>((y, at, y_stride), init, wide, offset),
        9 => wide_tile::<9, S>((y, at, y_stride), init, wide, offset),
        10 => wide_tile::<10, S>((y, at, y_stride), init, wide, offset),
        11 => wide_tile::<11, S>((y, at, y_stride), init, wide, offset),
        12 => wide_tile::<12, S>((y, at, y_stride), init, wide, offset),
        13 => wide_tile::<13, S>((y, at, y_stride), init, wide, offset),
        14 => wide_tile::<14, S>((y, at, y_stride), init, wide, offset),
        15 => wide_tile::<15, S>((y, at, y_stride), init, wide, offset),
        _ => wide_tile::<16, S>((y, at, y_stride), init, wide, offset),
    }
}

/// S strips of lanes from `offset` on, for `height` rows of y from `y[at]` on and `y_stride` apart: in as few tiles as hold
/// them, as high as one another but for a row.
#[inline(always)]
#[allow(dead_code)]
fn strip_rows<const S: usize>(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
    height: usize,
) {
    let tiles = height.div_ceil(tile_height(S));
    let low = height.checked_div(tiles).unwrap_or(0);
    let higher = height - tiles * low;
    let mut h = 0;
    while h < higher * (low + 1) {
        let wide = Wide { first: wide.first + h * wide.across, ..wide };
        tile_of::<S>((y, at + h * y_stride, y_stride), init, wide, offset, low + 1);
        h += low + 1;
    }
    while h < height {
        let wide = Wide { first: wide.first + h * wide.across, ..wide };
        tile_of::<S>((y, at + h * y_stride, y_stride), init, wide, offset, low);
        h += low;
    }
}

/// The strips that so many lanes fill, for `height` rows of y; gives the lanes that are in them.
#[inline(always)]
#[allow(dead_code)]
fn whole_strips(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
    height: usize,
    lanes: usize,
) -> usize {
    let mut i = 0;
    while ABREAST_STRIPS == 3 && i + 3 * STRIP <= lanes {
        strip_rows::<3>((y, at + i, y_stride), init, wide, offset + i, height);
        i += 3 * STRIP;
    }
    if ABREAST_STRIPS == 3 && i + 2 * STRIP <= lanes {
        strip_rows::<2>((y, at + i, y_stride), init, wide, offset + i, height);
        i += 2 * STRIP;
    }
    while i + STRIP <= lanes {
        strip_rows::<1>((y, at + i, y_stride), init, wide, offset + i, height);
        i += STRIP;
    }
    i
}

/// Every lane of `height` rows of y, from `y[at]` on and `y_stride` apart, out of x from `offset` on.
#[inline(always)]
#[allow(dead_code)]
fn wide_rows(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
    height: usize,
    lanes: usize,
) {
    let mut i = whole_strips((y, at, y_stride), init, wide, offset, height, lanes);
    while i < lanes {
        let mut h = 0;
        while h < height {
            let [mut sum] = init.load(y, at + h * y_stride + i);
            let mut j = 0;
            while j < wide.depth {
                sum += wide.weight(h, j) * wide.x[offset + j * wide.stride + i];
                j += 1;
            }
            y[at + h * y_stride + i] = sum;
            h += 1;
        }
        i += 1;
    }
}
