//! The options of `dopec train`, as clap reads them and as `--help` explains them; what of them makes a run the same.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dopec_trainer::budget::{Counting, MatrixForm};
use dopec_trainer::data::Unit;
use dopec_trainer::doping::annealing::Scope;
use dopec_trainer::doping::co_matrix::Granularity;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::arguments::number;

/// Options of `train`. Those that are serialised are kept in checkpoints: a run is resumed with the same ones only.
#[derive(Debug, Args, Serialize)]
#[command(after_help = EXAMPLES)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Train {
    /// What to learn from: any text, or sequences with classes or values (.npz, .csv or .tsv, see
    /// docs/data.md).
    #[serde(skip)]
    pub(crate) input: PathBuf,
    /// The model file to write. Beside it stand FILE.checkpoint while training, and the curves, as SVG.
    #[arg(short, long, value_name = "FILE")]
    #[serde(skip)]
    pub(crate) output: PathBuf,
    /// The model's name, which emitted functions begin with [default: made from the output's].
    #[arg(long)]
    #[serde(skip)]
    pub(crate) name: Option<String>,
    /// Go on from this model: its layers, sizes, values and vocabulary. S keeps its positions, or is pruned further
    /// where --factor asks for that.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["structure", "no_doping", "factor_shapes", "hidden", "layers", "embedding", "cell", "vocabulary"])]
    pub(crate) from: Option<PathBuf>,

    /// What a token of a text is.
    #[arg(long, value_enum, help_heading = "Data", value_name = "WHAT")]
    pub(crate) unit: Option<Token>,
    /// Keep the N most frequent words; the others become one, `<unk>`. With --unit words alone.
    #[arg(long, value_name = "N", help_heading = "Data", value_parser = count(2))]
    pub(crate) vocabulary: Option<usize>,
    /// The part held out to be scored on: a text's end, or sequences chosen by chance, the same for every seed [default:
    /// 0.05 of a text, 0.2 of sequences].
    #[arg(long, value_name = "SHARE", help_heading = "Data", value_parser = number("above 0 and below 1", |share| share > 0.0 && share < 1.0))]
    pub(crate) held_out: Option<f64>,

    /// The structure of the recurrent matrices. kronecker, low-rank and hybrid are doped (a sparse S is added) unless
    /// --no-doping is given.
    #[arg(long, value_enum, default_value = "kronecker", help_heading = "Network", value_name = "FORM")]
    pub(crate) structure: Structure,
    /// The structure alone, without S.
    #[arg(long, help_heading = "Network")]
    pub(crate) no_doping: bool,
    /// How many times less than dense the recurrent matrices are to take [default: 10; with --from: as they are].
    #[arg(long, value_name = "TIMES", help_heading = "Network", value_parser = number("at least 1", |factor| factor >= 1.0))]
    pub(crate) factor: Option<f64>,
    /// What counts for --factor: values alone, as papers count; with the column of each non-zero; with the start of each
    /// row, too.
    #[arg(long, value_enum, default_value = "values", help_heading = "Network", value_name = "WHAT")]
    pub(crate) counting: Counted,
    /// Kronecker factors by hand, as 52x26,50x50, for the matrices of that size; may be given again for others [default:
    /// of the highest rank, then the largest within a quarter of the budget, or without S within all of it].
    #[arg(long, value_name = "SHAPES", value_parser = shapes, help_heading = "Network")]
    pub(crate) factor_shapes: Vec<Shapes>,
    /// Units of each recurrent layer.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count(1), help_heading = "Network")]
    pub(crate) hidden: usize,
    /// Number of recurrent layers.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = within(1, MOST_LAYERS), help_heading = "Network")]
    pub(crate) layers: usize,
    /// Length of a token's vector [default: 128, at most --hidden].
    #[arg(long, value_name = "N", value_parser = count(1), help_heading = "Network")]
    pub(crate) embedding: Option<usize>,
    /// The recurrent layers.
    #[arg(long, value_enum, default_value = "lstm", help_heading = "Network", value_name = "KIND")]
    pub(crate) cell: Cell,

    /// How long to train: the speed is measured first, and the number of steps chosen by it [default: 10].
    #[arg(long, value_name = "M", conflicts_with = "steps", help_heading = "Training", value_parser = number("above 0 and below 1000000", |minutes| minutes > 0.0 && minutes < 1e6))]
    pub(crate) minutes: Option<f64>,
    /// Train for so many steps.
    #[arg(long, value_name = "N", help_heading = "Training", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Sequences in a batch.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = count(1), help_heading = "Training")]
    pub(crate) batch: usize,
    /// Tokens of a text that are backpropagated through at once [default: 64].
    #[arg(long, value_name = "N", value_parser = count(1), help_heading = "Training")]
    pub(crate) sequence: Option<usize>,
    /// The highest learning rate of the run [default: 0.003, with --from 0.001].
    #[arg(long, value_name = "RATE", help_heading = "Training", value_parser = number("above 0", |rate| rate > 0.0))]
    pub(crate) learning_rate: Option<f64>,
    /// Dropout before each recurrent layer and before the last layer, but not on the network's own input.
    #[arg(long, value_name = "P", default_value_t = 0.0, help_heading = "Training", value_parser = probability())]
    pub(crate) dropout: f64,
    /// Where all random numbers start.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Training")]
    pub(crate) seed: u64,
    /// Threads, of which the last bits of the result depend [default: those of the checkpoint, else all cores].
    #[arg(long, value_name = "N", value_parser = count(1), help_heading = "Training")]
    pub(crate) threads: Option<usize>,

    /// Co-matrix dropout: the probability of dropping a part of a doped matrix while S is dense; 0: none.
    #[arg(long, value_name = "P", default_value_t = 0.0, help_heading = "Doping", value_parser = probability())]
    pub(crate) cmr: f64,
    /// What co-matrix dropout drops at once.
    #[arg(long, value_enum, default_value = "matrix", help_heading = "Doping", value_name = "WHAT")]
    pub(crate) cmr_granularity: Dropped,
    /// Where the smallest values of S are looked for: in each matrix, or over all.
    #[arg(long, value_enum, default_value = "matrix", help_heading = "Doping", value_name = "WHERE")]
    pub(crate) prune_over: PruneOver,

    /// Begin anew, whatever checkpoint is there.
    #[arg(long, help_heading = "Checkpoints")]
    #[serde(skip)]
    pub(crate) fresh: bool,
    /// Seconds from one checkpoint to the next.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, help_heading = "Checkpoints", value_parser = number("at least 0", |seconds| seconds >= 0.0))]
    #[serde(skip)]
    pub(crate) checkpoint_every: f64,
}

