//! Compiles one model to Rust and to C.

fn main() -> Result<(), dopec::Faults> {
    dopec::Build::new("../models/shakespeare_small.json").emit_rust()?;
    dopec::Build::new("../models/shakespeare_small.json").emit_c()?.compile("shakespeare_small");
    Ok(())
}
