//! The codes of a Program: a step, a block of steps, a step of many streams.

use super::{Buffer, LayerCode, Program};

/// How `run` goes through many steps.
#[derive(Debug, Clone)]
pub struct Run {
    /// Steps that it takes at once; 1 when it takes each by itself.
    pub steps: usize,
    /// Why as many.
    pub why: String,
    /// The code of a block of steps, by layer; none when each is taken by itself.
    pub layers: Vec<LayerCode>,
}

/// A step of many streams at once.
#[derive(Debug, Clone)]
pub struct Batch {
    /// How many.
    pub streams: usize,
    /// What persists between steps, wide.
    pub state: Vec<Buffer>,
    /// Working memory.
    pub scratch: Vec<Buffer>,
    /// The code, by layer.
    pub layers: Vec<LayerCode>,
}

/// Which code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeKind {
    /// One step of one stream.
    Step,
    /// Several steps of one stream.
    Block,
    /// One step of several streams.
    Batch,
}

/// One code, with the memory that its views name.
#[derive(Debug, Clone, Copy)]
pub struct Code<'p> {
    /// Which.
    pub kind: CodeKind,
    /// Vectors that go in and come out.
    pub vectors: usize,
    /// Buffers of the state.
    pub state: &'p [Buffer],
    /// Buffers of the scratch memory.
    pub scratch: &'p [Buffer],
    /// By layer, in order.
    pub layers: &'p [LayerCode],
}

impl Program {
    /// Every code that it has, the step first.
    pub fn codes(&self) -> Vec<Code<'_>> {
        let (state, scratch) = (self.state.as_slice(), self.scratch.as_slice());
        let step = Code { kind: CodeKind::Step, vectors: 1, state, scratch, layers: &self.layers };
        let block = (self.run.steps > 1).then_some(Code {
            kind: CodeKind::Block,
            vectors: self.run.steps,
            layers: &self.run.layers,
            ..step
        });
        let batch = self.batch.as_ref().map(|batch| Code {
            kind: CodeKind::Batch,
            vectors: batch.streams,
            state: &batch.state,
            scratch: &batch.scratch,
            layers: &batch.layers,
        });
        [Some(step), block, batch].into_iter().flatten().collect()
    }

    /// The layers of every code, to be changed.
    pub fn every_layer(&mut self) -> impl Iterator<Item = &mut LayerCode> {
        let batch = self.batch.iter_mut().flat_map(|batch| &mut batch.layers);
        self.layers.iter_mut().chain(&mut self.run.layers).chain(batch)
    }
}

impl Batch {
    /// Bytes of the state struct.
    pub fn state_bytes(&self) -> usize {
        self.state.iter().map(|buffer| 4 * buffer.len).sum()
    }

    /// Bytes of the scratch struct.
    pub fn scratch_bytes(&self) -> usize {
        self.scratch.iter().map(|buffer| 4 * buffer.len).sum()
    }
}
