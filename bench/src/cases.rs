//! What is measured: each case a network, the peers for it, and the ratios that are asked of it.

use std::path::Path;

use dopec::files;
use dopec::model::{LayerKind, LstmWeights, Matrix, Model};

use crate::entrants::{
    DENSE, Entrant, FRAMEWORKS, HAND, How, MKL_SPARSE, ONNX_RUN, OURS, OURS_RUN, OURS_RUST, OURS_TUNED,
    PLAINS, Role, SPARSE, STREAMS,
};
use crate::models::{self, Flavour};
use crate::questions::{Over, Question, Row, Wanted};
use crate::toolchain::root;

/// A case before its network is made.
pub(crate) struct Case {
    /// The name that `--case` takes.
    pub(crate) name: String,
    /// What it is, for people.
    pub(crate) title: String,
    /// How many times the whole weights are compressed, where that is asked about.
    pub(crate) compression: Option<f64>,
    /// Steps of the ring.
    pub(crate) steps: usize,
    /// Vectors at once.
    pub(crate) streams: usize,
    /// Whether peers need the matrices as wholes.
    pub(crate) dense: bool,
    /// Who is measured.
    pub(crate) entrants: Vec<Entrant>,
    /// Who would be, were all asked to run.
    pub(crate) left_out: Vec<Entrant>,
    /// What is asked.
    pub(crate) questions: Vec<Question>,
    /// Makes the network.
    pub(crate) model: Box<dyn Fn() -> Result<Model, String>>,
}

impl Case {
    /// Leaves out whom none of these is part of the name of.
    pub(crate) fn choose(&mut self, names: &[String]) {
        let chosen = |entrant: &Entrant| names.iter().any(|name| entrant.name.contains(name));
        let (chosen, others) = self.entrants.iter().copied().partition(chosen);
        self.entrants = chosen;
        self.left_out.extend::<Vec<Entrant>>(others);
    }

    /// Whom what is asked of the case names.
    fn named(&self) -> impl Iterator<Item = Entrant> {
        let named = |entrant: &&Entrant| {
            let mut questions = self.questions.iter();
            questions.any(|asked| asked.of == entrant.name || asked.over.names(entrant.name, entrant.role))
        };
        self.entrants.iter().filter(named).copied()
    }
}

const DENSE_PEERS: &[Role] = &[Role::Dense, Role::Framework];
const SPARSE_PEERS: &[Role] = &[Role::Sparse, Role::Plain, Role::MklSparse];

/// All cases, in the order of the tables.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (size, units, steps, row, part) in
        [("medium", 650, 16, Row::Medium, 0.7), ("large", 1500, 8, Row::Large, 0.65)]
    {
        for flavour in Flavour::ALL {
            for compression in [10_u32, 15, 20, 25] {
                cases.push(language_model(size, units, steps, row, part, f64::from(compression), flavour));
            }
        }
    }
    for flavour in Flavour::ALL {
        cases.extend([4, 10].map(|percent| sparse_part(percent, flavour)));
    }
    cases.extend([64, 128, 256, 512].map(layer));
    cases.push(small_hh());
    cases.push(trained("shakespeare_small", 64));
    cases.push(trained("shakespeare_medium", 16));
    cases.push(run_against_step());
    cases.push(streams());
    cases
}

/// Small networks that bring up everybody whom these cases' questions name: one for each kind of network. Of what dopec emits
/// after tuning it takes none, since that needs nothing but what untuned code needs.
pub(crate) fn rehearsals(cases: &[Case]) -> Vec<Case> {
    let mut rehearsals: Vec<Case> = Vec::new();
    for case in cases {
        let (dense, streams) = (case.dense, case.streams);
        let place = rehearsals.iter().position(|known| (known.dense, known.streams) == (dense, streams));
        let place = place.unwrap_or_else(|| {
            rehearsals.push(rehearsal(dense, streams));
            rehearsals.len() - 1
        });
        let entrants = &mut rehearsals[place].entrants;
        for entrant in case.named().filter(|entrant| !matches!(entrant.how, How::Tuned)) {
            if entrants.iter().all(|known| known.name != entrant.name) {
                entrants.push(entrant);
            }
        }
    }
    rehearsals
}

fn rehearsal(dense: bool, streams: usize) -> Case {
    Case {
        name: "rehearsal".to_owned(),
        title: "a small network".to_owned(),
        compression: None,
        steps: 2,
        streams,
        dense,
        entrants: Vec::new(),
        left_out: Vec::new(),
        questions: Vec::new(),
        model: Box::new(move || {
            Ok(if dense {
                models::lstm("rehearsal", 1, 16, 4.0, Flavour::Uniform)
            } else {
                models::sparse("rehearsal", 32, 16, 0.25, Flavour::Uniform)
            })
        }),
    }
}

