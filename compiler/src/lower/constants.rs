//! Constants that no operation reads are dropped: a bias whose values went into straight-line code.

use std::collections::HashSet;

use crate::program::{ConstantId, Init, LayerCode, Operation, Program, Source, Table};

/// Drops unread constants and renumbers the rest.
pub(super) fn prune(program: &mut Program) {
    let mut read = vec![false; program.constants.len()];
    each(program, &mut |id| read[id.0] = true);
    let mut next = 0;
    let renumbered: Vec<usize> = read
        .iter()
        .map(|&read| {
            next += usize::from(read);
            next.wrapping_sub(1)
        })
        .collect();
    each(program, &mut |id| id.0 = renumbered[id.0]);
    let mut kept = read.into_iter();
    program.constants.retain(|_| kept.next().unwrap_or(true));
}

/// Bytes of the constants that only a block of steps reads.
pub(super) fn bytes_of_block(program: &Program) -> usize {
    let read = |layers: &[LayerCode]| {
        let mut read = HashSet::new();
        for layer in layers {
            layer.visit(&mut |operation| read.extend(operation.constants()));
        }
        read
    };
    let batch = program.batch.as_ref().map(|batch| read(&batch.layers)).unwrap_or_default();
    let others = &read(&program.layers) | &batch;
    read(&program.run.layers).difference(&others).map(|&id| program.constant(id).data.bytes()).sum()
}

fn each(program: &mut Program, visit: &mut dyn FnMut(&mut ConstantId)) {
    for layer in program.every_layer() {
        walk(&mut layer.operations, visit);
    }
}

fn walk(operations: &mut [Operation], visit: &mut dyn FnMut(&mut ConstantId)) {
    for operation in operations {
        match operation {
            Operation::Call(call) => {
                if let Some(Init::Bias { constant, .. }) = &mut call.init {
                    visit(constant);
                }
                for table in &mut call.tables {
                    if let Table::Given(id) | Table::Optional(Some(id)) = table {
                        visit(id);
                    }
                }
                for input in &mut call.inputs {
                    if let Source::Row { constant, .. } = input {
                        visit(constant);
                    }
                }
            }
            Operation::Straight(_) => {}
            Operation::Picks(picks) => {
                if let Init::Bias { constant, .. } = &mut picks.init {
                    visit(constant);
                }
                visit(&mut picks.values);
                visit(&mut picks.indices);
            }
            Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => walk(body, visit),
            Operation::ByFamily { body, otherwise, .. } => {
                walk(body, visit);
                walk(otherwise, visit);
            }
        }
    }
}
