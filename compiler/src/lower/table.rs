//! Tables of sparse parts: sliced ELLPACK or compressed rows, for one vector or for wide ones.
//!
//! **Sliced ELLPACK** (SELL-C-σ, arXiv 1307.6209) has [`Kernel::LANES`] rows a slice, rows sorted by length so that
//! slices fill evenly; where padding would outweigh that (few rows, or lengths that differ wildly), rows are
//! **compressed**. Wide vectors are multiplied from the same tables as one vector, so that a block of steps or a batch
//! of streams brings none of its own, but where [`super::blocked`] cuts a product of streams.

use super::builder::Builder;
use super::path::Path;
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{Call, Data, IndexType, Init, Kernel, Source, Table, View};
use crate::ways::Way;

/// A slot of a slice costs this much less than a non-zero in compressed rows: eight rows run side by side,
/// while a row by itself waits for its own sums. As a ratio, 3 : 2.
const SLOTS_PER_NON_ZERO: (usize, usize) = (3, 2);

/// Adds y = init + S x from a table of the form asked for, or of the one that fits; x and y are wide where the builder
/// has lanes.
pub(super) fn multiply(
    builder: &mut Builder,
    path: &Path,
    csr: Csr,
    (x, y, init): (View, View, Init),
    title: &str,
    asked: Option<Way>,
) {
    let (nnz, lanes) = (csr.nnz(), builder.lanes());
    let listed = rows_by_length(&csr, init == Init::Accumulate);
    let slots = slots(&csr, &listed);
    if asked.unwrap_or(fitting(nnz, slots)) == Way::Sell {
        return sliced(builder, path, (&csr, &listed), (x, y, init), title, lanes);
    }
    let form = format!(
        "compressed rows, {} slices of {} rows would take {} slots for {} non-zeros",
        if asked.is_some() { "where" } else { "since" },
        Kernel::LANES,
        thousands(slots * Kernel::LANES),
        thousands(nnz),
    );
    let dims = vec![y.len / lanes, nnz];
    let (tables, index_types) = compressed(builder, &path.field("sparse"), csr, x.len / lanes);
    let kernels = [Kernel::CSR, Kernel::CSR_WIDE];
    call(builder, kernels, (x, y, init), (tables, index_types), dims, nnz, &format!("{title}; {form}"));
}

/// The same from slices of the listed rows, longest first. Of wide vectors, the stored column times `unit`, which divides
/// the number of lanes, is the number of floats before the column's row.
pub(super) fn sliced(
    builder: &mut Builder,
    path: &Path,
    (csr, listed): (&Csr, &[u32]),
    (x, y, init): (View, View, Init),
    title: &str,
    unit: usize,
) {
    let lanes = builder.lanes();
    let slots = slots(csr, listed);
    let form = format!(
        "slices of {} rows sorted by length, {} slots for {} non-zeros",
        Kernel::LANES,
        thousands(slots * Kernel::LANES),
        thousands(csr.nnz())
    );
    let mut dims = vec![listed.len()];
    if builder.lanes.is_some() {
        dims.push(unit);
    }
    let sell = Sell::new(csr, listed, slots, lanes / unit);
    let tables = slices(builder, &path.field("sparse"), sell, listed, [y.len / lanes, x.len / unit]);
    let kernels = [Kernel::SELL, Kernel::SELL_WIDE];
    call(builder, kernels, (x, y, init), tables, dims, csr.nnz(), &format!("{title}; {form}"));
}

