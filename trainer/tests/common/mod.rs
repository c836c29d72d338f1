//! Networks and settings that several tests share.
#![allow(dead_code)]

use dopec_trainer::doping::annealing::{Annealing, Scope};
use dopec_trainer::doping::co_matrix::CoMatrixDropout;
use dopec_trainer::network::{LayerSpec, LstmSpec, MatrixSpec, NetworkSpec, StructureSpec};
use dopec_trainer::optimise::Schedule;
use dopec_trainer::{Initialisation, Network, Settings};

/// A language model of one LSTM of 16 units, doped Kronecker in both its matrices.
pub(crate) fn doped_language_model(vocab: usize, dropout: f64) -> NetworkSpec {
    NetworkSpec::language_model(vocab, 8, &[16], dropout, |_, rows, cols| {
        Ok::<_, ()>(MatrixSpec::kronecker(&[[rows / 8, cols / 4], [8, 4]]).doped(rows * cols / 10))
    })
    .unwrap()
}

/// A short run that anneals and masks.
pub(crate) fn settings() -> Settings {
    Settings {
        seed: 9,
        lanes: 4,
        steps: 8,
        threads: 1,
        schedule: Schedule::of_run(0.01, 60),
        annealing: Some(Annealing {
            joins: 0,
            start: 5,
            end: 40,
            every: 5,
            scope: Scope::EachMatrix,
            returns: false,
        }),
        co_matrix: Some(CoMatrixDropout::default()),
        ..Settings::language_model(60)
    }
}

/// A string that repeats, as tokens below 6.
pub(crate) fn tokens(len: usize) -> Vec<u32> {
    [0, 1, 2, 1, 3, 0, 4, 5, 2, 2, 1].iter().copied().cycle().take(len).collect()
}

pub(crate) fn network(spec: NetworkSpec) -> Network<f32> {
    Network::new(spec, Initialisation::default()).unwrap()
}

/// Every layer and structure in one network over tokens.
pub(crate) fn everything() -> NetworkSpec {
    let lstm = |name: &str, input_size, hidden_size, weights, order: &str| LayerSpec::Lstm {
        name: name.to_owned(),
        input_size,
        hidden_size,
        weights,
        bias: true,
        gate_order: order.to_owned(),
    };
    let block = |rows, cols, matrix| dopec_trainer::network::BlockSpec { rows, cols, matrix };
    let hmd = MatrixSpec::of(StructureSpec::VStack {
        blocks: vec![block(4, 8, MatrixSpec::dense()), block(28, 8, MatrixSpec::low_rank(2).doped(20))],
    });
    let stack = MatrixSpec::of(StructureSpec::HStack {
        blocks: vec![
            block(32, 8, MatrixSpec::kronecker(&[[4, 2], [4, 2], [2, 2]])),
            block(32, 8, MatrixSpec::pruned(50)),
        ],
    })
    .doped(30);
    let monarch = StructureSpec::Monarch { first: [2, 8, 4], second: [8, 3, 2] };
    let diagonal = StructureSpec::BlockDiagonal {
        blocks: vec![block(10, 4, MatrixSpec::dense()), block(14, 4, MatrixSpec::low_rank(1))],
    };
    let sum =
        StructureSpec::Sum { terms: vec![StructureSpec::LowRank { rank: 1 }, StructureSpec::Circulant] };
    let activation =
        |name: &str, function| LayerSpec::Activation { name: name.to_owned(), size: 8, function };
    use dopec_trainer::network::FunctionSpec::{LogSoftmax, Relu, Sigmoid, Softmax, Tanh};
    let linear = |name: &str, weight, bias| LayerSpec::Linear {
        name: name.to_owned(),
        input_size: 8,
        output_size: 8,
        weight,
        bias,
    };
    let layers = vec![
        LayerSpec::Embedding {
            name: "embed".to_owned(),
            vocab: 6,
            size: 8,
            weight: MatrixSpec::low_rank(2).doped(9),
        },
        lstm(
            "lstm0",
            8,
            8,
            LstmSpec::Split { ih: hmd, hh: MatrixSpec::kronecker(&[[8, 2], [4, 4]]).doped(25) },
            "iofg",
        ),
        LayerSpec::LayerNorm { name: "norm".to_owned(), size: 8, bias: true, epsilon: 1e-5 },
        lstm("lstm1", 8, 8, LstmSpec::Joined { weight: stack }, "ifgo"),
        LayerSpec::Gru {
            name: "gru".to_owned(),
            input_size: 8,
            hidden_size: 8,
            weight_ih: MatrixSpec::of(monarch).doped(11),
            weight_hh: MatrixSpec::of(diagonal),
            bias_ih: true,
            bias_hh: true,
        },
        linear("mix", MatrixSpec::of(sum), true),
        activation("tanh", Tanh),
        activation("sigmoid", Sigmoid),
        linear("mix2", MatrixSpec::dense(), false),
        activation("relu", Relu),
        activation("softmax", Softmax),
        activation("log_softmax", LogSoftmax),
    ];
    NetworkSpec { layers }
}
