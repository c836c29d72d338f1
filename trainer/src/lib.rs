//! Training of doped networks, W = structure + S∘mask, by backpropagation through time on ordinary cores.
//!
//! [`data`] makes tokens and samples; [`budget`] chooses the form of each matrix; a [`NetworkSpec`] becomes a
//! [`Network`] with [`parameter`]s, whose [`matrix`] module forms W and takes its gradient back, and whose
//! [`layer`]s compute with W over all steps of a batch; [`doping`] prunes and masks; [`optimise`] moves the
//! parameters; [`score`] has the losses. [`Trainer`] is a run of all this that can be stepped, evaluated,
//! checkpointed and resumed to the same bits. [`Network::to_model`] and [`Network::from_model`] are the ways
//! to and from [`dopec::model`].
//!
//! Everything is written once over [`real::Real`]: trained in 32-bit floats, gradients checked in 64-bit ones.
//! `docs/training.md` has the options, the reasons for their defaults and the figures.

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
