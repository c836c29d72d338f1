// The cell of a gated recurrent unit, in PyTorch's form: the reset gate acts on the product with the hidden state, after
// its bias. Takes the three gates' sums from the input and from the hidden state; gives the new hidden state. With gates as
// fractions there are two divisions for a unit instead of five.

/// With r, z, n the thirds of both sums: r = sigmoid(r_x + r_h), z = sigmoid(z_x + z_h), n = tanh(n_x + r * n_h), then
/// h = (1 - z) * n + z * h, for `hidden` units, within 1e-6 where n_h is at most 1. NaN gives NaN.
#[inline(always)]
pub(super) fn gru_cell(h: &mut [f32], from_input: &[f32], from_hidden: &[f32], hidden: usize) {
    assert!(h.len() == hidden && from_input.len() == 3 * hidden && from_hidden.len() == 3 * hidden);
    let (reset_x, rest) = from_input.split_at(hidden);
    let (update_x, candidate_x) = rest.split_at(hidden);
    let (reset_h, rest) = from_hidden.split_at(hidden);
    let (update_h, candidate_h) = rest.split_at(hidden);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        let mut k = 0;
        while k < hidden {
            let of_input = (&reset_x[k..], &update_x[k..], &candidate_x[k..]);
            let of_hidden = (&reset_h[k..], &update_h[k..], &candidate_h[k..]);
            // SAFETY: the family has the instructions. Whole sixteens are said to be that, or all would be masked.
            #[allow(unsafe_code)]
            unsafe {
                if hidden - k >= units::UNITS {
                    gru_cell_units(&mut h[k..], of_input, of_hidden, units::UNITS);
                } else {
                    gru_cell_units(&mut h[k..], of_input, of_hidden, hidden - k);
                }
            }
            k += units::UNITS;
        }
        return;
    }
    for k in 0..hidden {
        let (reset, update) = (reset_x[k] + reset_h[k], update_x[k] + update_h[k]);
        let (r, z) = (sigmoid_fraction(reset), sigmoid_fraction(update));
        let candidate = candidate_x[k] + r.over * candidate_h[k] / r.under;
        let n = tanh_fraction(candidate);
        let sum = multiply_add(z.under - z.over, n.over, z.over * h[k] * n.under);
        let nan = nan_bits(widest([reset, update, candidate]));
        h[k] = f32::from_bits((sum / (z.under * n.under)).to_bits() | nan);
    }
}

/// `gru_cell` for `count` units, at most sixteen, the first of each slice; gates in the order r, z, n.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn gru_cell_units(
    h: &mut [f32],
    (reset_x, update_x, candidate_x): (&[f32], &[f32], &[f32]),
    (reset_h, update_h, candidate_h): (&[f32], &[f32], &[f32]),
    count: usize,
) {
    use core::arch::x86_64::{_mm512_add_ps, _mm512_div_ps, _mm512_fmadd_ps, _mm512_mul_ps, _mm512_sub_ps};
    use units::{load, sigmoid_fractions, store, tanh_fractions};
    // SAFETY: the caller's promise.
    unsafe {
        let r = sigmoid_fractions(_mm512_add_ps(load(reset_x, count), load(reset_h, count)));
        let z = sigmoid_fractions(_mm512_add_ps(load(update_x, count), load(update_h, count)));
        let kept = _mm512_div_ps(_mm512_mul_ps(r.over, load(candidate_h, count)), r.under);
        let n = tanh_fractions(_mm512_add_ps(load(candidate_x, count), kept));
        let old = _mm512_mul_ps(_mm512_mul_ps(z.over, load(h, count)), n.under);
        let sum = _mm512_fmadd_ps(_mm512_sub_ps(z.under, z.over), n.over, old);
        store(h, _mm512_div_ps(sum, _mm512_mul_ps(z.under, n.under)), count);
    }
}
