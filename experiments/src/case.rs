//! One training run as data: the network's size, the form of its LSTM matrices, the budget, the options of doping
//! and the seed. Two equal cases on one text give the same numbers.

use std::fmt;
use std::str::FromStr;

use dopec_trainer::budget::{Budget, Counting, MatrixForm, smaller_hidden, stored_bits};
use dopec_trainer::data::Unit;
use dopec_trainer::doping::annealing::Annealing;
use dopec_trainer::doping::co_matrix::CoMatrixDropout;
use dopec_trainer::network::{LayerSpec, LstmSpec, MatrixSpec};
use dopec_trainer::optimise::Schedule;
use dopec_trainer::{Initialisation, NetworkSpec, Settings};
use serde::{Deserialize, Serialize};

use crate::Result;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The network whose loss of perplexity is zero.
    Dense,
    /// A dense network of fewer units.
    SmallerDense,
    /// A sparse part alone.
    Pruned,
    /// Low-rank factorisation (LMF).
    LowRank,
    /// Hybrid matrix decomposition (HMD).
    Hybrid,
    /// A Kronecker product alone (KP).
    Kronecker,
    /// Low rank and a sparse part.
    DopedLowRank,
    /// Hybrid and a sparse part.
    DopedHybrid,
    /// A Kronecker product and a sparse part.
    DopedKronecker,
}

impl Form {
    /// All of them, the dense network first.
    pub const ALL: [Form; 9] = [
        Form::Dense,
        Form::SmallerDense,
        Form::Pruned,
        Form::LowRank,
        Form::Hybrid,
        Form::Kronecker,
        Form::DopedLowRank,
        Form::DopedHybrid,
        Form::DopedKronecker,
    ];

    /// Its name in words.
    pub fn name(self) -> &'static str {
        match self {
            Form::Dense => "dense",
            Form::SmallerDense => "smaller dense",
            Form::Pruned => "pruned",
            Form::LowRank => "low rank (LMF)",
            Form::Hybrid => "hybrid (HMD)",
            Form::Kronecker => "Kronecker (KP)",
            Form::DopedLowRank => "doped LMF",
            Form::DopedHybrid => "doped HMD",
            Form::DopedKronecker => "doped KP",
        }
    }

    /// The form of each matrix.
    pub fn matrix(self) -> MatrixForm {
        match self {
            Form::Dense | Form::SmallerDense => MatrixForm::Dense,
            Form::Pruned => MatrixForm::Pruned,
            Form::LowRank => MatrixForm::LowRank,
            Form::Hybrid => MatrixForm::Hybrid,
            Form::Kronecker => MatrixForm::Kronecker,
            Form::DopedLowRank => MatrixForm::DopedLowRank,
            Form::DopedHybrid => MatrixForm::DopedHybrid,
            Form::DopedKronecker => MatrixForm::DopedKronecker,
        }
    }

    /// Whether it has a sparse part.
    pub fn has_sparse(self) -> bool {
        self == Form::Pruned || self.is_doped()
    }

    /// Whether it has a structure and a sparse part.
    pub fn is_doped(self) -> bool {
        matches!(self, Form::DopedLowRank | Form::DopedHybrid | Form::DopedKronecker)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(name: &str) -> Result<Form> {
        if name == "smaller_dense" {
            return Ok(Form::SmallerDense);
        }
        let matrix: MatrixForm = name.parse().map_err(|error| format!("{error}, smaller_dense"))?;
        Ok(Form::ALL.into_iter().find(|form| form.matrix() == matrix).expect("every form of a matrix is one"))
    }
}

/// The network and its training, but for what differs between the cases of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// What a token is.
    pub unit: Unit,
    /// The most words, where tokens are words.
    pub vocabulary: Option<usize>,
    /// Share of the text that is held out: its end.
    pub held_out: f64,
    /// Length of the embedding.
    pub embedding: usize,
    /// Units of each LSTM.
    pub hidden: Vec<usize>,
    /// Dropout before every LSTM and the last linear layer.
    pub dropout: f64,
    /// Sequences side by side.
    pub lanes: usize,
    /// Tokens of each sequence in a batch.
    pub tokens: usize,
    /// Updates.
    pub steps: u64,
    /// The learning rate, before it falls along a cosine to a twentieth.
    pub rate: f64,
    /// What the budget counts.
    pub counting: Counting,
    /// Lanes that the held-out text is scored in, each from the state of zero.
    pub scored_lanes: usize,
    /// Threads of one case; sums depend on it in their last bits.
    pub threads: usize,
}

impl Size {
    /// A study of a quarter of an hour on two free cores.
    pub fn quick() -> Size {
        Size { embedding: 64, hidden: vec![128], steps: 800, rate: 0.004, ..Size::full() }
    }

    /// A study of about two hours on two free cores.
    pub fn full() -> Size {
        Size {
            unit: Unit::Character,
            vocabulary: None,
            held_out: 0.05,
            embedding: 128,
            hidden: vec![256],
            dropout: 0.0,
            lanes: 32,
            tokens: 64,
            steps: 4000,
            rate: 0.003,
            counting: Counting::Everything,
            scored_lanes: 16,
            threads: 1,
        }
    }

    /// The medium model of Zaremba et al. 2014, which the papers compress: two layers of 650 units over words.
    pub fn paper() -> Size {
        Size {
            unit: Unit::Word,
            vocabulary: Some(10_000),
            embedding: 650,
            hidden: vec![650, 650],
            dropout: 0.5,
            lanes: 20,
            tokens: 35,
            steps: 10_000,
            rate: 0.002,
            threads: 2,
            ..Size::full()
        }
    }
}