fn question(row: Row, of: Entrant, over: Over, floor: f64, goal: f64) -> Question {
    Question { row, of: of.name, over, wanted: Wanted::AtLeast { floor, goal } }
}

/// The same row against the fastest of all sparse peers.
fn against_all(row: Row) -> Question {
    Question { row, of: OURS.name, over: Over::Fastest(SPARSE_PEERS), wanted: Wanted::Shown }
}

/// How many times as long Rust takes as C.
fn rust_against_c() -> Question {
    Question {
        row: Row::RustC,
        of: OURS.name,
        over: Over::One(OURS_RUST.name),
        wanted: Wanted::Within { low: 0.95, high: 1.05 },
    }
}

fn entrants(groups: &[&[Entrant]]) -> Vec<Entrant> {
    groups.concat()
}

fn language_model(
    size: &str,
    units: usize,
    steps: usize,
    row: Row,
    part: f64,
    compression: f64,
    flavour: Flavour,
) -> Case {
    let name = format!("{size}-{compression}-{}", flavour.word());
    let of_model = format!("{size}_{compression}");
    Case {
        title: format!("{size} language model, 2 × {units} units, {compression}x, {}", flavour.spread()),
        name,
        compression: Some(compression),
        steps,
        streams: 1,
        dense: true,
        entrants: entrants(&[&[OURS, OURS_TUNED, OURS_RUST], &DENSE, &FRAMEWORKS, &PLAINS]),
        left_out: Vec::new(),
        questions: vec![
            question(row, OURS, Over::Fastest(DENSE_PEERS), part * compression, compression),
            question(row, OURS_TUNED, Over::Fastest(DENSE_PEERS), part * compression, compression),
            rust_against_c(),
        ],
        model: Box::new(move || Ok(models::lstm(&of_model, 2, units, compression, flavour))),
    }
}

fn sparse_part(percent: u32, flavour: Flavour) -> Case {
    let of_model = format!("sparse_{percent}");
    Case {
        name: format!("sparse-{percent}-{}", flavour.word()),
        title: format!("sparse part alone, 2600×1300, {percent}%, {}", flavour.spread()),
        compression: None,
        steps: 8,
        streams: 1,
        dense: false,
        entrants: entrants(&[&[OURS, OURS_RUST], &SPARSE]),
        left_out: Vec::new(),
        questions: vec![
            question(Row::Sparse, OURS, Over::One(MKL_SPARSE.name), 1.7, 2.5),
            against_all(Row::Sparse),
        ],
        model: Box::new(move || {
            Ok(models::sparse(&of_model, 2600, 1300, f64::from(percent) / 100.0, flavour))
        }),
    }
}

fn layer(units: usize) -> Case {
    let of_model = format!("layer_{units}");
    // The table asks nothing of 512 units: it is shown.
    let questions = if units <= 256 {
        vec![
            question(Row::LayerFrameworks, OURS, Over::Fastest(&[Role::Framework]), 8.0, 15.0),
            question(Row::LayerHand, OURS, Over::One(HAND.name), 3.5, 8.0),
            rust_against_c(),
        ]
    } else {
        vec![rust_against_c()]
    };
    Case {
        name: format!("layer-{units}"),
        title: format!(
            "one LSTM layer, {units} units on an input as wide, 20x, non-zeros as uneven as trained"
        ),
        compression: Some(20.0),
        // Enough that a call from Python, once a ring, is lost in it.
        steps: (16_384 / units).max(32),
        streams: 1,
        dense: true,
        entrants: entrants(&[&[OURS, OURS_RUST], &DENSE, &FRAMEWORKS, &PLAINS]),
        left_out: Vec::new(),
        questions,
        model: Box::new(move || Ok(models::lstm(&of_model, 1, units, 20.0, Flavour::Trained))),
    }
}

fn small_hh() -> Case {
    Case {
        name: "small-hh".to_owned(),
        title: "sparse part of the trained small model's W_hh, 512×128, 2,621 non-zeros".to_owned(),
        compression: None,
        steps: 32,
        streams: 1,
        dense: false,
        entrants: entrants(&[&[OURS, OURS_RUST], &SPARSE]),
        left_out: Vec::new(),
        questions: vec![
            question(Row::SmallHh, OURS, Over::Fastest(&[Role::Plain]), 5.0, 10.0),
            against_all(Row::SmallHh),
        ],
        model: Box::new(|| {
            let model = read("shakespeare_small")?;
            let hh = model.layers.into_iter().find_map(|layer| match layer.kind {
                LayerKind::Lstm(lstm) => match lstm.weights {
                    LstmWeights::Split { hh, .. } => Some(*hh),
                    LstmWeights::Joined(_) => None,
                },
                _ => None,
            });
            let hh = hh.ok_or("the small model has no W_hh")?;
            Ok(models::linear("small_hh", Matrix { structure: None, ..hh }))
        }),
    }
}

