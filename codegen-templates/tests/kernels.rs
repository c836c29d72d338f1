//! The Rust kernels, as their files stand, against plain loops in 64-bit floats over awkward shapes, and the bounds
//! that `math.rs` states. The C kernels have the same tests in `runtime-c`.

/// The files as emitted code holds them: in one module.
#[allow(dead_code, unsafe_code, clippy::too_many_arguments)]
mod kernels {
    const FAMILY: u8 = 0;

    include!("../rust/kernels/base.rs");
    include!("../rust/kernels/math.rs");
    include!("../rust/kernels/dense_panels.rs");
    include!("../rust/kernels/dense_dots.rs");
    include!("../rust/kernels/dense_blocks.rs");
    include!("../rust/kernels/dense_batch.rs");
    include!("../rust/kernels/kron_outer.rs");
    include!("../rust/kernels/monarch_mix.rs");
    include!("../rust/kernels/monarch_row.rs");
    include!("../rust/kernels/circulant.rs");
    include!("../rust/kernels/sell.rs");
    include!("../rust/kernels/csr.rs");
    include!("../rust/kernels/lookup.rs");
    include!("../rust/kernels/lookup_packed.rs");
    include!("../rust/kernels/coo.rs");
    include!("../rust/kernels/csr_row.rs");
    include!("../rust/kernels/outer.rs");
    include!("../rust/kernels/add.rs");
    include!("../rust/kernels/fill.rs");
    include!("../rust/kernels/lstm_cell.rs");
    include!("../rust/kernels/gru_cell.rs");
    include!("../rust/kernels/activations.rs");
    include!("../rust/kernels/layer_norm.rs");
    include!("../rust/kernels/wide.rs");
    include!("../rust/kernels/csr_wide.rs");
    include!("../rust/kernels/sell_wide.rs");
    include!("../rust/kernels/dense_wide.rs");
    include!("../rust/kernels/circulant_wide.rs");
    include!("../rust/kernels/monarch_mix_wide.rs");
    include!("../rust/kernels/fill_wide.rs");
    include!("../rust/kernels/transpose.rs");

    /// What the cell's fractions stand for: rounded once more than there. NaN stays, which the cell sees to itself.
    pub(super) fn sigmoid_value(x: f32) -> f32 {
        let Fraction { over, under } = sigmoid_fraction(x);
        if x.is_nan() { x } else { over / under }
    }

    /// The same for tanh.
    pub(super) fn tanh_value(x: f32) -> f32 {
        let Fraction { over, under } = tanh_fraction(x);
        if x.is_nan() { x } else { over / under }
    }
}

use kernels::Init;

const SIZES: [usize; 17] = [1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 23, 31, 33, 50, 65];

/// Random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.below(2_000_001) as f32 / 1e6 - 1.0).collect()
    }
}

/// Runs `kernel` from each start and compares with `sums`: for each output the terms that are added to its start.
fn check(what: &str, random: &mut Random, sums: &[Vec<f64>], kernel: &mut dyn FnMut(&mut [f32], Init<'_>)) {
    let (table, held) = (random.floats(sums.len()), random.floats(sums.len()));
    for start in 0..3 {
        let mut y = if start == 2 { held.clone() } else { vec![f32::NAN; sums.len()] };
        kernel(&mut y, [Init::Zero, Init::From(&table), Init::Accumulate][start]);
        for (i, (found, terms)) in y.iter().zip(sums).enumerate() {
            let begin = [0.0, f64::from(table[i]), f64::from(held[i])][start];
            let expected = begin + terms.iter().sum::<f64>();
            let scale = begin.abs() + terms.iter().map(|term| term.abs()).sum::<f64>();
            let error = (f64::from(*found) - expected).abs();
            assert!(
                error <= 2e-6 * scale.max(1e-30),
                "{what}, start {start}: y[{i}] = {found}, expected {expected}"
            );
        }
    }
}

fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}

/// A row-major matrix in panels.
fn panels(w: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for first in (0..rows).step_by(PANEL) {
        for j in 0..cols {
            out.extend((first..rows.min(first + PANEL)).map(|i| w[i * cols + j]));
        }
    }
    out
}

/// Rows of a panel, as the tables are laid out.
const PANEL: usize = 16;

