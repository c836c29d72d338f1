//! Sparse parts in the form that [`super::plan`] chose: straight line, look-ups, a table; and which table.
//!
//! A **table** is sliced ELLPACK (SELL-C-σ, arXiv 1307.6209) with [`Kernel::LANES`] rows a slice, rows sorted by
//! length so that slices fill evenly; where padding would outweigh that (few rows, or lengths that differ
//! wildly), compressed rows.

use super::builder::Builder;
use super::lookup;
use super::path::Path;
use super::plan::Form;
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{
    Call, Data, Family, Init, Kernel, Operation, RowInit, Source, Straight, StraightFunction, StraightRow,
    Table, View,
};
use crate::ways::Way;

/// A slot of a slice costs this much less than a non-zero in compressed rows: eight rows run side by side,
/// while a row by itself waits for its own sums. As a ratio, 3 : 2.
const SLOTS_PER_NON_ZERO: (usize, usize) = (3, 2);

/// Adds y = init + S x for a sparse S.
pub(super) fn multiply(builder: &mut Builder, path: &Path, csr: Csr, x: View, y: View, init: Init) {
    let rows = y.len;
    let title = format!(
        "{}: sparse {rows}×{}, {} non-zeros ({:.2}%)",
        path.dotted(),
        x.len,
        thousands(csr.nnz()),
        100.0 * csr.nnz() as f64 / (rows as f64 * x.len as f64),
    );
    if csr.nnz() == 0 {
        if init != Init::Accumulate {
            builder.fill(y, init, &format!("{title}: nothing to add"));
        }
        return;
    }
    let form = builder.plan.take(path).unwrap_or_else(|| Form::Table(None, "by default".to_owned()));
    lower(builder, path, csr, (x, y, init), &title, form);
}

fn lower(
    builder: &mut Builder,
    path: &Path,
    csr: Csr,
    (x, y, init): (View, View, Init),
    title: &str,
    form: Form,
) {
    match form {
        Form::Straight(why) => straight(builder, path, &csr, (x, y, init), format!("{title}; {why}")),
        Form::Lookup(choice) => {
            let why = format!("{title}; {}", choice.why());
            let left_over = lookup::multiply(builder, path, &csr, (x, y, init), &choice, &why);
            if left_over.nnz() > 0 {
                let title = format!("{}: {} elements left over", path.dotted(), thousands(left_over.nnz()));
                if lookup::single(&left_over) {
                    single(builder, path, &left_over, (x, y), &title);
                } else {
                    table(builder, path, left_over, (x, y, Init::Accumulate), &title, None);
                }
            }
        }
        Form::Table(way, why) => {
            table(builder, path, csr, (x, y, init), &format!("{title}; a table, {why}"), way);
        }
        Form::ByFamily(first, other) => {
            let before = std::mem::take(&mut builder.operations);
            lower(builder, path, csr.clone(), (x, y, init), title, *first);
            let body = std::mem::take(&mut builder.operations);
            lower(builder, path, csr, (x, y, init), title, *other);
            let otherwise = std::mem::replace(&mut builder.operations, before);
            builder.operations.push(Operation::ByFamily { family: Family::AVX512, body, otherwise });
        }
    }
}

fn straight(builder: &mut Builder, path: &Path, csr: &Csr, (x, y, init): (View, View, Init), why: String) {
    let mut functions: Vec<Vec<StraightRow>> = vec![Vec::new()];
    let mut room = Straight::MAX_TERMS;
    for row in 0..y.len {
        let mut terms: Vec<(u32, f32)> = csr.row(row).map(|(col, value)| (col as u32, value)).collect();
        let mut start = match init {
            Init::Accumulate => RowInit::Accumulate,
            Init::Zero => RowInit::Value(0.0),
            Init::Bias { constant, offset } => match &builder.constants[constant.0].data {
                Data::F32(values) => RowInit::Value(values[offset + row]),
                _ => RowInit::Value(0.0),
            },
        };
        if terms.is_empty() && start == RowInit::Accumulate {
            continue;
        }
        loop {
            // A row with nothing to add still counts as one, so that a function never grows without end.
            let weight = terms.len().max(1);
            if weight > room && room < Straight::MAX_TERMS {
                functions.push(Vec::new());
                room = Straight::MAX_TERMS;
            }
            let rest = terms.split_off(terms.len().min(room));
            room -= terms.len().max(1);
            if let Some(function) = functions.last_mut() {
                function.push(StraightRow { row, init: start, terms });
            }
            if rest.is_empty() {
                break;
            }
            terms = rest;
            start = RowInit::Accumulate;
        }
    }
    let functions = functions
        .into_iter()
        .enumerate()
        .map(|(i, rows)| StraightFunction { name: builder.unique(&path.element("sparse", i)), rows })
        .collect();
    let code = Straight { functions, output: y, input: x, terms: csr.nnz(), why };
    builder.operations.push(Operation::Straight(code));
}