/// Adds the call of the first kernel, or of the other for wide vectors.
fn call(
    builder: &mut Builder,
    kernels: [&'static Kernel; 2],
    (x, y, init): (View, View, Init),
    (tables, index_types): (Vec<Table>, Vec<IndexType>),
    mut dims: Vec<usize>,
    nnz: usize,
    why: &str,
) {
    let bytes = index_types[0].bytes();
    let mut why = format!("{why}, {bytes}-byte columns");
    if let Some(lanes) = builder.lanes {
        dims.push(lanes);
        why.push_str(&format!(", each non-zero times {lanes} lanes"));
    }
    builder.call(Call {
        kernel: kernels[usize::from(builder.lanes.is_some())],
        index_types,
        outputs: vec![y],
        init: Some(init),
        tables,
        inputs: vec![Source::View(x)],
        dims,
        scalar: None,
        apart: false,
        multiply_adds: (nnz * builder.lanes()) as u64,
        why,
    });
}

/// The form of table that fits.
pub(super) fn way(csr: &Csr, added: bool) -> Way {
    fitting(csr.nnz(), slots(csr, &rows_by_length(csr, added)))
}

/// Slots of the slices that the listed rows are dealt to, each for [`Kernel::LANES`] of them.
fn slots(csr: &Csr, listed: &[u32]) -> usize {
    listed.chunks(Kernel::LANES).map(|slice| row_len(csr, slice[0])).sum()
}

fn fitting(nnz: usize, slots: usize) -> Way {
    let (more, less) = SLOTS_PER_NON_ZERO;
    if slots * Kernel::LANES * less <= nnz * more { Way::Sell } else { Way::Csr }
}

/// The tables of compressed rows, with the type of the columns: where rows start, columns, values.
pub(super) fn compressed(
    builder: &mut Builder,
    field: &Path,
    csr: Csr,
    cols: usize,
) -> (Vec<Table>, Vec<IndexType>) {
    let columns = Data::indices(&csr.col_idx, cols);
    let index_types = columns.index_type().into_iter().collect();
    let tables = [
        ("row_ptr", Data::U32(csr.row_ptr), "where each row starts"),
        ("columns", columns, "the column of each value"),
        ("values", Data::F32(csr.values), "values by row"),
    ];
    (constants(builder, field, tables), index_types)
}

/// The tables of slices, with the types of columns and rows.
fn slices(
    builder: &mut Builder,
    field: &Path,
    sell: Sell,
    listed: &[u32],
    [rows, cols]: [usize; 2],
) -> (Vec<Table>, Vec<IndexType>) {
    let (columns, row_of) = (Data::indices(&sell.columns, cols), Data::indices(listed, rows));
    let index_types = [columns.index_type(), row_of.index_type()].into_iter().flatten().collect();
    let tables = [
        ("values", Data::F32(sell.values), "values by slot, a lane a row"),
        ("columns", columns, "the column of each value"),
        ("slices", Data::U32(sell.slice_ptr), "where each slice starts, in slots"),
        ("row_of", row_of, "the row of each lane"),
    ];
    (constants(builder, field, tables), index_types)
}

fn constants<const N: usize>(
    builder: &mut Builder,
    field: &Path,
    tables: [(&str, Data, &str); N],
) -> Vec<Table> {
    tables
        .into_iter()
        .map(|(name, data, note)| Table::Given(builder.constant(&field.field(name), data, note)))
        .collect()
}

fn row_len(csr: &Csr, row: u32) -> usize {
    let row = row as usize;
    (csr.row_ptr[row + 1] - csr.row_ptr[row]) as usize
}

/// The rows, longest first, those of equal length in their own order.
pub(super) fn rows_by_length(csr: &Csr, skip_empty: bool) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..csr.row_ptr.len() as u32 - 1).collect();
    if skip_empty {
        rows.retain(|&row| row_len(csr, row) > 0);
    }
    rows.sort_by_key(|&row| std::cmp::Reverse(row_len(csr, row)));
    rows
}

/// The tables of sliced ELLPACK.
struct Sell {
    values: Vec<f32>,
    columns: Vec<u32>,
    slice_ptr: Vec<u32>,
}

impl Sell {
    /// Deals the listed rows to slices, columns times `scale`. An empty slot holds 0 at a column its row reads anyway.
    fn new(csr: &Csr, listed: &[u32], slots: usize, scale: usize) -> Sell {
        let lanes = Kernel::LANES;
        let mut sell = Sell {
            values: Vec::with_capacity(slots * lanes),
            columns: Vec::with_capacity(slots * lanes),
            slice_ptr: vec![0],
        };
        let mut count = 0;
        for slice in listed.chunks(lanes) {
            let longest = row_len(csr, slice[0]);
            for slot in 0..longest {
                for lane in 0..lanes {
                    let entry = slice.get(lane).filter(|&&row| row_len(csr, row) > 0).map(|&row| {
                        let first = csr.row_ptr[row as usize] as usize;
                        (first + slot.min(row_len(csr, row) - 1), slot < row_len(csr, row))
                    });
                    sell.columns.push(entry.map_or(0, |(k, _)| csr.col_idx[k] * scale as u32));
                    sell.values
                        .push(entry.map_or(0.0, |(k, filled)| if filled { csr.values[k] } else { 0.0 }));
                }
            }
            count += longest as u32;
            sell.slice_ptr.push(count);
        }
        sell
    }
}
