//! A model that build.rs compiled, as Rust and as C: both must give the same.
#![no_std]
#![deny(warnings, missing_docs)]
// The model is held to every lint of style, the tests are not.
#![cfg_attr(not(test), deny(clippy::nursery, clippy::pedantic))]

dopec::include_model!("shakespeare_small");

#[cfg(test)]
mod tests {
    use super::shakespeare_small::{Model, OUTPUT_SIZE};

    #[allow(unsafe_code)]
    #[test]
    fn c_and_rust_agree() {
        #[repr(C)]
        struct State([f32; 256]);
        // Larger than the model asks for: its size stands in the header, which Rust does not read.
        #[repr(C)]
        struct Scratch([f32; 4096]);
        unsafe extern "C" {
            fn shakespeare_small_reset(state: *mut State);
            fn shakespeare_small_step(
                state: *mut State,
                scratch: *mut Scratch,
                token: u32,
                output: *mut f32,
            ) -> i32;
        }
        let (mut state, mut scratch, mut output) =
            (State([1.0; 256]), Scratch([0.0; 4096]), [0.0_f32; OUTPUT_SIZE]);
        // SAFETY: the pointers are to values of this frame, at least as large as the header says.
        unsafe { shakespeare_small_reset(&mut state) };
        let mut model = Model::new();
        for token in [18, 47, 1, 0, 64, 3] {
            // SAFETY: as above.
            let code =
                unsafe { shakespeare_small_step(&mut state, &mut scratch, token, output.as_mut_ptr()) };
            assert_eq!(code, 0);
            let rust = model.step(token).unwrap();
            for (c, rust) in output.iter().zip(rust) {
                assert!((c - rust).abs() <= 1e-5 * rust.abs().max(1.0), "{c} {rust}");
            }
        }
    }
}
