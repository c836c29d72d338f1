//! Twenty steps as PyTorch takes them: the fixtures of `python/oracle.py`, whose first words say what a step is.
//!
//! Takes the initial weights and the tokens of a fixture; gives the same losses, norms of gradients and numbers of
//! non-zeros at every step, and at the end the same positions and weights.

use dopec::Source;
use dopec_trainer::doping::annealing::{Annealing, Scope};
use dopec_trainer::optimise::{AdamOptions, Schedule};
use dopec_trainer::{Data, Network, NetworkSpec, Settings, Trainer};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::path::Path;

/// Bound on the difference of losses and norms: PyTorch's own in the two precisions is below 1e-5.
const LOSSES: f64 = 1e-4;
/// Bound on the difference of the last weights, which have moved by 0.02 at most places.
const WEIGHTS: f64 = 2e-5;

#[derive(Deserialize)]
struct Fixture {
    settings: Options,
    initial: Box<RawValue>,
    r#final: Box<RawValue>,
    /// `[step][time][stream]`.
    inputs: Vec<Vec<Vec<u32>>>,
    targets: Vec<Vec<Vec<u32>>>,
    nnz: Vec<Vec<usize>>,
    losses: Vec<f64>,
    norms: Vec<f64>,
}

#[derive(Deserialize)]
struct Options {
    learning_rate: f64,
    betas: [f64; 2],
    epsilon: f64,
    clip: f64,
    sparsity: f64,
    prune_start: u64,
    prune_end: u64,
    prune_over: String,
}

/// A network with the values of a model file, whose sparse parts are to lose `sparsity` of their positions.
fn network(model: &RawValue, sparsity: f64) -> Network<f32> {
    let open = |_: &str| unreachable!("the arrays are inline");
    let source = Source { file: "fixture", json: model.get().as_bytes(), open: &open, lock: None };
    let model = dopec::read(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let mut network = Network::from_model(&model, 0.0, 1).unwrap();
    assert_eq!(network.spec, NetworkSpec::of(&model));
    network.matrices_mut().0.for_each(|matrix| {
        matrix.visit_sparse_mut(&mut |sparse| {
            sparse.target = ((1.0 - sparsity) * sparse.mask.len() as f64).round() as usize;
        });
    });
    network
}

fn masks(network: &Network<f32>) -> Vec<Vec<u8>> {
    let mut masks = Vec::new();
    network
        .matrices()
        .for_each(|matrix| matrix.visit_sparse(&mut |_, sparse| masks.push(sparse.mask.clone())));
    masks
}

impl Fixture {
    fn read(name: &str) -> Fixture {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/fixtures");
        serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    }

    fn streams(&self) -> usize {
        self.inputs[0][0].len()
    }

    /// The streams one after the other, as the trainer's lanes are cut from a text. Each ends with its last target, and
    /// one token more stands at the end of all: that makes them equally long.
    fn tokens(&self) -> Vec<u32> {
        let last = &self.targets[self.targets.len() - 1];
        let last = &last[last.len() - 1];
        let mut tokens = Vec::new();
        for (stream, &last) in last.iter().enumerate() {
            tokens.extend(self.inputs.iter().flatten().map(|time| time[stream]));
            tokens.push(last);
        }
        tokens.push(0);
        tokens
    }

    fn settings(&self, threads: usize) -> Settings {
        let Options { learning_rate, betas: [beta1, beta2], epsilon, clip, .. } = self.settings;
        let scope = match self.settings.prune_over.as_str() {
            "matrix" => Scope::EachMatrix,
            "all" => Scope::AllTogether,
            other => panic!("pruned over {other}"),
        };
        let (start, end) = (self.settings.prune_start, self.settings.prune_end);
        Settings {
            lanes: self.streams(),
            steps: self.inputs[0].len(),
            threads,
            schedule: Schedule::constant(learning_rate),
            adam: AdamOptions { beta1, beta2, epsilon, weight_decay: 0.0, clip: Some(clip) },
            annealing: Some(Annealing { joins: 0, start, end, every: 1, scope, returns: false }),
            co_matrix: None,
            ..Settings::language_model(self.losses.len() as u64)
        }
    }
}

/// Trains as a fixture says and compares all that it says.
fn check(name: &str, threads: usize) {
    let fixture = Fixture::read(name);
    let network_of = |model| network(model, fixture.settings.sparsity);
    let data = Data::Tokens(fixture.tokens());
    let mut trainer = Trainer::new(network_of(&fixture.initial), fixture.settings(threads), data).unwrap();
    let mut clipped = 0;
    for (step, nnz) in fixture.nnz.iter().enumerate() {
        let report = trainer.step().unwrap();
        let kept: Vec<usize> = masks(trainer.network())
            .iter()
            .map(|mask| mask.iter().map(|&kept| usize::from(kept)).sum())
            .collect();
        assert_eq!(kept, *nnz, "{name}, step {step}");
        let pairs = [(report.loss, fixture.losses[step]), (report.gradient_norm, fixture.norms[step])];
        for (what, (found, expected)) in ["loss", "norm"].iter().zip(pairs) {
            assert!((found - expected).abs() < LOSSES, "{name}, step {step}: {what} {found}, not {expected}");
        }
        clipped += usize::from(report.gradient_norm > fixture.settings.clip);
    }
    assert!((1..fixture.nnz.len()).contains(&clipped), "{name}: clipped in {clipped} steps");
    let expected = network_of(&fixture.r#final);
    assert!(masks(trainer.network()) == masks(&expected), "{name}: other positions are kept");
    for (found, expected) in trainer.network().parameters.iter().zip(expected.parameters.iter()) {
        assert_eq!(found.name, expected.name);
        for (place, (x, y)) in found.values.iter().zip(&expected.values).enumerate() {
            let difference = f64::from((x - y).abs());
            assert!(difference < WEIGHTS, "{name}: {} at {place} is {x}, not {y}", found.name);
        }
    }
}

#[test]
fn a_split_lstm_of_kronecker_products() {
    check("twenty_steps.json", 1);
}

#[test]
fn a_gru_of_low_rank_pruned_over_all_matrices() {
    check("twenty_steps_gru.json", 1);
}

#[test]
fn a_joined_lstm_of_a_hybrid() {
    check("twenty_steps_joined.json", 1);
}

#[test]
fn lanes_dealt_to_two_threads() {
    check("twenty_steps.json", 2);
    check("twenty_steps_gru.json", 2);
}
