//! The experiments that the defaults of doping rest on: one option at a time, at doped KP 20x, small and short.
//!
//! Differences are to be compared with the spread over seeds, which is why every row has three.

use std::fmt::Write;

use dopec_trainer::doping::co_matrix::{CoMatrixDropout, DropoutSchedule, Granularity};

use crate::case::{Case, Doping, Form, Size};
use crate::cells::{Spread, spread};
use crate::results::{Line, TextId};
use crate::study::SEEDS;

const FACTOR: f64 = 20.0;
/// What the others are compared with: co-matrix dropout off, the other options as here.
const BASE: Doping = Doping {
    co_matrix: None,
    sparse_share: 0.5,
    joins: 0.0,
    annealing_end: 0.67,
    returns: false,
    structure_share: 0.25,
    kronecker_share: 0.0,
};

/// A row of the table: its name, the form and the options.
fn rows() -> Vec<(String, Form, Doping)> {
    let mut rows = vec![("co-matrix dropout off".to_owned(), Form::DopedKronecker, BASE)];
    let mut row = |name: String, form, doping| rows.push((name, form, doping));
    let kp = Form::DopedKronecker;
    for granularity in [Granularity::Element, Granularity::Row, Granularity::Matrix] {
        for probability in [0.05, 0.1, 0.25] {
            let co_matrix = Some(CoMatrixDropout { probability, granularity, ..CoMatrixDropout::default() });
            row(
                format!("co-matrix dropout by {}, {probability}", by(granularity)),
                kp,
                Doping { co_matrix, ..BASE },
            );
        }
    }
    for granularity in [Granularity::Element, Granularity::Matrix] {
        let schedule = DropoutSchedule::Constant;
        let co_matrix = Some(CoMatrixDropout { granularity, schedule, ..CoMatrixDropout::default() });
        let name = format!("co-matrix dropout by {}, 0.1, constant", by(granularity));
        row(name, kp, Doping { co_matrix, ..BASE });
    }
    for sparse_share in [0.02, 0.1, 0.25, 0.75] {
        row(format!("sparse_share {sparse_share}"), kp, Doping { sparse_share, ..BASE });
    }
    for annealing_end in [0.3, 0.5, 0.8] {
        row(format!("annealing ends at {annealing_end}"), kp, Doping { annealing_end, ..BASE });
    }
    row("pruned positions return".to_owned(), kp, Doping { returns: true, ..BASE });
    let best = Doping { sparse_share: 0.1, annealing_end: 0.5, returns: true, ..BASE };
    row("ends at 0.5, returns, sparse_share 0.1".to_owned(), kp, best);
    for granularity in [Granularity::Element, Granularity::Matrix] {
        let co_matrix = Some(CoMatrixDropout { probability: 0.1, granularity, ..CoMatrixDropout::default() });
        let name = format!("the same with co-matrix dropout by {}, 0.1", by(granularity));
        row(name, kp, Doping { co_matrix, ..best });
    }
    for (form, name) in [(Form::DopedLowRank, "LMF"), (Form::DopedHybrid, "HMD")] {
        for structure_share in [0.25, 0.5, 0.75] {
            let name = format!("doped {name}, structure_share {structure_share}");
            row(name, form, Doping { structure_share, ..BASE });
        }
    }
    rows
}

fn by(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Element => "element",
        Granularity::Row => "row",
        Granularity::Matrix => "matrix",
    }
}

/// Every case, seed by seed.
pub fn cases() -> Vec<Case> {
    let size = || Size { steps: 600, ..Size::quick() };
    let case =
        |seed| move |(name, form, doping)| Case { name, form, factor: FACTOR, seed, doping, size: size() };
    SEEDS.into_iter().flat_map(|seed| rows().into_iter().map(case(seed))).collect()
}

/// The table of what is done on a text: held-out nats, and the mean over seeds of the difference from the first
/// row with the same seed, with the deviation of that difference.
pub fn table(lines: &[Line], text: &TextId) -> String {
    let mut table =
        "| | held-out nats, mean ± deviation | difference from dropout off | seeds |\n| --- | --- | --- | --- |\n"
            .to_owned();
    let cases = cases();
    let found = |case: &Case| lines.iter().find(|line| line.case == *case && line.text.same(text));
    let loss = |case: &Case| found(case).map(|line| line.outcome.loss);
    let first = &cases[0].name;
    for (name, ..) in rows() {
        let of = |name: &str, seed| {
            cases.iter().find(|case| case.name == name && case.seed == seed).and_then(loss)
        };
        let losses: Vec<f64> = SEEDS.iter().filter_map(|&seed| of(&name, seed)).collect();
        let differences: Vec<f64> =
            SEEDS.iter().filter_map(|&seed| Some(of(&name, seed)? - of(first, seed)?)).collect();
        let Some(Spread { mean, deviation }) = spread(&losses) else { continue };
        let difference = match spread(&differences).filter(|_| name != *first) {
            Some(Spread { mean, deviation }) => format!("{mean:+.4} ± {deviation:.4}"),
            None => String::new(),
        };
        let count = losses.len();
        writeln!(table, "| {name} | {mean:.4} ± {deviation:.4} | {difference} | {count} |")
            .expect("a string grows");
    }
    table
}

/// The share of S over the runs, with and without co-matrix dropout: means over what is done of each row.
pub fn shares(lines: &[Line], text: &TextId) -> String {
    let names = [
        "co-matrix dropout off",
        "co-matrix dropout by element, 0.1",
        "co-matrix dropout by row, 0.1",
        "co-matrix dropout by matrix, 0.1",
        "co-matrix dropout by matrix, 0.25",
    ];
    let cases = cases();
    let of = |name: &str| -> Vec<&Line> {
        let done =
            |line: &&Line| line.case.name == name && line.text.same(text) && cases.contains(&line.case);
        lines.iter().filter(done).collect()
    };
    let runs: Vec<(&str, Vec<&Line>)> =
        names.into_iter().map(|name| (name, of(name))).filter(|(_, runs)| !runs.is_empty()).collect();
    let Some((_, first)) = runs.first() else { return String::new() };
    let heads: Vec<&str> =
        runs.iter().map(|(name, _)| name.trim_start_matches("co-matrix dropout ")).collect();
    let mut table = format!(
        "| step | density of S | {} |\n| --- | --- |{}\n",
        heads.join(" | "),
        " --- |".repeat(heads.len())
    );
    for (k, moment) in first[0].outcome.moments.iter().enumerate() {
        write!(table, "| {} | {:.1}% |", moment.step, 100.0 * moment.density).expect("a string grows");
        for (_, runs) in &runs {
            let sum: f64 = runs.iter().map(|line| line.outcome.moments[k].sparse).sum();
            write!(table, " {:.0}% |", 100.0 * sum / runs.len() as f64).expect("a string grows");
        }
        table.push('\n');
    }
    table
}
