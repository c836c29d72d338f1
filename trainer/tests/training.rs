//! Runs of training: what they reach, that they can be repeated and resumed, and what is left at their end.

mod common;

use common::{doped_language_model, network, settings, tokens};
use dopec_trainer::data::{Inputs, Labels, Samples};
use dopec_trainer::doping::annealing::{Annealing, Scope};
use dopec_trainer::doping::co_matrix::{CoMatrixDropout, DropoutSchedule};
use dopec_trainer::network::{LayerSpec, MatrixSpec, NetworkSpec};
use dopec_trainer::optimise::Schedule;
use dopec_trainer::score::{Loss, Objective, Over};
use dopec_trainer::{Data, Error, Settings, StepReport, Trainer};

fn data() -> Data {
    Data::Tokens(tokens(300))
}

fn trainer(settings: Settings) -> Trainer {
    Trainer::new(network(doped_language_model(6, 0.2)), settings, data()).unwrap()
}

fn run(trainer: &mut Trainer, steps: usize) -> Vec<StepReport> {
    (0..steps).map(|_| trainer.step().unwrap()).collect()
}

fn bits(trainer: &Trainer) -> Vec<u32> {
    trainer.network().parameters.iter().flat_map(|p| p.values.iter().map(|x| x.to_bits())).collect()
}

#[test]
fn a_seed_repeats_a_run_bit_for_bit_with_one_thread_and_with_two() {
    for threads in [1, 2, 3] {
        let settings = Settings { threads, ..settings() };
        let (mut a, mut b) = (trainer(settings), trainer(settings));
        assert_eq!(run(&mut a, 30), run(&mut b, 30));
        assert_eq!(bits(&a), bits(&b));
        let mut other = trainer(Settings { seed: 10, ..settings });
        run(&mut other, 30);
        assert_ne!(bits(&a), bits(&other));
    }
}

