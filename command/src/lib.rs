//! What the command `dopec` needs beside the compiler: data sets read from files.

pub mod data;
