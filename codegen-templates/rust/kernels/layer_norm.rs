// Layer normalisation (Ba, Kiros and Hinton 2016, arXiv 1607.06450). Takes a vector, a scale and, where the layer has
// one, a shift; gives the vector normalised. Two passes, so that the variance does not cancel.

/// y[i] = (x[i] - mean) / sqrt(variance + epsilon) * w[i] + bias[i]; the variance is divided by n. variance + epsilon must
/// be positive and normal.
#[inline(always)]
pub(super) fn layer_norm(y: &mut [f32], w: &[f32], bias: Option<&[f32]>, x: &[f32], n: usize, epsilon: f32) {
    assert!(y.len() == n && w.len() == n && x.len() == n && bias.is_none_or(|bias| bias.len() == n));
    let mean = mean_of(x, |x| x);
    let variance = mean_of(x, |x| (x - mean) * (x - mean));
    let scale = rsqrt(variance + epsilon);
    for ((y, x), w) in y.iter_mut().zip(x).zip(w) {
        *y = (x - mean) * scale * w;
    }
    if let Some(bias) = bias {
        for (y, bias) in y.iter_mut().zip(bias) {
            *y += bias;
        }
    }
}

/// The mean of a function of each element, in PARTIALS partial sums.
#[inline(always)]
fn mean_of(x: &[f32], function: impl Fn(f32) -> f32) -> f32 {
    let mut partial = [0.0; PARTIALS];
    let chunks = x.chunks_exact(PARTIALS);
    for chunk in chunks.clone().chain([chunks.remainder()]) {
        for (sum, x) in partial.iter_mut().zip(chunk) {
            *sum += function(*x);
        }
    }
    reduce(partial) / x.len() as f32
}
