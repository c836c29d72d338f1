//! Cells, functions over vectors, and the bounds that `math.rs` states.

use crate::kernels;
use crate::support::{Random, SIZES};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn cells() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(5);
    for n in SIZES {
        let gates: Vec<f32> = random.floats(4 * n).iter().map(|gate| 4.0 * gate).collect();
        let (h, c) = (random.floats(n), random.floats(n));
        let at = |gate: usize, k: usize| f64::from(gates[gate * n + k]);
        let (mut h2, mut c2) = (h.clone(), c.clone());
        kernels::lstm_cell(&mut h2, &mut c2, &gates, n, 2 * n, 0, 3 * n, n);
        for k in 0..n {
            let cell = sigmoid(at(0, k)) * f64::from(c[k]) + sigmoid(at(2, k)) * at(3, k).tanh();
            assert!((f64::from(c2[k]) - cell).abs() < 1e-6);
            assert!((f64::from(h2[k]) - sigmoid(at(1, k)) * cell.tanh()).abs() < 1e-6);
        }
        // NaN in any gate or in the cell shows; infinite sums saturate.
        for gate in 0..5 {
            let (mut spoiled, mut h2, mut c2) = (gates.clone(), h.clone(), c.clone());
            *(if gate < 4 { &mut spoiled[gate * n] } else { &mut c2[0] }) = f32::NAN;
            kernels::lstm_cell(&mut h2, &mut c2, &spoiled, n, 0, n, 2 * n, 3 * n);
            assert!(h2[0].is_nan() && (gate == 3 || c2[0].is_nan()), "gate {gate}");
            assert!(h2[1..].iter().chain(&c2[1..]).all(|value| value.is_finite()));
        }
        for sign in [1.0, -1.0] {
            let (mut h2, mut c2) = (h.clone(), c.clone());
            kernels::lstm_cell(&mut h2, &mut c2, &vec![sign * f32::INFINITY; 4 * n], n, 0, n, 2 * n, 3 * n);
            let cell = if sign > 0.0 { c[0] + 1.0 } else { 0.0 };
            assert!((c2[0] - cell).abs() < 1e-6 && (h2[0] - cell.tanh()).abs() < 1e-6, "{} {}", c2[0], h2[0]);
        }
        let from_h = random.floats(3 * n);
        let mut h2 = h.clone();
        kernels::gru_cell(&mut h2, &gates[..3 * n], &from_h, n);
        for k in 0..n {
            let other = |gate: usize| f64::from(from_h[gate * n + k]);
            let (r, z) = (sigmoid(at(0, k) + other(0)), sigmoid(at(1, k) + other(1)));
            let new = (at(2, k) + r * other(2)).tanh();
            assert!((f64::from(h2[k]) - ((1.0 - z) * new + z * f64::from(h[k]))).abs() < 1e-6);
        }
        for spoiled in 0..7 {
            let (mut sums, mut from_h, mut h2) = (gates[..3 * n].to_vec(), from_h.clone(), h.clone());
            *match spoiled {
                0..3 => &mut sums[spoiled * n],
                3..6 => &mut from_h[(spoiled - 3) * n],
                _ => &mut h2[0],
            } = f32::NAN;
            kernels::gru_cell(&mut h2, &sums, &from_h, n);
            assert!(h2[0].is_nan() && h2[1..].iter().all(|value| value.is_finite()), "{spoiled}");
        }
    }
}

