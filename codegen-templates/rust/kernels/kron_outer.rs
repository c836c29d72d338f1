// A Kronecker factor that is not the last, applied to the middle one of three axes. Takes the factor row-major and x as
// [left][n][right]; gives [left][m][right]. Lanes run across `right`; the rows of the factor that fill a tile share each
// load of x.

/// y[(l * m + a) * right + r] = init + sum over b of f[a * n + b] * x[(l * n + b) * right + r].
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub(super) fn kron_outer(
    y: &mut [f32],
    init: Init<'_>,
    f: &[f32],
    x: &[f32],
    left: usize,
    m: usize,
    n: usize,
    right: usize,
) {
    assert!(y.len() == left * m * right && init.fits(left * m * right));
    assert!(f.len() == m * n && x.len() == left * n * right);
    let together = m - m % 4;
    for l in 0..left {
        let to = l * m * right;
        let x = &x[l * n * right..(l + 1) * n * right];
        let mut r = 0;
        // On AVX-512 strips are wider than what tiles are made of.
        if STRIP == 16 {
            let wide = Wide { weights: f, first: 0, across: n, along: 1, x, stride: right, depth: n };
            r = whole_strips((y, to, right), init, wide, 0, m, right);
        }
        if are_few(right - r, n) {
            few((y, to + r, right), init, (&x[r..], right), f, (m, right - r, n));
            continue;
        }
        for a in (0..together).step_by(4) {
            tiles((y, to + a * right + r, right), init, (&x[r..], right), &f[a * n..(a + 4) * n], right - r);
        }
        for a in together..m {
            strips((y, to + a * right + r), init, (x, right, r), &f[a * n..(a + 1) * n], right - r);
        }
    }
}