/// y += S x, element by element: first the first of each row, then the second, so that a row's sum is stored long before
/// it is needed again.
fn single(builder: &mut Builder, path: &Path, csr: &Csr, (x, y): (View, View), title: &str) {
    let mut elements: Vec<(u32, usize)> = (0..y.len as u32)
        .flat_map(|row| {
            let first = csr.row_ptr[row as usize] as usize;
            (first..csr.row_ptr[row as usize + 1] as usize).map(move |element| (row, element))
        })
        .collect();
    elements.sort_by_key(|&(row, element)| element - csr.row_ptr[row as usize] as usize);
    let rows: Vec<u32> = elements.iter().map(|&(row, _)| row).collect();
    let columns: Vec<u32> = elements.iter().map(|&(_, element)| csr.col_idx[element]).collect();
    let values = elements.iter().map(|&(_, element)| csr.values[element]).collect();
    let (rows, columns) = (Data::indices(&rows, y.len), Data::indices(&columns, x.len));
    let index_types = [columns.index_type(), rows.index_type()];
    let field = path.field("sparse");
    let tables = vec![
        builder.floats(&field.field("values"), values, "values, the first of each row before any second"),
        Table::Given(builder.constant(&field.field("columns"), columns, "the column of each value")),
        Table::Given(builder.constant(&field.field("rows"), rows, "the row of each value")),
    ];
    builder.call(Call {
        kernel: Kernel::COO,
        index_types: index_types.into_iter().flatten().collect(),
        outputs: vec![y],
        init: None,
        tables,
        inputs: vec![Source::View(x)],
        dims: vec![csr.nnz()],
        scalar: None,
        multiply_adds: csr.nnz() as u64,
        why: format!("{title}; one by one"),
    });
}

/// The form of table that fits.
pub(super) fn table_way(csr: &Csr, added: bool) -> Way {
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

/// A table of the form asked for, or of the one that fits.
fn table(
    builder: &mut Builder,
    path: &Path,
    csr: Csr,
    (x, y, init): (View, View, Init),
    title: &str,
    asked: Option<Way>,
) {
    let nnz = csr.nnz();
    let listed = rows_by_length(&csr, init == Init::Accumulate);
    let slots = slots(&csr, &listed);
    let padded = slots * Kernel::LANES;
    let field = path.field("sparse");
    let (kernel, tables, index_types, dims, why);
    if asked.unwrap_or(fitting(nnz, slots)) == Way::Sell {
        let sell = Sell::new(&csr, &listed, slots);
        drop(csr);
        let columns = Data::indices(&sell.columns, x.len);
        let row_of = Data::indices(&listed, y.len);
        index_types = vec![columns.index_type(), row_of.index_type()];
        why = format!(
            "{title}; slices of {} rows sorted by length, {} slots for {} non-zeros, {}-byte columns",
            Kernel::LANES,
            thousands(padded),
            thousands(nnz),
            columns.value_bytes(),
        );
        dims = vec![listed.len()];
        kernel = Kernel::SELL;
        tables = vec![
            ("values", Data::F32(sell.values), "values by slot, a lane a row"),
            ("columns", columns, "the column of each value"),
            ("slices", Data::U32(sell.slice_ptr), "where each slice starts, in slots"),
            ("row_of", row_of, "the row of each lane"),
        ];
    } else {
        let columns = Data::indices(&csr.col_idx, x.len);
        index_types = vec![columns.index_type()];
        let since = if asked.is_some() { "where" } else { "since" };
        why = format!(
            "{title}; compressed rows, {since} slices of {} rows would take {} slots for {} non-zeros; {}-byte columns",
            Kernel::LANES,
            thousands(padded),
            thousands(nnz),
            columns.value_bytes(),
        );
        dims = vec![y.len, nnz];
        kernel = Kernel::CSR;
        tables = vec![
            ("row_ptr", Data::U32(csr.row_ptr), "where each row starts"),
            ("columns", columns, "the column of each value"),
            ("values", Data::F32(csr.values), "values by row"),
        ];
    }
    let tables = tables
        .into_iter()
        .map(|(name, data, note)| Table::Given(builder.constant(&field.field(name), data, note)))
        .collect();
    builder.call(Call {
        kernel,
        index_types: index_types.into_iter().flatten().collect(),
        outputs: vec![y],
        init: Some(init),
        tables,
        inputs: vec![Source::View(x)],
        dims,
        scalar: None,
        multiply_adds: nnz as u64,
        why,
    });
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
    /// Deals the listed rows to slices. An empty slot holds 0 at a column its row reads anyway.
    fn new(csr: &Csr, listed: &[u32], slots: usize) -> Sell {
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
                    sell.columns.push(entry.map_or(0, |(k, _)| csr.col_idx[k]));
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
