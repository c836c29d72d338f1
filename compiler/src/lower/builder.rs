//! What the lowering of one model collects: constants, buffers, and the operations of the layer at hand.
//!
//! Scratch buffers are made freely, one for each value; [`super::slots`] lets them share memory afterwards.

use std::collections::BTreeSet;

use super::path::Path;
use super::plan::Plan;
use crate::program::{
    Buffer, Call, Constant, ConstantId, Data, Init, Kernel, Operation, Place, Source, Table, View,
};

/// The state of lowering.
pub(super) struct Builder {
    pub(super) constants: Vec<Constant>,
    pub(super) state: Vec<Buffer>,
    pub(super) scratch: Vec<Buffer>,
    pub(super) operations: Vec<Operation>,
    pub(super) plan: Plan,
    taken: BTreeSet<String>,
}

impl Builder {
    pub(super) fn new(plan: Plan) -> Builder {
        Builder {
            constants: Vec::new(),
            state: Vec::new(),
            scratch: Vec::new(),
            operations: Vec::new(),
            plan,
            taken: BTreeSet::new(),
        }
    }

    /// The path as an identifier that no other constant or function of the program has.
    pub(super) fn unique(&mut self, path: &Path) -> String {
        let base = path.identifier();
        let mut name = base.clone();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{base}_{count}");
        }
        name
    }

    /// Adds a constant.
    pub(super) fn constant(&mut self, path: &Path, data: Data, note: impl Into<String>) -> ConstantId {
        let name = self.unique(path);
        self.constants.push(Constant { name, data, note: note.into() });
        ConstantId(self.constants.len() - 1)
    }

    /// Adds a table of floats as an argument.
    pub(super) fn floats(&mut self, path: &Path, values: Vec<f32>, note: impl Into<String>) -> Table {
        Table::Given(self.constant(path, Data::F32(values), note))
    }

    /// A bias as what a product is added to.
    pub(super) fn bias(&mut self, path: &Path, bias: Option<Vec<f32>>) -> Init {
        match bias {
            Some(values) if values.iter().any(|&value| value != 0.0) => {
                let note = format!("bias, {} values", values.len());
                Init::Bias { constant: self.constant(path, Data::F32(values), note), offset: 0 }
            }
            _ => Init::Zero,
        }
    }

    /// Adds a buffer to the state.
    pub(super) fn state(&mut self, name: String, len: usize, note: impl Into<String>) -> View {
        self.state.push(Buffer { name, len, note: note.into() });
        View { place: Place::State(self.state.len() - 1), offset: 0, len }
    }

    /// Adds a scratch buffer.
    pub(super) fn temporary(&mut self, path: &Path, len: usize, note: impl Into<String>) -> View {
        self.scratch.push(Buffer { name: path.dotted().to_owned(), len, note: note.into() });
        View { place: Place::Scratch(self.scratch.len() - 1), offset: 0, len }
    }

    /// Adds a call of a kernel that has one output, perhaps an init, and one input.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn product(
        &mut self,
        kernel: &'static Kernel,
        (y, init): (View, Init),
        tables: Vec<Table>,
        x: Source,
        dims: Vec<usize>,
        multiply_adds: usize,
        why: String,
    ) {
        self.call(Call {
            kernel,
            index_types: Vec::new(),
            outputs: vec![y],
            init: Some(init),
            tables,
            inputs: vec![x],
            dims,
            scalar: None,
            multiply_adds: multiply_adds as u64,
            why,
        });
    }

    /// Adds a call.
    pub(super) fn call(&mut self, call: Call) {
        debug_assert_eq!(call.dims.len(), call.kernel.dims.len(), "{}", call.kernel.name);
        self.operations.push(Operation::Call(call));
    }

    /// Adds a copy of `x` to `y`.
    pub(super) fn copy(&mut self, y: View, x: Source, why: &str) {
        let n = y.len;
        self.product(Kernel::ADD, (y, Init::Zero), vec![], x, vec![n], 0, why.to_owned());
    }

    /// Adds `y = init`.
    pub(super) fn fill(&mut self, y: View, init: Init, why: &str) {
        self.call(Call {
            kernel: Kernel::FILL,
            index_types: Vec::new(),
            outputs: vec![y],
            init: Some(init),
            tables: Vec::new(),
            inputs: Vec::new(),
            dims: vec![y.len],
            scalar: None,
            multiply_adds: 0,
            why: why.to_owned(),
        });
    }
}
