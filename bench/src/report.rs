//! What came of a run, as Markdown: every row of what is asked, the rooflines, and a table for each case.

use std::fmt::Write as _;

use dopec::tune::Quartiles;

use crate::entrants::{OURS_TUNED, Role, Standing};
use crate::measure::Outcome;
use crate::plot::Series;
use crate::questions::{Over, Question, Row, Wanted};
use crate::roofline::{Bounds, Machine};
use crate::runner::CaseResult;

/// Whose instructions are known, beneath what the peers say of themselves.
const INSTRUCTIONS: &str = "\n\
    Not every peer runs the widest vectors of the processor. MKL's `def` kernels, which it takes on processors of AMD,\n\
    are 128-bit SSE code for products of a matrix, dense or sparse, and a vector or streams. OpenBLAS's code path is\n\
    the processor that its kernels are for (Haswell, Zen: AVX2; SkylakeX and Intel's later ones: AVX-512). Eigen, gemv\n\
    by hand and plain loops are compiled for this processor and name what that allows; emitted code takes the best that\n\
    it finds there. onnxruntime and tract choose for themselves and do not tell.\n";

/// A whole run.
pub(crate) struct Report<'r> {
    /// The machine and its tools.
    pub(crate) machine: &'r [String],
    /// The core's limits, where they could be measured.
    pub(crate) limits: Option<&'r Machine>,
    /// Whether rounds were few and blocks short.
    pub(crate) quick: bool,
    /// Case by case.
    pub(crate) results: &'r [CaseResult],
}

impl Report<'_> {
    /// The whole of it.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "# Results\n\n\
             Written by `cargo run --release -p dopec-bench --features tract -- --write`, after `bench/setup.sh`. Ratios of\n\
             one run on one machine mean something; times move from machine to machine. How it is measured, and what the\n\
             cases are: [docs/speed.md](../docs/speed.md).\n\n",
        );
        if self.quick {
            text += "This was a quick run: few rounds of short blocks.\n\n";
        }
        for line in self.machine {
            let _ = writeln!(text, "- {line}");
        }
        text += &self.summary();
        text += "\n## Case by case\n";
        for result in self.results {
            text += &table(result);
        }
        text
    }

    /// The peers, what was asked, and the rooflines.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for (name, about) in self.peers() {
            let _ = writeln!(text, "- {name}: {about}");
        }
        text += INSTRUCTIONS;
        text += "\n## What was asked\n\n";
        text += &self.asked();
        text += "\n## Rooflines\n\n";
        text += &self.rooflines();
        text
    }

    /// Libraries behind the peers, each once.
    fn peers(&self) -> Vec<(&'static str, &str)> {
        let mut peers: Vec<(&'static str, &str)> = Vec::new();
        for standing in self.results.iter().flat_map(|result| &result.standings) {
            let known = peers.iter().any(|(name, _)| *name == standing.name);
            if !known && !standing.about.is_empty() && standing.role != Role::Ours {
                peers.push((standing.name, &standing.about));
            }
        }
        peers
    }

    /// Every row of the table of what is asked.
    fn asked(&self) -> String {
        let mut text = String::from(
            "| case | floor | goal | measured (quartiles) | against | |\n| --- | --- | --- | --- | --- | --- |\n",
        );
        for row in Row::ALL {
            let asked = self.results.iter().flat_map(|result| {
                result
                    .questions
                    .iter()
                    .filter(move |question| question.row == row)
                    .map(move |question| (result, question))
            });
            for (result, question) in asked {
                text += &answer_row(result, question);
            }
        }
        text += "\nWhat compiling takes is measured apart: `cargo bench -p dopec-tests --bench compile`, with the budgets beside it;\n\
                 [docs/speed.md](../docs/speed.md) has the figures.\n";
        text
    }

    /// The bound of each case beside the time reached.
    fn rooflines(&self) -> String {
        let Some(machine) = self.limits else {
            return "The core's limits could not be measured.\n".to_owned();
        };
        let mut text = format!(
            "The core at its best, as measured at the start: {:.1} billion loads of a float and {:.1} billion of {} floats\n\
             a second, {:.0} billion multiply-adds; it reads {:.0} GB/s of 16 KB, {:.0} of 512 KB, {:.0} of 4 MB, {:.0} of\n\
             128 MB, over and over. Bytes are those of the tables that a step reads; loads those and one for every input\n\
             that is taken by its index (two for a term of straight-line code); what is left out only lowers a bound. The\n\
             bandwidth is the better of those of the two nearest sizes that were measured, eight to a doubling. The gates'\n\
             time is that of dopec's own cells alone, on a line between measured numbers of units, and no part of the bound.\n\n\
             | case | KB | by bytes, µs | by loads | by multiply-adds | gates alone | bound | reached | reached / bound |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
            machine.loads / 1e9,
            machine.vector_loads / 1e9,
            machine.lanes,
            machine.multiply_adds / 1e9,
            machine.bandwidth(16 << 10) / 1e9,
            machine.bandwidth(512 << 10) / 1e9,
            machine.bandwidth(4 << 20) / 1e9,
            machine.bandwidth(128 << 20) / 1e9,
        );
        for result in self.results {
            let Some(bounds) = &result.bounds else { continue };
            let ours = result.standings.iter().find(|standing| standing.role == Role::Ours);
            let Some(reached) = ours.and_then(|ours| ours.outcome.quartiles()) else { continue };
            text += &roofline_row(&result.title, bounds, reached.median);
        }
        text
    }

    /// The lines of the picture.
    pub(crate) fn series(&self) -> Vec<Series> {
        let mut series: Vec<Series> = Vec::new();
        for result in self.results {
            let Some(compression) = result.compression else { continue };
            let asked =
                result.questions.iter().find(|question| matches!(question.row, Row::Medium | Row::Large));
            let Some(answer) = asked.and_then(|question| result.answer(question)) else { continue };
            let (size, flavour) = (result.name.split('-').next(), result.name.split('-').next_back());
            let name = format!("{}, {} non-zeros", size.unwrap_or_default(), flavour.unwrap_or_default());
            let point = (compression, answer.ratio.median);
            match series.iter_mut().find(|series| series.name == name) {
                Some(series) => series.points.push(point),
                None => series.push(Series { name, points: vec![point] }),
            }
        }
        series
    }
}

