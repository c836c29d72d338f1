//! What the lowering of one model collects: constants, buffers, and the operations of the layer at hand.
//!
//! Scratch buffers are made freely, one for each value; [`super::slots`] lets them share memory afterwards.

use std::collections::BTreeSet;

use super::path::Path;
use super::plan::Plan;
use crate::program::{
    Buffer, Call, Constant, ConstantId, Data, Init, Kernel, Operation, Place, Source, Table, View,
};
use crate::settings::Target;

/// The state of lowering.
pub(super) struct Builder {
    pub(super) constants: Vec<Constant>,
    pub(super) state: Vec<Buffer>,
    pub(super) scratch: Vec<Buffer>,
    pub(super) operations: Vec<Operation>,
    pub(super) plan: Plan,
    /// Vectors that are worked on at once, in the wide layout; none where there is one, in its own.
    pub(super) lanes: Option<usize>,
    /// The target, where those vectors are streams: their tables need not be those of one stream.
    pub(super) streams: Option<Target>,
    /// Whether a constant that is there already is used again.
    pub(super) share: bool,
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
            lanes: None,
            streams: None,
            share: false,
            taken: BTreeSet::new(),
        }
    }

    /// Floats of an element: as many as there are lanes.
    pub(super) fn lanes(&self) -> usize {
        self.lanes.unwrap_or(1)
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
    pub(super) fn constant(&mut self, path: &Path, mut data: Data, note: impl Into<String>) -> ConstantId {
        let same = |constant: &Constant| constant.data.len() == data.len() && constant.data == data;
        if self.share
            && let Some(at) = self.constants.iter().position(same)
        {
            return ConstantId(at);
        }
        let name = self.unique(path);
        data.shrink();
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
        View::whole(Place::State(self.state.len() - 1), len)
    }

    /// Adds a scratch buffer.
    pub(super) fn temporary(&mut self, path: &Path, len: usize, note: impl Into<String>) -> View {
        self.scratch.push(Buffer { name: path.dotted().to_owned(), len, note: note.into() });
        View::whole(Place::Scratch(self.scratch.len() - 1), len)
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
            apart: false,
            multiply_adds: multiply_adds as u64,
            why,
        });
    }

    /// Adds a call of a kernel whose outputs start from nothing.
    pub(super) fn apply(
        &mut self,
        kernel: &'static Kernel,
        outputs: Vec<View>,
        inputs: Vec<View>,
        dims: Vec<usize>,
        why: String,
    ) {
        self.call(Call {
            kernel,
            index_types: Vec::new(),
            outputs,
            init: None,
            tables: Vec::new(),
            inputs: inputs.into_iter().map(Source::View).collect(),
            dims,
            scalar: None,
            apart: false,
            multiply_adds: 0,
            why,
        });
    }

    /// Lowers for wide vectors of so many lanes, with the constants that are there already.
    pub(super) fn with_lanes<T>(&mut self, lanes: usize, lower: impl FnOnce(&mut Builder) -> T) -> T {
        (self.lanes, self.share) = (Some(lanes), true);
        let lowered = lower(self);
        (self.lanes, self.share) = (None, false);
        lowered
    }

    /// The same for streams.
    pub(super) fn with_streams<T>(
        &mut self,
        streams: usize,
        target: Target,
        lower: impl FnOnce(&mut Builder) -> T,
    ) -> T {
        self.streams = Some(target);
        let lowered = self.with_lanes(streams, lower);
        self.streams = None;
        lowered
    }

    /// Puts another state and scratch memory in place of those at hand.
    pub(super) fn swap_memory(&mut self, state: &mut Vec<Buffer>, scratch: &mut Vec<Buffer>) {
        std::mem::swap(&mut self.state, state);
        std::mem::swap(&mut self.scratch, scratch);
    }

    /// Adds operations that run for each of `count` vectors, one at a time.
    pub(super) fn for_each(&mut self, count: usize, lower: impl FnOnce(&mut Builder)) {
        let (outside, lanes) = (std::mem::take(&mut self.operations), self.lanes.take());
        lower(self);
        let body = std::mem::replace(&mut self.operations, outside);
        self.lanes = lanes;
        self.operations.push(Operation::ForEach { count, body });
    }

    /// What a product of wide vectors starts from: a bias is repeated along the lanes first.
    pub(super) fn start(&mut self, path: &Path, y: View, init: Init) -> Init {
        let (Some(lanes), Init::Bias { constant, .. }) = (self.lanes, init) else { return init };
        self.call(Call {
            kernel: Kernel::FILL_WIDE,
            index_types: Vec::new(),
            outputs: vec![y],
            init: None,
            tables: vec![Table::Given(constant)],
            inputs: Vec::new(),
            dims: vec![y.len / lanes, lanes],
            scalar: None,
            apart: false,
            multiply_adds: 0,
            why: format!("{}: the bias, which its product is added to", path.dotted()),
        });
        Init::Accumulate
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
            apart: false,
            multiply_adds: 0,
            why: why.to_owned(),
        });
    }
}
