//! Helpers of the end-to-end tests.

pub mod large;
pub mod random;
