//! Training of doped networks by backpropagation through time, on ordinary cores.

pub mod budget;
pub mod data;
pub mod doping;
mod error;
pub mod layer;
pub mod matrix;
pub mod network;
pub mod optimise;
pub mod parameter;
pub mod product;
pub mod random;
pub mod real;
pub mod score;
pub mod train;
mod vector;

pub use error::Error;
pub use network::{Initialisation, Network, NetworkSpec};
pub use train::{Data, Settings, StepReport, Trainer, evaluate};
