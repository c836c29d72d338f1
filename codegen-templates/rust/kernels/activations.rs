// Activations over a vector. Takes a vector; gives another of the same length. NaN goes through tanh and sigmoid, is 0
// after relu, and makes all of a softmax meaningless.

/// y[i] = max(x[i], 0).
#[inline(always)]
#[allow(dead_code)]
pub(super) fn relu(y: &mut [f32], x: &[f32], n: usize) {
    assert!(y.len() == n && x.len() == n);
    for (y, x) in y.iter_mut().zip(x) {
        *y = if *x > 0.0 { *x } else { 0.0 };
    }
}

/// y[i] = tanh x[i].
#[inline(always)]
#[allow(dead_code)]
pub(super) fn tanh_vector(y: &mut [f32], x: &[f32], n: usize) {
    assert!(y.len() == n && x.len() == n);
    for (y, x) in y.iter_mut().zip(x) {
        *y = tanh(*x);
    }
}

/// y[i] = 1 / (1 + e^-x[i]).
#[inline(always)]
#[allow(dead_code)]
pub(super) fn sigmoid_vector(y: &mut [f32], x: &[f32], n: usize) {
    assert!(y.len() == n && x.len() == n);
    for (y, x) in y.iter_mut().zip(x) {
        *y = sigmoid(*x);
    }
}

/// y[i] = e^x[i] / sum over j of e^x[j]. The greatest x is subtracted first, so that nothing overflows.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn softmax(y: &mut [f32], x: &[f32], n: usize) {
    let (_, total) = exponentials(y, x, n);
    let scale = 1.0 / total;
    for y in y {
        *y *= scale;
    }
}

/// y[i] = x[i] - ln(sum over j of e^x[j]), with the greatest x subtracted first.
#[inline(always)]
#[allow(dead_code)]
pub(super) fn log_softmax(y: &mut [f32], x: &[f32], n: usize) {
    let (greatest, total) = exponentials(y, x, n);
    let logarithm = log(total);
    for (y, x) in y.iter_mut().zip(x) {
        *y = (*x - greatest) - logarithm;
    }
}

/// y[i] = e^(x[i] - greatest); gives the greatest x and the sum of y.
#[inline(always)]
#[allow(dead_code)]
fn exponentials(y: &mut [f32], x: &[f32], n: usize) -> (f32, f32) {
    assert!(y.len() == n && x.len() == n && n > 0);
    let chunks = x.chunks_exact(PARTIALS);
    let mut partial = [x[0]; PARTIALS];
    for chunk in chunks.clone().chain([chunks.remainder()]) {
        for (greatest, x) in partial.iter_mut().zip(chunk) {
            *greatest = if *x > *greatest { *x } else { *greatest };
        }
    }
    let greatest = partial.iter().fold(x[0], |greatest, x| if *x > greatest { *x } else { greatest });
    for (y, x) in y.iter_mut().zip(x) {
        *y = exp(*x - greatest);
    }
    let mut partial = [0.0; PARTIALS];
    let chunks = y.chunks_exact(PARTIALS);
    for chunk in chunks.clone().chain([chunks.remainder()]) {
        for (sum, y) in partial.iter_mut().zip(chunk) {
            *sum += y;
        }
    }
    (greatest, reduce(partial))
}
