//! A Program spelled in C99 that is valid C++ too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;

use super::c_tables;
use super::kernels;
use super::layout::Layout;
use super::picks::c_function;
use super::shapes::{self, Shapes};
use super::skeleton::{Layer, SpelledCode, Uses, context, render, words};
use super::straight::c_row;
use super::text::wrapped;
use crate::model::InputKind;
use crate::program::{
    Call, Code, CodeKind, ConstantId, Digit, Families, Family, Init, LayerCode, Operation, Place, Program,
    Source, Straight, Table, View,
};
use crate::settings::{Emit, Settings};

/// `NAME.h`.
pub(super) fn header(program: &Program, settings: &Settings, layout: &Layout) -> String {
    render(dopec_templates::C_HEADER, &c_context(program, settings, layout))
}

/// `NAME.c`.
pub(super) fn source(
    out: &mut dyn io::Write,
    program: &Program,
    settings: &Settings,
    layout: &Layout,
) -> io::Result<()> {
    let name = &program.name;
    let mut context = c_context(program, settings, layout);
    let named = program.families.named();
    context.insert("layers", &layers(program, layout, name, "", &mut context.clone()));
    let families: Vec<FamilyCode> =
        named.iter().map(|family| FamilyCode::new(family, program, layout, &mut context.clone())).collect();
    context.insert("families", &families);
    let text = render(dopec_templates::C_SOURCE, &context);
    let (before, after) = text.split_once("@TABLES@\n").expect("the skeleton says where tables stand");
    out.write_all(before.as_bytes())?;
    c_tables::write(out, program, layout)?;
    out.write_all(after.as_bytes())
}

fn c_context(program: &Program, settings: &Settings, layout: &Layout) -> tera::Context {
    let mut context = context(program, settings, Emit::C);
    let codes: Vec<SpelledCode<'_>> = program
        .codes()
        .into_iter()
        .map(|code| SpelledCode {
            layers: Vec::new(),
            ..Speller { program, code, layout, prefix: "" }.code()
        })
        .collect();
    context.insert("codes", &codes);
    let (step, run) = match program.input {
        InputKind::Token { .. } => ("uint32_t token", "const uint32_t *tokens"),
        InputKind::Vector { .. } => ("const float *input", "const float *inputs"),
    };
    context.insert("step_input", step);
    context.insert("run_input", run);
    if layout.uses_file() {
        context.insert("bin", &format!("{}.bin", program.name));
    }
    context
}

/// Kernels, straight-line code and layers, in functions and macros that start with `prefix`; `of` says for what.
fn layers(program: &Program, layout: &Layout, prefix: &str, of: &str, context: &mut tera::Context) -> String {
    let mut straight = String::new();
    let mut done = BTreeSet::new();
    let mut shapes = Shapes::default();
    let mut codes = Vec::new();
    for code in program.codes() {
        let speller = Speller { program, code, layout, prefix };
        for layer in code.layers {
            shapes.collect(layer);
            speller.straight_code(&mut straight, &layer.operations, &mut done);
        }
        codes.push(speller.code());
    }
    context.insert("prefix", prefix);
    context.insert("of", of);
    context.insert("kernels", &kernels::c(program, prefix));
    context.insert("shapes", &shapes.c(prefix));
    context.insert("straight", &straight);
    context.insert("codes", &codes);
    render(dopec_templates::C_LAYERS, context)
}

/// What the skeleton needs of a family of instructions.
#[derive(serde::Serialize)]
struct FamilyCode {
    name: &'static str,
    upper: String,
    number: u32,
    features: String,
    /// Whether the compiler was told to use it, for the preprocessor.
    given: String,
    /// Whether the processor has it, as an expression.
    supported: String,
    layers: String,
}

impl FamilyCode {
    fn new(family: &Family, program: &Program, layout: &Layout, context: &mut tera::Context) -> FamilyCode {
        let each = |between: &str, spell: &dyn Fn(&str) -> String| -> String {
            family.features.iter().map(|feature| spell(feature)).collect::<Vec<_>>().join(between)
        };
        let prefix = format!("{}_{}", program.name, family.name);
        FamilyCode {
            name: family.name,
            upper: family.name.to_uppercase(),
            number: family.number,
            features: family.features.join(","),
            given: each(" && \\\n      ", &|feature| format!("defined(__{}__)", feature.to_uppercase())),
            supported: each("\n        && ", &|feature| format!("__builtin_cpu_supports(\"{feature}\")")),
            layers: layers(program, layout, &prefix, &format!(" for {}", family.name), context),
        }
    }
}

struct Speller<'p> {
    program: &'p Program,
    code: Code<'p>,
    layout: &'p Layout,
    /// What the names of functions start with.
    prefix: &'p str,
}

