//! A Program spelled in Rust: the body of a module that needs nothing but `core`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::kernels;
use super::layout::{Layout, Stand};
use super::picks::rust_function;
use super::rust_tables;
use super::shapes::{self, Shapes};
use super::skeleton::{Layer, SpelledCode, Uses, context, render, words};
use super::straight::rust_row;
use super::text::wrapped;
use crate::model::InputKind;
use crate::numbers::thousands;
use crate::program::{
    Call, Code, CodeKind, ConstantId, Digit, Families, Family, Init, LayerCode, Operation, Place, Program,
    Source, Straight, Table, View,
};
use crate::settings::{Emit, Settings};

/// `NAME.rs`.
pub(super) fn source(
    out: &mut dyn io::Write,
    program: &Program,
    settings: &Settings,
    layout: &Layout,
) -> io::Result<()> {
    let families = !program.families.named().is_empty();
    let mut straight = String::new();
    let mut done = BTreeSet::new();
    let mut shapes = Shapes::default();
    let mut codes = Vec::new();
    for code in program.codes() {
        for layer in code.layers {
            shapes.collect(layer);
            layer.visit(&mut |operation| match operation {
                Operation::Straight(code) if code.functions.iter().all(|f| done.insert(&f.name)) => {
                    straight_functions(&mut straight, code, families);
                }
                Operation::Picks(picks) if done.insert(&picks.name) => {
                    super::text::comment(&mut straight, &picks.why, 0, ["///", "///", ""]);
                    let lens = [picks.values, picks.indices].map(|id| program.constant(id).data.len());
                    rust_function(&mut straight, picks, lens, if families { "$(#[$family])*\n" } else { "" });
                }
                _ => {}
            });
        }
        codes.push(Speller { program, code, layout }.code());
    }
    let mut context = context(program, settings, Emit::Rust);
    context.insert("shapes", &shapes.rust(families));
    context.insert("straight", &straight);
    context.insert("codes", &codes);
    let layers = render(dopec_templates::RUST_LAYERS, &context);
    context.insert("layers", &if families { indented(&layers, 8) } else { layers });
    context.insert("detection", &indented(dopec_templates::RUST_FAMILIES, 4));
    context.insert(
        "kernels",
        &if families {
            indented(&kernels::rust(program, "$(#[$enable])*\n"), 8)
        } else {
            indented(&kernels::rust(program, ""), 4)
        },
    );
    context.insert("given", &given());
    let only = match program.families {
        Families::Only(family) => Some(family),
        Families::Flags | Families::Dispatched(_) => None,
    };
    context.insert("told", &only.map(told));
    let panics = if only.is_some() { PANICS } else { "" };
    context.insert("panics", panics);
    context.insert("panics_within", &indented(panics, 4));
    let output_bytes = size_of::<f32>() * program.output_size;
    let model_bytes = program.state_bytes() + program.scratch_bytes() + output_bytes;
    context.insert("model_bytes", &thousands(model_bytes));
    let text = render(dopec_templates::RUST_SOURCE, &context);
    let (before, after) = text.split_once("@TABLES@\n").expect("the skeleton says where tables stand");
    out.write_all(before.as_bytes())?;
    rust_tables::write(out, program, layout)?;
    out.write_all(after.as_bytes())
}

/// What is said of steps that run on one family only.
const PANICS: &str = "///\n/// # Panics\n///\n/// The processor lacks what this is compiled for.\n";

/// What holds where the compiler was told of a family.
fn told(family: &Family) -> String {
    let features = family.features.iter().map(|feature| format!("target_feature = \"{feature}\""));
    features.collect::<Vec<_>>().join(", ")
}

/// The number of the family that the compiler was told to use, as an expression.
fn given() -> String {
    let [wide, narrow] = [Family::AVX512, Family::AVX2];
    format!(
        "if cfg!(all({})) {{ {} }} else if cfg!(all({})) {{ {} }} else {{ 0 }}",
        told(wide),
        wide.number,
        told(narrow),
        narrow.number
    )
}

/// Every line moved to the right, empty ones left as they are.
fn indented(text: &str, by: usize) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for line in text.lines() {
        if !line.is_empty() {
            let _ = write!(out, "{:by$}{line}", "");
        }
        out.push('\n');
    }
    out
}

struct Speller<'p> {
    program: &'p Program,
    code: Code<'p>,
    layout: &'p Layout,
}

