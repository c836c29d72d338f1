//! The Rust kernels, as their files stand, against plain loops in 64-bit floats over awkward shapes, and the bounds
//! that `math.rs` states. The C kernels have the same tests in `runtime-c`.
//!
//! Here as they are compiled for any processor; `avx2.rs` and `avx512.rs` are the same tests of what the kernels have for
//! those families of instructions. The tests are in a file for each family of kernels.

mod dense;
mod functions;
mod kernels;
mod sparse;
mod support;
mod tables;
mod wide;

/// The family of instructions: any.
const FAMILY: u8 = 0;

/// Every processor has them.
fn runs() -> bool {
    true
}
