// A vector set to what sums start from. Takes an init; gives a copy of it, or zeros.

/// y = init; `Accumulate` leaves y as it is.
#[inline(always)]
pub(super) fn fill(y: &mut [f32], init: Init<'_>, n: usize) {
    assert!(y.len() == n);
    match init {
        Init::Zero => y.fill(0.0),
        Init::Accumulate => {}
        Init::From(bias) => y.copy_from_slice(bias),
    }
}
