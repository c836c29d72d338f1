// A dense matrix of TALL rows and more times a vector. Takes it in panels, as `panels` has them; gives every row's sum. A tall
// panel is read from front to back, and one element of x serves all of its rows.

/// y[i] = init + sum over j of W[i,j] * x[j]. `w` holds the panels one after another, each `[cols][its rows]`.
#[inline(always)]
pub(super) fn dense_tall(y: &mut [f32], init: Init<'_>, w: &[f32], x: &[f32], rows: usize, cols: usize) {
    // Sums of so many strips: what half of the registers hold.
    const SUMS: usize = if FAMILY == 0 { 4 } else { 8 };
    const STRIPS: usize = TALL / STRIP;
    // Columns that have sums of their own, so that no addition waits for the one before.
    const COLUMNS: usize = SUMS / STRIPS;
    assert!(y.len() == rows && init.fits(rows) && w.len() == rows * cols && x.len() == cols);
    let tall = rows - rows % TALL;
    for at in (0..tall).step_by(TALL) {
        let panel = &w[at * cols..(at + TALL) * cols];
        let mut sums = [[0.0; STRIP]; SUMS];
        let mut t = 0;
        while t < STRIPS {
            sums[t] = init.load(y, at + t * STRIP);
            t += 1;
        }
        let mut j = 0;
        while j + COLUMNS <= cols {
            let (weights, scalars) = (&panel[j * TALL..][..COLUMNS * TALL], &x[j..][..COLUMNS]);
            let mut t = 0;
            while t < SUMS {
                strip_add_scaled(&mut sums[t], &weights[t * STRIP..][..STRIP], scalars[t / STRIPS]);
                t += 1;
            }
            j += COLUMNS;
        }
        while j < cols {
            let weights = &panel[j * TALL..][..TALL];
            let mut t = 0;
            while t < STRIPS {
                strip_add_scaled(&mut sums[t], &weights[t * STRIP..][..STRIP], x[j]);
                t += 1;
            }
            j += 1;
        }
        let mut t = STRIPS;
        while t < SUMS {
            let own = sums[t];
            strip_add_scaled(&mut sums[t % STRIPS], &own, 1.0);
            t += 1;
        }
        let mut t = 0;
        while t < STRIPS {
            y[at + t * STRIP..][..STRIP].copy_from_slice(&sums[t]);
            t += 1;
        }
    }
    if tall < rows {
        let init = init.part(tall, rows - tall);
        dense_panels(&mut y[tall..], init, &w[tall * cols..], x, rows - tall, cols);
    }
}
