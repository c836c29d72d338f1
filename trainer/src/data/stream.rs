//! A stream of tokens cut into lanes that run side by side, for truncated backpropagation: each batch goes
//! on where the one before ended, so that states can be carried.

use crate::error::Error;

/// A stream in lanes; predicts each token from those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenStream {
    tokens: Vec<u32>,
    lanes: usize,
    /// Predictions of each lane.
    lane_len: usize,
    /// The next prediction of each lane.
    position: usize,
}

impl TokenStream {
    /// Cuts a stream into lanes of equal length; what is left over at the end is not used.
    ///
    /// # Errors
    ///
    /// A stream too short for one batch of `lanes` × `steps` predictions; no lanes or steps.
    pub fn new(tokens: Vec<u32>, lanes: usize, steps: usize) -> Result<TokenStream, Error> {
        if lanes == 0 || steps == 0 {
            let problem = "there must be 1 lane and 1 step at least".to_owned();
            return Err(Error::Option { name: "batch", problem });
        }
        let lane_len = tokens.len().saturating_sub(1) / lanes;
        if lane_len < steps {
            return Err(Error::Data(format!(
                "{} tokens are too few for a batch: {lanes} lanes of {steps} steps take {}",
                tokens.len(),
                lanes * steps + 1,
            )));
        }
        Ok(TokenStream { tokens, lanes, lane_len, position: 0 })
    }

    /// Where the next batch starts in each lane.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Predictions of each lane in one pass over the stream.
    pub fn lane_len(&self) -> usize {
        self.lane_len
    }

    /// Goes to a place that [`TokenStream::position`] gave.
    pub fn seek(&mut self, position: usize) {
        self.position = position;
    }

    /// Batches of `steps` in one pass over the stream.
    pub fn batches(&self, steps: usize) -> usize {
        self.lane_len / steps
    }

    /// Writes the next batch of `steps` as `[time][lane]` tokens and the tokens that follow them. Whether
    /// it starts the stream anew, where states have to be zero.
    pub fn next(&mut self, steps: usize, inputs: &mut Vec<u32>, targets: &mut Vec<u32>) -> bool {
        if self.position + steps > self.lane_len {
            self.position = 0;
        }
        inputs.clear();
        targets.clear();
        for step in self.position..self.position + steps {
            for lane in 0..self.lanes {
                let at = lane * self.lane_len + step;
                inputs.push(self.tokens[at]);
                targets.push(self.tokens[at + 1]);
            }
        }
        self.position += steps;
        self.position == steps
    }
}

#[cfg(test)]
mod tests {
    use super::TokenStream;

    #[test]
    fn lanes_go_on_from_batch_to_batch_and_start_anew_at_the_end() {
        let mut stream = TokenStream::new((0..12).collect(), 2, 2).unwrap();
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        assert!(stream.next(2, &mut inputs, &mut targets));
        assert_eq!((&inputs[..], &targets[..]), (&[0, 5, 1, 6][..], &[1, 6, 2, 7][..]));
        assert!(!stream.next(2, &mut inputs, &mut targets));
        assert_eq!((&inputs[..], &targets[..]), (&[2, 7, 3, 8][..], &[3, 8, 4, 9][..]));
        assert!(stream.next(2, &mut inputs, &mut targets));
        assert_eq!(inputs, [0, 5, 1, 6]);
    }

    #[test]
    fn a_stream_shorter_than_a_batch_is_refused() {
        let error = TokenStream::new(vec![0; 10], 2, 5).unwrap_err().to_string();
        assert_eq!(error, "10 tokens are too few for a batch: 2 lanes of 5 steps take 11");
        assert!(TokenStream::new(vec![0; 11], 2, 5).is_ok());
        assert!(TokenStream::new(Vec::new(), 1, 1).is_err());
    }
}
