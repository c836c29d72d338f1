//! The C kernels of dopec: a header library that stands and is tested by itself.
