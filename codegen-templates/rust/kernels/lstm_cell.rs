// The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
// state; gives the new cell state and the new hidden state. Gates stay fractions until they are multiplied: two divisions
// for a unit instead of five.

/// `over / under`, where under is within 1 .. 2.
struct Fraction {
    over: f32,
    under: f32,
}

/// 1 / (1 + e^-x), divided out within 2.5 ULP down to -87, which stands for all that is less. NaN gives a number.
#[inline(always)]
fn sigmoid_fraction(x: f32) -> Fraction {
    let bits = x.to_bits();
    let a = -f32::from_bits(limit(bits & 0x7fff_ffff, 0x42ae_0000)); // -87 .. 0
    let (count, exponent) = exponent(a);
    let power = f32::from_bits((exponent - 129) << 23);
    let e = multiply_add(power, exp_polynomial(a, count), power);
    let negative = (bits >> 31).wrapping_neg();
    let over = f32::from_bits((e.to_bits() & negative) | (0x3f80_0000 & !negative)); // e or 1
    Fraction { over, under: 1.0 + e }
}

/// tanh x, divided out within 3 ULP, as `tanh` computes it. NaN gives a number.
#[inline(always)]
fn tanh_fraction(x: f32) -> Fraction {
    let bits = x.to_bits();
    let a = -2.0 * f32::from_bits(limit(bits & 0x7fff_ffff, 0x41a0_0000)); // from 20 on tanh is 1
    let (count, exponent) = exponent(a);
    let power = f32::from_bits((exponent - 129) << 23);
    let m = multiply_add(power, exp_polynomial(a, count), power - 1.0);
    Fraction { over: f32::from_bits((m.to_bits() & 0x7fff_ffff) | (bits & 0x8000_0000)), under: m + 2.0 }
}

/// Magnitude bits, the greatest of all.
#[inline(always)]
fn widest<const N: usize>(values: [f32; N]) -> u32 {
    let mut widest = 0;
    for value in values {
        widest = (value.to_bits() as i32 & 0x7fff_ffff).max(widest);
    }
    widest as u32
}

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
