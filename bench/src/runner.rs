//! One case from network to figures.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use dopec::Target;
use dopec::tune::Quartiles;

use crate::cases::{Case, rehearsals};
use crate::entrants::{Entrant, Role, Stand, Standing};
use crate::measure::{Effort, Outcome, measure};
use crate::models;
use crate::network::{self, Arrays};
use crate::questions::{Over, Question};
use crate::ring::Ring;
use crate::roofline::{Bounds, Machine};
use crate::toolchain::{Language, Needs, Spec, Workshop};

/// Measures what the core can do at most.
static ROOFLINE: Spec =
    Spec { source: "roofline.c", flags: &["-O3", "-ffp-contract=fast"], needs: Needs::Nothing };

/// Measures cases, one after another.
pub(crate) struct Runner {
    workshop: Workshop,
    folder: PathBuf,
    effort: Effort,
    limits: Option<Machine>,
}

/// What came of a case.
pub(crate) struct CaseResult {
    /// The name that `--case` takes.
    pub(crate) name: String,
    /// What it is.
    pub(crate) title: String,
    /// Its weights in numbers.
    pub(crate) weights: String,
    /// How many times they are compressed, where that is asked about.
    pub(crate) compression: Option<f64>,
    /// Everybody, in the order of the case.
    pub(crate) standings: Vec<Standing>,
    /// Who was not asked to run.
    pub(crate) left_out: Vec<Entrant>,
    /// What was asked.
    pub(crate) questions: Vec<Question>,
    /// What the core could do at best with dopec's code, where that and the core's limits are known.
    pub(crate) bounds: Option<Bounds>,
}

/// What came of a question.
pub(crate) struct Answer<'r> {
    /// Against whom.
    pub(crate) over: &'r Standing,
    /// How many times as fast.
    pub(crate) ratio: Quartiles,
    /// Who is among those of whom the fastest is taken and has no figure, each with the reason in a word or two.
    pub(crate) without: Vec<(&'static str, &'static str)>,
}

impl Runner {
    /// Works in `folder`, with code for `target`.
    pub(crate) fn new(folder: &Path, effort: Effort, target: Target) -> Runner {
        let workshop = Workshop::new(folder, target);
        Runner { workshop, folder: folder.to_owned(), effort, limits: None }
    }

    /// Measures the core's limits, which the cases after it have bounds by.
    ///
    /// # Errors
    ///
    /// Why they could not be measured.
    pub(crate) fn measure_limits(&mut self) -> Result<(), String> {
        let object = self.workshop.native(&ROOFLINE, "")?;
        self.limits = Some(Machine::measure(&object, self.effort.limit)?);
        Ok(())
    }

    /// The core's limits, where they were measured.
    pub(crate) fn limits(&self) -> Option<&Machine> {
        self.limits.as_ref()
    }

    /// Brings up everybody whom the cases' questions name, on small networks.
    ///
    /// # Errors
    ///
    /// Who can't be had, and why.
    pub(crate) fn rehearse(&mut self, cases: &[Case]) -> Result<(), String> {
        let effort = std::mem::replace(&mut self.effort, Effort { rounds: 1, block: 0.0, limit: 0.0 });
        let mut missing = Vec::new();
        for rehearsal in rehearsals(cases) {
            for Standing { name, outcome, .. } in self.case(&rehearsal)?.standings {
                if let Outcome::Missing(reason) = outcome {
                    missing.push(format!("\n  {name}: {reason}"));
                }
            }
        }
        self.effort = effort;
        if missing.is_empty() { Ok(()) } else { Err(missing.concat()) }
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

        let side_by_side = Rc::new(ring.interleaved(case.streams));
        let mut abouts = Vec::new();
        let mut peers = Vec::new();
        for entrant in &case.entrants {
            let ring = if entrant.side_by_side() { &side_by_side } else { &ring };
            let workshop = &mut self.workshop;
            let peer = entrant.start(&mut Stand {
                workshop,
                model: &model,
                shape: &shape,
                streams: case.streams,
                weights: &weights,
                ring,
            });
            abouts.push(peer.as_ref().map_or(String::new(), |peer| peer.about().to_owned()));
            peers.push((peer, Rc::clone(ring), entrant.tolerance()));
        }
        let outcomes = measure(peers, self.effort);
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
        let ours = case.streams == 1 && case.entrants.iter().any(|entrant| entrant.role == Role::Ours);
        let bounds = self.limits.as_ref().filter(|_| ours).map(|machine| {
            let program = dopec::lower::lower(model.clone(), &self.workshop.settings(Language::C));
            machine.bounds(&program)
        });
        Ok(CaseResult {
            name: case.name.clone(),
            title: case.title.clone(),
            weights: models::summary(&model),
            compression: case.compression,
            standings,
            left_out: case.left_out.clone(),
            questions: case.questions.clone(),
            bounds,
        })
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
        Some(Answer { over, ratio, without: self.without(&question.over) })
    }