/// A row of what is asked.
fn answer_row(result: &CaseResult, question: &Question) -> String {
    let (floor, goal) = match question.wanted {
        Wanted::AtLeast { floor, goal } => (short(floor), short(goal)),
        Wanted::Within { low, high } => (format!("{low} .. {high}"), String::new()),
        Wanted::Shown => (String::new(), String::new()),
    };
    let what = match question.row {
        _ if question.of == OURS_TUNED.name => format!("{}: tuned", result.title),
        Row::RustC => format!("{}: time of Rust over that of C", result.title),
        _ if matches!(question.wanted, Wanted::Shown) => {
            format!("{}: fastest of all sparse peers", result.title)
        }
        Row::Run => format!("{}: `run` against `step`", result.title),
        _ => result.title.clone(),
    };
    match result.answer(question) {
        Some(answer) => {
            let Quartiles { first, median, third } = answer.ratio;
            let verdict = match question.wanted {
                Wanted::AtLeast { goal, .. } if median >= goal => "goal reached",
                Wanted::AtLeast { floor, .. } if median >= floor => "pass",
                Wanted::Within { low, high } if (low..=high).contains(&median) => "pass",
                Wanted::Shown => "",
                _ => "short",
            };
            let over = answer.over.name;
            let without: Vec<String> =
                answer.without.iter().map(|(name, why)| format!("{name} ({why})")).collect();
            let end = match (verdict, without.join("; ")) {
                (verdict, without) if without.is_empty() => verdict.to_owned(),
                ("", without) => format!("without: {without}"),
                (verdict, without) => format!("{verdict}; without: {without}"),
            };
            // A verdict may hang on the third.
            let places = if matches!(question.wanted, Wanted::Within { .. }) { 3 } else { 2 };
            let ratio = format!("{median:.places$} ({first:.places$} .. {third:.places$})");
            format!("| {what} | {floor} | {goal} | {ratio} | {over} | {end} |\n")
        }
        None => format!("| {what} | {floor} | {goal} | not measured | {} | |\n", why_not(result, question)),
    }
}

/// Why a question has no answer.
fn why_not(result: &CaseResult, question: &Question) -> String {
    let over: Vec<&Standing> = match &question.over {
        Over::Fastest(roles) => {
            result.standings.iter().filter(|standing| roles.contains(&standing.role)).collect()
        }
        Over::One(name) => result.standing(name).into_iter().collect(),
    };
    let Some(own) = result.standing(question.of) else {
        return format!("`{}` is not in this case", question.of);
    };
    let reason = |standing: &Standing| match &standing.outcome {
        Outcome::Timed { .. } => None,
        Outcome::Wrong(reason) | Outcome::Missing(reason) => Some(format!("{}: {reason}", standing.name)),
    };
    let reasons: Vec<String> = std::iter::once(own).chain(over).filter_map(reason).collect();
    if reasons.is_empty() { "no such peer was asked to run".to_owned() } else { reasons.join("; ") }
}

