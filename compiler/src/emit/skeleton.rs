//! Skeletons filled in: the context both languages share, and the rendering.

use serde::Serialize;
use tera::{Context, Tera};

use crate::model::InputKind;
use crate::program::{Families, LayerCode, Operation, Place, Program, Source, View};
use crate::settings::{Emit, Settings};

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
        layer.visit(&mut |operation| match operation {
            Operation::Call(call) => {
                call.outputs.iter().for_each(|view| uses.view(view));
                for input in &call.inputs {
                    match input {
                        Source::View(view) => uses.view(view),
                        Source::Row { .. } | Source::Token(_) => uses.token = true,
                    }
                }
            }
            Operation::Straight(straight) => {
                uses.view(&straight.output);
                uses.view(&straight.input);
            }
            Operation::ForTokens { .. } => uses.token = true,
            Operation::ByFamily { .. } => {}
        });
        uses
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
    context.insert("state_bytes", &crate::numbers::thousands(program.state_bytes()));
    context.insert("scratch_bytes", &crate::numbers::thousands(program.scratch_bytes()));
    context.insert("table_bytes", &crate::numbers::thousands(program.constant_bytes()));
    families(&mut context, program);
    context
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
