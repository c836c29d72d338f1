//! Timing on this machine: `--tune`, which chooses the ways of sparse parts by it, and `dopec bench`, which shows it.
//!
//! [`tune`] takes a model and its settings, times whole steps of the whole model as emitted C, and gives the text of a
//! lock file. It goes from the largest sparse part to the smallest, once: every other way for the part, in turn with the
//! best plan so far, and the best of them is kept when it is better by more than the noise. [`compare`] gives the table.

mod compare;
mod lock_file;
mod machine;
mod quartiles;
mod race;

use std::collections::BTreeMap;

pub use compare::{Comparison, LayerTime, Row, compare};
pub use lock_file::Measured;
pub use machine::targets;
pub use quartiles::Quartiles;

use crate::faults::Faults;
use crate::ingest::Source;
use crate::lower::{self, Part, TERMS_PER_MATRIX, TERMS_PER_MODEL};
use crate::numbers::thousands;
use crate::settings::{Settings, Target};
use crate::verify::Toolchain;
use crate::ways::{Choices, Way};
use race::{Course, Entrant, TOLERANCE};

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// The C compiler with its flags.
    pub toolchain: Toolchain,
    /// Blocks of each entrant.
    pub rounds: usize,
    /// Inputs that a pass feeds.
    pub steps: usize,
    /// Where the random inputs start.
    pub seed: u64,
    /// Told what is being done and what was found.
    pub progress: fn(&str),
}

impl Options {
    /// The C compiler of the environment with -O3, and as much as a choice takes.
    pub fn new() -> Options {
        let toolchain = Toolchain { flags: vec!["-O3".to_owned()], ..Toolchain::c() };
        Options { toolchain, rounds: 21, steps: 32, seed: 1, progress: |_| {} }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}

/// What tuning found.
#[derive(Debug, Clone)]
pub struct Tuned {
    /// The way of every sparse part.
    pub choices: Choices,
    /// The times behind them.
    pub measured: Measured,
    /// The lock file.
    pub text: String,
}

/// A way is kept when it takes at most this part of the time, and three quarters of the rounds say less than all of it.
const BETTER: f64 = 0.99;

/// Finds the best ways for a model's sparse parts on this machine. A lock file that is there is not looked at.
///
/// # Errors
///
/// The model's faults, and a model without sparse parts; a target that this machine can't run; a compiler that can't be
/// started or fails; emitted code that computes something else.
pub fn tune(source: &Source<'_>, settings: &Settings, options: &Options) -> Result<Tuned, Faults> {
    (options.progress)("reading the model, computing what it should give");
    let bare = Settings { lock: false, choices: None, unroll_limit: None, ..settings.clone() };
    let (model, settings) = crate::prepare(source, &bare)?;
    let target = machine::target(source.file, settings.target)?;
    let settings = Settings { target, ..settings };
    let parts = lower::ways(&model, &settings, target);
    if parts.is_empty() {
        let title = "the model has no sparse part, so there is nothing to tune";
        return Err(Faults::plain(source.file, title, "leave out --tune"));
    }
    let course = Course::new(source.file, &model, options);
    let start: BTreeMap<String, Way> = parts.iter().map(|(part, way)| (part.path.clone(), *way)).collect();
    let mut descent = Descent { course, settings, target, options, measured: Measured::default() };

    let mut ways = start.clone();
    let mut best = descent.enter(&ways)?;
    for (part, _) in parts.iter().rev() {
        let others = Parts { by_rules: &parts, ways: &ways }.candidates(part, target);
        best = descent.part((&part.path, part.csr.nnz()), &mut ways, best, &others)?;
    }
    if ways == start {
        descent.course.race(&mut [&mut best], options.rounds)?;
        descent.measured.tuned = nanoseconds(&best);
        descent.measured.default = descent.measured.tuned;
    } else {
        let mut default = descent.enter(&start)?;
        descent.course.race(&mut [&mut default, &mut best], 2 * options.rounds)?;
        let default_time = nanoseconds(&default);
        // What was best by chance, part by part, need not be so together.
        let kept = best.ratio(&default).median < 1.0;
        if !kept {
            ways = start;
        }
        descent.measured.default = default_time;
        descent.measured.tuned = if kept { nanoseconds(&best) } else { default_time };
    }
    let choices = Choices { target, ways };
    let machine = lock_file::Machine {
        processor: machine::processor(),
        compiler: machine::compiler(&options.toolchain),
        flags: options.toolchain.flags.join(" "),
    };
    let measured = descent.measured;
    (options.progress)(&format!(
        "a step by default {}, as tuned {}",
        microseconds(measured.default as f64),
        microseconds(measured.tuned as f64)
    ));
    let text = lock_file::text(&model, &choices, &machine, &measured);
    Ok(Tuned { choices, measured, text })
}

/// Parts with the ways that they have by the rules, which `ways` overrule.
#[derive(Clone, Copy)]
struct Parts<'a, 'm> {
    by_rules: &'a [(Part<'m>, Way)],
    ways: &'a BTreeMap<String, Way>,
}

