//! Networks as models: what the trainer computes is what `dopec::reference` says the model means.

mod common;

use common::{everything, network};
use dopec::reference::{Input, Reference};
use dopec_trainer::layer::{Pass, Signal};
use dopec_trainer::random::{Purpose, Stream};
use dopec_trainer::{Error, Network, NetworkSpec};

/// A network with every layer and structure, and some of its sparse positions pruned.
fn pruned() -> Network<f32> {
    let mut network = network(everything());
    let mut stream = Stream::new(3, Purpose::Shuffle, 0, 0);
    let (matrices, parameters) = network.matrices_mut();
    for matrix in matrices {
        matrix.visit_sparse_mut(&mut |sparse| {
            let order = stream.order(sparse.mask.len());
            sparse.mask.fill(0);
            order[..sparse.target].iter().for_each(|&place| sparse.mask[place] = 1);
            sparse.hold(parameters);
        });
    }
    network.materialise(dopec_trainer::matrix::Form::Whole);
    network
}

#[test]
fn forward_is_the_reference_on_the_exported_model() {
    let network = pruned();
    let model = network.to_model("everything");
    let tokens = [0, 3, 5, 1, 1, 2, 4, 0];
    let mut worker = network.worker();
    let pass = Pass { steps: 4, lanes: 1, first_lane: 0, training: None };
    let mut reference = Reference::new(&model);
    for half in tokens.chunks_exact(4) {
        worker.forward(network.weights(), Signal::Tokens(half), &pass);
        for (found, &token) in worker.output().chunks_exact(8).zip(half) {
            let expected = reference.step(Input::Token(token)).pop().unwrap();
            for (found, expected) in found.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }
}

#[test]
fn a_model_survives_the_way_in_and_out() {
    let model = pruned().to_model("everything");
    let again = Network::<f32>::from_model(&model, 0.25, 1).unwrap();
    assert_eq!(again.to_model("everything"), model);
    assert_eq!(NetworkSpec::of(&model), everything());
}

#[test]
fn a_model_of_another_form_is_refused() {
    let model = pruned().to_model("everything");
    let mut other = network(common::doped_language_model(6, 0.0));
    assert!(matches!(other.load(&model), Err(Error::Specification { .. })));
    let mut sparser = everything();
    if let dopec_trainer::network::LayerSpec::Embedding { weight, .. } = &mut sparser.layers[0] {
        weight.nonzeros = Some(2);
    }
    let mut sparser = network(sparser);
    sparser.load(&model).unwrap();
    sparser.matrices().next().unwrap().visit_sparse(&mut |_, sparse| {
        assert_eq!((sparse.kept(), sparse.target), (9, 2));
    });
}

#[test]
fn first_values_have_the_variance_of_a_dense_matrix() {
    use dopec_trainer::network::{LayerSpec, MatrixSpec, StructureSpec};
    let specs = [
        MatrixSpec::dense(),
        MatrixSpec::pruned(10),
        MatrixSpec::kronecker(&[[20, 5], [10, 20]]),
        MatrixSpec::kronecker(&[[20, 5], [10, 20]]).doped(100),
        MatrixSpec::low_rank(40),
        MatrixSpec::of(StructureSpec::Sum {
            terms: vec![StructureSpec::Kronecker { factors: vec![[20, 5], [10, 20]] }; 4],
        }),
        MatrixSpec::of(StructureSpec::Monarch { first: [10, 10, 10], second: [10, 20, 10] }),
    ];
    for weight in specs {
        let layer = LayerSpec::Linear {
            name: "linear".to_owned(),
            input_size: 100,
            output_size: 200,
            weight: weight.clone(),
            bias: false,
        };
        let network = network(NetworkSpec { layers: vec![layer] });
        let model = network.to_model("one");
        let dopec::model::LayerKind::Linear(linear) = &model.layers[0].kind else { panic!() };
        let weights = dopec::reference::to_dense(&linear.weight);
        let variance = weights.iter().map(|w| w * w).sum::<f64>() / weights.len() as f64;
        assert!((variance * 300.0 - 1.0).abs() < 0.35, "{weight:?}: {variance}");
    }
}

#[test]
fn specifications_that_contradict_themselves_are_refused() {
    use dopec_trainer::network::MatrixSpec;
    let refused = |form: MatrixSpec| {
        let spec =
            NetworkSpec::language_model(6, 8, &[16], 0.0, |_, _, _| Ok::<_, ()>(form.clone())).unwrap();
        Network::<f32>::new(spec, dopec_trainer::Initialisation::default()).unwrap_err().to_string()
    };
    assert!(
        refused(MatrixSpec::kronecker(&[[3, 8], [4, 1]])).starts_with("lstm0.weight_ih: Kronecker factors")
    );
    assert!(refused(MatrixSpec::low_rank(0)).contains("rank 0"));
    assert!(refused(MatrixSpec::dense().doped(10_000)).contains("10000 non-zeros in a 64×8 matrix"));
    assert!(refused(MatrixSpec { structure: None, nonzeros: None }).contains("neither"));
}

#[test]
fn a_model_trained_elsewhere_gives_its_check_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/models/shakespeare_small.json");
    let json = std::fs::read(path).unwrap();
    let source = dopec::Source {
        file: "shakespeare_small.json",
        json: &json,
        open: &|_| Err(std::io::Error::other("the arrays stand in the file itself")),
        lock: None,
    };
    let model = dopec::ingest::ingest(&source).unwrap();
    let network = Network::<f32>::from_model(&model, 0.0, 1).unwrap();
    let check = model.check.as_ref().unwrap();
    let dopec::model::Steps::Tokens(tokens) = &check.steps else { panic!("it takes tokens") };
    let mut worker = network.worker();
    let pass = Pass { steps: tokens.len(), lanes: 1, first_lane: 0, training: None };
    worker.forward(network.weights(), Signal::Tokens(tokens), &pass);
    let expected: Vec<f64> = check.outputs.concat();
    assert_eq!(worker.output().len(), expected.len());
    for (found, expected) in worker.output().iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-4, "{found} {expected}");
    }
    let again = network.to_model(&model.name);
    assert_eq!(again.layers, model.layers);
}
