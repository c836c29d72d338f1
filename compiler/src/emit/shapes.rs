//! The functions that products of one shape share, each once.

use std::collections::BTreeMap;

use crate::program::{Call, LayerCode, Operation};

/// A call for each shape that stands apart, by name.
#[derive(Debug, Default)]
pub(super) struct Shapes<'p>(BTreeMap<String, &'p Call>);

impl<'p> Shapes<'p> {
    /// Takes in the shapes of a layer.
    pub(super) fn collect(&mut self, layer: &'p LayerCode) {
        layer.visit(&mut |operation| match operation {
            Operation::Call(call) if call.apart => {
                self.0.entry(call.shape_name()).or_insert(call);
            }
            _ => {}
        });
    }

    /// Each function's text.
    pub(super) fn spelled(&self, function: impl Fn(&Call) -> String) -> String {
        self.0.values().map(|call| function(call)).collect()
    }
}
