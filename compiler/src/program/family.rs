//! Families of instructions: the code of a Program may be compiled once for each, the best one picked at run time.

/// Instructions of x86-64 that come together.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The family's name.
    pub name: &'static str,
    /// Its number in the kernels (`DOPED_FAMILY`).
    pub number: u32,
    /// The processor's features that it needs, in the words of GCC, Clang and rustc.
    pub features: &'static [&'static str],
}

impl Family {
    /// AVX2 with fused multiply-add.
    pub const AVX2: &'static Family = &Family { name: "avx2", number: 1, features: &["avx2", "fma"] };

    /// AVX-512, as since Skylake-X.
    pub const AVX512: &'static Family = &Family {
        name: "avx512",
        number: 2,
        features: &["avx2", "fma", "popcnt", "avx512f", "avx512vl", "avx512bw", "avx512dq"],
    };
}

/// What the code is compiled for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Families {
    /// Once, for what the compiler is told of.
    Flags,
    /// Once, for one family.
    Only(&'static Family),
    /// For what the compiler is told of, and on x86-64 for each of these besides, the best first; picked at run time.
    Dispatched(Vec<&'static Family>),
}

impl Families {
    /// Those that are named.
    pub fn named(&self) -> &[&'static Family] {
        match self {
            Families::Flags => &[],
            Families::Only(family) => std::slice::from_ref(family),
            Families::Dispatched(families) => families,
        }
    }
}
