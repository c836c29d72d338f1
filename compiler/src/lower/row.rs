//! Row `token` of a matrix of any structure: what an embedding looks up.
//!
//! Each structure gives its row without building the matrix; a row of a Kronecker product is the Kronecker
//! product of one row of each factor, chosen by a digit of the token.

use super::builder::Builder;
use super::path::{Path, shape};
use super::{dense, monarch, table};
use crate::model::{Csr, Matrix, Structure, Tensor};
use crate::numbers::thousands;
use crate::program::{Call, Data, Digit, Init, Kernel, Operation, Source, View};

/// Adds y = init + row (token − start) of W. `init` is nothing or what y holds.
pub(super) fn look_up(builder: &mut Builder, path: &Path, matrix: Matrix, y: View, init: Init, start: usize) {
    let init = match matrix.structure {
        Some(structure) => {
            look_up_structure(builder, path, structure, (y, init), start);
            Init::Accumulate
        }
        None => init,
    };
    if let Some(csr) = matrix.sparse {
        sparse(builder, path, csr, (y, init), start);
    }
}

/// Adds y = init + row (token − start) of a dense matrix.
pub(super) fn look_up_dense(
    builder: &mut Builder,
    path: &Path,
    weight: Tensor,
    (y, init): (View, Init),
    start: usize,
) {
    let cols = y.len;
    let rows = weight.shape[0];
    let note = format!("{}, row-major", shape(rows, cols));
    let constant = builder.constant(&path.field("rows"), Data::F32(weight.data), note);
    let row = Source::Row { constant, base: 0, step: cols as isize, digit: whole(start), len: cols };
    let why = format!("{}: a row of {}", path.dotted(), shape(rows, cols));
    builder.product(Kernel::ADD, (y, init), vec![], row, vec![cols], 0, why);
}

fn look_up_structure(
    builder: &mut Builder,
    path: &Path,
    structure: Structure,
    (y, init): (View, Init),
    start: usize,
) {
    match structure {
        Structure::Dense(weight) => look_up_dense(builder, path, weight, (y, init), start),
        Structure::Kronecker(factors) => kronecker(builder, path, factors, (y, init), start),
        Structure::LowRank { left, right } => {
            let rank = right.shape[0];
            let note = format!("{}, row-major", shape(left.shape[0], rank));
            let constant = builder.constant(&path.field("left"), Data::F32(left.data), note);
            let row = Source::Row { constant, base: 0, step: rank as isize, digit: whole(start), len: rank };
            let weight = dense::transpose(&right.data, rank, y.len);
            dense::multiply(builder, &path.field("right"), weight, row, rank, y, init);
        }
        Structure::Sum(terms) => {
            let mut init = init;
            for (i, term) in terms.into_iter().enumerate() {
                look_up_structure(builder, &path.element("terms", i), term, (y, init), start);
                init = Init::Accumulate;
            }
        }
        Structure::VStack(blocks) => {
            let mut row = start;
            for (i, block) in blocks.into_iter().enumerate() {
                let end = row + block.rows;
                let path = path.element("blocks", i);
                for_tokens(builder, row..end, |builder| look_up(builder, &path, block, y, init, row));
                row = end;
            }
        }
        Structure::HStack(blocks) => {
            let mut col = 0;
            for (i, block) in blocks.into_iter().enumerate() {
                let cols = block.cols;
                look_up(builder, &path.element("blocks", i), block, y.part(col, cols), init, start);
                col += cols;
            }
        }
        Structure::BlockDiagonal(blocks) => {
            clear(builder, path, (y, init));
            let (mut row, mut col) = (start, 0);
            for (i, block) in blocks.into_iter().enumerate() {
                let (end, cols) = (row + block.rows, block.cols);
                let path = path.element("blocks", i);
                let part = y.part(col, cols);
                for_tokens(builder, row..end, |builder| {
                    look_up(builder, &path, block, part, Init::Accumulate, row);
                });
                row = end;
                col += cols;
            }
        }
        Structure::Monarch { first, second } => monarch_row(builder, path, (first, second), (y, init), start),
        Structure::Circulant(column) => {
            let n = column.len();
            // Row t is W[t, j] = c[(t − j) mod n]: n values from n − t of c reversed, twice.
            let twice = (0..2 * n).map(|k| column[(2 * n - k) % n]).collect();
            let note = "first column reversed, twice: a row is a run of it";
            let constant = builder.constant(&path.field("circulant"), Data::F32(twice), note);
            let row = Source::Row { constant, base: n, step: -1, digit: whole(start), len: n };
            let why = format!("{}: a row of a circulant {}", path.dotted(), shape(n, n));
            builder.product(Kernel::ADD, (y, init), vec![], row, vec![n], 0, why);
        }
    }
}

