//! Sparse kernels, one vector at a time, over densities from no element to all.

use crate::kernels;
use crate::support::{Random, check, product};
use crate::tables::{EIGHT, Folded, Grouped, Lookup, Paired, SIXTEEN, slices};

#[test]
fn sparse_kernels() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(4);
    for (rows, cols) in [(1, 1), (1, 40), (7, 3), (8, 8), (9, 17), (40, 23), (65, 300), (200, 90)] {
        for density in [0, 1, 3, 10] {
            let x = random.floats(cols);
            let (mut row_ptr, mut columns) = (vec![0_u32], Vec::<u16>::new());
            for _ in 0..rows {
                columns.extend((0..cols as u16).filter(|_| random.below(10) < density));
                row_ptr.push(columns.len() as u32);
            }
            let values = random.floats(columns.len());
            let row = |i: usize| row_ptr[i] as usize..row_ptr[i + 1] as usize;
            let sums: Vec<Vec<f64>> = (0..rows)
                .map(|i| row(i).map(|k| product(values[k], x[columns[k] as usize])).collect())
                .collect();
            check("csr", random, &sums, &mut |y, init| {
                kernels::csr(y, init, &row_ptr, &columns, &values, &x, rows, values.len());
            });

            let (slots, slot_columns, slice_ptr, row_of) = slices(&row_ptr, &columns, &values);
            check("sell", random, &sums, &mut |y, init| {
                kernels::sell(y, init, &slots, &slot_columns, &slice_ptr, &row_of, &x, rows);
            });

            for windows in [0, 1, 4, 8] {
                // Every row in an order of its own, or in the order of the matrix.
                for order in [None, Some((0..rows as u16).rev().collect::<Vec<u16>>())] {
                    let tables =
                        Lookup::new(&row_ptr, &columns, &values, cols, windows, order.as_deref(), SIXTEEN);
                    let Lookup { counts, starts, padded, packed, masks, indices, left_over } = &tables;
                    let order = order.as_deref();
                    let add_left_over = |left_over: &Grouped, y: &mut [f32]| {
                        let Grouped { counts, values, columns, rows } = left_over;
                        kernels::grouped(y, counts, values, columns, rows, &x, counts.len());
                    };
                    check("lookup", random, &sums, &mut |y, init| {
                        kernels::lookup(y, init, counts, starts, padded, indices, order, &x, rows, cols);
                        add_left_over(left_over, y);
                    });
                    check("lookup_packed", random, &sums, &mut |y, init| {
                        kernels::lookup_packed(
                            y, init, counts, starts, packed, masks, indices, order, &x, rows, cols,
                        );
                        add_left_over(left_over, y);
                    });

                    let windows = 4 * windows;
                    let tables = Lookup::new(&row_ptr, &columns, &values, cols, windows, order, EIGHT);
                    let Lookup { counts, starts, padded, indices, left_over, .. } = &tables;
                    check("lookup_eight", random, &sums, &mut |y, init| {
                        kernels::lookup_eight(
                            y, init, counts, starts, padded, indices, order, &x, rows, cols,
                        );
                        add_left_over(left_over, y);
                    });
                }
            }

            for i in 0..rows {
                let held = random.floats(cols);
                let mut y = held.clone();
                kernels::csr_row(&mut y, &row_ptr, &columns, &values, i);
                for (j, held) in held.iter().enumerate() {
                    let added: f32 = row(i).filter(|&k| columns[k] as usize == j).map(|k| values[k]).sum();
                    assert_eq!(y[j], held + added);
                }
            }
        }
    }
}

