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

/// `y[at + h * y_stride + i]` = init + sum over j < depth of `x[offset + j * stride + i]` * weight(h, j), for h < H and a
/// strip of i.
#[inline(always)]
#[allow(dead_code)]
fn wide_tile<const H: usize>(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
) {
    let mut sums = [[0.0; STRIP]; H];
    let mut h = 0;
    while h < H {
        sums[h] = init.load(y, at + h * y_stride);
        h += 1;
    }
    let mut j = 0;
    while j < wide.depth {
        let row = &wide.x[offset + j * wide.stride..][..STRIP];
        let mut h = 0;
        while h < H {
            strip_add_scaled(&mut sums[h], row, wide.weight(h, j));
            h += 1;
        }
        j += 1;
    }
    let mut h = 0;
    while h < H {
        y[at + h * y_stride..][..STRIP].copy_from_slice(&sums[h]);
        h += 1;
    }
}

/// The strip of lanes from `offset` on, for `height` rows of y from `y[at]` on and `y_stride` apart.
#[inline(always)]
#[allow(dead_code)]
fn strip_rows(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    wide: Wide<'_>,
    offset: usize,
    height: usize,
) {
    let mut h = 0;
    while h < height {
        let (to, wide) = (at + h * y_stride, Wide { first: wide.first + h * wide.across, ..wide });
        if height - h >= 8 {
            wide_tile::<8>((y, to, y_stride), init, wide, offset);
            h += 8;
        } else if height - h >= 4 {
            wide_tile::<4>((y, to, y_stride), init, wide, offset);
            h += 4;
        } else if height - h >= 2 {
            wide_tile::<2>((y, to, y_stride), init, wide, offset);
            h += 2;
        } else {
            wide_tile::<1>((y, to, y_stride), init, wide, offset);
            h += 1;
        }
    }
}

/// The strips that so many lanes fill, for `height` rows of y; gives the lanes that are in them. One after another: as many
/// heights and widths of tiles as C has would take rustc twice as long over a model.
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
    while i + STRIP <= lanes {
        strip_rows((y, at + i, y_stride), init, wide, offset + i, height);
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
