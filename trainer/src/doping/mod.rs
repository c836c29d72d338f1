//! What makes a network doped: the sparse part annealed, both parts masked while it is, and a look at
//! how much each carries.

pub mod annealing;
pub mod co_matrix;
pub mod share;