#[test]
fn dense_kernels() {
    let random = &mut Random(1);
    for rows in SIZES {
        for cols in [1, 2, 7, 16, 33] {
            for count in [1, 3, 4, 5] {
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
                check(&format!("dense_panels {what}"), random, &batch[..rows], &mut |y, init| {
                    kernels::dense_panels(y, init, first, &x[..cols], rows, cols);
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
    let random = &mut Random(2);
    for right in SIZES {
        for (left, m, n) in [(1, 1, 1), (1, 4, 3), (2, 5, 2), (3, 2, 7), (1, 9, 8)] {
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

/// The tables of look-ups with `windows` windows in each band, and the elements that find no slot.
#[derive(Default)]
struct Lookup {
    counts: Vec<u16>,
    starts: Vec<u16>,
    padded: Vec<f32>,
    packed: Vec<f32>,
    masks: Vec<u16>,
    indices: Vec<u32>,
    single: (Vec<f32>, Vec<u16>, Vec<u16>),
}

impl Lookup {
    fn new(
        row_ptr: &[u32],
        columns: &[u16],
        values: &[f32],
        cols: usize,
        windows: usize,
        order: Option<&[u16]>,
    ) -> Lookup {
        let place = |i: usize| order.map_or(i, |order| order[i] as usize);
        let rows: Vec<usize> = (0..row_ptr.len() - 1).map(place).collect();
        let mut tables = Lookup::default();
        let mut rest = &rows[..];
        while !rest.is_empty() {
            let groups = [8, 4, 2, 1].into_iter().find(|&groups| groups <= rest.len().div_ceil(16)).unwrap();
            let (band, others) = rest.split_at(rest.len().min(16 * groups));
            rest = others;
            let first = |k: usize| if cols > 32 { k * (cols - 32) / windows } else { 0 };
            let (value, mask, word) = (tables.padded.len(), tables.masks.len(), tables.indices.len());
            tables.counts.push(windows as u16);
            tables.starts.extend((0..windows).map(|k| first(k) as u16));
            tables.padded.resize(value + windows * groups * 16, 0.0);
            tables.masks.resize(mask + windows * groups, 0);
            tables.indices.resize(word + windows.div_ceil(6) * groups * 16, 0);
            for (lane, &row) in band.iter().enumerate() {
                let mut k = 0;
                for e in row_ptr[row] as usize..row_ptr[row + 1] as usize {
                    let column = columns[e] as usize;
                    while k < windows && first(k) + 32 <= column {
                        k += 1;
                    }
                    if k < windows && first(k) <= column {
                        tables.padded[value + k * groups * 16 + lane] = values[e];
                        tables.masks[mask + k * groups + lane / 16] |= 1 << (lane % 16);
                        let index = (column - first(k)) as u32;
                        tables.indices[word + k / 6 * groups * 16 + lane] |= index << (5 * (k % 6));
                        k += 1;
                    } else {
                        tables.single.0.push(values[e]);
                        tables.single.1.push(columns[e]);
                        tables.single.2.push(row as u16);
                    }
                }
            }
        }
        let held = |&i: &usize| tables.masks[i / 16] >> (i % 16) & 1 == 1;
        tables.packed = (0..tables.padded.len()).filter(held).map(|i| tables.padded[i]).collect();
        tables.packed.extend([0.0; 15]);
        tables
    }
}

#[test]
fn sparse_kernels() {
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
                    let tables = Lookup::new(&row_ptr, &columns, &values, cols, windows, order.as_deref());
                    let Lookup { counts, starts, padded, packed, masks, indices, single } = &tables;
                    let order = order.as_deref();
                    let add_single = |y: &mut [f32]| {
                        kernels::coo(y, &single.0, &single.1, &single.2, &x, single.0.len());
                    };
                    check("lookup", random, &sums, &mut |y, init| {
                        kernels::lookup(y, init, counts, starts, padded, indices, order, &x, rows, cols);
                        add_single(y);
                    });
                    check("lookup_packed", random, &sums, &mut |y, init| {
                        kernels::lookup_packed(
                            y, init, counts, starts, packed, masks, indices, order, &x, rows, cols,
                        );
                        add_single(y);
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

/// Lanes of wide vectors: one, fewer than a vector, one beside a vector, several and a rest.
const LANES: [usize; 11] = [1, 2, 7, 8, 9, 15, 16, 17, 33, 64, 100];

#[test]
fn dense_kernels_on_wide_vectors() {
    let random = &mut Random(7);
    for lanes in LANES {
        for rows in [1, 3, 8, 15, 16, 17, 33] {
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

/// Rows dealt to slices of eight, longest first: values, columns, where slices start, the row of each lane.
fn slices(row_ptr: &[u32], columns: &[u16], values: &[f32]) -> (Vec<f32>, Vec<u16>, Vec<u32>, Vec<u16>) {
    let row = |i: u16| row_ptr[i as usize] as usize..row_ptr[i as usize + 1] as usize;
    let mut row_of: Vec<u16> = (0..row_ptr.len() as u16 - 1).collect();
    row_of.sort_by_key(|&i| std::cmp::Reverse(row(i).len()));
    let (mut slots, mut slot_columns, mut slice_ptr) = (Vec::new(), Vec::new(), vec![0_u32]);
    for slice in row_of.chunks(8) {
        let longest = row(slice[0]).len();
        for slot in 0..longest {
            for lane in 0..8 {
                let k = slice.get(lane).and_then(|&i| row(i).nth(slot));
                slots.push(k.map_or(0.0, |k| values[k]));
                slot_columns.push(k.map_or(0, |k| columns[k]));
            }
        }
        slice_ptr.push(slice_ptr[slice_ptr.len() - 1] + longest as u32);
    }
    (slots, slot_columns, slice_ptr, row_of)
}

#[test]
fn sparse_kernels_on_wide_vectors() {
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
                check(&format!("sell_wide, {lanes} lanes"), random, &sums, &mut |y, init| {
                    kernels::sell_wide(y, init, &slots, &slot_columns, &slice_ptr, &row_of, &x, rows, lanes);
                });
            }
        }
    }
}

#[test]
fn moves_of_wide_vectors() {
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

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn cells() {
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
    }
}

#[test]
fn functions_over_vectors() {
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
    bounds(1009);
}

#[test]
#[ignore = "takes minutes: cargo test -p dopec-templates --release -- --ignored"]
fn bounds_of_functions_for_every_float() {
    bounds(1);
}
