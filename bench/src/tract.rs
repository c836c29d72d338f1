//! tract as a peer: the ONNX model of one step that `peers/onnx_peer.py` writes, a call for each step, the state handed
//! from one to the next.

use std::path::Path;
use std::sync::Arc;

use tract_onnx::prelude::*;

use crate::aligned::{LINE, Layout, Steps};
use crate::peer::{Peer, seconds};
use crate::ring::Ring;

/// A loaded model with the ring's inputs.
pub(crate) struct Tract {
    plan: Arc<TypedRunnableModel>,
    inputs: Vec<TValue>,
    zeros: Vec<TValue>,
    outputs: Steps<f32>,
    about: String,
}

impl Tract {
    /// Loads the model.
    ///
    /// # Errors
    ///
    /// What tract says.
    pub(crate) fn open(path: &Path, ring: &Ring, tokens: bool) -> Result<Tract, String> {
        Tract::load(path, ring, tokens).map_err(|error| format!("tract: {error:#}"))
    }

    fn load(path: &Path, ring: &Ring, tokens: bool) -> TractResult<Tract> {
        let model = tract_onnx::onnx().model_for_path(path)?.into_optimized()?;
        let mut zeros = Vec::new();
        for input in 1..model.input_outlets()?.len() {
            let shape = model.input_fact(input)?.shape.as_concrete().map(<[usize]>::to_vec);
            let shape = shape.ok_or_else(|| TractError::msg("a state has no fixed size"))?;
            zeros.push(Tensor::zero_aligned::<f32>(&shape, LINE)?.into_tvalue());
        }
        let inputs = ring.inputs.chunks(ring.input_words).map(|words| {
            let tensor = if tokens {
                Tensor::from_shape_align(&[1, 1], &[i64::from(words[0])], LINE)?
            } else {
                let floats: Vec<f32> = words.iter().map(|&word| f32::from_bits(word)).collect();
                Tensor::from_shape_align(&[1, 1, floats.len()], &floats, LINE)?
            };
            Ok(tensor.into_tvalue())
        });
        let inputs = inputs.collect::<TractResult<Vec<TValue>>>()?;
        let outputs = Steps::new(ring.steps, ring.output_len, Layout::Apart, 0.0);
        let (plan, about) = (model.into_runnable()?, format!("tract-onnx {}", version()));
        Ok(Tract { plan, inputs, zeros, outputs, about })
    }

    fn pass(&mut self) -> TractResult<()> {
        let mut states = self.zeros.clone();
        for (input, output) in self.inputs.iter().zip(self.outputs.iter_mut()) {
            let mut given = tvec!(input.clone());
            given.extend(states);
            let mut results = self.plan.run(given)?.into_iter();
            let result = results.next().ok_or_else(|| TractError::msg("the model gave nothing"))?;
            output.copy_from_slice(result.view().as_slice::<f32>()?);
            states = results.collect();
        }
        Ok(())
    }
}

/// tract does not tell its version: the one that the lock file holds.
fn version() -> &'static str {
    let lock = include_str!("../../Cargo.lock");
    let package = lock.split("[[package]]").find(|package| package.contains("name = \"tract-onnx\""));
    package
        .and_then(|package| package.split("version = \"").nth(1)?.split('"').next())
        .unwrap_or("of unknown version")
}

impl Peer for Tract {
    fn time(&mut self, passes: usize) -> Result<f64, String> {
        self.outputs.fill(f32::NAN);
        let start = seconds();
        for _ in 0..passes {
            self.pass().map_err(|error| format!("tract: {error:#}"))?;
        }
        Ok(seconds() - start)
    }

    fn outputs(&self) -> &Steps<f32> {
        &self.outputs
    }

    fn about(&self) -> &str {
        &self.about
    }
}
