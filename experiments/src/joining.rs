//! The experiments that "the structure first" rests on: when S joins, what it joins to, and how much of the budget the
//! structure has. Small and short; seeds that the study doesn't use, so that it is not tuned on itself.

use std::fmt::Write;

use dopec_trainer::doping::co_matrix::CoMatrixDropout;

use crate::case::{Case, Doping, Form, Size};
use crate::cells::{Spread, spread};
use crate::results::{Line, TextId};

/// Of every random number.
const SEEDS: [u64; 3] = [11, 12, 13];
/// What the others are compared with.
const BASE: Doping = Doping {
    co_matrix: None,
    sparse_share: 0.0,
    joins: 0.1,
    annealing_end: 0.5,
    returns: true,
    structure_share: 0.25,
    kronecker_share: 0.25,
};

/// A row of the table: its name, the form, the factor and the options.
fn rows() -> Vec<(String, Form, f64, Doping)> {
    let mut rows = Vec::new();
    let kp = Form::DopedKronecker;
    let mut row = |name: &str, form, factor, doping| rows.push((name.to_owned(), form, factor, doping));
    let co_matrix = |probability| Some(CoMatrixDropout { probability, ..CoMatrixDropout::default() });
    row("S joins at 0.1", kp, 25.0, BASE);
    row("with co-matrix dropout, 0.1", kp, 25.0, Doping { co_matrix: co_matrix(0.1), ..BASE });
    let together = Doping { joins: 0.0, sparse_share: 0.1, ..BASE };
    row("both from the first step, sparse_share 0.1", kp, 25.0, together);
    let dropped = Doping { co_matrix: co_matrix(0.1), ..together };
    row("the same with co-matrix dropout, 0.1", kp, 25.0, dropped);
    row("the same with co-matrix dropout, 0.3", kp, 25.0, Doping { co_matrix: co_matrix(0.3), ..together });
    row("both from the first step, sparse_share 0", kp, 25.0, Doping { joins: 0.0, ..BASE });
    row("S joins at 0.1, sparse_share 0.1", kp, 25.0, Doping { sparse_share: 0.1, ..BASE });
    for joins in [0.05, 0.2] {
        row(&format!("S joins at {joins}"), kp, 25.0, Doping { joins, ..BASE });
    }
    for annealing_end in [0.4, 0.7] {
        row(&format!("annealing ends at {annealing_end}"), kp, 25.0, Doping { annealing_end, ..BASE });
    }
    for factor in [25.0, 20.0, 10.0] {
        row("Kronecker product alone", Form::Kronecker, factor, BASE);
        for kronecker_share in [0.0, 0.25, 0.5, 0.75] {
            if (factor, kronecker_share) == (25.0, BASE.kronecker_share) {
                // The first row.
                continue;
            }
            let name = format!("kronecker_share {kronecker_share}");
            row(&name, kp, factor, Doping { kronecker_share, ..BASE });
        }
    }
    for form in [Form::DopedLowRank, Form::DopedHybrid] {
        for structure_share in [0.25, 0.5] {
            let name = format!("{form}, structure_share {structure_share}");
            row(&name, form, 25.0, Doping { structure_share, ..BASE });
        }
    }
    rows
}

/// Every case, seed by seed.
pub fn cases() -> Vec<Case> {
    let case = |seed| {
        move |(name, form, factor, doping)| Case { name, form, factor, seed, doping, size: Size::quick() }
    };
    SEEDS.into_iter().flat_map(|seed| rows().into_iter().map(case(seed))).collect()
}

/// The table of what is done on a text: held-out nats, and the mean over seeds of the difference from the first row of
/// the same factor's default options with the same seed, with the deviation of that difference.
pub fn table(lines: &[Line], text: &TextId) -> String {
    let mut table = "| | times | held-out nats, mean ± deviation | difference from the default | seeds |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    // By what they are, as the row that others are compared with has a name for each factor.
    let loss = |form: Form, factor: f64, doping: &Doping, seed: u64| {
        let same = |case: &Case| {
            (case.form, case.factor, case.seed) == (form, factor, seed)
                && case.doping == *doping
                && case.size == Size::quick()
        };
        lines.iter().find(|line| same(&line.case) && line.text.same(text)).map(|line| line.outcome.loss)
    };
    for (name, form, factor, doping) in rows() {
        let own = |seed| loss(form, factor, &doping, seed);
        let base = |seed| loss(Form::DopedKronecker, factor, &BASE, seed);
        let losses: Vec<f64> = SEEDS.into_iter().filter_map(own).collect();
        let differences: Vec<f64> =
            SEEDS.into_iter().filter_map(|seed| Some(own(seed)? - base(seed)?)).collect();
        let Some(Spread { mean, deviation }) = spread(&losses) else { continue };
        let difference = match spread(&differences).filter(|_| (form, doping) != (Form::DopedKronecker, BASE))
        {
            Some(Spread { mean, deviation }) => format!("{mean:+.4} ± {deviation:.4}"),
            None => String::new(),
        };
        writeln!(
            table,
            "| {name} | {factor} | {mean:.4} ± {deviation:.4} | {difference} | {} |",
            losses.len()
        )
        .expect("a string grows");
    }
    table
}