fn roofline_row(title: &str, bounds: &Bounds, reached: f64) -> String {
    let (bound, name) = bounds.largest();
    format!(
        "| {title} | {:.0} | {} | {} | {} | {} | {} ({name}) | {} | {:.2} |\n",
        bounds.work.bytes as f64 / 1024.0,
        digits(bounds.bytes),
        digits(bounds.loads),
        digits(bounds.multiply_adds),
        digits(bounds.cells),
        digits(bound),
        digits(reached),
        reached / bound
    )
}

/// Everybody in a case, with the speed-up of the first over each.
pub(crate) fn table(result: &CaseResult) -> String {
    let Some(first) = result.standings.first() else { return String::new() };
    let mut text = format!(
        "\n### {}\n\n`--case {}`. {}\n\n\
         | | µs a step | quartiles | {} is faster by | largest error |\n| --- | --- | --- | --- | --- |\n",
        result.title, result.name, result.weights, first.name
    );
    for Standing { name, outcome, .. } in &result.standings {
        let _ = match (outcome, outcome.quartiles()) {
            (Outcome::Timed { error, .. }, Some(times)) => {
                let ratio = first.outcome.speedup_over(outcome).map_or(String::new(), |ratio| {
                    format!("{:.2} ({:.2} .. {:.2})", ratio.median, ratio.first, ratio.third)
                });
                let (median, low, high) = (digits(times.median), digits(times.first), digits(times.third));
                writeln!(text, "| {name} | {median} | {low} .. {high} | {ratio} | {error:.0e} |")
            }
            (Outcome::Wrong(reason), _) => writeln!(text, "| {name} | WRONG: {reason} | | | |"),
            (Outcome::Missing(reason), _) => writeln!(text, "| {name} | missing: {reason} | | | |"),
            (Outcome::Timed { .. }, None) => Ok(()),
        };
    }
    text
}

/// Three digits that count.
fn digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.3}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// A bound without digits that say nothing.
fn short(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(times: &[(&'static str, Role, Outcome)], wanted: Wanted) -> CaseResult {
        CaseResult {
            name: "case".to_owned(),
            title: "a case".to_owned(),
            weights: String::new(),
            compression: None,
            standings: times
                .iter()
                .map(|(name, role, outcome)| Standing {
                    name,
                    role: *role,
                    about: String::new(),
                    outcome: outcome.clone(),
                })
                .collect(),
            left_out: Vec::new(),
            questions: vec![Question {
                row: Row::Medium,
                of: "ours",
                over: Over::Fastest(&[Role::Dense]),
                wanted,
            }],
            bounds: None,
        }
    }

    fn timed(times: &[f64]) -> Outcome {
        Outcome::Timed { times: times.to_vec(), error: 0.0 }
    }

    #[test]
    fn the_fastest_right_peer_is_the_one_to_beat() {
        let standings = [
            ("ours", Role::Ours, timed(&[1.0, 1.0])),
            ("slow", Role::Dense, timed(&[9.0, 9.0])),
            ("fast", Role::Dense, timed(&[6.0, 6.0])),
            ("wrong", Role::Dense, Outcome::Wrong("2 instead of 1".to_owned())),
            ("other", Role::Plain, timed(&[2.0, 2.0])),
        ];
        for (floor, goal, verdict) in [(7.0, 10.0, "short"), (5.0, 10.0, "pass"), (2.0, 5.0, "goal reached")]
        {
            let result = result(&standings, Wanted::AtLeast { floor, goal });
            let row = answer_row(&result, &result.questions[0]);
            let end = format!("| 6.00 (6.00 .. 6.00) | fast | {verdict}; without: wrong (wrong) |\n");
            assert!(row.ends_with(&end), "{row}");
            assert!(table(&result).contains("| wrong | WRONG: 2 instead of 1 |"));
        }
    }

    #[test]
    fn what_is_only_shown_has_no_verdict() {
        let standings = [("ours", Role::Ours, timed(&[1.0])), ("peer", Role::Dense, timed(&[0.5]))];
        let result = result(&standings, Wanted::Shown);
        let row = answer_row(&result, &result.questions[0]);
        assert_eq!(row, "| a case: fastest of all sparse peers |  |  | 0.50 (0.50 .. 0.50) | peer |  |\n");
    }

    #[test]
    fn what_could_not_be_measured_says_why() {
        let standings = [
            ("ours", Role::Ours, timed(&[1.0])),
            ("library", Role::Dense, Outcome::Missing("not installed".to_owned())),
        ];
        let result = result(&standings, Wanted::Within { low: 0.9, high: 1.1 });
        let row = answer_row(&result, &result.questions[0]);
        assert!(row.contains("not measured | library: not installed"), "{row}");
    }
}