    fn without(&self, over: &Over) -> Vec<(&'static str, &'static str)> {
        let fared = self.standings.iter().map(|standing| {
            let why = match standing.outcome {
                Outcome::Timed { .. } => None,
                Outcome::Wrong(_) => Some("wrong"),
                Outcome::Missing(_) => Some("missing"),
            };
            (standing.name, standing.role, why)
        });
        let left_out = self.left_out.iter().map(|entrant| (entrant.name, entrant.role, Some("not chosen")));
        fared
            .chain(left_out)
            .filter(|(name, role, _)| over.names(name, *role))
            .filter_map(|(name, _, why)| Some((name, why?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases;
    use crate::entrants::{Entrant, HAND, How, LOOP_SIDE_BY_SIDE, OURS, OURS_DENSE, OURS_RUST, PLAIN};
    use crate::models::{Flavour, lstm, sparse};
    use crate::questions::{Row, Wanted};
    use crate::toolchain::root;

    const LOOK: Effort = Effort { rounds: 2, block: 1e-4, limit: 1e-3 };

    fn has_gcc() -> bool {
        std::process::Command::new("gcc").arg("--version").output().is_ok()
    }

    fn case(name: &str, streams: usize, entrants: Vec<Entrant>, model: dopec::model::Model) -> Case {
        Case {
            name: name.to_owned(),
            title: name.to_owned(),
            compression: None,
            steps: 5,
            streams,
            dense: true,
            entrants,
            left_out: Vec::new(),
            questions: Vec::new(),
            model: Box::new(move || Ok(model.clone())),
        }
    }

    fn assert_timed(result: &CaseResult) {
        for standing in &result.standings {
            let timed =
                matches!(&standing.outcome, Outcome::Timed { times, .. } if times.len() == LOOK.rounds);
            assert!(timed, "{}: {:?}", standing.name, standing.outcome);
        }
    }

    #[test]
    fn native_peers_compute_what_the_reference_computes() {
        if !has_gcc() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut runner = Runner::new(folder.path(), LOOK, Target::Any);
        runner.measure_limits().unwrap();
        // Neither of 19 and 76 is a multiple of a vector's width.
        let model = lstm("odd_units", 2, 19, 4.0, Flavour::Trained);
        let entrants = vec![OURS, OURS_RUST, OURS_DENSE, HAND, PLAIN];
        let result = runner.case(&case("lstm", 1, entrants, model)).unwrap();
        assert_timed(&result);
        assert!(result.bounds.unwrap().largest().0 > 0.0);

        let model = sparse("three_streams", 37, 21, 0.2, Flavour::Uniform);
        assert_timed(&runner.case(&case("streams", 3, vec![LOOP_SIDE_BY_SIDE], model)).unwrap());
    }

    #[test]
    fn trained_models_have_peers() {
        if !has_gcc() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut trained = cases::all().into_iter().find(|case| case.name == "shakespeare-small").unwrap();
        trained.entrants = vec![OURS, HAND, PLAIN];
        assert_timed(&Runner::new(folder.path(), LOOK, Target::Any).case(&trained).unwrap());
    }

    #[test]
    fn a_wrong_peer_is_named_and_the_others_go_on() {
        if !has_gcc() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("wrong.c");
        let plain = root().join("peers/plain.c");
        let text = format!(
            "#define peer_step right_step\n#include {plain:?}\n#undef peer_step\n\
             PEER_EXPORT void peer_step(const void *in, float *out) {{\n    right_step(in, out);\n    \
             out[3] += 0.001f;\n}}\n"
        );
        fs::write(&source, text).unwrap();
        let spec =
            Spec { source: source.display().to_string().leak(), flags: &["-O1"], needs: Needs::Nothing };
        let missing = Spec { source: "no_such_peer.c", flags: &[], needs: Needs::Nothing };
        let entrant = |name, spec: Spec| Entrant {
            name,
            role: Role::Plain,
            how: How::Native(Box::leak(Box::new(spec))),
        };
        let entrants = vec![OURS, entrant("wrong", spec), entrant("missing", missing), PLAIN];
        let model = lstm("wrong", 1, 8, 4.0, Flavour::Uniform);
        let result =
            Runner::new(folder.path(), LOOK, Target::Any).case(&case("wrong", 1, entrants, model)).unwrap();
        let outcome = |name: &str| &result.standing(name).unwrap().outcome;
        assert!(matches!(outcome("wrong"), Outcome::Wrong(reason) if reason.starts_with("step 0, output 3")));
        assert!(matches!(outcome("missing"), Outcome::Missing(reason) if reason.contains("no_such_peer.c")));
        assert!(result.fastest(&[Role::Plain]).is_some_and(|fastest| fastest.name == PLAIN.name));
        let without = result.without(&Over::Fastest(&[Role::Plain]));
        assert_eq!(without, [("wrong", "wrong"), ("missing", "missing")]);
    }

    #[test]
    fn a_record_needs_everybody_whom_a_question_names() {
        if !has_gcc() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let missing = Spec { source: "no_such_peer.c", flags: &[], needs: Needs::Nothing };
        let missing =
            Entrant { name: "missing", role: Role::Plain, how: How::Native(Box::leak(Box::new(missing))) };
        let question = |over| Question { row: Row::LayerHand, of: OURS.name, over, wanted: Wanted::Shown };
        let mut case =
            case("asked", 1, vec![OURS, HAND, missing], lstm("asked", 1, 8, 4.0, Flavour::Uniform));
        let mut runner = Runner::new(folder.path(), LOOK, Target::Any);
        case.questions = vec![question(Over::One(HAND.name))];
        let mut cases = [case];
        runner.rehearse(&cases).unwrap();
        cases[0].questions.push(question(Over::Fastest(&[Role::Plain])));
        let reason = runner.rehearse(&cases).unwrap_err();
        assert!(reason.starts_with("\n  missing: ") && reason.contains("no_such_peer.c"), "{reason}");
    }
}
