//! Valid models made up from a seed, as the text of a model file.
//!
//! [`catalogue`] goes through every structure, layer and awkward shape one by one; [`random_model`] mixes
//! them into whole networks; [`random_steps`] gives something to feed. The same seed gives the same text
//! on every machine. Weights are scaled so that values neither die out nor saturate from layer to layer.
//! No model carries a `check`: what it means is for the reference to say.

mod generator;
mod layer;
mod matrix;

use dopec::model::{InputKind, Model, Steps};
pub(crate) use generator::Random;
use layer::{FUNCTIONS, GATE_ORDERS, LAYERS, activation};
use matrix::{FILLS, Fill, KINDS, Kind, Part};
use serde_json::{Value, json};

/// Rows and columns: single ones, primes, powers of two, one past a vector's width.
const SHAPES: [(usize, usize); 9] =
    [(1, 1), (1, 9), (17, 1), (2, 3), (13, 7), (8, 16), (9, 17), (33, 31), (48, 20)];

/// Sizes of vectors with the same in mind.
const SIZES: [usize; 13] = [1, 2, 3, 5, 7, 8, 9, 12, 13, 16, 17, 31, 33];

/// Every structure with every layer kind, every structure and every fill in every awkward shape, every
/// layer kind in every size: names with the texts of their model files.
pub fn catalogue() -> Vec<(String, String)> {
    let mut models = Vec::new();
    let mut push = |name: String, make: &dyn Fn(&mut Random) -> Vec<Value>| {
        let mut random = Random::named(&name);
        let text = model_text(&name, &make(&mut random));
        models.push((name, text));
    };
    let structures = KINDS.iter().map(|&(name, kind)| (name, Some(kind))).chain([("sparse", None)]);
    for (turn, (kind_name, kind)) in structures.enumerate() {
        let part = Part { kind, fill: Fill::Some };
        for (layer, make) in LAYERS {
            let order = GATE_ORDERS[turn % GATE_ORDERS.len()];
            push(format!("{layer}_{kind_name}"), &|random| {
                vec![make(random, "layer", (13, 5), [part; 2], order)]
            });
        }
        for (rows, cols) in SHAPES {
            for (fill_name, fill) in FILLS {
                if kind.is_none() && fill == Fill::Absent {
                    continue;
                }
                let part = Part { kind, fill };
                let name = format!("linear_{kind_name}_{rows}x{cols}_{fill_name}");
                push(name, &|random| vec![random.linear("layer", (cols, rows), [part; 2], "")]);
            }
        }
    }
    let part = |kind| Part { kind: Some(kind), fill: Fill::Some };
    for size in SIZES {
        for (layer, make) in LAYERS {
            let parts = [part(Kind::Kronecker), part(Kind::LowRank)];
            push(format!("{layer}_of_{size}"), &|random| {
                vec![make(random, "layer", (9, size), parts, "ifgo")]
            });
            let plain = [Part { kind: Some(Kind::Dense), fill: Fill::Absent }; 2];
            push(format!("{layer}_from_{size}"), &|random| {
                vec![make(random, "layer", (size, 9), plain, "ifgo")]
            });
        }
        for function in FUNCTIONS {
            push(format!("{function}_of_{size}"), &|random| {
                let linear = random.linear("spread", (7, size), [part(Kind::Dense); 2], "");
                vec![linear, activation("layer", function)]
            });
        }
        push(format!("layer_norm_of_{size}"), &|random| vec![random.layer_norm("layer", size, 1e-3)]);
    }
    push("linear_of_many_non_zeros".into(), &|random| {
        let part = Part { kind: Some(Kind::Kronecker), fill: Fill::All };
        vec![random.linear("layer", (101, 97), [part; 2], "")]
    });
    push("linear_of_special_values".into(), &|random| vec![random.special_values("layer", 11, 19)]);
    models
}

/// A network in which large products stand several times with the same shape, with a bias and without one.
pub fn twins() -> String {
    let mut random = Random::named("twins");
    let parts = |kind| [Part { kind: Some(kind), fill: Fill::Absent }; 2];
    let sizes = (106, 106);
    let mut layers = Vec::new();
    for twin in ["a", "b"] {
        let parts = parts(Kind::Dense);
        layers.push(random.lstm_split(&format!("lstm_{twin}"), sizes, parts, GATE_ORDERS[0]));
    }
    for kind in [Kind::Dense, Kind::Circulant] {
        for twin in 0..4 {
            let name = format!("{kind:?}_{twin}").to_lowercase();
            let mut layer = random.linear(&name, sizes, parts(kind), "");
            layer["linear"]["bias"] = random.tensor(&[sizes.1], 0.3);
            if twin < 2 {
                layer["linear"].as_object_mut().expect("a layer is an object").remove("bias");
            }
            layers.push(layer);
        }
    }
    model_text("twins", &layers)
}