const EXAMPLES: &str = "Examples:
  dopec train text.txt --factor 20 --hidden 512 --layers 2 --minutes 30 -o model.json
                            a language model of doped Kronecker matrices, 20 times smaller
  dopec train text.txt --unit words --vocabulary 10000 -o words.json
  dopec train gestures.npz --cell gru --steps 2000 -o gestures.json
  dopec train text.txt --from model.json --factor 40 -o smaller.json

The same command again, after a kill, goes on from the last checkpoint and gives the same model.";

/// The largest count, and the largest extent of a matrix.
const MOST: usize = 1 << 24;

/// The most layers: more than anything that learns has.
const MOST_LAYERS: usize = 1024;

/// Counts from `least` on.
fn count(least: usize) -> impl clap::builder::TypedValueParser<Value = usize> {
    within(least, MOST)
}

/// Counts within bounds.
fn within(least: usize, most: usize) -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u64).range(least as u64..=most as u64).map(|count| count as usize)
}

/// The probability that something is dropped: not all of it may be.
fn probability() -> impl Fn(&str) -> Result<f64, String> + Clone {
    number("at least 0 and below 1", |probability| (0.0..1.0).contains(&probability))
}

/// Extents of Kronecker factors, from left to right.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(transparent)]
pub(crate) struct Shapes(pub(crate) Vec<[usize; 2]>);

impl Shapes {
    /// The extents of their product, which the parser holds to [`MOST`].
    pub(crate) fn product(&self) -> [usize; 2] {
        self.0.iter().fold([1, 1], |[m, n], factor| [m * factor[0], n * factor[1]])
    }

    /// Whether the product has extents that a matrix may have.
    fn fit(&self) -> bool {
        let extent = |side: usize| {
            self.0.iter().try_fold(1_usize, |product, factor| {
                product.checked_mul(factor[side]).filter(|&product| product <= MOST)
            })
        };
        extent(0).is_some() && extent(1).is_some()
    }
}