impl<'p> Speller<'p> {
    fn code(&self) -> SpelledCode<'p> {
        let name = &self.program.name;
        let (infix, title) = words(&self.code);
        let of = if self.code.kind == CodeKind::Batch { "batch_" } else { "" };
        let (parameter, argument) = match self.program.input {
            InputKind::Token { .. } => self.token(),
            InputKind::Vector { .. } => ("const float *input", "input"),
        };
        let best = match self.program.families {
            Families::Flags => format!("{name}_{infix}advance"),
            Families::Only(family) => format!("{name}_{}_{infix}advance", family.name),
            Families::Dispatched(_) => format!("{name}_{infix}best()"),
        };
        SpelledCode {
            infix,
            title,
            step: self.code.kind == CodeKind::Step,
            vectors: self.code.vectors,
            state_type: format!("{name}_{of}state"),
            scratch_type: format!("{name}_{of}scratch"),
            parameter,
            argument,
            best,
            layers: self.code.layers.iter().map(|layer| self.layer(layer)).collect(),
        }
    }

    /// The token or tokens, as a parameter and as an argument.
    fn token(&self) -> (&'static str, &'static str) {
        match self.code.kind {
            CodeKind::Step => ("uint32_t token", "token"),
            CodeKind::Block | CodeKind::Batch => ("const uint32_t *tokens", "tokens"),
        }
    }

    fn layer(&self, layer: &'p LayerCode) -> Layer<'p> {
        let name = &self.program.name;
        let uses = Uses::of(layer);
        let (token, tokens) = self.token();
        let of = if self.code.kind == CodeKind::Batch { "batch_" } else { "" };
        let all = [
            (uses.state, format!("{name}_{of}state *state"), "state"),
            (uses.scratch, format!("{name}_{of}scratch *scratch"), "scratch"),
            (uses.token, token.to_owned(), tokens),
            (uses.input, "const float *input".to_owned(), "input"),
            (uses.output, "float *output".to_owned(), "output"),
        ];
        let used = all.iter().filter(|(used, ..)| *used);
        let mut body = String::new();
        for operation in &layer.operations {
            self.operation(&mut body, operation, 4);
        }
        Layer {
            name: &layer.name,
            title: &layer.title,
            parameters: used.clone().map(|(_, text, _)| text.as_str()).collect::<Vec<_>>().join(", "),
            arguments: used.map(|(.., text)| *text).collect::<Vec<_>>().join(", "),
            body,
            output: self.view(&layer.output),
            output_len: layer.output.len,
        }
    }

    fn operation(&self, out: &mut String, operation: &Operation, indent: usize) {
        match operation {
            Operation::Call(call) => self.call(out, call, indent),
            Operation::Straight(straight) => {
                comment(out, &straight.why, indent);
                let (y, x) = (self.view(&straight.output), self.view(&straight.input));
                for function in &straight.functions {
                    let _ = writeln!(out, "{:indent$}{}_code_{}({y}, {x});", "", self.prefix, function.name);
                }
            }
            Operation::Picks(picks) => {
                comment(out, &picks.why, indent);
                let y = self.view(&picks.output);
                let mut arguments = vec![y.clone()];
                arguments.push(self.start(picks.init, y));
                arguments.extend([picks.values, picks.indices].map(|id| self.constant(id)));
                arguments.push(self.view(&picks.input));
                let _ = write!(out, "{:indent$}{}_code_{}(", "", self.prefix, picks.name);
                wrapped(out, &arguments, indent + 4);
                out.push_str(");\n");
            }
            Operation::ForTokens { start, end, body } => {
                let lower = if *start > 0 { format!("token >= {start}u && ") } else { String::new() };
                let _ = writeln!(out, "{:indent$}if ({lower}token < {end}u) {{", "");
                body.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}}", "");
            }
            Operation::ForEach { count, body } => {
                let _ = writeln!(out, "{:indent$}for (size_t each = 0; each < {count}; each++) {{", "");
                if Uses::token(body) {
                    let _ = writeln!(out, "{:indent$}    const uint32_t token = tokens[each];", "");
                }
                body.iter().for_each(|operation| self.operation(out, operation, indent + 4));
                let _ = writeln!(out, "{:indent$}}}", "");
            }
            Operation::ByFamily { family, body, otherwise } => {
                self.only_for(out, family, true);
                body.iter().for_each(|operation| self.operation(out, operation, indent));
                out.push_str("#else\n");
                otherwise.iter().for_each(|operation| self.operation(out, operation, indent));
                out.push_str("#endif\n");
            }
        }
    }

    /// Opens what is compiled for a family, or for any other.
    fn only_for(&self, out: &mut String, family: &Family, it: bool) {
        let (macros, comparison) = (kernels::macros(self.prefix), if it { "==" } else { "!=" });
        let _ = writeln!(out, "#if {macros}_FAMILY {comparison} {}", family.number);
    }

    /// The straight-line code of operations, each function once.
    fn straight_code(&self, out: &mut String, operations: &'p [Operation], done: &mut BTreeSet<&'p str>) {
        for operation in operations {
            match operation {
                Operation::Straight(code) if code.functions.iter().all(|f| done.insert(&f.name)) => {
                    self.straight_functions(out, code);
                }
                Operation::Picks(picks) if done.insert(&picks.name) => {
                    comment(out, &picks.why, 0);
                    let lens = [picks.values, picks.indices].map(|id| self.program.constant(id).data.len());
                    c_function(out, picks, lens, self.prefix);
                }
                Operation::Straight(_) | Operation::Picks(_) | Operation::Call(_) => {}
                Operation::ForTokens { body, .. } | Operation::ForEach { body, .. } => {
                    self.straight_code(out, body, done);
                }
                Operation::ByFamily { family, body, otherwise } => {
                    for (it, operations) in [(true, body), (false, otherwise)] {
                        let mut code = String::new();
                        self.straight_code(&mut code, operations, done);
                        if !code.is_empty() {
                            self.only_for(out, family, it);
                            let _ = writeln!(out, "{code}#endif\n");
                        }
                    }
                }
            }
        }
    }

    fn call(&self, out: &mut String, call: &Call, indent: usize) {
        comment(out, &call.why, indent);
        let mut arguments: Vec<String> = call.outputs.iter().map(|view| self.view(view)).collect();
        match call.init {
            Some(Init::Zero | Init::Accumulate) if call.apart => {}
            Some(init) => arguments.push(self.start(init, self.view(&call.outputs[0]))),
            None => {}
        }
        arguments.extend(call.tables.iter().map(|table| match table {
            Table::Given(id) | Table::Optional(Some(id)) => self.constant(*id),
            Table::Optional(None) => "NULL".to_owned(),
        }));
        arguments.extend(call.inputs.iter().map(|input| self.source(input)));
        if !call.apart {
            arguments.extend(call.dims.iter().map(usize::to_string));
            arguments.extend(call.scalar.map(|value| format!("{value:?}f")));
        }
        let name =
            if call.apart { shapes::c_name(self.prefix, call) } else { kernels::c_name(self.prefix, call) };
        let _ = write!(out, "{:indent$}{name}(", "");
        wrapped(out, &arguments, indent + 4);
        out.push_str(");\n");
    }

    /// What y starts from, as an argument.
    fn start(&self, init: Init, y: String) -> String {
        match init {
            Init::Bias { constant, offset } => at(&self.constant(constant), offset),
            Init::Zero => "NULL".to_owned(),
            Init::Accumulate => y,
        }
    }

    fn constant(&self, id: ConstantId) -> String {
        c_tables::values(self.program, self.layout, id)
    }

    fn view(&self, view: &View) -> String {
        let place = self.place(view.place);
        if view.step > 0 {
            at(&format!("{place} + each * {}", view.step), view.offset)
        } else {
            at(&place, view.offset)
        }
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::Input => "input".to_owned(),
            Place::Output => "output".to_owned(),
            Place::State(i) => format!("state->{}", self.code.state[i].name),
            Place::Scratch(i) => format!("scratch->{}", self.code.scratch[i].name),
        }
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::View(view) => self.view(view),
            Source::Row { constant, base, step, digit, .. } => {
                let (name, digit) = (self.constant(*constant), index(*digit));
                match (base, step) {
                    (0, step) => format!("{name} + {digit} * {step}"),
                    (base, -1) => format!("{name} + ({base} - {digit})"),
                    (base, step) => format!("{name} + {base} + {digit} * {step}"),
                }
            }
            Source::Token(digit) => index(*digit),
        }
    }

    fn straight_functions(&self, out: &mut String, straight: &Straight) {
        let restrict = format!("{}_RESTRICT", kernels::macros(self.prefix));
        comment(out, &straight.why, 0);
        for function in &straight.functions {
            let _ = writeln!(
                out,
                "static void {}_code_{}(float *{restrict} y, const float *{restrict} x)\n{{",
                self.prefix, function.name
            );
            if function.rows.iter().all(|row| row.terms.is_empty()) {
                out.push_str("    (void)x;\n");
            }
            for row in &function.rows {
                c_row(out, row);
            }
            out.push_str("}\n\n");
        }
    }
}

/// So many elements behind a place.
pub(super) fn at(base: &str, offset: usize) -> String {
    if offset == 0 { base.to_owned() } else { format!("{base} + {offset}") }
}

fn index(digit: Digit) -> String {
    let text = digit.spelled("u");
    if text == "token" { "(size_t)token".to_owned() } else { format!("(size_t)({text})") }
}

fn comment(out: &mut String, why: &str, indent: usize) {
    super::text::comment(out, why, indent, ["/*", " *", " */"]);
}
