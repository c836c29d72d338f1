//! What dopec emits in Rust (`model.rs`, beside this file), behind the functions of a peer: a cdylib by rustc. With
//! `--cfg tokens` for models that begin with an embedding, `--cfg streams` for a step of many streams at once.

mod model;

use std::ffi::{c_char, c_int, c_void};
use std::ptr::addr_of_mut;
use std::slice;

use model::OUTPUT_SIZE;
#[cfg(streams)]
use model::{BATCH, BatchScratch as Scratch, BatchState as State};
#[cfg(not(streams))]
use model::{Scratch, State};

#[cfg(tokens)]
type Input = u32;
#[cfg(not(tokens))]
type Input = [f32; model::INPUT_SIZE];
type Output = [f32; OUTPUT_SIZE];

/// What a step takes and gives.
#[cfg(streams)]
type Inputs = [Input; BATCH];
#[cfg(not(streams))]
type Inputs = Input;
#[cfg(streams)]
type Outputs = [Output; BATCH];
#[cfg(not(streams))]
type Outputs = Output;

static mut STATE: State = State::new();
static mut SCRATCH: Scratch = Scratch::new();

/// The only thread's state and working memory.
fn memory() -> (&'static mut State, &'static mut Scratch) {
    // SAFETY: the bench calls a peer from one thread, and no call is inside another.
    unsafe { (&mut *addr_of_mut!(STATE), &mut *addr_of_mut!(SCRATCH)) }
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_open(_weights: *const c_char) -> c_int {
    peer_reset();
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_about() -> *const c_char {
    c"emitted Rust".as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn peer_reset() {
    memory().0.reset();
}

/// # Safety
///
/// `input` holds one input, `output` takes one output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_step(input: *const c_void, output: *mut f32) {
    let (state, scratch) = memory();
    // SAFETY: the caller's promise.
    let (input, output) = unsafe { (&*input.cast::<Inputs>(), &mut *output.cast::<Outputs>()) };
    #[cfg(streams)]
    let _ = model::step_batch(state, scratch, input, output);
    #[cfg(all(tokens, not(streams)))]
    model::step(state, scratch, *input, output).expect("tokens are within the vocabulary");
    #[cfg(not(any(tokens, streams)))]
    model::step(state, scratch, input, output);
}

/// # Safety
///
/// `input` holds as many inputs as there are steps, `output` takes as many outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_run(input: *const c_void, steps: usize, output: *mut f32) {
    // SAFETY: the caller's promise.
    let (inputs, outputs) = unsafe {
        (slice::from_raw_parts(input.cast::<Inputs>(), steps), slice::from_raw_parts_mut(output.cast::<Outputs>(), steps))
    };
    #[cfg(not(streams))]
    {
        let (state, scratch) = memory();
        model::run(state, scratch, inputs, outputs).expect("as many outputs as inputs");
    }
    #[cfg(streams)]
    for (input, output) in inputs.iter().zip(outputs) {
        // SAFETY: an input and an output of a step.
        unsafe { peer_step((&raw const *input).cast(), (&raw mut *output).cast()) };
    }
}

/// Tables are part of the code: there is nothing to give back.
#[unsafe(no_mangle)]
pub extern "C" fn peer_close() {}
