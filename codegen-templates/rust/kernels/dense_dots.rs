// A dense matrix of few rows times a vector. Takes the matrix row-major; gives every row's sum. Lanes run along the
// columns, in PARTIALS partial sums that are reduced once a row.

/// y[i] = init + sum over j of w[i * cols + j] * x[j].
#[inline(always)]
pub(super) fn dense_dots(y: &mut [f32], init: Init<'_>, w: &[f32], x: &[f32], rows: usize, cols: usize) {
    assert!(y.len() == rows && init.fits(rows) && w.len() == rows * cols && x.len() == cols);
    for i in 0..rows {
        let row = w[i * cols..(i + 1) * cols].chunks_exact(PARTIALS);
        let inputs = x.chunks_exact(PARTIALS);
        let mut partial = [0.0; PARTIALS];
        for ((sum, weight), input) in partial.iter_mut().zip(row.remainder()).zip(inputs.remainder()) {
            *sum = weight * input;
        }
        for (row, inputs) in row.zip(inputs) {
            for ((sum, weight), input) in partial.iter_mut().zip(row).zip(inputs) {
                *sum += weight * input;
            }
        }
        let [start] = init.load(y, i);
        y[i] = start + reduce(partial);
    }
}
