//! The end of a run: scores, the model file with check vectors and metadata.
//!
//! The last state is in the checkpoint before anything else is written, if there is room for it, and the checkpoint is
//! removed after everything is: whatever fails here can be mended, and the same command then ends the run without
//! training anything again.

use dopec::model::Steps;
use dopec::reference::record;
use dopec::{Faults, files};
use dopec_trainer::data::Inputs;
use dopec_trainer::score::{Loss, Score};
use dopec_trainer::{Data, Error, Trainer};
use serde_json::{Value, json};

use super::baseline::Baseline;
use super::checkpoint::{self, Notes};
use super::input::Input;
use super::options::Train;
use super::plan;
use super::progress::tell;
use super::report::report;
use super::source::words;
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
    let baseline = Baseline::of(input);
    let metadata = metadata(options, input, notes, trainer, (score, &baseline));
    files::save(&options.output, &model, &metadata, dopec::export::Storage::Auto)?;
    watch.draw(notes)?;
    if let Some(warning) = baseline.warning(score, input.unit()) {
        tell(warning);
    }
    Ok(report(options, input, notes, (trainer.network(), &model), (score, &baseline)))
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
fn metadata(
    options: &Train,
    input: &Input,
    notes: &Notes,
    trainer: &Trainer,
    (score, baseline): (&Score, &Baseline),
) -> Value {
    let mut training = notes.request.clone();
    let settings = trainer.settings();
    training.insert("data".to_owned(), json!(options.input.file_name().map(|name| name.to_string_lossy())));
    training.insert("steps".to_owned(), json!(notes.length.steps));
    training.insert("threads".to_owned(), json!(notes.threads));
    training.insert("learning-rate".to_owned(), json!(settings.schedule.rate));
    let cmr = settings.co_matrix.map_or(0.0, |options| options.probability);
    training.insert("cmr".to_owned(), json!(cmr));
    let baseline = baseline.metadata();
    let mut scores = json!({"loss": score.loss, "predictions": score.count, "baseline": baseline});
    if let Some(unknown) = input.unknown() {
        scores["unknown"] = json!(unknown);
    }
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