impl Parts<'_, '_> {
    /// Whether a part can have a way: straight line only where the limits of the rules leave room.
    fn can_have(self, part: &Part<'_>, way: Way, code: Target) -> bool {
        if way == Way::Straight {
            let is_straight = |(other, by_rules): &&(Part<'_>, Way)| {
                other.path != part.path && self.ways.get(&other.path).unwrap_or(by_rules) == &Way::Straight
            };
            let others: usize =
                self.by_rules.iter().filter(is_straight).map(|(other, _)| other.csr.nnz()).sum();
            let own = part.csr.nnz();
            return own <= TERMS_PER_MATRIX && others + own <= TERMS_PER_MODEL;
        }
        lower::possible(part, way, code)
    }

    /// The ways that a part can have beside the one it has.
    fn candidates(self, part: &Part<'_>, code: Target) -> Vec<Way> {
        let has = self.ways.get(&part.path).copied();
        let ways = Way::ALL.into_iter().map(|(_, way, _)| way);
        ways.filter(|&way| Some(way) != has && self.can_have(part, way, code)).collect()
    }
}

/// What the search carries along.
struct Descent<'a> {
    course: Course<'a>,
    settings: Settings,
    target: Target,
    options: &'a Options,
    measured: Measured,
}

impl Descent<'_> {
    /// The model with these ways, held to the reference.
    fn enter(&self, ways: &BTreeMap<String, Way>) -> Result<Entrant, Faults> {
        let choices = Some(Choices { target: self.target, ways: ways.clone() });
        let entrant = self.course.enter(&Settings { choices, ..self.settings.clone() }, false)?;
        if entrant.error <= TOLERANCE {
            return Ok(entrant);
        }
        let title = format!("the emitted code is {:.1e} off the reference", entrant.error);
        Err(Faults::plain(&self.settings.model_file, title, "please report it with the model"))
    }

    /// Tries the other ways of a part; gives the best plan then.
    fn part(
        &mut self,
        (path, nnz): (&str, usize),
        ways: &mut BTreeMap<String, Way>,
        mut best: Entrant,
        others: &[Way],
    ) -> Result<Entrant, Faults> {
        let mut entrants = Vec::new();
        for &way in others {
            (self.options.progress)(&format!(
                "building {path} ({} non-zeros) as {}",
                thousands(nnz),
                way.word()
            ));
            let mut tried = ways.clone();
            tried.insert(path.to_owned(), way);
            entrants.push((way, self.enter(&tried)?));
        }
        let mut all: Vec<&mut Entrant> =
            std::iter::once(&mut best).chain(entrants.iter_mut().map(|(_, e)| e)).collect();
        self.course.race(&mut all, self.options.rounds)?;
        let mut times: BTreeMap<&'static str, u64> =
            entrants.iter().map(|(way, entrant)| (way.word(), nanoseconds(entrant))).collect();
        if let Some(way) = ways.get(path) {
            times.insert(way.word(), nanoseconds(&best));
        }
        let better = entrants
            .into_iter()
            .map(|(way, entrant)| (entrant.ratio(&best), way, entrant))
            .filter(|(ratio, ..)| ratio.median <= BETTER && ratio.third < 1.0)
            .min_by(|(one, ..), (other, ..)| one.median.total_cmp(&other.median));
        if let Some((_, way, entrant)) = better {
            ways.insert(path.to_owned(), way);
            best = entrant;
        }
        let kept = ways.get(path).map_or("", |way| way.word());
        let list: Vec<String> =
            times.iter().map(|(word, &time)| format!("{word} {}", microseconds(time as f64))).collect();
        (self.options.progress)(&format!("{path}: {} a step; {kept}", list.join(", ")));
        self.measured.parts.insert(path.to_owned(), times);
        Ok(best)
    }
}

fn nanoseconds(entrant: &Entrant) -> u64 {
    entrant.time().median.round() as u64
}

/// A time as people read it.
fn microseconds(nanoseconds: f64) -> String {
    format!("{} µs", digits(nanoseconds / 1e3))
}

/// A number with three digits that mean something.
fn digits(number: f64) -> String {
    let decimals = match number {
        ..1.0 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}