impl<'p> Speller<'p> {
    fn code(&self) -> SpelledCode<'p> {
        let (infix, title) = words(&self.code);
        let [.., token, input, _] = self.parameters();
        let (parameter, argument) = match self.program.input {
            InputKind::Token { .. } => token,
            InputKind::Vector { .. } => input,
        };
        let of = if self.code.kind == CodeKind::Batch { "Batch" } else { "" };
        SpelledCode {
            infix,
            title,
            step: self.code.kind == CodeKind::Step,
            vectors: self.code.vectors,
            state_type: format!("{of}State"),
            scratch_type: format!("{of}Scratch"),
            parameter,
            argument,
            best: String::new(),
            layers: self.code.layers.iter().map(|layer| self.layer(layer)).collect(),
        }
    }

    /// State, scratch memory, tokens, input and output, as parameters and as arguments.
    fn parameters(&self) -> [(&'static str, &'static str); 5] {
        let [state, scratch] = match self.code.kind {
            CodeKind::Step | CodeKind::Block => ["state: &mut State", "scratch: &mut Scratch"],
            CodeKind::Batch => ["state: &mut BatchState", "scratch: &mut BatchScratch"],
        };
        let memory = [(state, "state"), (scratch, "scratch")];
        let values = match self.code.kind {
            CodeKind::Step => [
                ("token: usize", "token"),
                ("input: &[f32; INPUT_SIZE]", "input"),
                ("output: &mut [f32; OUTPUT_SIZE]", "output"),
            ],
            CodeKind::Block | CodeKind::Batch => {
                [("tokens: &[u32]", "tokens"), ("input: &[f32]", "input"), ("output: &mut [f32]", "output")]
            }
        };
        [memory[0], memory[1], values[0], values[1], values[2]]
    }

    fn layer(&self, layer: &'p LayerCode) -> Layer<'p> {
        let uses = Uses::of(layer);
        let all = [uses.state, uses.scratch, uses.token, uses.input, uses.output];
        let all: Vec<(bool, &str, &str)> =
            all.iter().zip(self.parameters()).map(|(used, (text, name))| (*used, text, name)).collect();
        let used = all.iter().filter(|(used, ..)| *used);
        let mut body = String::new();
        for operation in &layer.operations {
            self.operation(&mut body, operation, 4);
        }
        Layer {
            name: &layer.name,
            title: &layer.title,
            parameters: used.clone().map(|(_, text, _)| *text).collect::<Vec<_>>().join(", "),
            arguments: used.map(|(.., text)| *text).collect::<Vec<_>>().join(", "),
            body,
            output: String::new(),
            output_len: layer.output.len,
        }
    }

    fn operation(&self, out: &mut String, operation: &Operation, indent: usize) {
        match operation {
            Operation::Call(call) => self.call(out, call, indent),
            Operation::Straight(straight) => {
                comment(out, &straight.why, indent);
                let (y, x) = (self.view(&straight.output, true), self.view(&straight.input, false));
                for function in &straight.functions {
                    let _ = writeln!(out, "{:indent$}code_{}({y}, {x});", "", function.name);
                }
            }
            Operation::Picks(picks) => {
                comment(out, &picks.why, indent);
                let mut arguments = vec![self.view(&picks.output, true)];
                arguments.push(self.start(picks.init, picks.output.len));
                arguments.extend([picks.values, picks.indices].map(|id| self.constant(id)));
                arguments.push(self.view(&picks.input, false));
                let _ = write!(out, "{:indent$}code_{}(", "", picks.name);
                wrapped(out, &arguments, indent + 4);
                out.push_str(");\n");
            }
            Operation::ForTokens { start, end, body } => {
                let _ = writeln!(out, "{:indent$}if ({start}..{end}).contains(&token) {{", "");
                body.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}}", "");
            }
            Operation::ForEach { count, body } => {
                let _ = writeln!(out, "{:indent$}for each in 0..{count} {{", "");
                if Uses::token(body) {
                    let _ = writeln!(out, "{:indent$}    let token = tokens[each] as usize;", "");
                }
                body.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}}", "");
            }
            Operation::ByFamily { family, body, otherwise } => {
                let _ = writeln!(out, "{:indent$}if kernels::FAMILY == {} {{", "", family.number);
                body.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}} else {{", "");
                otherwise.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}}", "");
            }
        }
    }

    fn call(&self, out: &mut String, call: &Call, indent: usize) {
        comment(out, &call.why, indent);
        let mut arguments: Vec<String> = call.outputs.iter().map(|view| self.view(view, true)).collect();
        match call.init {
            Some(Init::Bias { constant, offset }) if call.apart => {
                arguments.push(self.bias(constant, offset, call.outputs[0].len));
            }
            Some(init) if !call.apart => arguments.push(self.start(init, call.outputs[0].len)),
            Some(_) | None => {}
        }
        arguments.extend(call.tables.iter().map(|table| match table {
            Table::Given(id) => self.constant(*id),
            Table::Optional(Some(id)) => format!("Some({})", self.constant(*id)),
            Table::Optional(None) => "None".to_owned(),
        }));
        arguments.extend(call.inputs.iter().map(|input| self.source(input)));
        if !call.apart {
            arguments.extend(call.dims.iter().map(usize::to_string));
            arguments.extend(call.scalar.map(|value| format!("{value:?}")));
        }
        let name =
            if call.apart { shapes::rust_name(call) } else { format!("kernels::{}", call.kernel.name) };
        let _ = write!(out, "{:indent$}{name}(", "");
        wrapped(out, &arguments, indent + 4);
        out.push_str(");\n");
    }

    /// What so many outputs start from, as an argument.
    fn start(&self, init: Init, len: usize) -> String {
        match init {
            Init::Bias { constant, offset } => {
                format!("kernels::Init::From({})", self.bias(constant, offset, len))
            }
            Init::Zero => "kernels::Init::Zero".to_owned(),
            Init::Accumulate => "kernels::Init::Accumulate".to_owned(),
        }
    }

    /// So many values of a bias, borrowed.
    fn bias(&self, constant: ConstantId, offset: usize, len: usize) -> String {
        let bias = self.constant(constant);
        if offset != 0 || self.program.constant(constant).data.len() != len {
            return format!("{bias}[{offset}..{}]", offset + len);
        }
        bias
    }

    /// A table, borrowed.
    fn constant(&self, id: ConstantId) -> String {
        let constant = self.program.constant(id);
        let name = rust_tables::name(constant);
        if self.layout.of(id) == Stand::Numbers { format!("&{name}") } else { format!("&{name}.0") }
    }

    fn view(&self, view: &View, mutable: bool) -> String {
        let borrow = if mutable { "&mut " } else { "&" };
        let (name, len) = match view.place {
            Place::Input => ("input".to_owned(), self.input_len()),
            Place::Output => ("output".to_owned(), self.code.vectors * self.program.output_size),
            Place::State(i) => (format!("state.{}", self.code.state[i].name), self.code.state[i].len),
            Place::Scratch(i) => (format!("scratch.{}", self.code.scratch[i].name), self.code.scratch[i].len),
        };
        if view.step > 0 {
            let offset = if view.offset > 0 { format!(" + {}", view.offset) } else { String::new() };
            return format!("{borrow}{name}[each * {}{offset}..][..{}]", view.step, view.len);
        }
        let whole = view.offset == 0 && view.len == len;
        match (whole, view.place) {
            (true, Place::Input | Place::Output) => name,
            (true, _) => format!("{borrow}{name}"),
            (false, _) => format!("{borrow}{name}[{}..{}]", view.offset, view.offset + view.len),
        }
    }

    /// Floats of the caller's input; 0 when tokens go in.
    fn input_len(&self) -> usize {
        match self.program.input {
            InputKind::Vector { size } => self.code.vectors * size,
            InputKind::Token { .. } => 0,
        }
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::View(view) => self.view(view, false),
            Source::Row { constant, base, step, digit, len } => {
                let (name, digit) = (self.constant(*constant), index(*digit));
                let start = match (base, step) {
                    (0, 1) => digit,
                    (0, step) => format!("{digit} * {step}"),
                    (base, -1) => format!("{base} - {digit}"),
                    (base, step) => format!("{base} + {digit} * {step}"),
                };
                format!("{name}[{start}..][..{len}]")
            }
            Source::Token(digit) if digit.divisor == 1 && digit.modulus == 0 && digit.start > 0 => {
                format!("token - {}", digit.start)
            }
            Source::Token(digit) => index(*digit),
        }
    }
}

fn straight_functions(out: &mut String, straight: &Straight, families: bool) {
    let (rows, cols) = (straight.output.len, straight.input.len);
    for function in &straight.functions {
        super::text::comment(out, &straight.why, 0, ["///", "///", ""]);
        if families {
            out.push_str("$(#[$family])*\n");
        }
        let _ = writeln!(out, "fn code_{}(y: &mut [f32], x: &[f32]) {{", function.name);
        let _ = writeln!(out, "    assert!(y.len() == {rows} && x.len() == {cols});");
        if function.rows.iter().any(|row| !row.terms.is_empty()) {
            out.push_str("    use kernels::dot;\n");
        }
        for row in &function.rows {
            rust_row(out, row);
        }
        out.push_str("}\n\n");
    }
}

fn index(digit: Digit) -> String {
    let text = digit.spelled("");
    if text.contains(['/', '%']) { format!("({text})") } else { text }
}

fn comment(out: &mut String, why: &str, indent: usize) {
    super::text::comment(out, why, indent, ["//", "//", ""]);
}
