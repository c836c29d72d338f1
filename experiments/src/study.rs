//! The study: nine forms at three budgets with three seeds.

use crate::case::{Case, Doping, Form, Size};

/// The name of its cases.
pub const NAME: &str = "study";
/// How many times less than dense.
pub const FACTORS: [f64; 3] = [10.0, 20.0, 25.0];
/// Of every random number.
pub const SEEDS: [u64; 3] = [1, 2, 3];

/// Every case, seed by seed, so that all forms can be compared early. The dense network is run once a seed.
pub fn cases(size: &Size) -> Vec<Case> {
    let case = |form, factor, seed| Case {
        name: NAME.to_owned(),
        form,
        factor,
        seed,
        doping: Doping::default(),
        size: size.clone(),
    };
    let of_seed = |seed| {
        let at = move |factor| Form::ALL[1..].iter().map(move |&form| case(form, factor, seed));
        std::iter::once(case(Form::Dense, 1.0, seed)).chain(FACTORS.into_iter().flat_map(at))
    };
    SEEDS.into_iter().flat_map(of_seed).collect()
}