/// Reads `52x26,50x50`.
fn shapes(text: &str) -> Result<Shapes, String> {
    let extent = |text: &str| text.trim().parse().ok().filter(|extent| (1..=MOST).contains(extent));
    let factor = |text: &str| -> Option<[usize; 2]> {
        let (rows, cols) = text.split_once('x')?;
        Some([extent(rows)?, extent(cols)?])
    };
    let factors: Option<Vec<_>> = text.split(',').map(factor).collect();
    let factors = factors.filter(|factors| factors.len() >= 2);
    let shapes =
        factors.map(Shapes).ok_or("two factors or more are expected, as in 52x26,50x50".to_owned())?;
    if shapes.fit() {
        Ok(shapes)
    } else {
        Err(format!("a product of at most {MOST} rows and columns is expected"))
    }
}

/// `--unit`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Token {
    /// A character of UTF-8 text: the default
    Characters,
    /// A byte of anything
    Bytes,
    /// What stands between white space; an end of line is a word, too
    Words,
}

/// `--structure`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Structure {
    /// A Kronecker product
    Kronecker,
    /// A product of two thin matrices
    LowRank,
    /// Dense rows over a low-rank part
    Hybrid,
    /// S alone
    Pruned,
    /// Every weight, whatever the factor
    Dense,
    /// A dense network of fewer units, of the budget's size
    SmallerDense,
}

/// `--cell`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cell {
    /// Long short-term memory
    Lstm,
    /// Gated recurrent units
    Gru,
}

/// `--counting`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counted {
    /// 32-bit values
    Values,
    /// Values and the columns of non-zeros
    Indices,
    /// Values, columns and the starts of rows
    Everything,
}

/// `--cmr-granularity`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Dropped {
    /// Each weight of each part
    Element,
    /// A row of each part
    Row,
    /// Each part whole
    Matrix,
}

/// `--prune-over`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PruneOver {
    /// Each matrix to its own target
    Matrix,
    /// All to the sum of their targets
    All,
}

impl Train {
    /// The options that a run depends on, by their names.
    pub(crate) fn request(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut request)) => {
                request.insert("sequence".to_owned(), self.sequence().into());
                request
            }
            _ => unreachable!("options are plain data"),
        }
    }

    /// Tokens of a text that are backpropagated through at once.
    pub(crate) fn sequence(&self) -> usize {
        self.sequence.unwrap_or(64)
    }

    /// The form of the recurrent matrices.
    pub(crate) fn form(&self) -> MatrixForm {
        match (self.structure, self.no_doping) {
            (Structure::Kronecker, false) => MatrixForm::DopedKronecker,
            (Structure::Kronecker, true) => MatrixForm::Kronecker,
            (Structure::LowRank, false) => MatrixForm::DopedLowRank,
            (Structure::LowRank, true) => MatrixForm::LowRank,
            (Structure::Hybrid, false) => MatrixForm::DopedHybrid,
            (Structure::Hybrid, true) => MatrixForm::Hybrid,
            (Structure::Pruned, _) => MatrixForm::Pruned,
            (Structure::Dense | Structure::SmallerDense, _) => MatrixForm::Dense,
        }
    }
}

impl From<Token> for Unit {
    fn from(unit: Token) -> Unit {
        match unit {
            Token::Characters => Unit::Character,
            Token::Bytes => Unit::Byte,
            Token::Words => Unit::Word,
        }
    }
}

impl From<Counted> for Counting {
    fn from(counted: Counted) -> Counting {
        match counted {
            Counted::Values => Counting::Values,
            Counted::Indices => Counting::Indices,
            Counted::Everything => Counting::Everything,
        }
    }
}

impl From<Dropped> for Granularity {
    fn from(dropped: Dropped) -> Granularity {
        match dropped {
            Dropped::Element => Granularity::Element,
            Dropped::Row => Granularity::Row,
            Dropped::Matrix => Granularity::Matrix,
        }
    }
}

impl From<PruneOver> for Scope {
    fn from(over: PruneOver) -> Scope {
        match over {
            PruneOver::Matrix => Scope::EachMatrix,
            PruneOver::All => Scope::AllTogether,
        }
    }
}
