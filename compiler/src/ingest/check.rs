//! The check vectors, against the model they belong to.

use std::ops::Range;

use super::json::Node;
use super::reader::{Reader, short};
use crate::model::{Check, InputKind, Model, Steps};

/// Vectors, and the place of each.
type Rows<T> = (Vec<Vec<T>>, Vec<Range<usize>>);

impl<'a> Reader<'a> {
    /// `check`, and the places of its rows of outputs.
    pub(super) fn check(&mut self, node: &Node<'a>, model: &Model) -> Option<(Check, Vec<Range<usize>>)> {
        let mut fields = self.fields(node, &["tokens", "inputs", "outputs", "tolerance"])?;
        let tolerance = match fields.take("tolerance") {
            None => Some(Check::TOLERANCE),
            Some(node) => self.tolerance(&node),
        };
        let (tokens, inputs) = (fields.take("tokens"), fields.take("inputs"));
        let outputs = self.require(&mut fields, "outputs");
        let steps = match (model.input(), tokens, inputs) {
            (InputKind::Token { vocab }, Some(tokens), None) => self.tokens(&tokens, vocab),
            (InputKind::Vector { size }, None, Some(inputs)) => {
                let rows = self.rows::<f32>(&inputs, size);
                rows.map(|(rows, _)| Steps::Vectors(rows))
            }
            (kind, tokens, inputs) => {
                let expected = match kind {
                    InputKind::Token { .. } => "`tokens` alone, since the first layer is an embedding",
                    InputKind::Vector { .. } => "`inputs` alone, since the first layer takes vectors",
                };
                let found = match (tokens, inputs) {
                    (Some(_), Some(_)) => "`tokens` and `inputs`",
                    (Some(_), None) => "`tokens`",
                    (None, Some(_)) => "`inputs`",
                    (None, None) => "neither",
                };
                let fault = self.fault(node, "check vectors of another kind of input", "these");
                fault.expected = Some(expected.to_owned());
                fault.found = Some(found.to_owned());
                fault.help =
                    Some("write what the first layer was fed when the outputs were computed".to_owned());
                None
            }
        };
        let outputs_node = outputs?;
        let (outputs, places) = self.rows::<f64>(&outputs_node, model.output_size())?;
        let steps = steps?;
        if steps.len() != outputs.len() {
            let fault = self.fault(&outputs_node, "as many outputs as steps are needed", "these outputs");
            fault.expected = Some(format!("{} rows", steps.len()));
            fault.found = Some(format!("{} rows", outputs.len()));
            fault.help = Some("write the output of every step, or leave steps out".to_owned());
            return None;
        }
        Some((Check { steps, outputs, tolerance: tolerance? }, places))
    }

    fn tolerance(&mut self, node: &Node<'a>) -> Option<f64> {
        let tolerance = self.number(node)?;
        if tolerance > 0.0 {
            return Some(tolerance);
        }
        let fault = self.fault(node, "a tolerance that is not above zero", "this tolerance");
        fault.expected = Some("a number above 0".to_owned());
        fault.found = Some(short(node.text));
        fault.help = Some("give one such as 1e-4, or leave it out".to_owned());
        None
    }

    fn tokens(&mut self, node: &Node<'a>, vocab: usize) -> Option<Steps> {
        let tokens: Vec<u32> = self.numbers(node)?;
        if let Some(i) = tokens.iter().position(|&token| token as usize >= vocab) {
            let fault =
                self.fault(node, "a token outside the vocabulary", format!("element {i} is {}", tokens[i]));
            fault.expected = Some(format!("tokens below {vocab}"));
            fault.found = Some(format!("{} as element {i}", tokens[i]));
            fault.help = Some("count tokens from 0, or mend the embedding's `vocab`".to_owned());
            return None;
        }
        Some(Steps::Tokens(tokens))
    }

    fn rows<T: super::json::Number>(&mut self, node: &Node<'a>, len: usize) -> Option<Rows<T>> {
        let Some(elements) = node.elements() else {
            self.wrong_type(node, "an array of vectors");
            return None;
        };
        let mut rows = Vec::with_capacity(elements.len());
        let mut places = Vec::with_capacity(elements.len());
        for element in &elements {
            let row: Vec<T> = self.numbers(element)?;
            if row.len() != len {
                let fault = self.fault(element, "a vector of the wrong length", "this vector");
                fault.expected = Some(format!("{len} numbers"));
                fault.found = Some(format!("{} numbers", row.len()));
                fault.help = Some("write vectors as long as what the model takes and gives".to_owned());
                return None;
            }
            rows.push(row);
            places.push(self.span(element));
        }
        Some((rows, places))
    }
}
