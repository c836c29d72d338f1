//! Kernels on wide vectors, `[len][lanes]`.

use crate::kernels;
use crate::support::{Random, SIZES, check, product};
use crate::tables::{panels, slices};

/// Lanes of wide vectors: one, fewer than a vector, one beside a vector, several and a rest.
const LANES: [usize; 11] = [1, 2, 7, 8, 9, 15, 16, 17, 33, 64, 100];

#[test]
fn dense_kernels_on_wide_vectors() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(7);
    for lanes in LANES {
        for rows in [1, 3, 8, 15, 16, 17, 33, 53] {
            for (cols, count, shared) in [(1, 1, true), (7, 2, false), (5, 3, true)] {
                let (w, x) = (random.floats(count * rows * cols), random.floats(count * cols * lanes));
                let apart = if shared { 0 } else { rows * cols };
                let used = &w[..(count - 1) * apart + rows * cols];
                let packed: Vec<f32> =
                    used.chunks(rows * cols).flat_map(|block| panels(block, rows, cols)).collect();
                let sums: Vec<Vec<f64>> = (0..count * rows * lanes)
                    .map(|at| {
                        let (b, i) = (at / (rows * lanes), at / lanes % rows);
                        let weight = |j: usize| w[b * apart + i * cols + j];
                        (0..cols)
                            .map(|j| product(weight(j), x[(b * cols + j) * lanes + at % lanes]))
                            .collect()
                    })
                    .collect();
                let what = format!("dense_wide {count} times {rows}x{cols}, {lanes} lanes");
                check(&what, random, &sums, &mut |y, init| {
                    kernels::dense_wide(y, init, &packed, &x, count, apart, rows, cols, lanes);
                });
            }
            let (column, x) = (random.floats(rows), random.floats(rows * lanes));
            let twice = [column.clone(), column.clone()].concat();
            let sums: Vec<Vec<f64>> = (0..rows * lanes)
                .map(|at| {
                    let weight = |j: usize| column[(rows + at / lanes - j) % rows];
                    (0..rows).map(|j| product(weight(j), x[j * lanes + at % lanes])).collect()
                })
                .collect();
            check(&format!("circulant_wide {rows}, {lanes} lanes"), random, &sums, &mut |y, init| {
                kernels::circulant_wide(y, init, &twice, &x, rows, lanes);
            });
            let (s, r, l) = (rows, 3, 2);
            let (w, x) = (random.floats(s * r * l), random.floats(r * l * lanes));
            let sums: Vec<Vec<f64>> = (0..s * l * lanes)
                .map(|at| {
                    let (s0, i) = (at / (l * lanes), at / lanes % l);
                    (0..r)
                        .map(|r0| product(w[(s0 * r + r0) * l + i], x[(r0 * l + i) * lanes + at % lanes]))
                        .collect()
                })
                .collect();
            check(&format!("monarch_mix_wide {s}, {lanes} lanes"), random, &sums, &mut |y, init| {
                kernels::monarch_mix_wide(y, init, &w, &x, s, r, l, lanes);
            });
        }
    }
}

#[test]
fn sparse_kernels_on_wide_vectors() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(8);
    for lanes in LANES {
        for (rows, cols) in [(1, 1), (7, 3), (9, 17), (40, 23), (3, 300)] {
            for density in [0, 1, 3, 10] {
                let x = random.floats(cols * lanes);
                let (mut row_ptr, mut columns) = (vec![0_u32], Vec::<u16>::new());
                for _ in 0..rows {
                    columns.extend((0..cols as u16).filter(|_| random.below(10) < density));
                    row_ptr.push(columns.len() as u32);
                }
                let values = random.floats(columns.len());
                let sums: Vec<Vec<f64>> = (0..rows * lanes)
                    .map(|at| {
                        let row = row_ptr[at / lanes] as usize..row_ptr[at / lanes + 1] as usize;
                        row.map(|k| product(values[k], x[columns[k] as usize * lanes + at % lanes])).collect()
                    })
                    .collect();
                check(&format!("csr_wide, {lanes} lanes"), random, &sums, &mut |y, init| {
                    kernels::csr_wide(y, init, &row_ptr, &columns, &values, &x, rows, values.len(), lanes);
                });
                let (slots, slot_columns, slice_ptr, row_of) = slices(&row_ptr, &columns, &values);
                for unit in [lanes, 2].into_iter().filter(|unit| lanes % unit == 0) {
                    let scaled: Vec<u16> = slot_columns.iter().map(|at| at * (lanes / unit) as u16).collect();
                    check(&format!("sell_wide, {lanes} lanes by {unit}"), random, &sums, &mut |y, init| {
                        let (slots, rows_of) = (&slots, &row_of);
                        kernels::sell_wide(
                            y, init, slots, &scaled, &slice_ptr, rows_of, &x, rows, unit, lanes,
                        );
                    });
                }
            }
        }
    }
}

#[test]
fn moves_of_wide_vectors() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(9);
    for rows in SIZES {
        for cols in LANES {
            let x = random.floats(rows * cols);
            let mut y = vec![f32::NAN; rows * cols];
            kernels::transpose(&mut y, &x, rows, cols);
            assert!((0..rows * cols).all(|at| y[at] == x[at % rows * cols + at / rows]), "{rows}x{cols}");
            kernels::fill_wide(&mut y, &x[..rows], rows, cols);
            assert!((0..rows * cols).all(|at| y[at] == x[at / cols]), "{rows}x{cols}");
        }
    }
}
