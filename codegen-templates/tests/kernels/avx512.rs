//! The tests of `main.rs` on what the kernels have for AVX-512; left out where the processor has none.

#![cfg(target_arch = "x86_64")]

mod dense;
mod functions;
mod kernels;
mod sparse;
mod support;
mod tables;
mod wide;

/// The family of instructions: AVX-512.
const FAMILY: u8 = 2;

/// Whether this processor has them; says so where it hasn't.
fn runs() -> bool {
    let runs = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq");
    if !runs {
        println!("left out: the processor has no AVX-512");
    }
    runs
}