#[test]
fn functions_over_vectors() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(6);
    for n in SIZES {
        let x: Vec<f32> = random.floats(n).iter().map(|x| 30.0 * x).collect();
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let compare = |what: &str, kernel: &dyn Fn(&mut [f32]), expected: &dyn Fn(usize) -> f64| {
            let mut y = vec![f32::NAN; n];
            kernel(&mut y);
            for (i, y) in y.iter().enumerate() {
                let expected = expected(i);
                let error = (f64::from(*y) - expected).abs();
                assert!(
                    error <= 2e-6 * expected.abs().max(1.0),
                    "{what} of {n}: y[{i}] = {y}, expected {expected}"
                );
            }
        };
        let greatest = wide.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = wide.iter().map(|x| (x - greatest).exp()).sum();
        compare("relu", &|y| kernels::relu(y, &x, n), &|i| wide[i].max(0.0));
        compare("tanh", &|y| kernels::tanh_vector(y, &x, n), &|i| wide[i].tanh());
        compare("sigmoid", &|y| kernels::sigmoid_vector(y, &x, n), &|i| sigmoid(wide[i]));
        compare("softmax", &|y| kernels::softmax(y, &x, n), &|i| (wide[i] - greatest).exp() / sum);
        compare("log_softmax", &|y| kernels::log_softmax(y, &x, n), &|i| wide[i] - greatest - sum.ln());
        let (w, bias) = (random.floats(n), random.floats(n));
        let mean = wide.iter().sum::<f64>() / n as f64;
        let variance = wide.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        for shift in [None, Some(bias.as_slice())] {
            compare("layer_norm", &|y| kernels::layer_norm(y, &w, shift, &x, n, 1e-3), &|i| {
                (wide[i] - mean) / (variance + 1e-3).sqrt() * f64::from(w[i])
                    + shift.map_or(0.0, |b| f64::from(b[i]))
            });
        }
    }
}

/// The greatest errors in units in the last place over every `step`-th bit pattern of a float, against the bounds that
/// `math.rs` states.
fn bounds(step: u32) {
    type Function = (&'static str, fn(f32) -> f32, fn(f64) -> f64, fn(f32) -> bool, f64);
    let any = |_: f32| true;
    let logistic: fn(f64) -> f64 = |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { sigmoid(x) };
    let functions: [Function; 7] = [
        ("exp", kernels::exp, f64::exp, any, 1.1),
        ("sigmoid", kernels::sigmoid, logistic, any, 2.5),
        ("sigmoid fraction", kernels::sigmoid_value, logistic, |x| x.is_nan() || x >= -87.0, 2.5),
        ("tanh fraction", kernels::tanh_value, f64::tanh, any, 3.0),
        ("tanh", kernels::tanh, f64::tanh, any, 3.0),
        ("log", kernels::log, f64::ln, |x| x > 0.0 && x < f32::INFINITY, 1.5),
        (
            "rsqrt",
            kernels::rsqrt,
            |x| 1.0 / x.sqrt(),
            |x| (f32::MIN_POSITIVE..f32::INFINITY).contains(&x),
            2.5,
        ),
    ];
    for (name, function, exact, covered, bound) in functions {
        let (mut greatest, mut at) = (0.0, 0.0);
        for x in (0..=u32::MAX).step_by(step as usize).map(f32::from_bits).filter(|&x| covered(x)) {
            let (found, expected) = (function(x), exact(f64::from(x)));
            let error = if expected.is_nan() || found.is_nan() {
                if expected.is_nan() && found.is_nan() { 0.0 } else { f64::INFINITY }
            } else if found.is_infinite() {
                if expected > 3.402_823_567_797_336_6e38 { 0.0 } else { f64::INFINITY }
            } else {
                let exponent = (expected.abs().to_bits() >> 52) as i32 - 1023;
                (f64::from(found) - expected).abs() / 2_f64.powi(exponent.max(-126) - 23)
            };
            if error > greatest {
                (greatest, at) = (error, x);
            }
        }
        println!("{name}: {greatest:.3} at {at:e}");
        assert!(
            greatest <= bound,
            "{name}({at:e}) is {greatest} units in the last place off, beyond {bound}"
        );
    }
}

#[test]
fn bounds_of_functions() {
    if !crate::runs() {
        return;
    }
    bounds(1009);
}

#[test]
#[ignore = "takes minutes: cargo test -p dopec-templates --release -- --ignored"]
fn bounds_of_functions_for_every_float() {
    if !crate::runs() {
        return;
    }
    bounds(1);
}
