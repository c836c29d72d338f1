//! One case from network to figures.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::cases::{Case, Over, Question};
use crate::entrants::{Role, Stand};
use crate::measure::{Effort, Outcome, Quartiles, measure};
use crate::network::{self, Arrays};
use crate::ring::Ring;
use crate::toolchain::Workshop;

/// Measures cases, one after another.
pub(crate) struct Runner {
    workshop: Workshop,
    folder: PathBuf,
    effort: Effort,
}

/// How one peer fared in a case.
pub(crate) struct Standing {
    /// The peer.
    pub(crate) name: &'static str,
    /// What it computes with.
    pub(crate) role: Role,
    /// The library behind it, where it came up.
    pub(crate) about: String,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// What came of a case.
pub(crate) struct CaseResult {
    /// What it is.
    pub(crate) title: String,
    /// Everybody, in the order of the case.
    pub(crate) standings: Vec<Standing>,
    /// What was asked.
    pub(crate) questions: Vec<Question>,
}

/// What came of a question.
pub(crate) struct Answer<'r> {
    /// Against whom.
    pub(crate) over: &'r Standing,
    /// How many times as fast.
    pub(crate) ratio: Quartiles,
}

impl Runner {
    /// Works in `folder`.
    pub(crate) fn new(folder: &Path, effort: Effort) -> Runner {
        Runner { workshop: Workshop::new(folder), folder: folder.to_owned(), effort }
    }

    /// Measures a case.
    ///
    /// # Errors
    ///
    /// The case itself can't be set up; a peer that can't be is part of the result.
    pub(crate) fn case(&mut self, case: &Case) -> Result<CaseResult, String> {
        let fail = |error: io::Error| format!("{}: {error}", case.name);
        let model = (case.model)()?;
        let ring = Rc::new(Ring::new(&model, case.steps, case.streams));
        let shape = network::shape_header(&model, case.streams)?;
        let weights = self.folder.join("weights.bin");
        let mut file = BufWriter::new(File::create(&weights).map_err(fail)?);
        let mut arrays = Arrays::new(&mut file);
        arrays.model(&model, case.dense).map_err(fail)?;
        arrays.words("shape", network::shape_words(&model, ring.steps)?).map_err(fail)?;
        arrays.words("inputs", ring.inputs.iter().copied()).map_err(fail)?;
        file.flush().map_err(fail)?;
        drop(file);

        let mut stand = Stand {
            workshop: &mut self.workshop,
            model: &model,
            shape: &shape,
            weights: &weights,
            ring: &ring,
        };
        let mut abouts = Vec::new();
        let mut peers = Vec::new();
        for entrant in &case.entrants {
            let peer = entrant.start(&mut stand);
            abouts.push(peer.as_ref().map_or(String::new(), |peer| peer.about().to_owned()));
            peers.push((peer, entrant.tolerance()));
        }
        let outcomes = measure(peers, &ring, self.effort);
        fs::remove_file(&weights).map_err(fail)?;
        let standings = case
            .entrants
            .iter()
            .zip(abouts)
            .zip(outcomes)
            .map(|((entrant, about), outcome)| Standing {
                name: entrant.name,
                role: entrant.role,
                about,
                outcome,
            })
            .collect();
        Ok(CaseResult { title: case.title.clone(), standings, questions: case.questions.clone() })
    }
}

impl CaseResult {
    /// The peer of a name.
    pub(crate) fn standing(&self, name: &str) -> Option<&Standing> {
        self.standings.iter().find(|standing| standing.name == name)
    }

    /// The fastest of some roles.
    pub(crate) fn fastest(&self, roles: &[Role]) -> Option<&Standing> {
        self.standings
            .iter()
            .filter(|standing| roles.contains(&standing.role))
            .filter_map(|standing| Some((standing, standing.outcome.quartiles()?.median)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(standing, _)| standing)
    }

    /// What came of a question, if both sides could be measured.
    pub(crate) fn answer(&self, question: &Question) -> Option<Answer<'_>> {
        let over = match &question.over {
            Over::Fastest(roles) => self.fastest(roles)?,
            Over::One(name) => self.standing(name)?,
        };
        let ratio = self.standing(question.of)?.outcome.speedup_over(&over.outcome)?;
        Some(Answer { over, ratio })
    }

    /// A Markdown table of everybody, with the speed-up of the first entrant over each.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "\n### {}\n\n| | µs a step | quartiles | dopec is faster by | largest error |\n| --- | --- | --- | --- | --- |\n",
            self.title
        );
        let first = &self.standings[0].outcome;
        for Standing { name, outcome, .. } in &self.standings {
            let _ = match outcome {
                Outcome::Timed { error, .. } => {
                    let times =
                        outcome.quartiles().unwrap_or(Quartiles { first: 0.0, median: 0.0, third: 0.0 });
                    let ratio = first.speedup_over(outcome).map_or(String::new(), |ratio| {
                        format!("{:.2} ({:.2} .. {:.2})", ratio.median, ratio.first, ratio.third)
                    });
                    writeln!(
                        text,
                        "| {name} | {} | {} .. {} | {ratio} | {error:.0e} |",
                        digits(times.median),
                        digits(times.first),
                        digits(times.third)
                    )
                }
                Outcome::Wrong(reason) => writeln!(text, "| {name} | WRONG: {reason} | | | |"),
                Outcome::Missing(reason) => writeln!(text, "| {name} | missing: {reason} | | | |"),
            };
        }
        text
    }
}

/// Three digits that count.
pub(crate) fn digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.3}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}
