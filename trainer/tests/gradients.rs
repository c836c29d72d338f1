//! Gradients by backpropagation against central differences, in 64-bit floats.

use dopec_trainer::doping::co_matrix::{CoMatrixDropout, Granularity};
use dopec_trainer::layer::{Pass, Signal, State};
use dopec_trainer::matrix::Form;
use dopec_trainer::network::{
    BlockSpec, FunctionSpec, LayerSpec, LstmSpec, MatrixSpec, NetworkSpec, StructureSpec, Worker,
};
use dopec_trainer::random::{Purpose, Stream};
use dopec_trainer::score::{Loss, Objective, Over, Targets};
use dopec_trainer::{Initialisation, Network};

const STEPS: usize = 4;
const LANES: usize = 3;

/// What is fed, what is expected of it, and the state before it.
struct Case {
    tokens: Vec<u32>,
    vectors: Vec<f64>,
    classes: Vec<u32>,
    values: Vec<f64>,
    objective: Objective,
    states: Vec<State<f64>>,
    pass: Pass,
    form: Form,
}

impl Case {
    fn new(network: &mut Network<f64>, objective: Objective, form: Form) -> Case {
        let mut stream = Stream::new(11, Purpose::Shuffle, 0, 0);
        let rows = STEPS * LANES;
        let predictions = if objective.over == Over::EachStep { rows } else { LANES };
        let output = network.output_size();
        let mut case = Case {
            tokens: (0..rows).map(|_| stream.below(network.vocab().unwrap_or(1)) as u32).collect(),
            vectors: (0..rows * network.input_size()).map(|_| stream.normal(1.0)).collect(),
            classes: (0..predictions).map(|_| stream.below(output) as u32).collect(),
            values: (0..predictions * output).map(|_| stream.normal(1.0)).collect(),
            objective,
            states: Vec::new(),
            pass: Pass { steps: STEPS, lanes: LANES, first_lane: 5, training: Some((3, 7)) },
            form,
        };
        // A state that is not zero, and stays as it is while parameters are moved: backpropagation is
        // truncated there.
        let mut worker = network.worker();
        case.forward(network, &mut worker);
        case.states = worker.states().map(|state| state.clone()).collect();
        case
    }

    fn input(&self, network: &Network<f64>) -> Signal<'_, f64> {
        if network.vocab().is_some() { Signal::Tokens(&self.tokens) } else { Signal::Dense(&self.vectors) }
    }

    fn targets(&self) -> (Targets<'_, f64>, usize) {
        match self.objective.loss {
            Loss::CrossEntropy => (Targets::Classes(&self.classes), self.classes.len()),
            Loss::MeanSquaredError => (Targets::Values(&self.values), self.values.len()),
        }
    }

    fn forward(&self, network: &mut Network<f64>, worker: &mut Worker<f64>) {
        for (state, saved) in worker.states().zip(&self.states) {
            *state = saved.clone();
        }
        network.materialise(self.form);
        worker.forward(network.weights(), self.input(network), &self.pass);
    }

    fn loss(&self, network: &mut Network<f64>, worker: &mut Worker<f64>) -> f64 {
        self.forward(network, worker);
        let (targets, total) = self.targets();
        worker.loss(self.objective, targets, &self.pass).sum / total as f64
    }
}

/// The largest distance between backpropagation and central differences in any parameter, relative to that
/// parameter's largest gradient.
fn worst(spec: NetworkSpec, objective: Objective, form: Form, prune: bool) -> f64 {
    let mut network = Network::new(spec, Initialisation::default()).unwrap();
    let mut stream = Stream::new(5, Purpose::Shuffle, 1, 0);
    for parameter in network.parameters.iter_mut() {
        // Biases and scales away from their first values, which would hide mistakes.
        parameter.values.iter_mut().for_each(|value| *value += stream.normal::<f64>(0.3));
    }
    if prune {
        let (matrices, parameters) = network.matrices_mut();
        for matrix in matrices {
            matrix.visit_sparse_mut(&mut |sparse| {
                sparse.mask.iter_mut().for_each(|kept| *kept = u8::from(stream.below(3) > 0));
                sparse.hold(parameters);
            });
        }
    }
    let case = Case::new(&mut network, objective, form);
    let mut worker = network.worker();
    case.forward(&mut network, &mut worker);
    let (targets, total) = case.targets();
    let weights = network.weights().clone();
    worker.backward(&weights, case.input(&network), (objective, targets), total, &case.pass);
    network.take_gradients(&mut [&mut worker.gradients], form);
    let gradients: Vec<Vec<f64>> = network.parameters.iter().map(|p| p.gradient.clone()).collect();
    let mut masks = vec![None; gradients.len()];
    for matrix in network.matrices() {
        matrix.visit_sparse(&mut |_, sparse| {
            let place =
                network.parameters.iter().position(|p| std::ptr::eq(p, &network.parameters[sparse.values]));
            masks[place.unwrap()] = Some(sparse.mask.clone());
        });
    }
    let mut worst: f64 = 0.0;
    for (k, gradient) in gradients.iter().enumerate() {
        let largest = gradient.iter().fold(1e-4, |largest: f64, d| largest.max(d.abs()));
        // Under a mask over whole matrices a part may learn nothing; else a zero would hide a mistake.
        assert!(form != Form::Whole || gradient.iter().any(|&d| d != 0.0), "no gradient in parameter {k}");
        for (place, &found) in gradient.iter().enumerate() {
            if masks[k].as_ref().is_some_and(|mask| mask[place] == 0) {
                assert_eq!(found, 0.0, "a pruned position learns");
            }
            let mut loss_at = |moved: f64| {
                network.parameters.iter_mut().nth(k).unwrap().values[place] += moved;
                let loss = case.loss(&mut network, &mut worker);
                network.parameters.iter_mut().nth(k).unwrap().values[place] -= moved;
                loss
            };
            let h = 1e-5;
            let expected = (loss_at(h) - loss_at(-h)) / (2.0 * h);
            worst = worst.max((found - expected).abs() / largest);
        }
    }
    worst
}