#[test]
fn threads_change_nothing_but_the_last_bits() {
    let mut one = trainer(Settings { threads: 1, ..settings() });
    let mut two = trainer(Settings { threads: 2, ..settings() });
    for (a, b) in run(&mut one, 10).iter().zip(run(&mut two, 10)) {
        assert!((a.loss - b.loss).abs() < 1e-4, "{a:?} {b:?}");
    }
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_bit_for_bit() {
    for (threads, returns, at) in [(1, false, 3), (2, false, 22), (2, true, 22), (1, true, 45)] {
        let mut settings = Settings { threads, ..settings() };
        let annealing = settings.annealing.as_mut().unwrap();
        (annealing.returns, annealing.joins) = (returns, 5);
        settings.co_matrix.as_mut().unwrap().schedule = DropoutSchedule::Constant;
        let mut whole = trainer(settings);
        run(&mut whole, at);
        let checkpoint = whole.checkpoint();
        let expected = run(&mut whole, 20);
        let spec = doped_language_model(6, 0.2);
        let mut resumed = Trainer::resume(&checkpoint, data(), Some((&spec, &settings))).unwrap();
        assert_eq!(resumed.steps_taken(), at as u64);
        assert_eq!(run(&mut resumed, 20), expected);
        assert_eq!(bits(&resumed), bits(&whole));
        assert_eq!(resumed.checkpoint(), whole.checkpoint());
    }
}

#[test]
fn a_run_over_samples_resumes_in_the_middle_of_an_epoch() {
    let (mut whole, settings) = classifier();
    run(&mut whole, 11);
    let checkpoint = whole.checkpoint_with("a note");
    assert_eq!(Trainer::notes(&checkpoint).unwrap(), "a note");
    assert_eq!(Trainer::notes(&whole.checkpoint()).unwrap(), "");
    let expected = run(&mut whole, 10);
    let mut resumed = Trainer::resume(&checkpoint, samples(), None).unwrap();
    assert_eq!(*resumed.settings(), settings);
    assert_eq!(run(&mut resumed, 10), expected);
}

#[test]
fn checkpoints_of_other_runs_or_cut_short_are_refused() {
    let mut trainer = trainer(settings());
    run(&mut trainer, 3);
    let checkpoint = trainer.checkpoint();
    let refused = |bytes: &[u8], data, expected: Option<(&NetworkSpec, &Settings)>| match Trainer::resume(
        bytes, data, expected,
    )
    .unwrap_err()
    {
        Error::Checkpoint(problem) => problem,
        other => panic!("{other}"),
    };
    for len in [0, 7, 100, checkpoint.len() / 2, checkpoint.len() - 1] {
        assert!(refused(&checkpoint[..len], data(), None).contains("cut short"), "{len}");
    }
    assert!(refused(b"not a checkpoint at all, but long enough", data(), None).contains("damaged"));
    let (spec, other) = (doped_language_model(6, 0.2), doped_language_model(7, 0.2));
    let settings = settings();
    let colder = Settings { seed: 4, ..settings };
    assert!(refused(&checkpoint, data(), Some((&other, &settings))).contains("another network"));
    assert!(refused(&checkpoint, data(), Some((&spec, &colder))).contains("other settings"));
    assert!(refused(&checkpoint, Data::Tokens(tokens(301)), None).contains("other data"));
    let (found, of, step) = Trainer::inspect(&checkpoint).unwrap();
    assert!(found == spec && of == settings && step == 3);
}

#[test]
fn a_checkpoint_with_a_changed_byte_is_refused_wherever_it_is() {
    let mut trainer = trainer(settings());
    run(&mut trainer, 3);
    let checkpoint = trainer.checkpoint();
    let header = 8 + u64::from_le_bytes(checkpoint[..8].try_into().unwrap()) as usize;
    // Each byte of the header, with its names, settings and checksum; of the arrays, which are long, some.
    let arrays = (header..checkpoint.len()).step_by(61).chain([checkpoint.len() - 1]);
    for (k, place) in (0..header).chain(arrays).enumerate() {
        let mut changed = checkpoint.clone();
        changed[place] ^= 1 << (k % 8);
        let refused = Trainer::resume(&changed, data(), None).map(|_| ());
        assert!(matches!(refused, Err(Error::Checkpoint(_))), "byte {place} of {header}: {refused:?}");
        if place >= header {
            let problem = refused.unwrap_err().to_string();
            assert_eq!(
                problem,
                "checkpoint: it is cut short or damaged: its checksum is that of other bytes"
            );
        }
    }
}

#[test]
fn a_checkpoint_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    let mut trainer = trainer(settings());
    trainer.write_checkpoint(&path).unwrap();
    let first = std::fs::read(&path).unwrap();
    run(&mut trainer, 1);
    trainer.write_checkpoint(&path).unwrap();
    assert_ne!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let error = trainer.write_checkpoint(&folder.path().join("missing/run")).unwrap_err();
    assert!(matches!(error, Error::File { .. }), "{error}");
    // A folder in its place cannot be replaced: nothing is left beside it.
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    assert!(trainer.write_checkpoint(&folder.path().join("taken")).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn pruning_ends_at_exactly_the_targets() {
    for (scope, returns) in
        [(Scope::EachMatrix, false), (Scope::AllTogether, false), (Scope::EachMatrix, true)]
    {
        let annealing = Annealing { joins: 0, start: 2, end: 20, every: 3, scope, returns };
        let mut trainer = trainer(Settings { annealing: Some(annealing), ..settings() });
        let reports = run(&mut trainer, 25);
        assert!(reports.windows(2).all(|pair| pair[1].density <= pair[0].density));
        assert_eq!(reports[1].density, 1.0);
        let (mut kept, mut target) = (Vec::new(), Vec::new());
        for matrix in trainer.network().matrices() {
            matrix.visit_sparse(&mut |_, sparse| {
                kept.push(sparse.kept());
                target.push(sparse.target);
            });
        }
        assert_eq!(target, [51, 102]);
        match scope {
            Scope::EachMatrix => assert_eq!(kept, target),
            Scope::AllTogether => assert_eq!(kept.iter().sum::<usize>(), 153),
        }
        let model = trainer.network().to_model("doped");
        let text = format!("{model:?}");
        assert!(!text.contains("NaN"));
    }
}

#[test]
fn until_sparse_parts_join_the_structure_learns_alone() {
    let annealing = Annealing { joins: 6, start: 6, ..settings().annealing.unwrap() };
    let mut doped = trainer(Settings { annealing: Some(annealing), ..settings() });
    let parts = |trainer: &Trainer| {
        let (mut structures, mut sparse) = (Vec::new(), Vec::new());
        for parameter in trainer.network().parameters.iter() {
            let parts = if parameter.name.ends_with("sparse") { &mut sparse } else { &mut structures };
            parts.extend_from_slice(&parameter.values);
        }
        (structures, sparse)
    };
    let first = parts(&doped);
    assert!(first.1.len() == 1536 && first.1.iter().all(|&value| value == 0.0));
    run(&mut doped, 6);
    let alone = parts(&doped);
    assert!(alone.0 != first.0 && alone.1 == first.1);
    // Nor does co-matrix dropout take the structure away, which would leave nothing.
    assert_eq!(doped.density(), 1.0);
    run(&mut doped, 1);
    let joined = parts(&doped);
    assert!(joined.1.iter().filter(|&&value| value != 0.0).count() > 1500);
    // A sparse part without a structure learns from the first step.
    let spec = NetworkSpec::language_model(6, 8, &[16], 0.0, |_, rows, cols| {
        Ok::<_, ()>(MatrixSpec::pruned(rows * cols / 10))
    });
    let settings = Settings { annealing: Some(annealing), ..settings() };
    let mut pruned = Trainer::new(network(spec.unwrap()), settings, data()).unwrap();
    let first = parts(&pruned).1;
    run(&mut pruned, 1);
    assert!(first.iter().zip(parts(&pruned).1).all(|(first, now)| *first != now));
}

#[test]
fn a_run_that_ends_early_is_pruned_to_its_targets_at_the_end() {
    let mut trainer = trainer(settings());
    run(&mut trainer, 7);
    assert!(trainer.density() > 0.1);
    trainer.finish();
    assert!((trainer.density() - 153.0 / 1536.0).abs() < 1e-12);
}

#[test]
fn nothing_is_masked_or_dropped_at_evaluation() {
    let mask = CoMatrixDropout {
        probability: 0.5,
        schedule: DropoutSchedule::Constant,
        ..CoMatrixDropout::default()
    };
    let mut trainer = trainer(Settings { co_matrix: Some(mask), annealing: None, ..settings() });
    run(&mut trainer, 5);
    let score = trainer.evaluate(&data(), 2).unwrap();
    assert_eq!(score, trainer.evaluate(&data(), 2).unwrap());
    let model = trainer.network().to_model("plain");
    let mut plain = dopec_trainer::Network::<f32>::from_model(&model, 0.0, 77).unwrap();
    let again = dopec_trainer::evaluate(&mut plain, Objective::LANGUAGE_MODEL, &data(), 2, 1).unwrap();
    assert_eq!(score, again);
}

#[test]
fn a_small_doped_model_learns_a_repeating_string() {
    let annealing =
        Annealing { joins: 0, start: 20, end: 200, every: 10, scope: Scope::EachMatrix, returns: false };
    let settings = Settings {
        schedule: Schedule::of_run(0.02, 300),
        annealing: Some(annealing),
        threads: 2,
        ..settings()
    };
    let spec = doped_language_model(6, 0.0);
    let mut trainer = Trainer::new(network(spec), settings, data()).unwrap();
    let before = trainer.evaluate(&data(), 1).unwrap();
    assert!((before.loss - 6_f64.ln()).abs() < 0.5, "{before:?}");
    run(&mut trainer, 300);
    let after = trainer.evaluate(&data(), 1).unwrap();
    assert!(after.loss < 0.05 && after.accuracy > 0.98, "{after:?}");
    assert!((trainer.density() - 0.0996).abs() < 1e-3);
    assert!((after.perplexity() - after.loss.exp()).abs() < 1e-12);
    assert!((after.bits() - after.loss / 2_f64.ln()).abs() < 1e-12);
    let shares = trainer.shares();
    assert_eq!(shares.len(), 2);
    for share in shares {
        assert!(share.structure > 0.0 && share.sparse > 0.0 && share.whole > 0.0, "{share:?}");
        assert!((0.01..0.99).contains(&share.of_sparse()), "{share:?}");
    }
}

/// Sequences of two features; the class is the sign of the first step's first feature.
fn samples() -> Data {
    let (count, steps) = (50, 4);
    let value = |k: usize| ((k * 7919 % 101) as f32 - 50.0) / 25.0;
    let inputs: Vec<f32> = (0..count * steps * 2).map(value).collect();
    let classes = (0..count).map(|k| u32::from(inputs[k * steps * 2] > 0.0)).collect();
    Data::Samples(Samples::new(Inputs::Vectors(inputs), Labels::Classes(classes), count, steps).unwrap())
}

fn gru_network(output_size: usize) -> NetworkSpec {
    let gru = LayerSpec::Gru {
        name: "gru".to_owned(),
        input_size: 2,
        hidden_size: 8,
        weight_ih: MatrixSpec::dense(),
        weight_hh: MatrixSpec::low_rank(2).doped(20),
        bias_ih: true,
        bias_hh: true,
    };
    let name = "head".to_owned();
    let head =
        LayerSpec::Linear { name, input_size: 8, output_size, weight: MatrixSpec::dense(), bias: true };
    NetworkSpec { layers: vec![gru, head] }
}

fn classifier() -> (Trainer, Settings) {
    let annealing = Some(Annealing { end: 100, ..settings().annealing.unwrap() });
    let objective = Objective::CLASSIFIER;
    let settings =
        Settings { objective, schedule: Schedule::of_run(0.02, 150), threads: 2, annealing, ..settings() };
    (Trainer::new(network(gru_network(2)), settings, samples()).unwrap(), settings)
}

#[test]
fn a_classifier_of_sequences_learns() {
    let (mut trainer, _) = classifier();
    run(&mut trainer, 150);
    let score = trainer.evaluate(&samples(), 7).unwrap();
    assert!(score.accuracy > 0.95 && score.count == 50, "{score:?}");
}

#[test]
fn a_regression_over_each_step_learns() {
    let (count, steps) = (40, 5);
    let inputs: Vec<f32> = (0..count * steps * 2).map(|k| (k * 7919 % 101) as f32 / 101.0).collect();
    // The running mean of the first feature, and the second's last value.
    let values = (0..count * steps).flat_map(|at| {
        let first = at / steps * steps;
        let mean = (first..=at).map(|k| inputs[2 * k]).sum::<f32>() / (at - first + 1) as f32;
        [mean, inputs[2 * at + 1]]
    });
    let labels = Labels::Values(values.collect());
    let data = Data::Samples(Samples::new(Inputs::Vectors(inputs.clone()), labels, count, steps).unwrap());
    let objective = Objective { loss: Loss::MeanSquaredError, over: Over::EachStep };
    let settings = Settings {
        objective,
        annealing: None,
        schedule: Schedule::of_run(0.02, 300),
        threads: 2,
        ..settings()
    };
    let mut trainer = Trainer::new(network(gru_network(2)), settings, data.clone()).unwrap();
    let before = trainer.evaluate(&data, 8).unwrap().loss;
    run(&mut trainer, 300);
    let after = trainer.evaluate(&data, 8).unwrap();
    assert!(after.loss < before / 20.0 && after.count == count * steps * 2, "{before} {after:?}");
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_names_the_step() {
    let mut settings = settings();
    settings.schedule = Schedule::constant(1e30);
    let mut trainer = trainer(settings);
    let mut steps = 0;
    let error = loop {
        match trainer.step() {
            Ok(_) if steps < 50 => steps += 1,
            Ok(_) => panic!("a rate of 1e30 went unnoticed"),
            Err(error) => break error,
        }
    };
    match &error {
        Error::NotFinite { step, .. } => assert_eq!(*step, steps),
        other => panic!("{other}"),
    }
    assert!(error.to_string().starts_with(&format!("step {steps}: ")), "{error}");
}

#[test]
fn data_that_does_not_fit_is_refused() {
    let refused = |spec, settings, data| match Trainer::new(network(spec), settings, data) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was taken"),
    };
    let lm = || doped_language_model(6, 0.0);
    assert!(refused(lm(), settings(), Data::Tokens(vec![6; 300])).contains("token 0 is 6, not below 6"));
    assert!(refused(lm(), settings(), Data::Tokens(tokens(20))).contains("too few for a batch"));
    assert!(refused(lm(), settings(), samples()).contains("tokens are for networks with an embedding"));
    assert!(refused(gru_network(2), settings(), data()).contains("takes vectors"));
    let classes = Settings { objective: Objective::CLASSIFIER, ..settings() };
    assert!(refused(gru_network(1), classes, samples()).contains("class"));
    assert!(refused(gru_network(2), Settings { lanes: 60, ..classes }, samples()).contains("50 sequences"));
    assert!(refused(lm(), Settings { lanes: 0, ..settings() }, data()).contains("lanes: must be 1 at least"));
}