fn kronecker(
    builder: &mut Builder,
    path: &Path,
    factors: Vec<Tensor>,
    (y, init): (View, Init),
    start: usize,
) {
    let count = factors.len();
    let mut divisor: usize = factors.iter().map(|factor| factor.shape[0]).product();
    let mut product: Option<(Source, usize)> = None;
    for (i, factor) in factors.into_iter().enumerate() {
        let (m, n) = (factor.shape[0], factor.shape[1]);
        divisor /= m;
        let note = format!("{}, row-major", shape(m, n));
        let constant = builder.constant(&path.element("factor", i), Data::F32(factor.data), note);
        let digit = Digit { start, divisor, modulus: if i == 0 { 0 } else { m } };
        let row = Source::Row { constant, base: 0, step: n as isize, digit, len: n };
        product = Some(match product {
            None => (row, n),
            Some((so_far, len)) => {
                let (target, target_init) = if i + 1 == count {
                    (y, init)
                } else {
                    let note = format!("rows of the first {} factors of {}", i + 1, path.dotted());
                    (builder.temporary(&path.element("rows", i), len * n, note), Init::Zero)
                };
                builder.call(Call {
                    kernel: Kernel::OUTER,
                    index_types: Vec::new(),
                    outputs: vec![target],
                    init: Some(target_init),
                    tables: Vec::new(),
                    inputs: vec![so_far, row],
                    dims: vec![len, n],
                    scalar: None,
                    apart: false,
                    multiply_adds: (len * n) as u64,
                    why: format!(
                        "{}: a row of a Kronecker product is the product of its factors' rows",
                        path.dotted()
                    ),
                });
                (Source::View(target), len * n)
            }
        });
    }
}

fn monarch_row(
    builder: &mut Builder,
    path: &Path,
    (first, second): (Tensor, Tensor),
    (y, init): (View, Init),
    start: usize,
) {
    clear(builder, path, (y, init));
    let [k, q, p] = monarch::extents(&first);
    let [l, s, r] = monarch::extents(&second);
    let tables = vec![
        builder.floats(&path.field("first"), first.data, format!("(k, q, p) of {k}×{q}×{p}")),
        builder.floats(&path.field("second"), second.data, format!("(l, s, r) of {l}×{s}×{r}")),
    ];
    builder.call(Call {
        kernel: Kernel::MONARCH_ROW,
        index_types: Vec::new(),
        outputs: vec![y],
        init: None,
        tables,
        inputs: vec![Source::Token(whole(start))],
        dims: vec![k, q, p, l, s, r],
        scalar: None,
        apart: false,
        multiply_adds: (r * p) as u64,
        why: format!("{}: a row of a monarch matrix", path.dotted()),
    });
}

fn sparse(builder: &mut Builder, path: &Path, csr: Csr, (y, init): (View, Init), start: usize) {
    clear(builder, path, (y, init));
    let nnz = csr.nnz();
    if nnz == 0 {
        return;
    }
    let rows = csr.row_ptr.len() - 1;
    let (tables, index_types) = table::compressed(builder, &path.field("sparse"), csr, y.len);
    builder.call(Call {
        kernel: Kernel::CSR_ROW,
        index_types,
        outputs: vec![y],
        init: None,
        tables,
        inputs: vec![Source::Token(whole(start))],
        dims: Vec::new(),
        scalar: None,
        apart: false,
        multiply_adds: (nnz / rows) as u64,
        why: format!("{}: a sparse row, {} non-zeros in all", path.dotted(), thousands(nnz)),
    });
}

fn clear(builder: &mut Builder, path: &Path, (y, init): (View, Init)) {
    if init != Init::Accumulate {
        builder.fill(y, init, &format!("{}: what is added to", path.dotted()));
    }
}

fn whole(start: usize) -> Digit {
    Digit { start, divisor: 1, modulus: 0 }
}

fn for_tokens(builder: &mut Builder, range: std::ops::Range<usize>, lower: impl FnOnce(&mut Builder)) {
    let outside = std::mem::take(&mut builder.operations);
    lower(builder);
    let body = std::mem::replace(&mut builder.operations, outside);
    builder.operations.push(Operation::ForTokens { start: range.start, end: range.end, body });
}
