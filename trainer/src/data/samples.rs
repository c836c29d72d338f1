//! Sequences of equal length with a target each (or one each step), in an order shuffled anew each epoch.

use crate::error::Error;
use crate::random::{Purpose, Stream};

/// What the sequences are made of: `[sample][time]`, or `[sample][time][feature]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// Tokens.
    Tokens(Vec<u32>),
    /// Vectors of features.
    Vectors(Vec<f32>),
}

/// What they are to give: `[sample]` or `[sample][time]`, of a class or of the output's size of values.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Classes.
    Classes(Vec<u32>),
    /// Values.
    Values(Vec<f32>),
}

/// Sequences with their targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// What is fed.
    pub inputs: Inputs,
    /// What is expected.
    pub labels: Labels,
    count: usize,
    steps: usize,
    /// Numbers to one step of inputs, and to one sample of labels.
    input_width: usize,
    label_width: usize,
}

impl Samples {
    /// `count` sequences of `steps` each.
    ///
    /// # Errors
    ///
    /// No sequences or steps; arrays whose lengths are not multiples of what they should hold; values that
    /// are not finite, with the sample.
    pub fn new(inputs: Inputs, labels: Labels, count: usize, steps: usize) -> Result<Samples, Error> {
        if count == 0 || steps == 0 {
            return Err(Error::Data("there are no sequences, or they have no steps".to_owned()));
        }
        let (input_len, label_len) = (inputs.len(), labels.len());
        if input_len == 0 || input_len % (count * steps) != 0 {
            let problem = format!("{input_len} numbers of input are not {count} sequences of {steps} steps");
            return Err(Error::Data(problem));
        }
        if label_len == 0 || label_len % count != 0 {
            return Err(Error::Data(format!("{label_len} targets are not those of {count} sequences")));
        }
        let (input_width, label_width) = (input_len / (count * steps), label_len / count);
        let finite = |values: &[f32], width: usize, what| match values.iter().position(|x| !x.is_finite()) {
            Some(place) => Err(Error::Data(format!("{what} of sequence {} is not finite", place / width))),
            None => Ok(()),
        };
        if let Inputs::Vectors(values) = &inputs {
            finite(values, input_width * steps, "an input")?;
        }
        if let Labels::Values(values) = &labels {
            finite(values, label_width, "a target")?;
        }
        Ok(Samples { inputs, labels, count, steps, input_width, label_width })
    }

    /// Number of sequences.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Steps of each.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Numbers to one step of input: features of a vector, 1 for tokens.
    pub fn input_width(&self) -> usize {
        self.input_width
    }

    /// Numbers to all targets of a sequence.
    pub fn label_width(&self) -> usize {
        self.label_width
    }

    /// The order of an epoch.
    pub fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        Stream::new(seed, Purpose::Shuffle, 0, epoch).order(self.count)
    }

    /// Gathers the inputs of these samples as `[time][lane]`.
    pub(crate) fn gather_inputs(&self, samples: &[usize], tokens: &mut Vec<u32>, vectors: &mut Vec<f32>) {
        tokens.clear();
        vectors.clear();
        for step in 0..self.steps {
            for &sample in samples {
                let at = sample * self.steps + step;
                match &self.inputs {
                    Inputs::Tokens(all) => tokens.push(all[at]),
                    Inputs::Vectors(all) => {
                        vectors.extend_from_slice(&all[at * self.input_width..][..self.input_width]);
                    }
                }
            }
        }
    }

    /// Gathers their targets as `[lane]`, or as `[time][lane]` where each step has one.
    pub(crate) fn gather_labels(
        &self,
        samples: &[usize],
        each_step: bool,
        classes: &mut Vec<u32>,
        values: &mut Vec<f32>,
    ) {
        classes.clear();
        values.clear();
        let steps = if each_step { self.steps } else { 1 };
        let width = self.label_width / steps;
        for step in 0..steps {
            for &sample in samples {
                let at = sample * self.label_width + step * width;
                match &self.labels {
                    Labels::Classes(all) => classes.extend_from_slice(&all[at..at + width]),
                    Labels::Values(all) => values.extend_from_slice(&all[at..at + width]),
                }
            }
        }
    }
}

impl Inputs {
    fn len(&self) -> usize {
        match self {
            Inputs::Tokens(tokens) => tokens.len(),
            Inputs::Vectors(values) => values.len(),
        }
    }
}

impl Labels {
    fn len(&self) -> usize {
        match self {
            Labels::Classes(classes) => classes.len(),
            Labels::Values(values) => values.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Inputs, Labels, Samples};

    #[test]
    fn arrays_that_are_not_sequences_are_refused() {
        let new = |inputs, labels| Samples::new(inputs, labels, 2, 3).map_err(|error| error.to_string());
        let classes = || Labels::Classes(vec![0, 1]);
        assert!(new(Inputs::Vectors(vec![0.0; 12]), classes()).is_ok());
        assert!(new(Inputs::Vectors(vec![0.0; 13]), classes()).unwrap_err().contains("13 numbers"));
        assert!(
            new(Inputs::Tokens(vec![0; 6]), Labels::Values(vec![0.0; 3])).unwrap_err().contains("3 targets")
        );
        let mut values = vec![0.0; 12];
        values[7] = f32::NAN;
        assert!(new(Inputs::Vectors(values), classes()).unwrap_err().contains("sequence 1"));
    }

    #[test]
    fn batches_are_time_major() {
        let inputs = Inputs::Vectors((0..12).map(|k| k as f32).collect());
        let labels = Labels::Classes(vec![10, 11, 12, 20, 21, 22]);
        let samples = Samples::new(inputs, labels, 2, 3).unwrap();
        let (mut tokens, mut vectors, mut classes, mut values) = Default::default();
        samples.gather_inputs(&[1, 0], &mut tokens, &mut vectors);
        assert_eq!(vectors, [6.0, 7.0, 0.0, 1.0, 8.0, 9.0, 2.0, 3.0, 10.0, 11.0, 4.0, 5.0]);
        samples.gather_labels(&[1, 0], true, &mut classes, &mut values);
        assert_eq!(classes, [20, 10, 21, 11, 22, 12]);
    }
}
