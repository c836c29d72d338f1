//! Batches, cut from the data and dealt to workers.

use crate::data::{Inputs, Labels, Samples, TokenStream};
use crate::error::Error;
use crate::layer::Signal;
use crate::network::Network;
use crate::score::{Loss, Objective, Over, Targets};

/// What a network is trained on, or evaluated on.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A text's tokens, each to be predicted from those before it.
    Tokens(Vec<u32>),
    /// Sequences with their targets.
    Samples(Samples),
}

impl Data {
    /// Whether a network can be fed with it to this end.
    pub(super) fn check(&self, network: &Network<f32>, objective: Objective) -> Result<(), Error> {
        let wrong = |problem: String| Err(Error::Data(problem));
        let output = network.output_size();
        let below = |tokens: &[u32], bound: usize, what: &str| match tokens
            .iter()
            .position(|&token| token as usize >= bound)
        {
            Some(place) => wrong(format!("{what} {place} is {}, not below {bound}", tokens[place])),
            None => Ok(()),
        };
        let samples = match self {
            Data::Tokens(tokens) => {
                let Some(vocab) = network.vocab() else {
                    return wrong("the network takes vectors, not the tokens of a text".to_owned());
                };
                if objective != Objective::LANGUAGE_MODEL {
                    return wrong(
                        "each token of a text is predicted: cross-entropy over each step".to_owned(),
                    );
                }
                return below(tokens, vocab.min(output), "token");
            }
            Data::Samples(samples) => samples,
        };
        match (&samples.inputs, network.vocab()) {
            (Inputs::Tokens(tokens), Some(vocab)) => below(tokens, vocab, "input")?,
            (Inputs::Vectors(_), None) if samples.input_width() == network.input_size() => {}
            (Inputs::Vectors(_), None) => {
                let (width, size) = (samples.input_width(), network.input_size());
                return wrong(format!("sequences of {width} features, but the network takes {size}"));
            }
            _ => return wrong("tokens are for networks with an embedding, vectors for others".to_owned()),
        }
        let predictions = if objective.over == Over::EachStep { samples.steps() } else { 1 };
        let expected = match (&samples.labels, objective.loss) {
            (Labels::Classes(classes), Loss::CrossEntropy) => {
                below(classes, output, "class")?;
                predictions
            }
            (Labels::Values(_), Loss::MeanSquaredError) => predictions * output,
            _ => return wrong("classes are for cross-entropy, values for squared error".to_owned()),
        };
        if samples.label_width() != expected {
            let found = samples.label_width();
            return wrong(format!("{found} targets to a sequence, but there must be {expected}"));
        }
        Ok(())
    }

    /// A number that tells this data from other data (FNV-1a over its words; the same on any machine).
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |word: u32| hash = (hash ^ u64::from(word)).wrapping_mul(0x100_0000_01b3);
        match self {
            Data::Tokens(tokens) => tokens.iter().for_each(|&token| eat(token)),
            Data::Samples(samples) => {
                eat(samples.steps() as u32);
                match &samples.inputs {
                    Inputs::Tokens(tokens) => tokens.iter().for_each(|&token| eat(token)),
                    Inputs::Vectors(values) => values.iter().for_each(|value| eat(value.to_bits())),
                }
                match &samples.labels {
                    Labels::Classes(classes) => classes.iter().for_each(|&class| eat(class)),
                    Labels::Values(values) => values.iter().for_each(|value| eat(value.to_bits())),
                }
            }
        }
        hash
    }
}

/// A place in the data.
#[derive(Debug, Clone)]
pub(super) enum Feed {
    Stream(TokenStream),
    Samples { samples: Samples, order: Vec<usize>, epoch: u64, position: usize, lanes: usize },
}

