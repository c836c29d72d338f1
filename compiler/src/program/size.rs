//! What a Program takes: bytes of its structs and tables, terms of its straight-line code.

use std::collections::BTreeSet;

use super::{Family, LayerCode, Operation, Program};

impl Program {
    /// Bytes of the state struct.
    pub fn state_bytes(&self) -> usize {
        self.state.iter().map(|buffer| 4 * buffer.len).sum()
    }

    /// Bytes of the scratch struct.
    pub fn scratch_bytes(&self) -> usize {
        self.scratch.iter().map(|buffer| 4 * buffer.len).sum()
    }

    /// Bytes of all tables.
    pub fn constant_bytes(&self) -> usize {
        self.constants.iter().map(|constant| constant.data.bytes()).sum()
    }

    /// Bytes of the tables that portable code reads, which is for processors without any of the families.
    pub fn portable_bytes(&self) -> usize {
        fn walk(operations: &[Operation], read: &mut Vec<bool>) {
            for operation in operations {
                operation.constants().into_iter().for_each(|id| read[id.0] = true);
                match operation {
                    Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => walk(body, read),
                    Operation::ByFamily { otherwise, .. } => walk(otherwise, read),
                    Operation::Call(_) | Operation::Straight(_) | Operation::Picks(_) => {}
                }
            }
        }
        let mut read = vec![false; self.constants.len()];
        for layer in self.codes().iter().flat_map(|code| code.layers) {
            walk(&layer.operations, &mut read);
        }
        let read = self.constants.iter().zip(read).filter(|(_, read)| *read);
        read.map(|(constant, _)| constant.data.bytes()).sum()
    }

    /// Non-zeros and picks that stand as straight-line code, where it is compiled for a family or, without one, for any other
    /// processor.
    pub fn straight_terms(&self, family: Option<&Family>) -> usize {
        straight_terms(self.codes().into_iter().flat_map(|code| code.layers), family)
    }
}

/// As [`Program::straight_terms`], of some layers, which may share functions.
pub(crate) fn straight_terms<'p>(
    layers: impl Iterator<Item = &'p LayerCode>,
    family: Option<&Family>,
) -> usize {
    let mut seen = BTreeSet::new();
    layers.map(|layer| unseen_terms(&layer.operations, family, &mut seen)).sum()
}

/// The same of operations, without the functions whose names were `seen`.
fn unseen_terms<'p>(
    operations: &'p [Operation],
    family: Option<&Family>,
    seen: &mut BTreeSet<&'p str>,
) -> usize {
    let mut terms = 0;
    for operation in operations {
        terms += match operation {
            Operation::Call(_) => 0,
            Operation::Straight(straight) => {
                let new = straight.functions.iter().filter(|function| seen.insert(&function.name));
                new.flat_map(|function| &function.rows).map(|row| row.terms.len()).sum()
            }
            Operation::Picks(picks) => {
                if seen.insert(&picks.name) {
                    picks.count()
                } else {
                    0
                }
            }
            Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => {
                unseen_terms(body, family, seen)
            }
            Operation::ByFamily { family: its, body, otherwise } => {
                let taken = if family == Some(*its) { body } else { otherwise };
                unseen_terms(taken, family, seen)
            }
        };
    }
    terms
}
