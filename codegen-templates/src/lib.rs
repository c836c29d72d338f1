//! The text of the emitted languages: Tera skeletons, and the kernels of emitted Rust.
