// The tile, a piece of a product held in registers: a few rows, of a few vectors each. Takes vectors and the scalars that they
// are multiplied by; gives the sums.

/// `y[at + i]` = init + sum over j of `vectors[j * stride + offset + i] * scalars[j]`, for i < L. Odd j have sums of their
/// own, so that an addition need not wait for the one before.
#[inline(always)]
#[allow(dead_code)]
fn strip<const L: usize>(
    (y, at): (&mut [f32], usize),
    init: Init<'_>,
    (vectors, stride, offset): (&[f32], usize, usize),
    scalars: &[f32],
) {
    let mut even = init.load::<L>(y, at);
    let mut odd = [0.0; L];
    let depth = scalars.len();
    let mut j = 0;
    while j + 2 <= depth {
        let from = j * stride + offset;
        add_scaled(&mut even, &vectors[from..from + L], scalars[j]);
        add_scaled(&mut odd, &vectors[from + stride..from + stride + L], scalars[j + 1]);
        j += 2;
    }
    if j < depth {
        add_scaled(&mut even, &vectors[j * stride + offset..][..L], scalars[j]);
    }
    add_scaled(&mut even, &odd, 1.0);
    y[at..at + L].copy_from_slice(&even);
}

/// [`strip`]s that together make `lanes` outputs from `y[at]` on, out of as many lanes of `vectors` from `offset` on.
#[inline(always)]
#[allow(dead_code)]
fn strips(
    (y, at): (&mut [f32], usize),
    init: Init<'_>,
    (vectors, stride, offset): (&[f32], usize, usize),
    scalars: &[f32],
    lanes: usize,
) {
    let mut i = 0;
    while lanes - i >= 16 {
        strip::<16>((y, at + i), init, (vectors, stride, offset + i), scalars);
        i += 16;
    }
    if lanes - i >= 8 {
        strip::<8>((y, at + i), init, (vectors, stride, offset + i), scalars);
        i += 8;
    }
    if lanes - i >= 4 {
        strip::<4>((y, at + i), init, (vectors, stride, offset + i), scalars);
        i += 4;
    }
    while i < lanes {
        strip::<1>((y, at + i), init, (vectors, stride, offset + i), scalars);
        i += 1;
    }
}

/// Four [`strip`]s of L lanes that share the loads of `vectors`: row h of the four is at `y[at + h * y_stride]`, its scalars
/// are the h-th quarter of `scalars`. Where sums of sixteen lanes would have registers, odd columns of fewer lanes have sums
/// of their own.
#[inline(always)]
#[allow(dead_code)]
fn tile<const L: usize>(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    (vectors, stride, offset): (&[f32], usize, usize),
    scalars: &[f32],
) {
    let depth = scalars.len() / 4;
    let (a, rest) = scalars.split_at(depth);
    let (b, rest) = rest.split_at(depth);
    let (c, d) = rest.split_at(depth);
    let mut sums = [[0.0; L]; 4];
    let mut odd = [[0.0; L]; 4];
    for (h, sum) in sums.iter_mut().enumerate() {
        *sum = init.load(y, at + h * y_stride);
    }
    let alternates = FAMILY != 0 && L < 16;
    let mut j = 0;
    while j < depth {
        add_column(&mut sums, &vectors[j * stride + offset..][..L], [a[j], b[j], c[j], d[j]]);
        j += 1;
        if alternates && j < depth {
            add_column(&mut odd, &vectors[j * stride + offset..][..L], [a[j], b[j], c[j], d[j]]);
            j += 1;
        }
    }
    for (h, sum) in sums.iter_mut().enumerate() {
        if alternates {
            add_scaled(sum, &odd[h], 1.0);
        }
        y[at + h * y_stride..][..L].copy_from_slice(sum);
    }
}

