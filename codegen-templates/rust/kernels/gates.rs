// The gates' functions as fractions, which stay so until they are multiplied, so that a cell divides but twice. Takes one
// float, or on AVX2 and AVX-512 several vectors of units; gives numerators and denominators.

/// `over / under`, where under is within 1 .. 2.
#[allow(dead_code)]
struct Fraction {
    over: f32,
    under: f32,
}

/// 1 / (1 + e^-x), divided out within 2.5 ULP down to -87, which stands for all that is less. NaN gives a number.
#[inline(always)]
#[allow(dead_code)]
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
#[allow(dead_code)]
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
#[allow(dead_code)]
fn widest<const N: usize>(values: [f32; N]) -> u32 {
    let mut widest = 0;
    for value in values {
        widest = (value.to_bits() as i32 & 0x7fff_ffff).max(widest);
    }
    widest as u32
}

/// `over / under` for each of a vector of units.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
#[allow(dead_code)]
struct Fractions<V> {
    over: V,
    under: V,
}

/// `sigmoid_fraction` of the first `sigmoids` vectors of units, `tanh_fraction` of the others; NaN gives NaN. All take each step
/// before any takes the next: a step waits for four cycles or more for the one before, and no processor looks far enough
/// ahead to fill those with what is written behind a whole function.
///
/// # Safety
///
/// The processor has the instructions of such vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(dead_code, unsafe_code, clippy::needless_range_loop)]
unsafe fn fractions_abreast<V: units::Units, const N: usize>(x: [V; N], sigmoids: usize) -> [Fractions<V>; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let (one, log2) = (V::all(1.0), V::all(core::f32::consts::LOG2_E));
        let mut r = x; // a, then a - count ln 2
        for v in 0..sigmoids {
            r[v] = x[v].below().at_least(-87.0);
        }
        for v in sigmoids..N {
            r[v] = x[v].add(x[v]).below().at_least(-40.0); // from 20 on tanh is 1
        }
        let mut count = r; // the integer nearest to a / ln 2
        for v in 0..N {
            count[v] = r[v].mul(log2);
        }
        for v in 0..N {
            count[v] = count[v].nearest();
        }
        for v in 0..N {
            r[v] = count[v].multiply_add(V::all(-0.693_359_4), r[v]);
        }
        for v in 0..N {
            r[v] = count[v].multiply_add(V::all(2.121_944_4e-4), r[v]);
        }
        let mut p = [V::all(0.001_388_887_3); N]; // the polynomial of `exp_polynomial`, then e^r - 1
        for v in 0..N {
            p[v] = p[v].multiply_add(r[v], V::all(0.008_369_081));
        }
        for v in 0..N {
            p[v] = p[v].multiply_add(r[v], V::all(0.041_667_137));
        }
        for v in 0..N {
            p[v] = p[v].multiply_add(r[v], V::all(0.166_665_06));
        }
        for v in 0..N {
            p[v] = p[v].multiply_add(r[v], V::all(0.499_999_97));
        }
        for v in 0..N {
            p[v] = r[v].mul(r[v]).multiply_add(p[v], r[v]);
        }
        let mut fractions = [Fractions { over: one, under: one }; N];
        for v in 0..sigmoids {
            let e = p[v].add(one).scale(count[v]);
            fractions[v] = Fractions { over: x[v].by_sign(e, one), under: e.add(one) };
        }
        for v in sigmoids..N {
            let power = one.scale(count[v]);
            let m = power.multiply_add(p[v], power.sub(one));
            fractions[v] = Fractions { over: m.with_sign(x[v]), under: m.add(V::all(2.0)) };
        }
        fractions
    }
}
