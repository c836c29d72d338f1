//! `dopec bench`: a model's own table of times, way by way, target by target, layer by layer.
//!
//! All rows are timed in turn in one run, as [`super::race`] says. The plan of the rules and that of the lock file are
//! compiled as their users get them; a way is given to every sparse part that can have it, in code for the widest family
//! of instructions of this machine alone. Layers are timed in builds of their own, in the same run, where a clock is read
//! after each: their shares of a step, times what the step takes without those clocks.

use std::collections::BTreeMap;
use std::fmt;

use super::quartiles::Quartiles;
use super::race::{Course, Entrant, TOLERANCE};
use super::{Options, Parts, digits, machine};
use crate::faults::Faults;
use crate::ingest::Source;
use crate::lower;
use crate::model::Model;
use crate::settings::Settings;
use crate::ways::{Choices, Way};

/// The tables.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The compiler with its flags, and the processor.
    pub machine: String,
    /// Blocks of each row, and inputs of a pass.
    pub effort: [usize; 2],
    /// The plan of the rules first.
    pub rows: Vec<Row>,
    /// By layer.
    pub layers: Vec<LayerTime>,
    /// Whether a lock file was there.
    pub locked: bool,
}

/// One way to compile the model.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// How many sparse parts it is about.
    pub parts: String,
    /// Nanoseconds a step.
    pub time: Quartiles,
    /// Its time over that of the first row, round by round.
    pub ratio: Quartiles,
    /// The largest error, as a part of max(1, max abs expected). Where it is too large, nothing was timed.
    pub error: f64,
}

/// The time of one layer.
#[derive(Debug, Clone)]
pub struct LayerTime {
    /// The layer's name.
    pub name: String,
    /// Its kind and sizes.
    pub title: String,
    /// The median part of a step that it takes: by the rules, and by the lock file, where there is one.
    pub shares: Vec<f64>,
    /// The same in nanoseconds.
    pub times: Vec<f64>,
}

/// What a row compiles.
struct Plan {
    name: String,
    parts: String,
    settings: Settings,
}

/// Times a model in every way.
///
/// # Errors
///
/// The model's faults, and the lock file's; a compiler that can't be started or fails.
pub fn compare(source: &Source<'_>, settings: &Settings, options: &Options) -> Result<Comparison, Faults> {
    (options.progress)("reading the model, computing what it should give");
    let (model, default) = crate::prepare(source, &Settings { lock: false, ..settings.clone() })?;
    let (_, locked) = crate::prepare(source, settings)?;
    let lock = locked.choices.is_some();
    let mut plans =
        vec![Plan { name: "default".to_owned(), parts: String::new(), settings: default.clone() }];
    if lock {
        plans.push(Plan { name: "lock file".to_owned(), parts: String::new(), settings: locked });
    }
    let first_of_ways = plans.len();
    plans.extend(ways(&model, &default));
    for target in machine::targets() {
        let settings = Settings { target, ..default.clone() };
        plans.push(Plan { name: format!("--target {}", target.word()), parts: String::new(), settings });
    }

    let course = Course::new(source.file, &model, options);
    let mut entrants = Vec::new();
    for plan in &plans {
        (options.progress)(&format!("building {}", plan.name));
        entrants.push(course.enter(&plan.settings, false)?);
    }
    let mut layered = Vec::new();
    for plan in &plans[..first_of_ways] {
        (options.progress)(&format!("building {}, its layers timed", plan.name));
        layered.push(course.enter(&plan.settings, true)?);
    }
    (options.progress)("timing");
    let right = |entrant: &&mut Entrant| entrant.error <= TOLERANCE;
    course.race(
        &mut entrants.iter_mut().chain(&mut layered).filter(right).collect::<Vec<_>>(),
        options.rounds,
    )?;

    let nothing = Quartiles { first: f64::NAN, median: f64::NAN, third: f64::NAN };
    let timed = |entrant: &Entrant| !entrant.times.is_empty() && !entrants[0].times.is_empty();
    let rows = plans.into_iter().zip(&entrants).map(|(Plan { name, parts, .. }, entrant)| Row {
        name,
        parts,
        time: if timed(entrant) { entrant.time() } else { nothing },
        ratio: if timed(entrant) { entrant.ratio(&entrants[0]) } else { nothing },
        error: entrant.error,
    });
    let rows: Vec<Row> = rows.collect();
    let layers = model.layers.iter().enumerate().map(|(i, layer)| {
        let median = |entrant: &Entrant| match entrant.times.is_empty() {
            true => f64::NAN,
            false => Quartiles::of(entrant.shares.iter().map(|shares| shares[i])).median,
        };
        let shares: Vec<f64> = layered.iter().map(median).collect();
        let times = shares.iter().zip(&rows).map(|(share, row)| share * row.time.median).collect();
        let (name, kind) = (layer.name.clone(), &layer.kind);
        let title = format!("{} {} -> {}", kind.key(), kind.input_size(), kind.output_size());
        LayerTime { name, title, shares, times }
    });
    let layers = layers.collect();
    let machine = format!("{}, {}", options.toolchain.command_line(), machine::processor());
    Ok(Comparison { machine, effort: [options.rounds, options.steps], rows, layers, locked: lock })
}

