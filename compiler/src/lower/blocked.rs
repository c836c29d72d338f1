//! Sparse products of streams on AVX-512, in blocks of columns.
//!
//! Every non-zero meets a row of lanes of x. Where those rows together exceed the first-level cache, each block of columns
//! has slices of its own, so that the inputs of a block stay there; its sums are then added to what is there, which
//! takes as long as a few non-zeros of each row. With tables of their own, columns are stored as the number of pairs of
//! floats before theirs, where two bytes hold that: addresses take it as it is.

use super::builder::Builder;
use super::path::Path;
use super::{split, table};
use crate::model::Csr;
use crate::program::{Init, View};

/// Bytes of the first-level cache, at least.
const FIRST_LEVEL: usize = 32 << 10;

/// Non-zeros that a row must have in a block, on average, for what adding its sums takes: half a nanosecond a row, where
/// inputs out of the second level take 0.08 a non-zero longer, on a Zen 5.
const LEAST: usize = 16;

/// Pairs of floats that columns of two bytes reach.
const PAIRS: usize = 1 << 16;

/// Lanes that a strip of AVX-512 has.
const STRIP: usize = 16;

/// In how many blocks of columns a product is cut; one where it stays whole.
pub(super) fn blocks(csr: &Csr, x: View, lanes: usize) -> usize {
    if !lanes.is_multiple_of(STRIP) {
        return 1;
    }
    let rows = csr.row_ptr.len() - 1;
    let most = csr.nnz() / (rows * LEAST);
    (size_of::<f32>() * x.len).div_ceil(FIRST_LEVEL).min(most).max(1)
}

/// Adds y = init + S x in so many blocks of columns.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    mut csr: Csr,
    (x, y, init): (View, View, Init),
    title: &str,
    blocks: usize,
) {
    let lanes = builder.lanes();
    let cols = x.len / lanes;
    let mut init = init;
    for block in 0..blocks {
        let [begin, end] = [block, block + 1].map(|block| block * cols / blocks);
        let [columns, rest] = split::sparse_columns(&csr, end - begin);
        let title = format!("{title}; columns {begin} to {}, block {} of {blocks}", end - 1, block + 1);
        let x = x.part(begin * lanes, (end - begin) * lanes);
        let unit = if x.len / 2 <= PAIRS { 2 } else { lanes };
        if columns.nnz() > 0 {
            let path = path.element("columns", block);
            let listed = table::rows_by_length(&columns, init == Init::Accumulate);
            table::sliced(builder, &path, (&columns, &listed), (x, y, init), &title, unit);
        } else if init != Init::Accumulate {
            builder.fill(y, init, &format!("{title}: nothing to add"));
        }
        (csr, init) = (rest, Init::Accumulate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Place;

    #[test]
    fn products_are_cut_where_inputs_exceed_the_cache_and_rows_have_enough() {
        let blocks = |cols: usize, row: u32, lanes: usize| {
            let row_ptr = (0..=4).map(|i| i * row).collect();
            let col_idx = (0..4).flat_map(|_| 0..row).collect();
            let csr = Csr { row_ptr, col_idx, values: vec![1.0; 4 * row as usize] };
            super::blocks(&csr, View::whole(Place::Input, cols * lanes), lanes)
        };
        assert_eq!(blocks(512, 512, 16), 1);
        assert_eq!(blocks(513, 512, 16), 2);
        assert_eq!(blocks(1300, 52, 16), 3);
        assert_eq!(blocks(1300, 47, 16), 2);
        assert_eq!(blocks(1300, 31, 16), 1);
        assert_eq!(blocks(650, 650, 48), 4);
        assert_eq!(blocks(1300, 52, 24), 1);
    }
}
