//! The network that a run begins with: from the options and the data, or from a model to go on from.

use dopec::Faults;
use dopec_trainer::budget::{Budget, MatrixForm, smaller_hidden};
use dopec_trainer::data::Labels;
use dopec_trainer::matrix::Form;
use dopec_trainer::network::{LayerSpec, LstmSpec, MatrixSpec};
use dopec_trainer::{Data, Error, Initialisation, Network, NetworkSpec};

use super::baseline::mean;
use super::extent;
use super::faults::{self, fault};
use super::input::Input;
use super::options::{Cell, Structure, Train};
use super::source::Source;

/// How many times less than dense matrices take, where nothing else is asked for.
const FACTOR: f64 = 10.0;

/// The last layer's name.
const HEAD: &str = "head";

/// How many times less than dense the matrices of a new network are to take.
pub(super) fn factor(options: &Train) -> f64 {
    options.factor.unwrap_or(FACTOR)
}

/// Builds the network.
pub(super) fn build(options: &Train, input: &Input, from: Option<&Source>) -> Result<Network<f32>, Faults> {
    let refuse = |error: Error| faults::of(&options.input, &error);
    let initialisation = Initialisation { seed: options.seed, ..Initialisation::default() };
    let Some(from) = from else {
        let mut spec = spec(options, input)?.with_dropout(options.dropout);
        extent::sound(&mut spec, false)?;
        let mut network = Network::new(spec, initialisation).map_err(refuse)?;
        begin_at_mean(&mut network, input);
        return Ok(network);
    };
    extent::sound(&mut NetworkSpec::of(&from.model), true)?;
    let spec = match options.factor {
        Some(factor) => from.pruned_further(factor, options.counting.into())?,
        None => NetworkSpec::of(&from.model),
    };
    let mut network = Network::new(spec.with_dropout(options.dropout), initialisation).map_err(refuse)?;
    network.load(&from.model).map_err(refuse)?;
    Ok(network)
}

/// What predicts values begins with their mean: the way there would be long where it is far from zero.
fn begin_at_mean(network: &mut Network<f32>, input: &Input) {
    let Data::Samples(samples) = &input.train else { return };
    let Labels::Values(values) = &samples.labels else { return };
    let bias = format!("{HEAD}.bias");
    let Some(bias) = network.parameters.iter_mut().find(|parameter| parameter.name == bias) else { return };
    bias.values = mean(values, samples.label_width()).into_iter().map(|mean| mean as f32).collect();
    network.materialise(Form::Whole);
}

/// An embedding for a text, recurrent layers, a linear layer.
fn spec(options: &Train, input: &Input) -> Result<NetworkSpec, Faults> {
    let refuse = |error: Error| faults::of(&options.input, &error);
    let embedding = input.vocabulary.as_ref().map(|_| options.embedding.unwrap_or(options.hidden.min(128)));
    let (mut layers, mut input_size) = (Vec::new(), input.input_size);
    if let Some(size) = embedding {
        let (name, weight) = ("embed".to_owned(), MatrixSpec::dense());
        layers.push(LayerSpec::Embedding { name, vocab: input_size, size, weight });
        input_size = size;
    }
    let mut hidden = vec![options.hidden; options.layers];
    let factor = factor(options);
    if options.structure == Structure::SmallerDense {
        hidden = smaller_hidden(input_size, &hidden, factor).map_err(refuse)?;
    }
    let mut forms = Forms {
        options,
        budget: Budget { counting: options.counting.into(), ..Budget::new(factor) },
        fitted: vec![false; options.factor_shapes.len()],
        met: Vec::new(),
    };
    for (k, hidden_size) in hidden.into_iter().enumerate() {
        let mut form = |gates: usize, cols: usize| forms.matrix(gates * hidden_size, cols);
        layers.push(match options.cell {
            Cell::Lstm => LayerSpec::Lstm {
                name: format!("lstm{k}"),
                input_size,
                hidden_size,
                weights: LstmSpec::Split { ih: form(4, input_size)?, hh: form(4, hidden_size)? },
                bias: true,
                gate_order: "ifgo".to_owned(),
            },
            Cell::Gru => LayerSpec::Gru {
                name: format!("gru{k}"),
                input_size,
                hidden_size,
                weight_ih: form(3, input_size)?,
                weight_hh: form(3, hidden_size)?,
                bias_ih: true,
                bias_hh: true,
            },
        });
        input_size = hidden_size;
    }
    forms.all_fitted()?;
    let (name, weight) = (HEAD.to_owned(), MatrixSpec::dense());
    layers.push(LayerSpec::Linear { name, input_size, output_size: input.output_size, weight, bias: true });
    Ok(NetworkSpec { layers })
}

