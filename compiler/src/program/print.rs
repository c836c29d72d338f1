//! The printed Program (`--emit ir`): every operation with its shapes, the kernel chosen and why.

use std::fmt::{self, Display, Formatter};

use super::{
    Buffer, Call, Code, CodeKind, Families, Init, Operation, Picks, Place, Program, Source, Straight, Table,
    View,
};
use crate::model::InputKind;
use crate::numbers::thousands;

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "program {}", self.name)?;
        for file in &self.files {
            writeln!(f, "  from {} sha256:{}", file.name, file.sha256)?;
        }
        match self.input {
            InputKind::Token { vocab } => writeln!(f, "  input  token < {vocab}")?,
            InputKind::Vector { size } => writeln!(f, "  input  f32[{size}]")?,
        }
        writeln!(f, "  output f32[{}]", self.output_size)?;

        let names: Vec<&str> = self.families.named().iter().map(|family| family.name).collect();
        match self.families {
            Families::Flags => writeln!(f, "  for what the compiler is told of")?,
            Families::Only(_) => writeln!(f, "  for {}", names.join(""))?,
            Families::Dispatched(_) => {
                writeln!(f, "  for what the compiler is told of; on x86-64 also {}", names.join(", "))?;
            }
        }
        writeln!(f, "  run    {}", self.run.why)?;
        buffers(f, "state", self.state_bytes(), &self.state)?;
        buffers(f, "scratch", self.scratch_bytes(), &self.scratch)?;
        if let Some(batch) = &self.batch {
            let streams = batch.streams;
            buffers(f, &format!("state of {streams} streams"), batch.state_bytes(), &batch.state)?;
            buffers(f, &format!("scratch of {streams} streams"), batch.scratch_bytes(), &batch.scratch)?;
        }
        writeln!(f, "\ntables, {} bytes", thousands(self.constant_bytes()))?;
        for constant in &self.constants {
            let (name, data) = (&constant.name, &constant.data);
            let element = data.element();
            writeln!(f, "  {name:<40} {element}[{}]  {}", data.len(), constant.note)?;
        }
        self.codes().into_iter().try_for_each(|code| code.print(f, self))
    }
}

fn buffers(f: &mut Formatter<'_>, what: &str, bytes: usize, buffers: &[Buffer]) -> fmt::Result {
    writeln!(f, "\n{what}, {} bytes", thousands(bytes))?;
    buffers
        .iter()
        .try_for_each(|buffer| writeln!(f, "  {:<24} f32[{}]  {}", buffer.name, buffer.len, buffer.note))
}

impl Code<'_> {
    fn print(&self, f: &mut Formatter<'_>, program: &Program) -> fmt::Result {
        match self.kind {
            CodeKind::Step => {}
            CodeKind::Block => writeln!(f, "\n{} steps at once", self.vectors)?,
            CodeKind::Batch => writeln!(f, "\n{} streams at once", self.vectors)?,
        }
        let printer = Printer { program, code: self };
        for layer in self.layers {
            writeln!(f, "\nlayer {}: {}", layer.name, layer.title)?;
            for operation in &layer.operations {
                printer.operation(f, operation, 2)?;
            }
            writeln!(f, "  output {}", printer.view(&layer.output))?;
        }
        Ok(())
    }
}

struct Printer<'p> {
    program: &'p Program,
    code: &'p Code<'p>,
}