fn check(name: &str, spec: NetworkSpec, objective: Objective, form: Form) {
    let worst = worst(spec, objective, form, true);
    assert!(worst < 1e-6, "{name}: {worst:e}");
}

const REGRESSION: Objective = Objective { loss: Loss::MeanSquaredError, over: Over::EachStep };

fn linear(rows: usize, cols: usize, weight: MatrixSpec) -> NetworkSpec {
    let name = "linear".to_owned();
    let layer = LayerSpec::Linear { name, input_size: cols, output_size: rows, weight, bias: true };
    NetworkSpec { layers: vec![layer] }
}

/// Every structure, 6 × 6 or 6 × 4.
fn structures() -> Vec<(&'static str, usize, usize, StructureSpec)> {
    let block = |rows, cols, matrix| BlockSpec { rows, cols, matrix };
    let low_rank = || MatrixSpec::low_rank(1);
    let kronecker = StructureSpec::Kronecker { factors: vec![[3, 2], [2, 2]] };
    vec![
        ("dense", 6, 4, StructureSpec::Dense),
        ("kronecker of two", 6, 4, kronecker.clone()),
        ("kronecker of three", 6, 4, StructureSpec::Kronecker { factors: vec![[3, 1], [1, 2], [2, 2]] }),
        (
            "kronecker of four",
            12,
            8,
            StructureSpec::Kronecker { factors: vec![[2, 2], [3, 1], [1, 2], [2, 2]] },
        ),
        ("low rank", 6, 4, StructureSpec::LowRank { rank: 2 }),
        (
            "sum",
            6,
            4,
            StructureSpec::Sum {
                terms: vec![kronecker.clone(), StructureSpec::LowRank { rank: 1 }, kronecker],
            },
        ),
        (
            "vstack",
            6,
            4,
            StructureSpec::VStack {
                blocks: vec![block(2, 4, MatrixSpec::dense().doped(3)), block(4, 4, low_rank().doped(5))],
            },
        ),
        (
            "hstack",
            6,
            4,
            StructureSpec::HStack {
                blocks: vec![block(6, 3, low_rank()), block(6, 1, MatrixSpec::pruned(3))],
            },
        ),
        (
            "block diagonal",
            6,
            4,
            StructureSpec::BlockDiagonal {
                blocks: vec![
                    block(1, 2, MatrixSpec::dense()),
                    block(5, 2, MatrixSpec::kronecker(&[[5, 1], [1, 2]]).doped(4)),
                ],
            },
        ),
        (
            "nested stacks",
            6,
            4,
            StructureSpec::VStack {
                blocks: vec![
                    block(
                        3,
                        4,
                        MatrixSpec::of(StructureSpec::HStack {
                            blocks: vec![block(3, 2, MatrixSpec::dense()), block(3, 2, low_rank().doped(2))],
                        })
                        .doped(4),
                    ),
                    block(3, 4, low_rank()),
                ],
            },
        ),
        ("monarch", 6, 4, StructureSpec::Monarch { first: [2, 3, 2], second: [3, 2, 2] }),
        ("monarch, other way", 6, 4, StructureSpec::Monarch { first: [2, 3, 2], second: [2, 3, 3] }),
        ("circulant", 6, 6, StructureSpec::Circulant),
    ]
}

#[test]
fn every_structure() {
    for (name, rows, cols, structure) in structures() {
        check(name, linear(rows, cols, MatrixSpec::of(structure)), REGRESSION, Form::Whole);
    }
}

#[test]
fn every_structure_doped_and_under_co_matrix_dropout() {
    for granularity in [Granularity::Element, Granularity::Row, Granularity::Matrix] {
        let options = CoMatrixDropout { probability: 0.3, granularity, ..CoMatrixDropout::default() };
        let form = Form::Masked(options.draw(1, 2, 1.0).unwrap());
        for (name, rows, cols, structure) in structures() {
            let weight = MatrixSpec::of(structure).doped(5);
            check(name, linear(rows, cols, weight), REGRESSION, form);
        }
    }
    for (name, rows, cols, structure) in structures() {
        check(name, linear(rows, cols, MatrixSpec::of(structure).doped(5)), REGRESSION, Form::Whole);
    }
}

