// What every kernel stands on: what sums start from, the widths that tables are stored in, and pieces of a product held
// in registers. Arrays of a known length take the place of vector types: loops over them turn into vector code.

/// What an output starts from before sums are added to it.
#[derive(Clone, Copy)]
#[allow(dead_code)]
pub(super) enum Init<'a> {
    /// Zero.
    Zero,
    /// What it holds.
    Accumulate,
    /// These values, as many as outputs.
    From(&'a [f32]),
}

impl Init<'_> {
    /// What `y[at..at + L]` starts from.
    #[inline(always)]
    fn load<const L: usize>(self, y: &[f32], at: usize) -> [f32; L] {
        let mut start = [0.0; L];
        match self {
            Init::Zero => {}
            Init::Accumulate => start.copy_from_slice(&y[at..at + L]),
            Init::From(values) => start.copy_from_slice(&values[at..at + L]),
        }
        start
    }

    /// Whether it has a value for each of `len` outputs.
    #[inline(always)]
    fn fits(self, len: usize) -> bool {
        match self {
            Init::From(values) => values.len() == len,
            Init::Zero | Init::Accumulate => true,
        }
    }
}

/// Rows in a panel of a dense matrix.
#[allow(dead_code)]
const PANEL: usize = 16;

/// Rows in a slice of a sliced ELLPACK matrix.
#[allow(dead_code)]
const LANES: usize = 8;

/// Partial sums that a reduction over a vector is taken in.
#[allow(dead_code)]
const PARTIALS: usize = 16;

/// The sum of partial sums, halved step by step.
#[inline(always)]
#[allow(dead_code)]
fn reduce(mut partial: [f32; PARTIALS]) -> f32 {
    let mut half = PARTIALS / 2;
    while half > 0 {
        for i in 0..half {
            partial[i] += partial[i + half];
        }
        half /= 2;
    }
    partial[0]
}

/// sum += row * scalar, lane by lane.
#[inline(always)]
#[allow(dead_code)]
fn add_scaled<const L: usize>(sum: &mut [f32; L], row: &[f32], scalar: f32) {
    for (sum, element) in sum.iter_mut().zip(row) {
        *sum += element * scalar;
    }
}

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
    let rows = vectors.chunks_exact(2 * stride);
    let pairs = scalars.chunks_exact(2);
    if let ([scalar], row) = (pairs.remainder(), rows.remainder()) {
        add_scaled(&mut even, &row[offset..offset + L], *scalar);
    }
    for (row, pair) in rows.zip(pairs) {
        add_scaled(&mut even, &row[offset..offset + L], pair[0]);
        add_scaled(&mut odd, &row[stride + offset..stride + offset + L], pair[1]);
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

/// Four [`strip`]s of eight lanes that share the loads of `vectors`: row h of the four is at `y[at + h * y_stride]`, its
/// scalars are the h-th quarter of `scalars`.
#[inline(always)]
#[allow(dead_code)]
fn tile(
    (y, at, y_stride): (&mut [f32], usize, usize),
    init: Init<'_>,
    (vectors, stride, offset): (&[f32], usize, usize),
    scalars: &[f32],
) {
    let depth = scalars.len() / 4;
    let (a, rest) = scalars.split_at(depth);
    let (b, rest) = rest.split_at(depth);
    let (c, d) = rest.split_at(depth);
    let mut sums: [[f32; 8]; 4] = core::array::from_fn(|h| init.load(y, at + h * y_stride));
    for ((((row, a), b), c), d) in vectors.chunks_exact(stride).zip(a).zip(b).zip(c).zip(d) {
        for (sum, scalar) in sums.iter_mut().zip([a, b, c, d]) {
            add_scaled(sum, &row[offset..offset + 8], *scalar);
        }
    }
    for (h, sum) in sums.iter().enumerate() {
        y[at + h * y_stride..][..8].copy_from_slice(sum);
    }
}