impl Printer<'_> {
    fn operation(&self, f: &mut Formatter<'_>, operation: &Operation, indent: usize) -> fmt::Result {
        match operation {
            Operation::Call(call) => self.call(f, call, indent),
            Operation::Straight(straight) => self.straight(f, straight, indent),
            Operation::Picks(picks) => self.picks(f, picks, indent),
            Operation::ForTokens { start, end, body } => {
                writeln!(f, "{:indent$}for {start} <= token < {end}", "")?;
                body.iter().try_for_each(|operation| self.operation(f, operation, indent + 2))
            }
            Operation::ForEach { count, body } => {
                writeln!(f, "{:indent$}for each of {count}", "")?;
                body.iter().try_for_each(|operation| self.operation(f, operation, indent + 2))
            }
            Operation::ByFamily { family, body, otherwise } => {
                writeln!(f, "{:indent$}for {}", "", family.name)?;
                body.iter().try_for_each(|operation| self.operation(f, operation, indent + 2))?;
                writeln!(f, "{:indent$}otherwise", "")?;
                otherwise.iter().try_for_each(|operation| self.operation(f, operation, indent + 2))
            }
        }
    }

    fn call(&self, f: &mut Formatter<'_>, call: &Call, indent: usize) -> fmt::Result {
        let outputs: Vec<String> = call.outputs.iter().map(|view| self.view(view)).collect();
        write!(f, "{:indent$}{} ", "", outputs.join(", "))?;
        self.start(f, call.init)?;
        write!(f, " {}", call.kernel.name)?;
        for index in &call.index_types {
            write!(f, "_{}", index.name())?;
        }
        let mut arguments = Vec::new();
        for table in &call.tables {
            match table {
                Table::Given(id) | Table::Optional(Some(id)) => {
                    arguments.push(self.program.constant(*id).name.clone());
                }
                Table::Optional(None) => arguments.push("none".to_owned()),
            }
        }
        arguments.extend(call.inputs.iter().map(|input| self.source(input)));
        if !call.dims.is_empty() {
            arguments.push(call.shape());
        }
        arguments.extend(call.scalar.map(|value| format!("{value:?}")));
        writeln!(f, "({})", arguments.join(", "))?;
        self.why(f, &call.why, call.multiply_adds, indent)
    }

    /// What stands between an output and what is computed for it.
    fn start(&self, f: &mut Formatter<'_>, init: Option<Init>) -> fmt::Result {
        f.write_str(match init {
            None | Some(Init::Zero | Init::Bias { .. }) => "=",
            Some(Init::Accumulate) => "+=",
        })?;
        if let Some(Init::Bias { constant, offset }) = init {
            write!(f, " {}", self.program.constant(constant).name)?;
            if offset > 0 {
                write!(f, "[{offset}..]")?;
            }
            f.write_str(" +")?;
        }
        Ok(())
    }

    fn picks(&self, f: &mut Formatter<'_>, picks: &Picks, indent: usize) -> fmt::Result {
        let (y, x) = (self.view(&picks.output), self.view(&picks.input));
        write!(f, "{:indent$}{y} ", "")?;
        self.start(f, Some(picks.init))?;
        let tables = [picks.values, picks.indices].map(|id| self.program.constant(id).name.as_str());
        write!(f, " picked from {x} with {}: {} picks", tables.join(", "), thousands(picks.count()))?;
        let own = picks.sums.iter().filter(|sum| sum.first.is_none()).count();
        writeln!(
            f,
            ", {} sums of {} rows and {own} of rows from anywhere",
            picks.sums.len() - own,
            Picks::LANES
        )?;
        self.why(f, &picks.why, picks.multiply_adds, indent)
    }

    fn straight(&self, f: &mut Formatter<'_>, straight: &Straight, indent: usize) -> fmt::Result {
        let rows: usize = straight.functions.iter().map(|function| function.rows.len()).sum();
        let (y, x) = (self.view(&straight.output), self.view(&straight.input));
        write!(f, "{:indent$}{y} updated straight from {x}: {} terms", "", thousands(straight.terms))?;
        writeln!(f, ", {rows} rows, {} functions", straight.functions.len())?;
        self.why(f, &straight.why, straight.terms as u64, indent)
    }

    fn why(&self, f: &mut Formatter<'_>, why: &str, multiply_adds: u64, indent: usize) -> fmt::Result {
        write!(f, "{:indent$}  ; {why}", "")?;
        if multiply_adds > 0 {
            write!(f, " [{} multiply-adds]", thousands(multiply_adds as usize))?;
        }
        writeln!(f)
    }

    fn view(&self, view: &View) -> String {
        let (name, len) = match view.place {
            Place::Input => ("input", self.input_len()),
            Place::Output => ("output", self.code.vectors * self.program.output_size),
            Place::State(i) => (self.code.state[i].name.as_str(), self.code.state[i].len),
            Place::Scratch(i) => (self.code.scratch[i].name.as_str(), self.code.scratch[i].len),
        };
        match (view.len == len, view.step) {
            (true, 0) => name.to_owned(),
            (false, 0) => format!("{name}[{}..{}]", view.offset, view.offset + view.len),
            (_, step) if view.offset == 0 => format!("{name}[{step} * each; {}]", view.len),
            (_, step) => format!("{name}[{} + {step} * each; {}]", view.offset, view.len),
        }
    }

    fn input_len(&self) -> usize {
        match self.program.input {
            InputKind::Vector { size } => self.code.vectors * size,
            InputKind::Token { .. } => 0,
        }
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::View(view) => self.view(view),
            Source::Row { constant, base, step, digit, len } => {
                let name = &self.program.constant(*constant).name;
                let base = if *base == 0 { String::new() } else { format!("{base} + ") };
                format!("{name}[{base}{step} * {}; {len}]", digit.spelled(""))
            }
            Source::Token(digit) => digit.spelled(""),
        }
    }
}
