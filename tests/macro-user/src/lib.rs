//! Models that the macro compiled, in a crate without std that denies every warning.
#![no_std]
#![deny(warnings, missing_docs)]

doped::doped_model!("../models/shakespeare_small.json");

/// Options and visibility of the macro: tables only, seen in this crate only.
pub mod tables {
    doped::doped_model!(pub(crate) "../models/shakespeare_small.json", unroll_limit = 0, target = "portable");
}

/// Several streams at once, and steps in blocks; held to every lint of style.
#[deny(clippy::nursery, clippy::pedantic)]
pub mod many {
    doped::doped_model!("../models/shakespeare_small.json", batch = 3, run_block = 4);
}

/// A model that takes vectors and remembers nothing.
pub mod stateless {
    doped::doped_model!("../snapshot-models/mixer.json");
}

/// A model whose tables stand in a safetensors file.
pub mod stored {
    doped::doped_model!("../models/oracle/network_stored.json");
}

/// The same model with a lock file beside it.
pub mod locked {
    doped::doped_model!("../locked-models/locked_mixer.json");
}

/// Its tables as numbers, and a lock file left aside that would be refused.
pub mod unlocked {
    doped::doped_model!("../macro-errors/mistuned.json", data = "numbers", no_lock);
}

#[cfg(test)]
mod tests {
    use super::shakespeare_small::{self, Error, Model, OUTPUT_SIZE, Scratch, State, VOCAB_SIZE};

    const TOKENS: [u32; 5] = [18, 47, 1, 0, 64];

    /// Whether two vectors are the same but for rounding.
    fn near(a: &[f32], b: &[f32]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * a.abs().max(1.0))
    }

    #[test]
    fn straight_line_and_tables_agree() {
        let (mut straight, mut tables) = (Model::new(), super::tables::shakespeare_small::Model::new());
        for token in TOKENS {
            assert!(near(straight.step(token).unwrap(), tables.step(token).unwrap()));
        }
    }

    #[test]
    fn streams_share_one_scratch() {
        let (mut model, mut scratch, mut streams) =
            (Model::new(), Scratch::new(), [State::new(), State::new()]);
        let (mut output, mut other) = ([0.0; OUTPUT_SIZE], [0.0; OUTPUT_SIZE]);
        for token in TOKENS {
            shakespeare_small::step(&mut streams[0], &mut scratch, token, &mut output).unwrap();
            shakespeare_small::step(&mut streams[1], &mut scratch, 64 - token, &mut other).unwrap();
            assert_eq!(model.step(token), Ok(&output));
        }
        assert_ne!(output, other);
        let mut rows = [[0.0; OUTPUT_SIZE]; TOKENS.len()];
        streams[0].reset();
        shakespeare_small::run(&mut streams[0], &mut scratch, &TOKENS, &mut rows).unwrap();
        assert_eq!(rows[TOKENS.len() - 1], output);
        assert_eq!(
            shakespeare_small::run(&mut streams[0], &mut scratch, &TOKENS[1..], &mut rows),
            Err(Error::Length)
        );
    }

    #[test]
    fn streams_at_once_and_steps_in_blocks_agree() {
        use super::many::shakespeare_small::{BATCH, BatchScratch, BatchState, run, step_batch};
        use super::many::shakespeare_small::{Error, Scratch, State};
        let (mut batch, mut batch_scratch) = (BatchState::new(), BatchScratch::new());
        let mut models = [const { Model::new() }; BATCH];
        let mut outputs = [[0.0; OUTPUT_SIZE]; BATCH];
        for (i, token) in TOKENS.into_iter().enumerate() {
            if i == 3 {
                models[1].reset();
                batch.reset_stream(1);
            }
            let tokens = [token, 64 - token, 7];
            step_batch(&mut batch, &mut batch_scratch, &tokens, &mut outputs).unwrap();
            for ((model, token), output) in models.iter_mut().zip(tokens).zip(&outputs) {
                assert!(near(model.step(token).unwrap(), output));
            }
        }
        let (kept, refused) = (batch.clone(), [1, VOCAB_SIZE as u32, 2]);
        let result = step_batch(&mut batch, &mut batch_scratch, &refused, &mut outputs);
        assert_eq!(result, Err(Error::Token(VOCAB_SIZE as u32)));
        assert!(batch == kept);

        let (mut model, mut rows) = (Model::new(), [[0.0; OUTPUT_SIZE]; TOKENS.len()]);
        run(&mut State::new(), &mut Scratch::new(), &TOKENS, &mut rows).unwrap();
        for (token, row) in TOKENS.into_iter().zip(&rows) {
            assert!(near(model.step(token).unwrap(), row));
        }
    }

    #[test]
    fn a_refused_token_changes_nothing() {
        let mut model = Model::new();
        model.step(3).unwrap();
        let mut before = model.clone();
        assert_eq!(model.step(VOCAB_SIZE as u32), Err(Error::Token(VOCAB_SIZE as u32)));
        assert_eq!(model.state(), before.state());
        assert_eq!(model.step(4), before.step(4));
        model.reset();
        assert_eq!(model.step(9), Model::new().step(9));
    }

    #[test]
    fn vectors_go_in_without_a_result() {
        let mut model = super::stateless::mixer::Model::new();
        let output = model.step(&[1.0, -1.0, 0.5, 2.0]);
        // Row 4: the second row of the first factor with the second of the other, and a bias.
        let row = -0.25 * (0.3 - 0.4) + 2.0 * (0.15 + 0.8) + 0.05;
        assert!((row - 1.975_f32).abs() < 1e-6);
        assert!(near(&output[4..5], &[0.9622181])); // tanh(1.975)
    }

    #[test]
    fn a_lock_file_changes_the_kernels_and_not_the_outputs() {
        let mut plain = super::stateless::mixer::Model::new();
        let mut locked = super::locked::locked_mixer::Model::new();
        for x in [[1.0, -1.0, 0.5, 2.0], [0.25, 3.0, -2.0, 0.0]] {
            assert!(near(plain.step(&x), locked.step(&x)));
        }
    }
}
