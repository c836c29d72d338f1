//! Skeletons filled in: the context both languages share, and the rendering.

use serde::Serialize;
use tera::{Context, Tera};

use crate::lower::BYTES_PER_TERM;
use crate::model::InputKind;
use crate::numbers::thousands;
use crate::program::{Code, CodeKind, Families, LayerCode, Operation, Place, Program, Source, View};
use crate::settings::{DataForm, Emit, Settings};

/// Bytes of machine code that a term of straight-line code takes on a Cortex-M7, as measured.
const THUMB_BYTES_PER_TERM: usize = 18;

/// What a skeleton needs of one layer, spelled.
#[derive(Debug, Serialize)]
pub(super) struct Layer<'p> {
    pub(super) name: &'p str,
    pub(super) title: &'p str,
    /// Parameters of the layer's function.
    pub(super) parameters: String,
    /// Arguments that its caller passes.
    pub(super) arguments: String,
    /// Statements.
    pub(super) body: String,
    /// The layer's output, where its caller can see it.
    pub(super) output: String,
    pub(super) output_len: usize,
}

/// What a skeleton needs of one code, spelled.
#[derive(Debug, Serialize)]
pub(super) struct SpelledCode<'p> {
    /// What the names of its functions have between the prefix and their own name.
    pub(super) infix: &'static str,
    /// What its comment says.
    pub(super) title: String,
    /// Whether it is a step, whose layers can be looked at.
    pub(super) step: bool,
    /// Vectors that go in at once.
    pub(super) vectors: usize,
    /// The types of its state and scratch memory.
    pub(super) state_type: String,
    pub(super) scratch_type: String,
    /// What goes in, as a parameter and as an argument.
    pub(super) parameter: &'static str,
    pub(super) argument: &'static str,
    /// How its caller calls it, once a family of instructions is picked.
    pub(super) best: String,
    pub(super) layers: Vec<Layer<'p>>,
}

/// The infix of a code's functions, and what its comment says.
pub(super) fn words(code: &Code<'_>) -> (&'static str, String) {
    match code.kind {
        CodeKind::Step => ("", "Every layer in turn".to_owned()),
        CodeKind::Block => ("block_", format!("Every layer in turn, each for {} steps", code.vectors)),
        CodeKind::Batch => ("batch_", format!("Every layer in turn, each for {} streams", code.vectors)),
    }
}

/// What the function of a layer touches, and so must be passed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Uses {
    pub(super) state: bool,
    pub(super) scratch: bool,
    pub(super) token: bool,
    pub(super) input: bool,
    pub(super) output: bool,
}

impl Uses {
    /// Of the operations of `layer`.
    pub(super) fn of(layer: &LayerCode) -> Uses {
        let mut uses = Uses::default();
        layer.visit(&mut |operation| uses.operation(operation));
        uses
    }

    /// Whether any of the operations reads the token.
    pub(super) fn token(operations: &[Operation]) -> bool {
        let mut uses = Uses::default();
        let mut all: Vec<&Operation> = operations.iter().collect();
        while let Some(operation) = all.pop() {
            uses.operation(operation);
            match operation {
                Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => all.extend(body),
                Operation::ByFamily { body, otherwise, .. } => all.extend(body.iter().chain(otherwise)),
                Operation::Call(_) | Operation::Straight(_) | Operation::Picks(_) => {}
            }
        }
        uses.token
    }

    fn operation(&mut self, operation: &Operation) {
        match operation {
            Operation::Call(call) => {
                call.outputs.iter().for_each(|view| self.view(view));
                for input in &call.inputs {
                    match input {
                        Source::View(view) => self.view(view),
                        Source::Row { .. } | Source::Token(_) => self.token = true,
                    }
                }
            }
            Operation::Straight(straight) => {
                self.view(&straight.output);
                self.view(&straight.input);
            }
            Operation::Picks(picks) => {
                self.view(&picks.output);
                self.view(&picks.input);
            }
            Operation::ForTokens { .. } => self.token = true,
            Operation::ForEach { .. } | Operation::ByFamily { .. } => {}
        }
    }

    fn view(&mut self, view: &View) {
        match view.place {
            Place::Input => self.input = true,
            Place::Output => self.output = true,
            Place::State(_) => self.state = true,
            Place::Scratch(_) => self.scratch = true,
        }
    }
}

