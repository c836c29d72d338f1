// The sum of two vectors. Takes both; gives their sum, or a copy of one when the other is absent.

/// y[i] = init + x[i].
#[inline(always)]
pub(super) fn add(y: &mut [f32], init: Init<'_>, x: &[f32], n: usize) {
    assert!(y.len() == n && init.fits(n) && x.len() == n);
    match init {
        Init::Zero => y.copy_from_slice(x),
        Init::Accumulate => y.iter_mut().zip(x).for_each(|(y, x)| *y += x),
        Init::From(values) => y.iter_mut().zip(x).zip(values).for_each(|((y, x), start)| *y = start + x),
    }
}