fn lstm(name: &str, input: usize, hidden: usize, joined: bool, order: &str) -> LayerSpec {
    let doped = |m: usize| MatrixSpec::kronecker(&[[4, 1], [hidden, m]]).doped(6);
    let weights = if joined {
        LstmSpec::Joined { weight: doped(input + hidden) }
    } else {
        LstmSpec::Split { ih: doped(input), hh: doped(hidden) }
    };
    let gate_order = order.to_owned();
    LayerSpec::Lstm {
        name: name.to_owned(),
        input_size: input,
        hidden_size: hidden,
        weights,
        bias: true,
        gate_order,
    }
}

fn gru(name: &str, input: usize, hidden: usize) -> LayerSpec {
    LayerSpec::Gru {
        name: name.to_owned(),
        input_size: input,
        hidden_size: hidden,
        weight_ih: MatrixSpec::low_rank(2).doped(3),
        weight_hh: MatrixSpec::dense(),
        bias_ih: true,
        bias_hh: true,
    }
}

fn embedding(vocab: usize, size: usize) -> LayerSpec {
    LayerSpec::Embedding { name: "embed".to_owned(), vocab, size, weight: MatrixSpec::low_rank(2).doped(5) }
}

fn head(input: usize, output: usize) -> LayerSpec {
    let weight = MatrixSpec::dense();
    LayerSpec::Linear { name: "head".to_owned(), input_size: input, output_size: output, weight, bias: true }
}

fn activation(function: FunctionSpec, size: usize) -> LayerSpec {
    LayerSpec::Activation { name: format!("{function:?}").to_lowercase(), size, function }
}

#[test]
fn lstm_of_both_layouts_and_every_gate_order() {
    let letters = ['i', 'f', 'g', 'o'];
    let mut orders = Vec::new();
    for a in letters {
        for b in letters {
            for c in letters {
                for d in letters {
                    let order: String = [a, b, c, d].iter().collect();
                    if letters.iter().all(|&letter| order.contains(letter)) {
                        orders.push(order);
                    }
                }
            }
        }
    }
    assert_eq!(orders.len(), 24);
    for (k, order) in orders.iter().enumerate() {
        let layers = vec![lstm("lstm", 2, 3, k % 2 == 0, order)];
        check(order, NetworkSpec { layers }, REGRESSION, Form::Whole);
    }
}

#[test]
fn gru_alone() {
    check("gru", NetworkSpec { layers: vec![gru("gru", 3, 4)] }, REGRESSION, Form::Whole);
}

#[test]
fn embedding_before_each_kind_that_takes_looked_up_rows_and_before_one_that_does_not() {
    let after: [(&str, Vec<LayerSpec>); 5] = [
        ("linear", vec![]),
        ("lstm", vec![lstm("lstm", 4, 4, false, "ifgo")]),
        ("joined lstm", vec![lstm("lstm", 4, 4, true, "igfo")]),
        ("gru", vec![gru("gru", 4, 4)]),
        ("tanh", vec![activation(FunctionSpec::Tanh, 4)]),
    ];
    for (name, mut layers) in after {
        layers.insert(0, embedding(5, 4));
        layers.push(head(4, 5));
        check(name, NetworkSpec { layers }, Objective::LANGUAGE_MODEL, Form::Whole);
    }
}

#[test]
fn every_activation_and_layer_norm() {
    use FunctionSpec::{LogSoftmax, Relu, Sigmoid, Softmax, Tanh};
    for function in [Relu, Tanh, Sigmoid, Softmax, LogSoftmax] {
        let layers = vec![head(3, 4), activation(function, 4)];
        check(&format!("{function:?}"), NetworkSpec { layers }, REGRESSION, Form::Whole);
    }
    for bias in [true, false] {
        let norm = LayerSpec::LayerNorm { name: "norm".to_owned(), size: 4, bias, epsilon: 1e-3 };
        let layers = vec![head(3, 4), norm];
        check("layer norm", NetworkSpec { layers }, REGRESSION, Form::Whole);
    }
}

#[test]
fn whole_networks_with_every_objective() {
    let objectives = [Loss::CrossEntropy, Loss::MeanSquaredError]
        .into_iter()
        .flat_map(|loss| [Over::EachStep, Over::LastStep].map(|over| Objective { loss, over }));
    for objective in objectives {
        let options = CoMatrixDropout { probability: 0.2, ..CoMatrixDropout::default() };
        let form = Form::Masked(options.draw(1, 2, 1.0).unwrap());
        let layers = vec![
            embedding(6, 4),
            lstm("lstm0", 4, 4, false, "ifgo"),
            LayerSpec::LayerNorm { name: "norm".to_owned(), size: 4, bias: true, epsilon: 1e-3 },
            gru("gru", 4, 3),
            activation(FunctionSpec::Tanh, 3),
            lstm("lstm1", 3, 4, true, "ofgi"),
            head(4, 6),
        ];
        check(&format!("{objective:?}"), NetworkSpec { layers }.with_dropout(0.3), objective, form);
    }
}
