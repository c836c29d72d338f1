//! Training of doped networks by backpropagation through time, on ordinary cores.

pub mod product;
pub mod random;
pub mod real;
