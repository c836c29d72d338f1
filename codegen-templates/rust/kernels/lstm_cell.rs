// The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
// state; gives the new cell state and the new hidden state. With gates as fractions there are two divisions for a unit
// instead of five.

/// c = sigmoid(gates[f..]) * c + sigmoid(gates[i..]) * tanh(gates[g..]), then h = sigmoid(gates[o..]) * tanh(c), for
/// `hidden` units, within 1e-6 of the terms' magnitudes; i, f, g, o say where each gate's sums start. NaN gives NaN.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn lstm_cell(
    h: &mut [f32],
    c: &mut [f32],
    gates: &[f32],
    hidden: usize,
    i: usize,
    f: usize,
    g: usize,
    o: usize,
) {
    assert!(h.len() == hidden && c.len() == hidden);
    let (input, forget) = (&gates[i..i + hidden], &gates[f..f + hidden]);
    let (candidate, output) = (&gates[g..g + hidden], &gates[o..o + hidden]);
    #[cfg(target_arch = "x86_64")]
    if FAMILY == 2 {
        let mut k = 0;
        while k < hidden {
            let gates = (&input[k..], &forget[k..], &candidate[k..], &output[k..]);
            // SAFETY: the family has the instructions. Whole sixteens are said to be that, or all would be masked.
            #[allow(unsafe_code)]
            unsafe {
                if hidden - k >= units::UNITS {
                    lstm_cell_units(&mut h[k..], &mut c[k..], gates, units::UNITS);
                } else {
                    lstm_cell_units(&mut h[k..], &mut c[k..], gates, hidden - k);
                }
            }
            k += units::UNITS;
        }
        return;
    }
    for k in 0..hidden {
        let (i, f) = (sigmoid_fraction(input[k]), sigmoid_fraction(forget[k]));
        let (g, o) = (tanh_fraction(candidate[k]), sigmoid_fraction(output[k]));
        let under = i.under * g.under;
        let sum = multiply_add(f.over * c[k], under, i.over * g.over * f.under);
        let nan = nan_bits(widest([input[k], forget[k], candidate[k]]));
        let cell = f32::from_bits((sum / (f.under * under)).to_bits() | nan);
        let t = tanh_fraction(cell);
        let hidden = o.over * t.over / (o.under * t.under);
        c[k] = cell;
        h[k] = f32::from_bits(hidden.to_bits() | nan_bits(widest([output[k], cell])));
    }
}

/// `lstm_cell` for `count` units, at most sixteen, the first of each slice; gates in the order i, f, g, o.
///
/// # Safety
///
/// The processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lstm_cell_units(
    h: &mut [f32],
    c: &mut [f32],
    (input, forget, candidate, output): (&[f32], &[f32], &[f32], &[f32]),
    count: usize,
) {
    use core::arch::x86_64::{_mm512_div_ps, _mm512_fmadd_ps, _mm512_mul_ps};
    use units::{load, sigmoid_fractions, store, tanh_fractions};
    // SAFETY: the caller's promise.
    unsafe {
        let (i, f) = (sigmoid_fractions(load(input, count)), sigmoid_fractions(load(forget, count)));
        let (g, o) = (tanh_fractions(load(candidate, count)), sigmoid_fractions(load(output, count)));
        let under = _mm512_mul_ps(i.under, g.under);
        let added = _mm512_mul_ps(_mm512_mul_ps(i.over, g.over), f.under);
        let sum = _mm512_fmadd_ps(_mm512_mul_ps(f.over, load(c, count)), under, added);
        let cell = _mm512_div_ps(sum, _mm512_mul_ps(f.under, under));
        let t = tanh_fractions(cell);
        store(c, cell, count);
        store(h, _mm512_div_ps(_mm512_mul_ps(o.over, t.over), _mm512_mul_ps(o.under, t.under)), count);
    }
}
