//! What a run has come to, as it is told on stdout: scores beside those of a guess, what is stored, how much less than dense.

use dopec::model::Model;
use dopec_trainer::Network;
use dopec_trainer::budget::{Counting, stored_bits};
use dopec_trainer::data::Unit;
use dopec_trainer::network::LayerSpec;
use dopec_trainer::score::{Loss, Score};

use super::baseline::Baseline;
use super::checkpoint::Notes;
use super::input::Input;
use super::network::factor;
use super::options::{Counted, Structure, Train};
use super::source::matrices;

/// The report.
pub(super) fn report(
    options: &Train,
    input: &Input,
    notes: &Notes,
    (network, model): (&Network<f32>, &Model),
    (score, baseline): (&Score, &Baseline),
) -> String {
    let output = options.output.display();
    let mut lines =
        vec![format!("{output}: model `{}`, trained for {} steps", model.name, notes.length.steps)];
    let unit = input.unit();
    let count = score.count;
    lines.push(match (&input.vocabulary, input.objective.loss) {
        (Some(vocabulary), _) => {
            let bits = format!(", {:.4} bits", score.bits());
            let bits = if vocabulary.unit == Unit::Word { String::new() } else { bits };
            let (loss, perplexity) = (score.loss, score.perplexity());
            let unknown = input.unknown().map(|share| format!(", {:.2}% of them <unk>", 100.0 * share));
            let unknown = unknown.unwrap_or_default();
            format!(
                "  held out      {loss:.4} nats{bits} per {unit}, perplexity {perplexity:.4} ({count} {unit}s{unknown})"
            )
        }
        (None, Loss::CrossEntropy) => {
            let right = 100.0 * score.accuracy;
            format!("  held out      {right:.2}% right, {:.4} nats per sequence ({count} sequences)", score.loss)
        }
        (None, Loss::MeanSquaredError) => {
            format!("  held out      mean squared error {:.6} ({count} values)", score.loss)
        }
    });
    lines.push(format!("  a guess       {}", baseline.line(unit)));
    let mut stored = network.parameters.count();
    for matrix in network.matrices() {
        matrix.visit_sparse(&mut |_, sparse| stored -= sparse.mask.len() - sparse.kept());
    }
    let [dense, values, indices, everything] = sizes(network);
    let recurrent = values / 32;
    lines.push(format!("  stored        {stored} values, {recurrent} of them in recurrent matrices"));
    if values > 0 {
        lines.extend(compression(
            options,
            [values, indices, everything].map(|bits| dense as f64 / bits as f64),
        ));
    }
    let share = notes.moments.iter().rev().find_map(|moment| moment.structure_share);
    if let Some(share) = share {
        lines.push(format!("  share of S    {:.1}% of the doped matrices' output", 100.0 * (1.0 - share)));
    }
    lines.push(format!("compile it: dopec {output} --emit c"));
    lines.join("\n") + "\n"
}

/// How many times less than dense the recurrent matrices are, by values, with columns, and with everything; and what was
/// asked for, where anything was.
fn compression(options: &Train, [values, indices, everything]: [f64; 3]) -> Vec<String> {
    let fresh = options.from.is_none();
    let mut lines = vec![if fresh && options.structure == Structure::SmallerDense {
        "  compression   by fewer units: the matrices are dense".to_owned()
    } else {
        let columns = match options.counting {
            Counted::Indices => format!("{indices:.2} with the columns of non-zeros, "),
            Counted::Values | Counted::Everything => String::new(),
        };
        format!(
            "  compression   recurrent matrices {values:.2} times smaller than dense by values, {columns}{everything:.2} with all indices"
        )
    }];
    let factor = match options.factor {
        None if fresh && options.structure != Structure::Dense => Some(factor(options)),
        asked => asked,
    };
    if let Some(factor) = factor {
        let counting = match options.counting {
            Counted::Values => "values",
            Counted::Indices => "indices",
            Counted::Everything => "everything",
        };
        lines.push(format!("  asked for     --factor {factor} --counting {counting}"));
    }
    lines
}

/// Bits of all recurrent matrices: dense; stored, by values, with the columns of non-zeros, and with everything.
fn sizes(network: &Network<f32>) -> [u64; 4] {
    let mut sizes = [0; 4];
    let mut spec = network.spec.clone();
    for layer in &mut spec.layers {
        if !matches!(layer, LayerSpec::Lstm { .. } | LayerSpec::Gru { .. }) {
            continue;
        }
        for (matrix, rows, cols) in matrices(layer) {
            sizes[0] += 32 * (rows * cols) as u64;
            let countings = [Counting::Values, Counting::Indices, Counting::Everything];
            for (size, counting) in sizes[1..].iter_mut().zip(countings) {
                *size += stored_bits(matrix, rows, cols, counting);
            }
        }
    }
    sizes
}
