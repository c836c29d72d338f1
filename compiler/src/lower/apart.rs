//! Products of equal shape become one function: a kernel is compiled for each shape, so that products of the same shape
//! need its code only once. That saves compilers most of their time on matrix products, and programs their size.

use std::collections::HashMap;

use crate::program::{Call, Operation, Program, Source, Table};

/// Multiply-adds from which a product may take a call: a nanosecond or two, a hundredth of what so many multiply-adds
/// take.
const LEAST: u64 = 8192;

/// Marks the products whose shape stands in several places of a program, over all its codes.
pub(super) fn mark(program: &mut Program) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for layer in program.every_layer() {
        walk(&mut layer.operations, &mut |call| {
            *counts.entry(call.shape_name()).or_default() += 1;
        });
    }
    for layer in program.every_layer() {
        walk(&mut layer.operations, &mut |call| {
            let count = counts[&call.shape_name()];
            if count > 1 {
                call.apart = true;
                call.why.push_str(&format!("; one function for {count} products of this shape"));
            }
        });
    }
}

/// Calls `visit` for each product that may stand in a function: of one table and one vector, and large enough. What only
/// one family of instructions does stays where it is.
fn walk(operations: &mut [Operation], visit: &mut dyn FnMut(&mut Call)) {
    for operation in operations {
        match operation {
            Operation::Call(call) if call.multiply_adds >= LEAST && fits(call) => visit(call),
            Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => walk(body, visit),
            Operation::Call(_)
            | Operation::Straight(_)
            | Operation::Picks(_)
            | Operation::ByFamily { .. } => {}
        }
    }
}

/// Whether a call takes one table and one vector and nothing that its shape does not say.
fn fits(call: &Call) -> bool {
    let plain = call.index_types.is_empty() && call.scalar.is_none() && call.init.is_some();
    plain
        && call.outputs.len() == 1
        && matches!(call.tables[..], [Table::Given(_)])
        && matches!(call.inputs[..], [Source::View(_)])
}
