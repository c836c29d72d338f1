//! Trains a small language model of characters: `text FILE [form] [factor] [steps] [cmr probability]`.
//!
//! The whole of the library in one place: a text, a budget, a run with annealing and co-matrix dropout, the
//! share that sparse parts carry, scores on what was held out.

use dopec_trainer::budget::{Budget, MatrixForm};
use dopec_trainer::data::{Text, Unit};
use dopec_trainer::doping::co_matrix::CoMatrixDropout;
use dopec_trainer::{Data, Initialisation, Network, NetworkSpec, Settings, Trainer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let argument = |k: usize, default: &str| arguments.get(k).map_or(default.to_owned(), String::clone);
    let text = Text::new(&std::fs::read(argument(1, "text.txt"))?, Unit::Character, None, 0.05)?;
    let form: MatrixForm = argument(2, "doped_kronecker").parse()?;
    let budget = Budget::new(argument(3, "10").parse()?);
    let steps: u64 = argument(4, "1000").parse()?;
    let probability: f64 = argument(5, "0").parse()?;
    let spec = NetworkSpec::language_model(text.vocabulary.len(), 64, &[128], 0.0, |_, rows, cols| {
        budget.matrix(form, rows, cols)
    })?;
    let co_matrix =
        (probability > 0.0).then(|| CoMatrixDropout { probability, ..CoMatrixDropout::default() });
    let settings = Settings { co_matrix, threads: 1, ..Settings::language_model(steps) };
    let network = Network::new(spec, Initialisation::default())?;
    let mut trainer = Trainer::new(network, settings, Data::Tokens(text.train))?;
    let validation = Data::Tokens(text.validation);
    for step in 1..=steps {
        let report = trainer.step()?;
        if step % (steps / 10).max(1) == 0 {
            let score = trainer.evaluate(&validation, 16)?;
            let shares: Vec<String> =
                trainer.shares().iter().map(|share| format!("{:.2}", share.of_sparse())).collect();
            println!(
                "step {step}: loss {:.4}, held out {:.4} ({:.3} bits), density {:.3}, shares of S {shares:?}",
                report.loss,
                score.loss,
                score.bits(),
                report.density,
            );
        }
    }
    trainer.finish();
    let score = trainer.evaluate(&validation, 1)?;
    println!("{form}: held out {:.4} nats, perplexity {:.3}", score.loss, score.perplexity());
    Ok(())
}
