//! Sparse parts in the form that [`super::plan`] chose for one vector: straight line, look-ups ([`super::lookup`]), a
//! table ([`super::table`]). On wide vectors every non-zero meets a row of lanes that stand side by side, so that nothing
//! is gathered, and look-ups would gain nothing: there it is always a table.

use super::builder::Builder;
use super::path::Path;
use super::plan::{Form, LEFT_OVER_TERMS};
use super::{lookup, picks, table};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{
    Call, Data, Family, Init, Kernel, Operation, RowInit, Source, Straight, StraightFunction, StraightRow,
    Table, View,
};

/// Adds y = init + S x for a sparse S; x and y are wide where the builder has lanes.
pub(super) fn multiply(builder: &mut Builder, path: &Path, csr: Csr, x: View, y: View, init: Init) {
    let (rows, cols) = (y.len / builder.lanes(), x.len / builder.lanes());
    let title = format!(
        "{}: sparse {rows}×{cols}, {} non-zeros ({:.2}%)",
        path.dotted(),
        thousands(csr.nnz()),
        100.0 * csr.nnz() as f64 / (rows as f64 * cols as f64),
    );
    if csr.nnz() == 0 {
        if init != Init::Accumulate {
            builder.fill(y, init, &format!("{title}: nothing to add"));
        }
        return;
    }
    if builder.lanes.is_some() {
        table::multiply(builder, path, csr, (x, y, init), &title, None);
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
                if choice.straight {
                    let most = thousands(LEFT_OVER_TERMS);
                    let why = format!("{title}; straight line, since at most {most}");
                    straight(builder, path, &left_over, (x, y, Init::Accumulate), why);
                } else if lookup::single(&left_over) {
                    single(builder, path, &left_over, (x, y), &title);
                } else {
                    table::multiply(builder, path, left_over, (x, y, Init::Accumulate), &title, None);
                }
            }
        }
        Form::Picks(choice) => {
            let why = format!("{title}; {}", choice.why());
            let left_over = picks::multiply(builder, path, (x, y, init), choice, why);
            if left_over.nnz() > 0 {
                let why = format!("{}: {} elements left over", path.dotted(), thousands(left_over.nnz()));
                straight(builder, path, &left_over, (x, y, Init::Accumulate), why);
            }
        }
        Form::Table(way, why) => {
            table::multiply(builder, path, csr, (x, y, init), &format!("{title}; a table, {why}"), way);
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
        apart: false,
        multiply_adds: csr.nnz() as u64,
        why: format!("{title}; one by one"),
    });
}
