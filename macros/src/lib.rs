//! `doped_model!`: a trained doped neural network compiled into your crate.