/// The context that every skeleton reads.
pub(super) fn context(program: &Program, settings: &Settings, form: Emit) -> Context {
    #[derive(Serialize)]
    struct Buffer<'p> {
        name: &'p str,
        len: usize,
        note: &'p str,
    }
    #[derive(Serialize)]
    struct File<'p> {
        name: &'p str,
        sha256: &'p str,
    }
    let buffers = |buffers: &'_ [crate::program::Buffer]| -> tera::Value {
        let list: Vec<Buffer<'_>> =
            buffers.iter().map(|b| Buffer { name: &b.name, len: b.len, note: &b.note }).collect();
        tera::Value::from_serializable(&list)
    };
    let files: Vec<File<'_>> =
        program.files.iter().map(|f| File { name: &f.name, sha256: &f.sha256 }).collect();
    let mut context = Context::new();
    context.insert("name", &program.name);
    context.insert("upper", &program.name.to_uppercase());
    context.insert("version", env!("CARGO_PKG_VERSION"));
    context.insert("files", &files);
    context.insert("command", &settings.command_line(form));
    match program.input {
        InputKind::Token { vocab } => context.insert("vocab", &vocab),
        InputKind::Vector { size } => context.insert("input_size", &size),
    }
    context.insert("output_size", &program.output_size);
    context.insert("state", &buffers(&program.state));
    context.insert("scratch", &buffers(&program.scratch));
    context.insert("state_bytes", &thousands(program.state_bytes()));
    context.insert("scratch_bytes", &thousands(program.scratch_bytes()));
    let (bytes, portable) = (program.constant_bytes(), program.portable_bytes());
    // A file of tables is taken in whole.
    let apart = settings.data != DataForm::Incbin && !program.families.named().is_empty();
    let table_bytes = match portable < bytes && apart {
        true => format!("{} bytes ({} where there is no AVX2)", thousands(bytes), thousands(portable)),
        false => format!("{} bytes", thousands(bytes)),
    };
    context.insert("table_bytes", &table_bytes);
    if let Some(code_bytes) = code_bytes(program) {
        context.insert("code_bytes", &code_bytes);
    }
    if program.run.steps > 1 {
        context.insert("run_steps", &program.run.steps);
    }
    if let Some(batch) = &program.batch {
        context.insert("batch", &batch.streams);
        context.insert("batch_state", &buffers(&batch.state));
        context.insert("batch_scratch", &buffers(&batch.scratch));
        context.insert("batch_state_bytes", &thousands(batch.state_bytes()));
        context.insert("batch_scratch_bytes", &thousands(batch.scratch_bytes()));
    }
    families(&mut context, program);
    context
}

/// About how many bytes straight-line code takes, spelled, where there is any. On x86-64 a file holds
/// it for each family that it picks from.
fn code_bytes(program: &Program) -> Option<String> {
    let any = match program.families {
        Families::Only(_) => None,
        Families::Flags | Families::Dispatched(_) => Some(program.straight_terms(None)),
    };
    let named = program.families.named().iter().map(|family| program.straight_terms(Some(family)));
    let terms: usize = named.chain(any).sum();
    let about = |terms: usize, bytes: usize| thousands((terms * bytes).next_multiple_of(100));
    let mut text = format!("{} bytes on x86-64", about(terms, BYTES_PER_TERM));
    if let Some(any) = any {
        text.push_str(&format!(", {} on a Cortex-M", about(any, THUMB_BYTES_PER_TERM)));
    }
    (terms > 0).then_some(text)
}

/// The families of instructions that are named.
fn families(context: &mut Context, program: &Program) {
    #[derive(Serialize)]
    struct Named {
        name: &'static str,
        upper: String,
        number: u32,
        features: String,
    }
    let families = program.families.named().iter().map(|family| Named {
        name: family.name,
        upper: family.name.to_uppercase(),
        number: family.number,
        features: family.features.join(","),
    });
    context.insert("families", &families.collect::<Vec<_>>());
    context.insert("dispatch", &matches!(program.families, Families::Dispatched(_)));
    context.insert("base", &!matches!(program.families, Families::Only(_)));
}

/// Renders a skeleton. Panics only where a skeleton does not fit its context, which every test would show.
pub(super) fn render(skeleton: &str, context: &Context) -> String {
    let mut tera = Tera::default();
    tera.autoescape_on(Vec::<&'static str>::new());
    let rendered = tera.render_str(skeleton, context, false);
    match rendered {
        Ok(text) => text,
        Err(error) => panic!("a skeleton does not fit its context: {error}"),
    }
}
