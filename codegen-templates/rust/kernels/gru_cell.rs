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
    if FAMILY != 0 {
        let (of_input, of_hidden) = ((reset_x, update_x, candidate_x), (reset_h, update_h, candidate_h));
        // SAFETY: the family has the instructions.
        #[allow(unsafe_code)]
        unsafe {
            if FAMILY == 2 {
                gru_cell_units::<core::arch::x86_64::__m512>(h, of_input, of_hidden);
            } else {
                gru_cell_units::<core::arch::x86_64::__m256>(h, of_input, of_hidden);
            }
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

/// The three gates' sums.
#[cfg(target_arch = "x86_64")]
type GruGates<'s> = (&'s [f32], &'s [f32], &'s [f32]);

/// `gru_cell` by vectors of units; gates in the order r, z, n, as many floats each as h has.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
unsafe fn gru_cell_units<V: units::Units>(h: &mut [f32], of_input: GruGates<'_>, of_hidden: GruGates<'_>) {
    #[inline(always)]
    fn from(gates: GruGates<'_>, k: usize) -> GruGates<'_> {
        (&gates.0[k..], &gates.1[k..], &gates.2[k..])
    }
    let together = units::TOGETHER * V::COUNT;
    let whole = h.len() - h.len() % together;
    // SAFETY: the caller's promise.
    unsafe {
        let mut k = 0;
        while k < whole {
            gru_cell_part::<V, { units::TOGETHER }, { 2 * units::TOGETHER }>(
                &mut h[k..],
                from(of_input, k),
                from(of_hidden, k),
                V::COUNT,
            );
            k += together;
        }
        while k < h.len() {
            let count = V::COUNT.min(h.len() - k);
            gru_cell_part::<V, 1, 2>(&mut h[k..], from(of_input, k), from(of_hidden, k), count);
            k += V::COUNT;
        }
    }
}

/// `gru_cell` for `N` vectors of `count` units; `D` is 2 N.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, clippy::needless_range_loop)]
unsafe fn gru_cell_part<V: units::Units, const N: usize, const D: usize>(
    h: &mut [f32],
    (reset_x, update_x, candidate_x): GruGates<'_>,
    (reset_h, update_h, candidate_h): GruGates<'_>,
    count: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut resets = [V::all(0.0); N];
        for v in 0..N {
            let at = v * V::COUNT;
            resets[v] = V::load(&reset_x[at..], count).add(V::load(&reset_h[at..], count));
        }
        let r = fractions_abreast(resets, N);
        let mut x = [V::all(0.0); D];
        for v in 0..N {
            let at = v * V::COUNT;
            x[v] = V::load(&update_x[at..], count).add(V::load(&update_h[at..], count));
            let kept = r[v].over.mul(V::load(&candidate_h[at..], count)).div(r[v].under);
            x[N + v] = V::load(&candidate_x[at..], count).add(kept);
        }
        let of = fractions_abreast(x, N);
        for v in 0..N {
            let at = v * V::COUNT;
            let (z, n) = (of[v], of[N + v]);
            let old = z.over.mul(V::load(&h[at..], count)).mul(n.under);
            let sum = z.under.sub(z.over).multiply_add(n.over, old);
            sum.div(z.under.mul(n.under)).store(&mut h[at..], count);
        }
    }
}
