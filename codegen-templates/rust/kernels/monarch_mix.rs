// The second stage of a Monarch matrix: small matrices that mix equal places of blocks. Takes the weights as [s][r][l],
// so that lanes run across l where nothing is reduced; gives [s][l], which is the output flattened.

/// y[s0 * l + i] = init + sum over r0 of w[(s0 * r + r0) * l + i] * x[r0 * l + i].
#[inline(always)]
pub(super) fn monarch_mix(y: &mut [f32], init: Init<'_>, w: &[f32], x: &[f32], s: usize, r: usize, l: usize) {
    assert!(y.len() == s * l && init.fits(s * l) && w.len() == s * r * l && x.len() == r * l);
    for s0 in 0..s {
        let weights = &w[s0 * r * l..(s0 + 1) * r * l];
        let mut i = 0;
        while l - i >= 16 {
            monarch_mix_strip::<16>((y, s0 * l + i), init, weights, x, (l, i));
            i += 16;
        }
        while l - i >= 4 {
            monarch_mix_strip::<4>((y, s0 * l + i), init, weights, x, (l, i));
            i += 4;
        }
        while i < l {
            monarch_mix_strip::<1>((y, s0 * l + i), init, weights, x, (l, i));
            i += 1;
        }
    }
}

/// L neighbouring outputs from `y[at]` on, out of lanes `offset..offset + L` of rows of length `l`.
#[inline(always)]
fn monarch_mix_strip<const L: usize>(
    (y, at): (&mut [f32], usize),
    init: Init<'_>,
    w: &[f32],
    x: &[f32],
    (l, offset): (usize, usize),
) {
    let mut sums = init.load::<L>(y, at);
    for (weights, inputs) in w.chunks_exact(l).zip(x.chunks_exact(l)) {
        let lanes = weights[offset..offset + L].iter().zip(&inputs[offset..offset + L]);
        for (sum, (weight, input)) in sums.iter_mut().zip(lanes) {
            *sum += weight * input;
        }
    }
    y[at..at + L].copy_from_slice(&sums);
}