/// A network of so many layers, at least one, each of a random kind and structure, of sizes up to `largest`.
pub fn random_model(seed: u64, layers: usize, largest: usize) -> String {
    let mut random = Random::new(seed);
    let sizes = &SIZES[..SIZES.partition_point(|&size| size <= largest).max(1)];
    let mut size = random.pick(sizes);
    let count = layers;
    let mut layers = Vec::new();
    for i in 0..count {
        let name = format!("layer{i}");
        let output = random.pick(sizes);
        let parts = [random.part(), random.part()];
        let order = random.pick(&GATE_ORDERS);
        // Only the first layer may be an embedding, which stands first in the table; an activation there
        // would have no layer before it to take its size from.
        let choice = if i == 0 { random.below(LAYERS.len()) } else { 1 + random.below(LAYERS.len() + 1) };
        layers.push(match choice {
            choice if choice < LAYERS.len() => {
                let layer = LAYERS[choice].1(&mut random, &name, (size, output), parts, order);
                size = output;
                layer
            }
            choice if choice == LAYERS.len() => activation(&name, random.pick(&FUNCTIONS)),
            // One after another, of two units that are nearly alike, would leave 32-bit floats no digit.
            _ => random.layer_norm(&name, size, 0.1),
        });
    }
    model_text(&format!("random_{seed}"), &layers)
}

/// Inputs for a model: tokens of its vocabulary, or vectors of its input size with values of about 1.
pub fn random_steps(model: &Model, steps: usize, seed: u64) -> Steps {
    let mut random = Random::new(seed);
    match model.input() {
        InputKind::Token { vocab } => Steps::Tokens((0..steps).map(|_| random.below(vocab) as u32).collect()),
        InputKind::Vector { size } => {
            Steps::Vectors((0..steps).map(|_| (0..size).map(|_| random.value(1.0)).collect()).collect())
        }
    }
}

fn model_text(name: &str, layers: &[Value]) -> String {
    json!({"format": "doped-model", "version": 1, "name": name, "layers": layers}).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io;

    use dopec::ingest::{Source, ingest};
    use dopec::reference::{Input, Reference};

    use super::*;

    fn read(text: &str) -> Model {
        let open = |name: &str| Err(io::Error::other(format!("{name} was not asked for")));
        ingest(&Source { file: "random.json", json: text.as_bytes(), open: &open, lock: None })
            .unwrap_or_else(|faults| panic!("{faults}"))
    }

    /// The largest output of ten steps, and whether the last two steps differ.
    fn run(model: &Model) -> (f64, bool) {
        let mut reference = Reference::new(model);
        let mut step = |input: Input<'_>| reference.step(input).pop().expect("a model has layers");
        let outputs: Vec<Vec<f64>> = match random_steps(model, 10, 1) {
            Steps::Tokens(tokens) => tokens.into_iter().map(|token| step(Input::Token(token))).collect(),
            Steps::Vectors(vectors) => vectors.iter().map(|x| step(Input::Vector(x))).collect(),
        };
        let values = || outputs.iter().flatten();
        assert!(values().all(|value| value.is_finite()));
        (values().fold(0.0, |largest, value| value.abs().max(largest)), outputs[8] != outputs[9])
    }

    #[test]
    fn the_catalogue_is_valid_and_has_no_name_twice() {
        let models = catalogue();
        let names: HashSet<&str> = models.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), models.len());
        for (name, text) in &models {
            assert_eq!(&read(text).name, name);
        }
    }

    #[test]
    fn random_models_are_valid_and_mostly_lively() {
        let lively = (0..400).filter(|&seed| {
            let (largest, moves) = run(&read(&random_model(seed, 1 + seed as usize % 5, 33)));
            assert!(largest < 1e3, "random_{seed} grows to {largest}");
            largest > 1e-3 && moves
        });
        assert!(lively.count() > 360);
    }

    #[test]
    fn a_seed_gives_the_same_model_again() {
        assert_eq!(random_model(7, 3, 16), random_model(7, 3, 16));
        assert_ne!(random_model(7, 3, 16), random_model(8, 3, 16));
        assert_eq!(catalogue(), catalogue());
    }
}