fn trained(name: &'static str, steps: usize) -> Case {
    Case {
        name: name.replace('_', "-"),
        title: format!("{name}: trained, embedding and output layer included"),
        compression: None,
        steps,
        streams: 1,
        dense: true,
        entrants: entrants(&[&[OURS, OURS_RUST], &DENSE, &FRAMEWORKS, &PLAINS]),
        left_out: Vec::new(),
        questions: vec![rust_against_c()],
        model: Box::new(move || read(name)),
    }
}

fn run_against_step() -> Case {
    Case {
        name: "run-35".to_owned(),
        title: "35 steps, medium language model at 25x, non-zeros as uneven as trained".to_owned(),
        compression: None,
        steps: 35,
        streams: 1,
        dense: true,
        entrants: vec![OURS, OURS_RUN, ONNX_RUN],
        left_out: Vec::new(),
        questions: vec![question(Row::Run, OURS_RUN, Over::One(OURS.name), 1.3, 1.8)],
        model: Box::new(|| Ok(models::lstm("medium_25", 2, 650, 25.0, Flavour::Trained))),
    }
}

fn streams() -> Case {
    Case {
        name: "streams-16".to_owned(),
        title: "sparse part alone, 2600×1300, 4% non-zero, trained, 16 streams at once".to_owned(),
        compression: None,
        steps: 8,
        streams: 16,
        dense: false,
        entrants: STREAMS.to_vec(),
        left_out: Vec::new(),
        questions: vec![
            question(Row::Streams, OURS, Over::Fastest(&[Role::MklSparse]), 2.5, 4.0),
            against_all(Row::Streams),
        ],
        model: Box::new(|| Ok(models::sparse("sparse_4", 2600, 1300, 0.04, Flavour::Trained))),
    }
}

/// A trained model of `tests/models`.
fn read(name: &str) -> Result<Model, String> {
    let path = root().join(format!("../tests/models/{name}.json"));
    files::with_source(Path::new(&path), dopec::read).0.map_err(|faults| faults.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_about_one_sparse_peer_shows_the_fastest_of_all_beside_it() {
        let mut seen = 0;
        for case in all() {
            let sparse = |question: &&Question| {
                matches!(question.row, Row::Sparse | Row::SmallHh | Row::Streams)
                    && matches!(question.wanted, Wanted::AtLeast { .. })
            };
            for asked in case.questions.iter().filter(sparse) {
                let shown = case
                    .questions
                    .iter()
                    .find(|question| question.row == asked.row && matches!(question.wanted, Wanted::Shown));
                let Some(Over::Fastest(roles)) = shown.map(|shown| &shown.over) else {
                    panic!("{} hides other peers", case.name)
                };
                let mut peers = case.entrants.iter().filter(|entrant| entrant.role != Role::Ours);
                assert!(peers.all(|peer| roles.contains(&peer.role)), "{}", case.name);
                seen += 1;
            }
        }
        assert_eq!(seen, 6);
    }

    #[test]
    fn whom_questions_name_is_rehearsed() {
        let cases = all();
        let rehearsals = rehearsals(&cases);
        assert_eq!(rehearsals.len(), 3);
        let rehearsed = |name: &str| {
            rehearsals.iter().filter(|case| case.entrants.iter().any(|entrant| entrant.name == name)).count()
        };
        for entrant in cases.iter().flat_map(|case| &case.entrants) {
            let asked = !matches!(entrant.role, Role::Sequence) && !entrant.name.starts_with("plain");
            let expected = asked && entrant.name != OURS_TUNED.name;
            assert_eq!(rehearsed(entrant.name) > 0, expected, "{}", entrant.name);
        }
    }

    #[test]
    fn whom_no_name_chooses_is_left_out() {
        let mut case = sparse_part(4, Flavour::Uniform);
        case.choose(&["dopec, C".to_owned(), "Eigen".to_owned()]);
        let names = |entrants: &[Entrant]| entrants.iter().map(|entrant| entrant.name).collect::<Vec<_>>();
        assert_eq!(names(&case.entrants), ["dopec, C", "Eigen sparse, by rows", "Eigen sparse, by columns"]);
        assert_eq!(case.left_out.len(), 4);
    }
}
