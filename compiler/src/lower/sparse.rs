//! Sparse parts in the form that [`super::plan`] chose for one vector: straight line, look-ups ([`super::lookup`]), a
//! table ([`super::table`]). On wide vectors every non-zero meets a row of lanes that stand side by side, so that nothing
//! is gathered, and look-ups would gain nothing: there it is always a table.

use super::builder::Builder;
use super::path::Path;
use super::plan::Form;
use super::{blocked, lookup, picks, table};
use crate::model::Csr;
use crate::numbers::thousands;
use crate::program::{
    Call, Data, Family, Init, Kernel, Operation, RowInit, Source, Straight, StraightFunction, StraightRow,
    Table, View,
};
use crate::settings::Target;

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
        return wide(builder, path, csr, (x, y, init), &title);
    }
    let form = builder.plan.take(path).expect("every sparse part that multiplies a vector is planned, once");
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
                    let most = thousands(choice.most_straight());
                    let why = format!("{title}; straight line, since at most {most}");
                    straight(builder, path, &left_over, (x, y, Init::Accumulate), why);
                } else if lookup::grouped(&left_over) {
                    grouped(builder, path, &left_over, (x, y), &title);
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
        Form::ByFamily(family, first, other) => by_family(
            builder,
            family,
            csr,
            |builder, csr| lower(builder, path, csr, (x, y, init), title, *first),
            |builder, csr| lower(builder, path, csr, (x, y, init), title, *other),
        ),
    }
}

/// Adds what the first lowers for a family of instructions, and what the other does for any other.
fn by_family(
    builder: &mut Builder,
    family: &'static Family,
    csr: Csr,
    first: impl FnOnce(&mut Builder, Csr),
    other: impl FnOnce(&mut Builder, Csr),
) {
    let before = std::mem::take(&mut builder.operations);
    first(builder, csr.clone());
    let body = std::mem::take(&mut builder.operations);
    other(builder, csr);
    let otherwise = std::mem::replace(&mut builder.operations, before);
    builder.operations.push(Operation::ByFamily { family, body, otherwise });
}

/// On wide vectors: tables of streams may be those of one family of instructions.
fn wide(builder: &mut Builder, path: &Path, csr: Csr, (x, y, init): (View, View, Init), title: &str) {
    let blocks = match builder.streams {
        Some(Target::Any | Target::Avx512) => blocked::blocks(&csr, x, builder.lanes()),
        Some(Target::Avx2 | Target::Portable) | None => 1,
    };
    if blocks == 1 {
        table::multiply(builder, path, csr, (x, y, init), title, None);
    } else if builder.streams == Some(Target::Any) {
        by_family(
            builder,
            Family::AVX512,
            csr,
            |builder, csr| blocked::multiply(builder, path, csr, (x, y, init), title, blocks),
            |builder, csr| table::multiply(builder, path, csr, (x, y, init), title, None),
        );
    } else {
        blocked::multiply(builder, path, csr, (x, y, init), title, blocks);
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
                _ => unreachable!("biases are floats"),
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

/// y += S x, rows grouped by their number of elements, fewest first.
fn grouped(builder: &mut Builder, path: &Path, csr: &Csr, (x, y): (View, View), title: &str) {
    let mut listed = table::rows_by_length(csr, true);
    listed.reverse();
    let mut counts = Vec::new();
    let (mut columns, mut values) = (Vec::with_capacity(csr.nnz()), Vec::with_capacity(csr.nnz()));
    for &row in &listed {
        let elements = csr.row_ptr[row as usize] as usize..csr.row_ptr[row as usize + 1] as usize;
        counts.resize(elements.len(), 0);
        counts[elements.len() - 1] += 1;
        columns.extend_from_slice(&csr.col_idx[elements.clone()]);
        values.extend_from_slice(&csr.values[elements]);
    }
    let why = format!("{title}; {} rows grouped by their number of elements", thousands(listed.len()));
    let longest = counts.len();
    let (rows, columns) = (Data::indices(&listed, y.len), Data::indices(&columns, x.len));
    let index_types = [columns.index_type(), rows.index_type()];
    let field = path.field("sparse");
    let note = "how many rows have one element, two, and so on";
    let tables = vec![
        Table::Given(builder.constant(&field.field("groups"), Data::U32(counts), note)),
        builder.floats(&field.field("values"), values, "values by row, rows with the fewest first"),
        Table::Given(builder.constant(&field.field("columns"), columns, "the column of each value")),
        Table::Given(builder.constant(
            &field.field("row_of"),
            rows,
            "the rows, those with the fewest values first",
        )),
    ];
    builder.call(Call {
        kernel: Kernel::GROUPED,
        index_types: index_types.into_iter().flatten().collect(),
        outputs: vec![y],
        init: None,
        tables,
        inputs: vec![Source::View(x)],
        dims: vec![longest],
        scalar: None,
        apart: false,
        multiply_adds: csr.nnz() as u64,
        why,
    });
}
