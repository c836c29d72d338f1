//! How parameters move: Adam, clipping of the gradient's norm, and schedules of the learning rate.

mod adam;
mod schedule;

pub use adam::{Adam, AdamOptions};
pub use schedule::{Schedule, Shape};