/// A batch or a worker's part of one: `[time][lane]`.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    pub(super) steps: usize,
    pub(super) lanes: usize,
    /// Whether there is a target for each step, and not for the last alone.
    each_step: bool,
    tokens: Vec<u32>,
    vectors: Vec<f32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Feed {
    /// The start of the data.
    pub(super) fn new(data: Data, lanes: usize, steps: usize, seed: u64) -> Result<Feed, Error> {
        match data {
            Data::Tokens(tokens) => Ok(Feed::Stream(TokenStream::new(tokens, lanes, steps)?)),
            Data::Samples(samples) if samples.count() < lanes => {
                Err(Error::Data(format!("{} sequences are too few for a batch of {lanes}", samples.count())))
            }
            Data::Samples(samples) => {
                let order = samples.order(seed, 0);
                Ok(Feed::Samples { samples, order, epoch: 0, position: 0, lanes })
            }
        }
    }

    /// The epoch and the place in it.
    pub(super) fn place(&self) -> [u64; 2] {
        match self {
            Feed::Stream(stream) => [0, stream.position() as u64],
            Feed::Samples { epoch, position, .. } => [*epoch, *position as u64],
        }
    }

    /// Goes to a place that [`Feed::place`] gave.
    pub(super) fn seek(&mut self, place: [u64; 2], seed: u64) {
        match self {
            Feed::Stream(stream) => stream.seek(place[1] as usize),
            Feed::Samples { samples, order, epoch, position, .. } => {
                *order = samples.order(seed, place[0]);
                *epoch = place[0];
                *position = place[1] as usize;
            }
        }
    }

    /// Fills the next batch; whether states have to be zero before it.
    pub(super) fn next(&mut self, steps: usize, over: Over, seed: u64, batch: &mut Batch) -> bool {
        match self {
            Feed::Stream(stream) => batch.fill(stream, steps),
            Feed::Samples { samples, order, epoch, position, lanes } => {
                if *position + *lanes > order.len() {
                    *epoch += 1;
                    *order = samples.order(seed, *epoch);
                    *position = 0;
                }
                batch.gather(samples, &order[*position..*position + *lanes], over);
                *position += *lanes;
                true
            }
        }
    }
}

impl Batch {
    /// The next `steps` of a stream; whether they start it anew.
    pub(super) fn fill(&mut self, stream: &mut TokenStream, steps: usize) -> bool {
        let anew = stream.next(steps, &mut self.tokens, &mut self.classes);
        self.steps = steps;
        self.lanes = self.tokens.len() / steps;
        self.each_step = true;
        anew
    }

    /// The batch of these samples.
    pub(super) fn gather(&mut self, samples: &Samples, chosen: &[usize], over: Over) {
        samples.gather_inputs(chosen, &mut self.tokens, &mut self.vectors);
        let each_step = over == Over::EachStep;
        samples.gather_labels(chosen, each_step, &mut self.classes, &mut self.values);
        self.steps = samples.steps();
        self.each_step = each_step;
        self.lanes = chosen.len();
    }

    /// Copies lanes `first..first + lanes` to a part.
    pub(super) fn deal(&self, first: usize, lanes: usize, part: &mut Batch) {
        part.steps = self.steps;
        part.lanes = lanes;
        part.each_step = self.each_step;
        fn copy<T: Copy>(all: &[T], of: usize, rows: usize, first: usize, lanes: usize, part: &mut Vec<T>) {
            part.clear();
            let width = all.len() / rows.max(1);
            for row in all.chunks_exact((width * of).max(1)) {
                part.extend_from_slice(&row[first * width..(first + lanes) * width]);
            }
        }
        let (of, rows) = (self.lanes, self.lanes * self.steps);
        copy(&self.tokens, of, rows, first, lanes, &mut part.tokens);
        copy(&self.vectors, of, rows, first, lanes, &mut part.vectors);
        let rows = if self.each_step { rows } else { of };
        copy(&self.classes, of, rows, first, lanes, &mut part.classes);
        copy(&self.values, of, rows, first, lanes, &mut part.values);
    }

    /// What is fed.
    pub(super) fn input(&self) -> Signal<'_, f32> {
        if self.vectors.is_empty() { Signal::Tokens(&self.tokens) } else { Signal::Dense(&self.vectors) }
    }

    /// What is expected, and how many predictions or elements that is.
    pub(super) fn targets(&self, objective: Objective) -> (Targets<'_, f32>, usize) {
        match objective.loss {
            Loss::CrossEntropy => (Targets::Classes(&self.classes), self.classes.len()),
            Loss::MeanSquaredError => (Targets::Values(&self.values), self.values.len()),
        }
    }
}
