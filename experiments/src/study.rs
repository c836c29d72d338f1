//! The study: nine forms at three budgets with three seeds.

use dopec_trainer::budget::Counting;

use crate::case::{Case, Doping, Form, Size};

/// The name of its cases.
pub const NAME: &str = "study";
/// How many times less than dense.
pub const FACTORS: [f64; 3] = [10.0, 20.0, 25.0];
/// Of every random number.
pub const SEEDS: [u64; 3] = [1, 2, 3];

/// The budgets, the tightest first, as it is what the papers' claim is about.
const IN_TURN: [f64; 3] = [25.0, 20.0, 10.0];
/// The forms, those first that stand nearest to each other.
const FORMS: [Form; 8] = [
    Form::DopedKronecker,
    Form::Kronecker,
    Form::Pruned,
    Form::DopedLowRank,
    Form::LowRank,
    Form::DopedHybrid,
    Form::Hybrid,
    Form::SmallerDense,
];

/// Every case, budget by budget and form by form, each with all seeds, so that what is done can be compared early. The
/// dense network is run once a seed. A form without S stores nothing but values: it is the same case however a budget
/// counts.
pub fn cases(size: &Size, counting: Counting) -> Vec<Case> {
    let case = |form: Form, factor, seed| {
        let counting = if form.has_sparse() { counting } else { Counting::Everything };
        let size = Size { counting, ..size.clone() };
        Case { name: NAME.to_owned(), form, factor, seed, doping: Doping::default(), size }
    };
    let mut cases: Vec<Case> = SEEDS.map(|seed| case(Form::Dense, 1.0, seed)).into();
    for factor in IN_TURN {
        cases.extend(FORMS.into_iter().flat_map(|form| SEEDS.map(|seed| case(form, factor, seed))));
    }
    cases
}
