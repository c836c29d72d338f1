// What every kernel stands on: what sums start from, the widths that tables are stored in, and multiply-adds of several lanes.
// Arrays of a known length take the place of vector types: loops over them turn into vector code.
// Beside the kernels stands `const FAMILY: u8`, the family of instructions that they are compiled for: 2 AVX-512 (F, VL,
// BW, DQ), 1 AVX2 with fused multiply-add, 0 any other. Kernels are inlined always, so that the shapes a caller passes as
// literals are known inside; but `#[inline]` alone stands before those that are long, called in many places and none the
// faster for it, and before `dot`, which is made simple once and not in each of a thousand places: the emitter puts the
// family's instructions there, which inlined code has from its caller.

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

    /// The same for `len` outputs from `at` on.
    #[inline(always)]
    #[allow(dead_code)]
    fn part(self, at: usize, len: usize) -> Self {
        match self {
            Init::From(values) => Init::From(&values[at..at + len]),
            init => init,
        }
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

/// Part of a table, taken as a word from any address.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Word(u64);

/// The eight columns of a slot in words of 64 bits. Volatile, or compilers would load each by itself after all, or widen all
/// eight in a vector and take them out of it again.
///
/// # Safety
///
/// There are eight columns, of one, two or four bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(dead_code, unsafe_code)]
unsafe fn column_words<C: Copy>(columns: &[C]) -> [u64; 4] {
    let mut words = [0; 4];
    let mut w = 0;
    while w < size_of::<C>() {
        // SAFETY: the caller's promise: they fill as many words as a column has bytes.
        words[w] = unsafe { core::ptr::read_volatile(columns.as_ptr().cast::<Word>().add(w)) }.0;
        w += 1;
    }
    words
}

/// The i-th column in such words.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(dead_code)]
fn column_of<C>(words: &[u64; 4], i: usize) -> usize {
    let bits = 8 * size_of::<C>() * i;
    (words[bits / 64] >> (bits % 64) & (u64::MAX >> (64 - 8 * size_of::<C>()))) as usize
}

/// `y[rows[i]]` = init + `sums[i]`, for all rows. What is there already is asked about once, not for each row.
#[inline(always)]
#[allow(dead_code)]
fn scatter<R: Copy + Into<u32>>(y: &mut [f32], init: Init<'_>, rows: &[R], sums: &[f32]) {
    if let Init::Accumulate = init {
        // By eight: the loop's own work would take a third.
        let (eights, eight_sums) = (rows.chunks_exact(8), sums[..rows.len()].chunks_exact(8));
        let (rest, rest_sums) = (eights.remainder(), eight_sums.remainder());
        for (rows, sums) in eights.zip(eight_sums) {
            let mut i = 0;
            while i < 8 {
                y[rows[i].into() as usize] += sums[i];
                i += 1;
            }
        }
        for (&row, sum) in rest.iter().zip(rest_sums) {
            y[row.into() as usize] += sum;
        }
        return;
    }
    for (&row, sum) in rows.iter().zip(sums) {
        let row = row.into() as usize;
        let [start] = init.load(y, row);
        y[row] = start + sum;
    }
}

/// start + the sum of the products of `terms`, in order: a row of straight-line code.
#[inline]
#[allow(dead_code)]
pub(super) fn dot<const N: usize>(start: f32, terms: [(f32, f32); N]) -> f32 {
    let mut sum = start;
    let mut i = 0;
    while i < N {
        sum = multiply_add(terms[i].0, terms[i].1, sum);
        i += 1;
    }
    sum
}

/// a * b + c; fused where the family has an instruction for it, which Rust does not use by itself.
#[inline(always)]
#[allow(dead_code)]
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if FAMILY != 0 {
        use core::arch::x86_64::{_mm_cvtss_f32, _mm_fmadd_ss, _mm_set_ss};
        // SAFETY: the family has the instruction.
        #[allow(unsafe_code)]
        unsafe {
            return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
        }
    }
    a * b + c
}

/// sum += row * scalar, lane by lane; fused where the family has an instruction for it.
#[inline(always)]
#[allow(dead_code)]
fn add_scaled<const L: usize>(sum: &mut [f32; L], row: &[f32], scalar: f32) {
    #[cfg(target_arch = "x86_64")]
    if FAMILY != 0 && L.is_multiple_of(8) {
        use core::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};
        let row = &row[..L];
        let mut i = 0;
        while i < L {
            // SAFETY: the family has the instructions, and i + 8 <= L.
            #[allow(unsafe_code)]
            unsafe {
                let sum = sum.as_mut_ptr().add(i);
                let product = _mm256_fmadd_ps(
                    _mm256_loadu_ps(row.as_ptr().add(i)),
                    _mm256_set1_ps(scalar),
                    _mm256_loadu_ps(sum),
                );
                _mm256_storeu_ps(sum, product);
            }
            i += 8;
        }
        return;
    }
    for (sum, element) in sum.iter_mut().zip(row) {
        *sum += element * scalar;
    }
}
