//! Dense kernels and those of structures, one vector at a time.

use crate::kernels;
use crate::support::{Random, SIZES, check, product};
use crate::tables::{PANEL, panels, panels_of};

#[test]
fn dense_kernels() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(1);
    for rows in SIZES {
        for cols in [1, 2, 7, 16, 33, 50] {
            for count in [1, 3, 4, 13, 26] {
                let (w, x) = (random.floats(count * rows * cols), random.floats(count * cols));
                let row = |block: usize, b: usize, i: usize| -> Vec<f64> {
                    (0..cols).map(|j| product(w[(block * rows + i) * cols + j], x[b * cols + j])).collect()
                };
                let what = format!("{count} times {rows}x{cols}");
                let packed: Vec<f32> =
                    w.chunks(rows * cols).flat_map(|block| panels(block, rows, cols)).collect();
                let blocks: Vec<_> = (0..count * rows).map(|k| row(k / rows, k / rows, k % rows)).collect();
                check(&format!("dense_blocks {what}"), random, &blocks, &mut |y, init| {
                    kernels::dense_blocks(y, init, &packed, &x, count, rows, cols);
                });
                let first = &packed[..rows * cols];
                let batch: Vec<_> = (0..count * rows).map(|k| row(0, k / rows, k % rows)).collect();
                check(&format!("dense_batch {what}"), random, &batch, &mut |y, init| {
                    kernels::dense_batch(y, init, first, &x, count, rows, cols);
                });
                check(&format!("dense_tall {what}"), random, &batch[..rows], &mut |y, init| {
                    kernels::dense_tall(y, init, first, &x[..cols], rows, cols);
                });
                let low = panels_of(PANEL, &w[..rows * cols], cols);
                check(&format!("dense_panels {what}"), random, &batch[..rows], &mut |y, init| {
                    kernels::dense_panels(y, init, &low, &x[..cols], rows, cols);
                });
                check(&format!("dense_dots {what}"), random, &batch[..rows], &mut |y, init| {
                    kernels::dense_dots(y, init, &w[..rows * cols], &x[..cols], rows, cols);
                });
            }
        }
    }
}

#[test]
fn kronecker_monarch_and_circulant_kernels() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(2);
    for right in SIZES {
        for (left, m, n) in
            [(1, 1, 1), (1, 4, 3), (2, 5, 2), (3, 2, 7), (1, 9, 8), (1, 21, 5), (2, 29, 26), (1, 3, 70)]
        {
            let (f, x) = (random.floats(m * n), random.floats(left * n * right));
            let sums: Vec<_> = (0..left * m * right)
                .map(|k| {
                    let (l, a, r) = (k / (m * right), k / right % m, k % right);
                    (0..n).map(|b| product(f[a * n + b], x[(l * n + b) * right + r])).collect()
                })
                .collect();
            check("kron_outer", random, &sums, &mut |y, init| {
                kernels::kron_outer(y, init, &f, &x, left, m, n, right);
            });
            let (w, x) = (random.floats(m * n * right), random.floats(n * right));
            let sums: Vec<_> = (0..m * right)
                .map(|k| {
                    (0..n)
                        .map(|r| {
                            product(w[(k / right * n + r) * right + k % right], x[r * right + k % right])
                        })
                        .collect()
                })
                .collect();
            check("monarch_mix", random, &sums, &mut |y, init| {
                kernels::monarch_mix(y, init, &w, &x, m, n, right);
            });
        }
        let (column, x) = (random.floats(right), random.floats(right));
        let twice = [column.clone(), column.clone()].concat();
        let sums: Vec<_> = (0..right)
            .map(|i| (0..right).map(|j| product(column[(right + i - j) % right], x[j])).collect())
            .collect();
        check("circulant", random, &sums, &mut |y, init| kernels::circulant(y, init, &twice, &x, right));
        let (a, b) = (random.floats(5), random.floats(right));
        let sums: Vec<_> = (0..5 * right).map(|k| vec![product(a[k / right], b[k % right])]).collect();
        check("outer", random, &sums, &mut |y, init| kernels::outer(y, init, &a, &b, 5, right));
        let sums: Vec<_> = b.iter().map(|&b| vec![f64::from(b)]).collect();
        check("add", random, &sums, &mut |y, init| kernels::add(y, init, &b, right));
        check("fill", random, &vec![vec![]; right], &mut |y, init| kernels::fill(y, init, right));
    }
}

#[test]
fn a_row_of_a_monarch_matrix() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(3);
    for (k, q, p, l, s, r) in [(1, 1, 1, 1, 1, 1), (2, 3, 5, 3, 4, 2), (4, 2, 3, 1, 5, 8), (3, 4, 2, 6, 2, 2)]
    {
        let (first, second) = (random.floats(k * q * p), random.floats(l * s * r));
        for row in 0..l * s {
            let mut sums = vec![Vec::new(); k * p];
            for r0 in 0..r {
                let at = r0 * l + row % l;
                for p0 in 0..p {
                    let term = product(second[(row % l * s + row / l) * r + r0], first[at * p + p0]);
                    sums[at / q * p + p0].push(term);
                }
            }
            let held = random.floats(k * p);
            let mut y = held.clone();
            kernels::monarch_row(&mut y, &first, &second, row, k, q, p, l, s, r);
            for ((found, held), terms) in y.iter().zip(held).zip(sums) {
                let expected = f64::from(held) + terms.iter().sum::<f64>();
                assert!(
                    (f64::from(*found) - expected).abs() < 1e-5,
                    "row {row}: {found}, expected {expected}"
                );
            }
        }
    }
}
