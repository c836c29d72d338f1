//! What the command `dopec` needs beside the compiler: data sets read from files, curves drawn.

pub mod curves;
pub mod data;
