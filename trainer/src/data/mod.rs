//! What is trained on: texts as streams of tokens, and sequences with a target each.

mod samples;
mod stream;
mod text;

pub use samples::{Inputs, Labels, Samples};
pub use stream::TokenStream;
pub use text::{Text, UNKNOWN, Unit, Vocabulary};