/// The options of doping that the papers leave open.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doping {
    /// Co-matrix dropout; none: off.
    pub co_matrix: Option<CoMatrixDropout>,
    /// Share of the first variance that S has.
    pub sparse_share: f64,
    /// The share of the run at which S joins its structure and annealing begins; 0: it is there from the first step, and
    /// annealing begins at a twentieth.
    #[serde(default)]
    pub joins: f64,
    /// The share of the run at which annealing ends.
    pub annealing_end: f64,
    /// Whether pruned positions may return.
    pub returns: bool,
    /// Share of the budget for the structure of a doped low-rank or hybrid matrix.
    pub structure_share: f64,
    /// Share of the budget within which the factors of a doped Kronecker product are the largest; 0: the smallest.
    #[serde(default)]
    pub kronecker_share: f64,
}

impl Default for Doping {
    /// The trainer's own defaults.
    fn default() -> Doping {
        let settings = Settings::language_model(3000);
        let annealing = settings.annealing.expect("a language model is annealed by default");
        Doping {
            co_matrix: settings.co_matrix,
            sparse_share: Initialisation::default().sparse_share,
            // Kept short, as they stand in every line of results.
            joins: (annealing.joins as f64 / 30.0).round() / 100.0,
            annealing_end: (annealing.end as f64 / 30.0).round() / 100.0,
            returns: annealing.returns,
            structure_share: Budget::new(1.0).structure_share,
            kronecker_share: Budget::new(1.0).kronecker_share,
        }
    }
}

/// One training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is run for: the row of a table.
    pub name: String,
    /// The form of the LSTM matrices.
    pub form: Form,
    /// How many times less the LSTM matrices may take than dense ones; 1 for the dense network.
    pub factor: f64,
    /// Of every random number.
    pub seed: u64,
    /// The options of doping.
    pub doping: Doping,
    /// The network and its training.
    pub size: Size,
}

impl Case {
    /// Units of each LSTM: fewer in the smaller dense network.
    fn hidden(&self) -> Result<Vec<usize>> {
        let Size { embedding, hidden, .. } = &self.size;
        match self.form {
            Form::SmallerDense => {
                smaller_hidden(*embedding, hidden, self.factor).map_err(|error| error.to_string())
            }
            _ => Ok(hidden.clone()),
        }
    }

    /// The network. Each LSTM has one matrix, `[W_x W_h]`, as in the papers.
    ///
    /// # Errors
    ///
    /// A budget that nothing of the form fits.
    pub fn network(&self, vocab: usize) -> Result<NetworkSpec> {
        let budget = Budget {
            counting: self.size.counting,
            structure_share: self.doping.structure_share,
            kronecker_share: self.doping.kronecker_share,
            ..Budget::new(self.factor)
        };
        let (weight, size) = (MatrixSpec::dense(), self.size.embedding);
        let mut layers = vec![LayerSpec::Embedding { name: "embed".to_owned(), vocab, size, weight }];
        let mut input_size = size;
        for (k, hidden_size) in self.hidden()?.into_iter().enumerate() {
            let matrix = budget.matrix(self.form.matrix(), 4 * hidden_size, input_size + hidden_size);
            layers.push(LayerSpec::Lstm {
                name: format!("lstm{k}"),
                input_size,
                hidden_size,
                weights: LstmSpec::Joined { weight: matrix.map_err(|error| error.to_string())? },
                bias: true,
                gate_order: "ifgo".to_owned(),
            });
            input_size = hidden_size;
        }
        let (name, weight) = ("head".to_owned(), MatrixSpec::dense());
        layers.push(LayerSpec::Linear { name, input_size, output_size: vocab, weight, bias: true });
        Ok(NetworkSpec { layers }.with_dropout(self.size.dropout))
    }

    /// Bits that the LSTM matrices of a network take by the budget's counting.
    pub fn stored_bits(&self, network: &NetworkSpec) -> u64 {
        let bits = |layer: &LayerSpec| match layer {
            LayerSpec::Lstm { input_size, hidden_size, weights: LstmSpec::Joined { weight }, .. } => {
                stored_bits(weight, 4 * hidden_size, input_size + hidden_size, self.size.counting)
            }
            _ => 0,
        };
        network.layers.iter().map(bits).sum()
    }

    /// Bits of the dense network's LSTM matrices.
    pub fn dense_bits(&self) -> u64 {
        let inputs = std::iter::once(&self.size.embedding).chain(&self.size.hidden);
        let weights =
            self.size.hidden.iter().zip(inputs).map(|(hidden, input)| 4 * hidden * (input + hidden));
        32 * weights.sum::<usize>() as u64
    }

    /// The first values.
    pub fn initialisation(&self) -> Initialisation {
        Initialisation { seed: self.seed, sparse_share: self.doping.sparse_share }
    }

    /// The options of the run.
    pub fn settings(&self) -> Settings {
        let Size { lanes, tokens, steps, rate, threads, .. } = self.size;
        let of_run = Annealing::of_run(steps);
        let at = |share: f64| (steps as f64 * share).round() as u64;
        let joins = at(self.doping.joins);
        let start = if joins == 0 { steps / 20 } else { joins };
        let end = at(self.doping.annealing_end).max(start);
        let every = ((end - start) / 100).max(1);
        Settings {
            seed: self.seed,
            lanes,
            steps: tokens,
            threads,
            schedule: Schedule::of_run(rate, steps),
            annealing: Some(Annealing { joins, start, end, every, returns: self.doping.returns, ..of_run }),
            co_matrix: self.doping.co_matrix,
            ..Settings::language_model(steps)
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}x, seed {}", self.name, self.form, self.factor, self.seed)
    }
}
