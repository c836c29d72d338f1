//! The end of a run: scores, the model file with check vectors and metadata, the report.
//!
//! The last state is in the checkpoint before anything else is written, if there is room for it, and the checkpoint is
//! removed after everything is: whatever fails here can be mended, and the same command then ends the run without
//! training anything again.

use dopec::model::{Model, Steps};
use dopec::reference::record;
use dopec::{Faults, files};
use dopec_trainer::budget::{Counting, stored_bits};
use dopec_trainer::data::{Inputs, Unit};
use dopec_trainer::network::LayerSpec;
use dopec_trainer::score::{Loss, Score};
use dopec_trainer::{Data, Error, Network, Trainer};
use serde_json::{Value, json};

use super::checkpoint::{self, Notes};
use super::input::Input;
use super::options::{Structure, Train};
use super::plan;
use super::progress::tell;
use super::source::{matrices, words};
use super::watch::Watch;

/// Numbers that the outputs of check vectors hold, about, at most.
const CHECKED: usize = 4096;

/// Writes the model; gives the report.
pub(super) fn finish(
    options: &Train,
    input: &Input,
    watch: &Watch<'_>,
    (mut trainer, notes): (Trainer, Notes),
) -> Result<String, Faults> {
    let bytes = checkpoint::bytes(&mut trainer, &notes);
    trainer.finish();
    let step = notes.length.steps;
    let score = trainer.evaluate(&input.held_out, plan::lanes(&input.held_out));
    let score = score.map_err(|error| watch.failed(&error, step))?;
    if !score.loss.is_finite() {
        let error = Error::NotFinite { step, what: "loss".to_owned() };
        return Err(watch.failed(&error, step));
    }
    let kept = checkpoint::write(watch.checkpoint, &bytes);
    let written = write(options, input, watch, (&trainer, &notes), &score);
    if let (Err(faults), Err(_)) = (&kept, &written) {
        tell(faults);
    }
    let report = written?;
    // The model is there: that the checkpoint stays would be no fault.
    let _ = std::fs::remove_file(watch.checkpoint);
    Ok(report)
}

/// Writes the model and its curves; gives the report.
fn write(
    options: &Train,
    input: &Input,
    watch: &Watch<'_>,
    (trainer, notes): (&Trainer, &Notes),
    score: &Score,
) -> Result<String, Faults> {
    let mut model = trainer.network().to_model(watch.name);
    model.check = Some(record(&model, check_steps(&input.held_out, input.output_size))?);
    let metadata = metadata(options, input, notes, trainer, score);
    files::save(&options.output, &model, &metadata, dopec::export::Storage::Auto)?;
    watch.draw(notes)?;
    Ok(report(options, input, notes, trainer.network(), &model, score))
}

/// The beginning of what is held out.
fn check_steps(held_out: &Data, output_size: usize) -> Steps {
    let most = (CHECKED / output_size.max(1)).clamp(2, 24);
    match held_out {
        Data::Tokens(tokens) => Steps::Tokens(tokens.iter().copied().take(most).collect()),
        Data::Samples(samples) => match &samples.inputs {
            Inputs::Tokens(tokens) => Steps::Tokens(tokens.iter().copied().take(most).collect()),
            Inputs::Vectors(values) => {
                let steps = values.chunks_exact(samples.input_width()).take(most.min(samples.steps()));
                Steps::Vectors(steps.map(<[f32]>::to_vec).collect())
            }
        },
    }
}

/// What the file says of how the model was made: nothing that a cut in the run would change.
fn metadata(options: &Train, input: &Input, notes: &Notes, trainer: &Trainer, score: &Score) -> Value {
    let mut training = notes.request.clone();
    let settings = trainer.settings();
    training.insert("data".to_owned(), json!(options.input.file_name().map(|name| name.to_string_lossy())));
    training.insert("steps".to_owned(), json!(notes.length.steps));
    training.insert("threads".to_owned(), json!(notes.threads));
    training.insert("learning-rate".to_owned(), json!(settings.schedule.rate));
    let cmr = settings.co_matrix.map_or(0.0, |options| options.probability);
    training.insert("cmr".to_owned(), json!(cmr));
    let mut scores = json!({"loss": score.loss, "predictions": score.count});
    match (&input.vocabulary, input.objective.loss) {
        (Some(_), _) => {
            scores["bits"] = json!(score.bits());
            scores["perplexity"] = json!(score.perplexity());
        }
        (None, Loss::CrossEntropy) => scores["accuracy"] = json!(score.accuracy),
        (None, Loss::MeanSquaredError) => {}
    }
    let mut metadata = json!({
        "made_by": concat!("dopec ", env!("CARGO_PKG_VERSION")),
        "held_out": scores,
        "training": training,
    });
    if let Some(vocabulary) = &input.vocabulary {
        metadata["unit"] = json!(words(vocabulary.unit));
        metadata["vocabulary"] = json!(vocabulary.tokens);
    }
    metadata
}

/// The report on stdout.
fn report(
    options: &Train,
    input: &Input,
    notes: &Notes,
    network: &Network<f32>,
    model: &Model,
    score: &Score,
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
            format!(
                "  held out      {loss:.4} nats{bits} per {unit}, perplexity {perplexity:.4} ({count} {unit}s)"
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
    let mut stored = network.parameters.count();
    for matrix in network.matrices() {
        matrix.visit_sparse(&mut |_, sparse| stored -= sparse.mask.len() - sparse.kept());
    }
    let [recurrent, values, everything] = sizes(network);
    lines.push(format!("  stored        {stored} values, {recurrent} of them in recurrent matrices"));
    if values > 0.0 {
        lines.push(match options.structure {
            Structure::SmallerDense if options.from.is_none() => {
                "  compression   by fewer units: the matrices are dense".to_owned()
            }
            _ => format!(
                "  compression   recurrent matrices {values:.2} times smaller than dense by values, {everything:.2} with all indices"
            ),
        });
    }
    let share = notes.moments.iter().rev().find_map(|moment| moment.structure_share);
    if let Some(share) = share {
        lines.push(format!("  share of S    {:.1}% of the doped matrices' output", 100.0 * (1.0 - share)));
    }
    lines.push(format!("compile it: dopec {output} --emit c"));
    lines.join("\n") + "\n"
}

/// Of all recurrent matrices: values stored; how many times less than dense, by values and by everything. Zeros where
/// there are none.
fn sizes(network: &Network<f32>) -> [f64; 3] {
    let (mut dense, mut values, mut everything) = (0, 0, 0);
    let mut spec = network.spec.clone();
    for layer in &mut spec.layers {
        if !matches!(layer, LayerSpec::Lstm { .. } | LayerSpec::Gru { .. }) {
            continue;
        }
        for (matrix, rows, cols) in matrices(layer) {
            dense += 32 * (rows * cols) as u64;
            values += stored_bits(matrix, rows, cols, Counting::Values);
            everything += stored_bits(matrix, rows, cols, Counting::Everything);
        }
    }
    let times = |bits: u64| if bits == 0 { 0.0 } else { dense as f64 / bits as f64 };
    [values as f64 / 32.0, times(values), times(everything)]
}
