//! What makes a network doped: the sparse part annealed, both parts masked while it is.

pub mod co_matrix;
