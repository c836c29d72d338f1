// The outer product of two vectors: a row of a Kronecker product of two factors. Takes both vectors; gives their product
// flattened.

/// y[i * b_len + j] = init + a[i] * b[j].
#[inline(always)]
pub(super) fn outer(y: &mut [f32], init: Init<'_>, a: &[f32], b: &[f32], a_len: usize, b_len: usize) {
    assert!(a.len() == a_len && b.len() == b_len && y.len() == a_len * b_len && init.fits(a_len * b_len));
    for (i, (row, a)) in y.chunks_exact_mut(b_len).zip(a).enumerate() {
        match init {
            Init::Zero => row.iter_mut().zip(b).for_each(|(y, b)| *y = a * b),
            Init::Accumulate => row.iter_mut().zip(b).for_each(|(y, b)| *y += a * b),
            Init::From(values) => {
                let start = values[i * b_len..(i + 1) * b_len].iter();
                row.iter_mut().zip(b).zip(start).for_each(|((y, b), start)| *y = start + a * b);
            }
        }
    }
}