/// Each way for all the parts that can have it.
fn ways(model: &Model, default: &Settings) -> Vec<Plan> {
    let Ok(target) = machine::target("", default.target) else { return Vec::new() };
    let settings = Settings { target, unroll_limit: None, choices: None, ..default.clone() };
    let parts = lower::ways(model, &settings, target);
    let mut plans = Vec::new();
    for (word, way, about) in Way::ALL {
        let mut ways: BTreeMap<String, Way> = BTreeMap::new();
        for (part, found) in &parts {
            let parts = Parts { by_rules: &parts, ways: &ways };
            if *found == way || parts.can_have(part, way, target) {
                ways.insert(part.path.clone(), way);
            }
        }
        if ways.is_empty() {
            continue;
        }
        let given = format!("{} of {}", ways.len(), parts.len());
        let choices = Some(Choices { target, ways });
        plans.push(Plan {
            name: format!("{word}: {about}"),
            parts: given,
            settings: Settings { choices, ..settings.clone() },
        });
    }
    plans
}

impl Comparison {
    /// Whether every row computes what the reference does.
    pub fn passes(&self) -> bool {
        self.rows.iter().all(|row| row.error <= TOLERANCE)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rounds, steps] = self.effort;
        writeln!(f, "{}", self.machine)?;
        writeln!(f, "medians of {rounds} blocks in turn, each of passes over {steps} inputs; one core\n")?;
        let width = |cells: &mut dyn Iterator<Item = usize>| cells.max().unwrap_or(0);
        let names = width(&mut self.rows.iter().map(|row| row.name.chars().count()));
        let parts = width(&mut self.rows.iter().map(|row| row.parts.len()).chain(["parts".len()]));
        writeln!(
            f,
            "{:<names$}  {:<parts$}  {:>9}  {:>17}  {:>7}  {:>7}",
            "", "parts", "µs a step", "quartiles", "ratio", "error"
        )?;
        for row in &self.rows {
            write!(f, "{:<names$}  {:<parts$}  ", row.name, row.parts)?;
            if row.error > TOLERANCE {
                writeln!(f, "{:>9}  {:>17}  {:>7}  {:>7.0e}", "wrong", "", "", row.error)?;
                continue;
            }
            let Quartiles { first, median, third } = row.time;
            let spread = format!("{} .. {}", digits(first / 1e3), digits(third / 1e3));
            let median = digits(median / 1e3);
            writeln!(f, "{median:>9}  {spread:>17}  {:>7.3}  {:>7.0e}", row.ratio.median, row.error)?;
        }
        let names = width(&mut self.layers.iter().map(|layer| layer.name.len()).chain(["layer".len()]));
        let titles = width(&mut self.layers.iter().map(|layer| layer.title.len()));
        write!(f, "\n{:<names$}  {:<titles$}  {:>9}  {:>5}", "layer", "", "default", "share")?;
        if self.locked {
            write!(f, "  {:>9}  {:>5}", "lock file", "share")?;
        }
        for layer in &self.layers {
            write!(f, "\n{:<names$}  {:<titles$}", layer.name, layer.title)?;
            for (share, time) in layer.shares.iter().zip(&layer.times) {
                write!(f, "  {:>9}  {:>4.0}%", digits(time / 1e3), 100.0 * share)?;
            }
        }
        Ok(())
    }
}
