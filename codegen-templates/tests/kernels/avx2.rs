//! The tests of `main.rs` on what the kernels have for AVX2 with fused multiply-add; left out where the processor has none.

#![cfg(target_arch = "x86_64")]

mod dense;
mod functions;
mod kernels;
mod sparse;
mod support;
mod tables;
mod wide;

/// The family of instructions: AVX2 with fused multiply-add.
const FAMILY: u8 = 1;

/// Whether this processor has them; says so where it hasn't.
fn runs() -> bool {
    let runs = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    if !runs {
        println!("left out: the processor has no AVX2 with fused multiply-add");
    }
    runs
}