/// Random pairs of slots with sixteen values or fewer; an input that none takes is infinite, which what is empty must not meet.
#[test]
fn paired_slots() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(7);
    for (rows, cols) in [(1, 2), (17, 30), (33, 31), (64, 32), (65, 300), (300, 90)] {
        for windows in [0, 2, 4, 6, 14] {
            for order in [None, Some((0..rows as u16).rev().collect::<Vec<u16>>())] {
                let order = order.as_deref();
                let mut x = random.floats(cols);
                x[cols / 2] = f32::INFINITY;
                let Paired { counts, starts, values, indices, sums } =
                    Paired::new(random, rows, &x, windows, order);
                check("lookup_paired", random, &sums, &mut |y, init| {
                    kernels::lookup_paired(
                        y, init, &counts, &starts, &values, &indices, order, &x, rows, cols,
                    );
                });
            }
        }
    }
}

/// Random words for two rows to a lane; an input that none takes is infinite, which what is empty or of the other row must not
/// meet.
#[test]
fn folded_rows() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(8);
    for (rows, cols) in [(1, 2), (17, 30), (33, 31), (64, 32), (65, 300), (600, 90)] {
        for windows in [0, 1, 2, 5, 14] {
            for order in [None, Some((0..rows as u16).rev().collect::<Vec<u16>>())] {
                let order = order.as_deref();
                let least = 121 + windows;
                let mut x = random.floats(cols);
                x[cols / 2] = f32::INFINITY;
                let Folded { counts, starts, words, sums } =
                    Folded::new(random, rows, &x, windows, least, order);
                check("lookup_folded", random, &sums, &mut |y, init| {
                    kernels::lookup_folded(y, init, &counts, &starts, &words, order, &x, rows, cols, least);
                });
            }
        }
    }
}

#[test]
fn picks() {
    if !crate::runs() {
        return;
    }
    let random = &mut Random(6);
    picks_of::<16, 16>(random, false);
    for zero in [false, true] {
        picks_of::<16, 15>(random, zero);
        picks_of::<16, 1>(random, zero);
        picks_of::<1, 9>(random, zero);
        picks_of::<11, 7>(random, zero);
    }
}

/// Three picks for `R` rows out of two blocks, of which the second has `C` inputs and the first one less than sixteen where
/// there is to be a zero, which rows without an element take. The third takes its values from anywhere among its sixteen.
fn picks_of<const R: usize, const C: usize>(random: &mut Random, zero: bool) {
    let first = if zero { 15 } else { 16 };
    let (x, values) = (random.floats(first + C), random.floats(3 * 16));
    let nothing = first + C;
    let columns: Vec<usize> = (0..3 * 16).map(|_| random.below(nothing + usize::from(zero))).collect();
    let places: Vec<usize> = (0..3 * 16).map(|k| if k < 32 { k % 16 } else { random.below(16) }).collect();
    let index = |k: usize| match columns[k] {
        column if column == nothing => first as u32,
        column if column < first => column as u32,
        column => (column + 16 - first) as u32,
    };
    let words: Vec<u32> = (0..16)
        .map(|i| index(i) | index(16 + i) << 5 | index(32 + i) << 19 | (places[32 + i] as u32) << 24)
        .collect();
    let input = |k: usize| x.get(columns[k]).copied().unwrap_or(0.0);
    let term = |i: usize, k: usize| product(values[16 * k + places[16 * k + i]], input(16 * k + i));
    let sums: Vec<Vec<f64>> = (0..R).map(|i| (0..3).map(|k| term(i, k)).collect()).collect();
    check("pick", random, &sums, &mut |y, init| {
        let x = if zero { kernels::blocks::<15, 2>(&x) } else { kernels::blocks::<16, 2>(&x) };
        let (mut even, mut odd) = (kernels::pick_start::<R>(init, y, 0), [0.0; 16]);
        kernels::pick::<0>(&mut even, &values, &x[0], &x[1], &words);
        kernels::pick::<5>(&mut odd, &values[16..], &x[0], &x[1], &words);
        kernels::pick_among::<19, 24>(&mut even, &values[32..], &x[0], &x[1], &words);
        kernels::pick_sum(&mut even, &odd);
        kernels::pick_end::<R>(y, 0, &even);
    });
}