/// Forms of matrices, chosen one after another.
struct Forms<'o> {
    options: &'o Train,
    budget: Budget,
    /// For each of the shapes given by hand, whether a matrix was of their size.
    fitted: Vec<bool>,
    /// The extents of all matrices.
    met: Vec<[usize; 2]>,
}

impl Forms<'_> {
    fn matrix(&mut self, rows: usize, cols: usize) -> Result<MatrixSpec, Faults> {
        let (options, budget) = (self.options, self.budget);
        self.met.push([rows, cols]);
        let by_hand = options.factor_shapes.iter().position(|shapes| shapes.product() == [rows, cols]);
        let Some(k) = by_hand else {
            return budget
                .matrix(options.form(), rows, cols)
                .map_err(|error| self.misfit(&error, rows, cols));
        };
        self.fitted[k] = true;
        let structure = MatrixSpec::kronecker(&options.factor_shapes[k].0);
        let taken: usize = options.factor_shapes[k].0.iter().map(|[m, n]| m * n).sum();
        let may = (budget.bits(rows, cols) / 32) as usize;
        let over = |least: usize| {
            let title = format!("the factors don't fit the budget of a {rows}×{cols} matrix");
            let expected = format!("{may} values at most, at a factor of {}", budget.factor);
            let help = "give factors that hold fewer values, or a smaller --factor";
            fault("--factor-shapes", &title, &expected, &format!("{least}"), help)
        };
        if taken > may {
            return Err(over(taken));
        }
        if options.no_doping {
            return Ok(structure);
        }
        // What a pruned matrix of the rest of the budget has.
        let rest = budget.bits(rows, cols) - 32 * taken as u64;
        let share = Budget { factor: (rows * cols * 32) as f64 / rest.max(1) as f64, ..budget };
        let pruned = share.matrix(MatrixForm::Pruned, rows, cols).map_err(|_| over(taken + 1))?;
        Ok(structure.doped(pruned.nonzeros.unwrap_or(1)))
    }

    /// Nothing of the form fits the budget: with what helps, which is no smaller factor where the form takes more than the
    /// dense matrix, as a rank of 1 over a column or two.
    fn misfit(&self, error: &Error, rows: usize, cols: usize) -> Faults {
        let Error::Budget(problem) = error else { return faults::of(&self.options.input, error) };
        let form = self.options.form();
        let dense = Budget { factor: 1.0, ..self.budget };
        let help = match form {
            _ if dense.matrix(form, rows, cols).is_err() => {
                "another --structure, as pruned: at no --factor does this one fit a matrix of this size"
            }
            MatrixForm::Kronecker | MatrixForm::DopedKronecker => {
                "a smaller --factor, another --structure, or sizes with more divisors"
            }
            _ => "a smaller --factor, or another --structure",
        };
        faults::budget(problem, help)
    }

    /// Every shape given by hand was for some matrix.
    fn all_fitted(&self) -> Result<(), Faults> {
        let Some(k) = self.fitted.iter().position(|fitted| !fitted) else { return Ok(()) };
        let [rows, cols] = self.options.factor_shapes[k].product();
        let mut met: Vec<String> = self.met.iter().map(|[rows, cols]| format!("{rows}×{cols}")).collect();
        met.dedup();
        let title = "no matrix has the size of these factors' product";
        let help = "give factors whose rows, and whose columns, multiply to those of a matrix";
        Err(fault("--factor-shapes", title, &met.join(" or "), &format!("{rows}×{cols}"), help))
    }
}
