// The cell of an LSTM (Hochreiter and Schmidhuber 1997, with a forget gate). Takes the four gates' sums and the cell
// state; gives the new cell state and the new hidden state. With gates as fractions there are two divisions for a unit
// instead of five. The cell states of all units come first, then the hidden states: in one loop the two tanh and the two
// divisions of a unit would wait for each other.

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
    if FAMILY != 0 {
        // SAFETY: the family has the instructions.
        #[allow(unsafe_code)]
        unsafe {
            if FAMILY == 2 {
                lstm_cell_units::<core::arch::x86_64::__m512>(h, c, (input, forget, candidate, output));
            } else {
                lstm_cell_units::<core::arch::x86_64::__m256>(h, c, (input, forget, candidate, output));
            }
        }
        return;
    }
    for k in 0..hidden {
        let (i, f) = (sigmoid_fraction(input[k]), sigmoid_fraction(forget[k]));
        let g = tanh_fraction(candidate[k]);
        let under = i.under * g.under;
        let sum = multiply_add(f.over * c[k], under, i.over * g.over * f.under);
        let nan = nan_bits(widest([input[k], forget[k], candidate[k]]));
        c[k] = f32::from_bits((sum / (f.under * under)).to_bits() | nan);
    }
    for k in 0..hidden {
        let (o, t) = (sigmoid_fraction(output[k]), tanh_fraction(c[k]));
        let hidden = o.over * t.over / (o.under * t.under);
        h[k] = f32::from_bits(hidden.to_bits() | nan_bits(widest([output[k], c[k]])));
    }
}

/// `lstm_cell` by vectors of units; gates in the order i, f, g, o, as many floats each as h has.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lstm_cell_units<V: units::Units>(
    h: &mut [f32],
    c: &mut [f32],
    (input, forget, candidate, output): (&[f32], &[f32], &[f32], &[f32]),
) {
    let together = units::TOGETHER * V::COUNT;
    let whole = h.len() - h.len() % together;
    // SAFETY: the caller's promise.
    unsafe {
        let mut k = 0;
        while k < whole {
            let gates = (&input[k..], &forget[k..], &candidate[k..]);
            lstm_cell_state::<V, { 3 * units::TOGETHER }>(&mut c[k..], gates, V::COUNT);
            k += together;
        }
        while k < h.len() {
            let gates = (&input[k..], &forget[k..], &candidate[k..]);
            lstm_cell_state::<V, 3>(&mut c[k..], gates, V::COUNT.min(h.len() - k));
            k += V::COUNT;
        }
        let mut k = 0;
        while k < whole {
            lstm_hidden_state::<V, { 2 * units::TOGETHER }>(&mut h[k..], &c[k..], &output[k..], V::COUNT);
            k += together;
        }
        while k < h.len() {
            let count = V::COUNT.min(h.len() - k);
            lstm_hidden_state::<V, 2>(&mut h[k..], &c[k..], &output[k..], count);
            k += V::COUNT;
        }
    }
}

/// c = sigmoid(forget) * c + sigmoid(input) * tanh(candidate) for a third of `N` vectors of `count` units.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lstm_cell_state<V: units::Units, const N: usize>(
    c: &mut [f32],
    (input, forget, candidate): (&[f32], &[f32], &[f32]),
    count: usize,
) {
    let vectors = N / 3;
    // SAFETY: the caller's promise.
    unsafe {
        let mut x = [V::all(0.0); N];
        for v in 0..vectors {
            let at = v * V::COUNT;
            x[v] = V::load(&input[at..], count);
            x[vectors + v] = V::load(&forget[at..], count);
            x[2 * vectors + v] = V::load(&candidate[at..], count);
        }
        let of = fractions_abreast(x, 2 * vectors);
        for v in 0..vectors {
            let at = v * V::COUNT;
            let (i, f, g) = (of[v], of[vectors + v], of[2 * vectors + v]);
            let under = i.under.mul(g.under);
            let added = i.over.mul(g.over).mul(f.under);
            let sum = f.over.mul(V::load(&c[at..], count)).multiply_add(under, added);
            sum.div(f.under.mul(under)).store(&mut c[at..], count);
        }
    }
}

/// h = sigmoid(output) * tanh(c) for half of `N` vectors of `count` units.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn lstm_hidden_state<V: units::Units, const N: usize>(h: &mut [f32], c: &[f32], output: &[f32], count: usize) {
    let vectors = N / 2;
    // SAFETY: the caller's promise.
    unsafe {
        let mut x = [V::all(0.0); N];
        for v in 0..vectors {
            let at = v * V::COUNT;
            x[v] = V::load(&output[at..], count);
            x[vectors + v] = V::load(&c[at..], count);
        }
        let of = fractions_abreast(x, vectors);
        for v in 0..vectors {
            let at = v * V::COUNT;
            let (o, t) = (of[v], of[vectors + v]);
            o.over.mul(t.over).div(o.under.mul(t.under)).store(&mut h[at..], count);
        }
    }
}