/// Adds one column to a tile: row * `scalars[h]` to each of its sums.
#[inline(always)]
#[allow(dead_code)]
fn add_column<const L: usize>(sums: &mut [[f32; L]; 4], row: &[f32], scalars: [f32; 4]) {
    add_scaled(&mut sums[0], row, scalars[0]);
    add_scaled(&mut sums[1], row, scalars[1]);
    add_scaled(&mut sums[2], row, scalars[2]);
    add_scaled(&mut sums[3], row, scalars[3]);
}

/// [`tile`]s that together make `lanes` outputs of each of four rows: of sixteen lanes where vectors have eight (AVX-512 has
/// strips for those), then eight, then a part; each with eight vectors of sums, which keep the units for multiply-adds busy
/// and find registers.
#[inline(always)]
#[allow(dead_code)]
fn tiles(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    (vectors, stride): (&[f32], usize),
    scalars: &[f32],
    lanes: usize,
) {
    let mut i = 0;
    while FAMILY == 1 && lanes - i >= 16 {
        tile::<16>((y, at + i, y_stride), init, (vectors, stride, i), scalars);
        i += 16;
    }
    while lanes - i >= 8 {
        tile::<8>((y, at + i, y_stride), init, (vectors, stride, i), scalars);
        i += 8;
    }
    tile_part((y, at + i, y_stride), init, (vectors, stride, i), scalars, lanes - i);
}

/// As [`tile`] for fewer than eight lanes: in part of a vector where the family can read that, else a [`strip`] for each
/// row and lane.
#[inline(always)]
#[allow(dead_code)]
fn tile_part(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    (vectors, stride, offset): (&[f32], usize, usize),
    scalars: &[f32],
    lanes: usize,
) {
    let depth = scalars.len() / 4;
    #[cfg(target_arch = "x86_64")]
    if FAMILY != 0 {
        if lanes == 0 {
            return;
        }
        use core::arch::x86_64::{
            _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_si256, _mm256_maskload_ps, _mm256_set1_ps,
            _mm256_setzero_ps, _mm256_storeu_ps,
        };
        const MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert!(lanes < 8 && (depth == 0 || (depth - 1) * stride + offset + lanes <= vectors.len()));
        let mut sums = [[0.0; 8]; 4];
        // SAFETY: the family has the instructions; the mask keeps what is read within vectors, as was checked, and scalars
        // are four times depth.
        #[allow(unsafe_code)]
        unsafe {
            let mask = _mm256_loadu_si256(MASKS.as_ptr().add(8 - lanes).cast());
            let mut partial = [[_mm256_setzero_ps(); 2]; 4];
            let mut j = 0;
            while j < depth {
                let row = _mm256_maskload_ps(vectors.as_ptr().add(j * stride + offset), mask);
                let mut h = 0;
                while h < 4 {
                    let scalar = _mm256_set1_ps(*scalars.get_unchecked(h * depth + j));
                    partial[h][0] = _mm256_fmadd_ps(row, scalar, partial[h][0]);
                    h += 1;
                }
                if j + 1 < depth {
                    let row = _mm256_maskload_ps(vectors.as_ptr().add((j + 1) * stride + offset), mask);
                    let mut h = 0;
                    while h < 4 {
                        let scalar = _mm256_set1_ps(*scalars.get_unchecked(h * depth + j + 1));
                        partial[h][1] = _mm256_fmadd_ps(row, scalar, partial[h][1]);
                        h += 1;
                    }
                }
                j += 2;
            }
            let mut h = 0;
            while h < 4 {
                _mm256_storeu_ps(sums[h].as_mut_ptr(), _mm256_add_ps(partial[h][0], partial[h][1]));
                h += 1;
            }
        }
        for (h, sums) in sums.iter().enumerate() {
            for (i, sum) in sums[..lanes].iter().enumerate() {
                let [start] = init.load(y, at + h * y_stride + i);
                y[at + h * y_stride + i] = start + sum;
            }
        }
        return;
    }
    for h in 0..4 {
        let scalars = &scalars[h * depth..(h + 1) * depth];
        strips((y, at + h * y_stride), init, (vectors, stride, offset), scalars, lanes);
    }
}
