//! dopec compiles trained doped neural networks to C and Rust specialised for exactly that model.
//!
//! The stages run in one direction: bytes → [`ingest`] → [`model::Model`] → [`lower`] →
//! [`program::Program`] → [`emit`] → files. [`reference`] computes what a model means in 64-bit floats.

pub mod faults;
pub mod model;
pub mod settings;

pub use faults::{Fault, Faults};
pub use settings::{DataForm, Emit, Settings};
