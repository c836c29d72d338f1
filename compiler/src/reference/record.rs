//! Check vectors from the reference: for models that are made here and not read from a file.

use super::{Input, Reference};
use crate::faults::Faults;
use crate::model::{Check, InputKind, Model, Steps};

/// What the reference computes of these steps from the reset state, as the check vectors of a model file, with the
/// default tolerance. A model's own `check` plays no part.
///
/// # Errors
///
/// Inputs that are not what [`Model::input`] says, no inputs at all, and outputs that are not finite.
pub fn record(model: &Model, steps: Steps) -> Result<Check, Faults> {
    let fault = |title: String, help: &str| Faults::plain(model.name.as_str(), title, help);
    let wrong = match (model.input(), &steps) {
        (_, steps) if steps.is_empty() => Some("no steps to record check vectors of".to_owned()),
        (InputKind::Token { vocab }, Steps::Tokens(tokens)) => {
            let wrong = tokens.iter().enumerate().find(|&(_, &token)| token as usize >= vocab);
            wrong.map(|(i, token)| {
                format!("token {token} of step {i} is not below {vocab}, the vocabulary's size")
            })
        }
        (InputKind::Vector { size }, Steps::Vectors(vectors)) => {
            let wrong = vectors
                .iter()
                .enumerate()
                .find(|(_, vector)| vector.len() != size || vector.iter().any(|value| !value.is_finite()));
            wrong.map(|(i, vector)| {
                format!("step {i} has {} values; {size} finite ones are expected", vector.len())
            })
        }
        (InputKind::Token { .. }, Steps::Vectors(_)) => {
            Some("vectors for a model that takes tokens".to_owned())
        }
        (InputKind::Vector { .. }, Steps::Tokens(_)) => {
            Some("tokens for a model that takes vectors".to_owned())
        }
    };
    if let Some(title) = wrong {
        return Err(fault(title, "give the check vectors inputs that the model takes"));
    }
    let mut reference = Reference::new(model);
    let mut step = |input: Input<'_>| reference.step(input).pop().unwrap_or_default();
    let outputs: Vec<Vec<f64>> = match &steps {
        Steps::Tokens(tokens) => tokens.iter().map(|&token| step(Input::Token(token))).collect(),
        Steps::Vectors(vectors) => vectors.iter().map(|vector| step(Input::Vector(vector))).collect(),
    };
    if let Some(i) = outputs.iter().position(|row| row.iter().any(|value| !value.is_finite())) {
        let help = "its weights overflow: look at how it was trained";
        return Err(fault(format!("the output of step {i} is not finite"), help));
    }
    Ok(Check { steps, outputs, tolerance: Check::TOLERANCE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Embedding, EmbeddingWeight, Layer, LayerKind, LayerNorm, Tensor};
    use crate::reference::check;

    fn tokens(value: f32) -> Model {
        let table = Tensor { shape: vec![3, 2], data: vec![value; 6] };
        let embedding = Embedding { vocab: 3, size: 2, weight: EmbeddingWeight::Table(table) };
        let norm = LayerNorm { size: 2, weight: vec![f32::MAX; 2], bias: Some(vec![1.0; 2]), epsilon: 1e-5 };
        let layer = |name: &str, kind| Layer { name: name.to_owned(), kind };
        let layers =
            vec![layer("embed", LayerKind::Embedding(embedding)), layer("norm", LayerKind::LayerNorm(norm))];
        Model { name: "small".to_owned(), layers, check: None, files: Vec::new() }
    }

    #[test]
    fn what_is_recorded_is_reproduced() {
        let mut model = tokens(0.5);
        let recorded = record(&model, Steps::Tokens(vec![2, 0])).unwrap();
        assert_eq!(recorded.outputs, [[1.0, 1.0], [1.0, 1.0]]);
        model.check = Some(recorded);
        assert!(check(&model).is_ok());
    }

    #[test]
    fn inputs_of_another_kind_are_faults() {
        for (steps, words) in [
            (Steps::Tokens(vec![0, 3]), "token 3 of step 1 is not below 3"),
            (Steps::Tokens(Vec::new()), "no steps"),
            (Steps::Vectors(vec![vec![0.0; 3]]), "vectors for a model that takes tokens"),
        ] {
            let faults = record(&tokens(0.5), steps).unwrap_err();
            assert!(faults.to_string().contains(words), "{faults}");
        }
        let mut model = tokens(0.5);
        model.layers.remove(0);
        for (steps, words) in [
            (Steps::Tokens(vec![0]), "tokens for a model that takes vectors"),
            (Steps::Vectors(vec![vec![0.0; 3]]), "step 0 has 3 values; 2 finite ones"),
            (Steps::Vectors(vec![vec![f32::NAN; 2]]), "step 0 has 2 values; 2 finite ones"),
        ] {
            let faults = record(&model, steps).unwrap_err();
            assert!(faults.to_string().contains(words), "{faults}");
        }
    }
}
