//! The functions that products of one shape share, each once, in C and in Rust.

use std::collections::BTreeMap;

use super::kernels;
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

    /// The functions in C.
    pub(super) fn c(&self, prefix: &str) -> String {
        let macros = kernels::macros(prefix);
        let function = |call: &&Call| {
            let (name, of) = (c_name(prefix, call), call.shape());
            let (kernel, kernel_name) = (kernels::c_name(prefix, call), call.kernel.name);
            let init = call.by_start(["", "", "const float *init, "]);
            let start = call.by_start(["NULL", "y", "init"]);
            format!(
                "/* {kernel_name} of {of}. */\n{macros}_APART void {name}(\n    float *y, {init}\
                 const float *{macros}_RESTRICT table, const float *{macros}_RESTRICT x)\n\
                 {{\n    {kernel}(y, {start}, table, x, {});\n}}\n\n",
                dims(call),
            )
        };
        self.0.values().map(function).collect()
    }

    /// The functions in Rust, with a place for each family's instructions when there are `families`.
    pub(super) fn rust(&self, families: bool) -> String {
        let family = if families { "$(#[$family])*\n" } else { "" };
        let function = |call: &&Call| {
            let (name, of, kernel) = (rust_name(call), call.shape(), call.kernel.name);
            let init = call.by_start(["", "", "init: &[f32], "]);
            let start = call.by_start(["Zero", "Accumulate", "From(init)"]);
            format!(
                "/// {kernel} of {of}.\n{family}fn {name}(y: &mut [f32], {init}table: &[f32], x: &[f32]) {{\n    \
                 kernels::{kernel}(y, kernels::Init::{start}, table, x, {});\n}}\n\n",
                dims(call),
            )
        };
        self.0.values().map(function).collect()
    }
}

/// The name of a shape's C function.
pub(super) fn c_name(prefix: &str, call: &Call) -> String {
    format!("{prefix}_shape_{}", call.shape_name())
}

/// The name of a shape's Rust function.
pub(super) fn rust_name(call: &Call) -> String {
    format!("shape_{}", call.shape_name())
}

fn dims(call: &Call) -> String {
    call.dims.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}
