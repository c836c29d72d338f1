//! The printed Program (`--emit ir`): every operation with its shapes, the kernel chosen and why.

use std::fmt::{self, Display, Formatter};

use super::{Call, Families, Init, Operation, Place, Program, Source, Straight, Table, View};
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
        writeln!(f, "\nstate, {} bytes", thousands(self.state_bytes()))?;
        for buffer in &self.state {
            writeln!(f, "  {:<24} f32[{}]  {}", buffer.name, buffer.len, buffer.note)?;
        }
        writeln!(f, "\nscratch, {} bytes", thousands(self.scratch_bytes()))?;
        for buffer in &self.scratch {
            writeln!(f, "  {:<24} f32[{}]  {}", buffer.name, buffer.len, buffer.note)?;
        }
        writeln!(f, "\ntables, {} bytes", thousands(self.constant_bytes()))?;
        for constant in &self.constants {
            let (name, data) = (&constant.name, &constant.data);
            let element = data.element();
            writeln!(f, "  {name:<40} {element}[{}]  {}", data.len(), constant.note)?;
        }
        for layer in &self.layers {
            writeln!(f, "\nlayer {}: {}", layer.name, layer.title)?;
            for operation in &layer.operations {
                self.operation(f, operation, 2)?;
            }
            writeln!(f, "  output {}", self.view(&layer.output))?;
        }
        Ok(())
    }
}

impl Program {
    fn operation(&self, f: &mut Formatter<'_>, operation: &Operation, indent: usize) -> fmt::Result {
        match operation {
            Operation::Call(call) => self.call(f, call, indent),
            Operation::Straight(straight) => self.straight(f, straight, indent),
            Operation::ForTokens { start, end, body } => {
                writeln!(f, "{:indent$}for {start} <= token < {end}", "")?;
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
        f.write_str(match call.init {
            None | Some(Init::Zero) => "=",
            Some(Init::Accumulate) => "+=",
            Some(Init::Bias { .. }) => "=",
        })?;
        if let Some(Init::Bias { constant, offset }) = call.init {
            write!(f, " {}", self.constant(constant).name)?;
            if offset > 0 {
                write!(f, "[{offset}..]")?;
            }
            f.write_str(" +")?;
        }
        write!(f, " {}", call.kernel.name)?;
        for index in &call.index_types {
            write!(f, "_{}", index.name())?;
        }
        let mut arguments = Vec::new();
        for table in &call.tables {
            match table {
                Table::Given(id) | Table::Optional(Some(id)) => {
                    arguments.push(self.constant(*id).name.clone());
                }
                Table::Optional(None) => arguments.push("none".to_owned()),
            }
        }
        arguments.extend(call.inputs.iter().map(|input| self.source(input)));
        let dims = call.kernel.dims.iter().zip(&call.dims);
        arguments.extend(dims.map(|(name, value)| format!("{name}={value}")));
        arguments.extend(call.scalar.map(|value| format!("{value:?}")));
        writeln!(f, "({})", arguments.join(", "))?;
        self.why(f, &call.why, call.multiply_adds, indent)
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
        let (name, whole) = match view.place {
            Place::Input => ("input", matches!(self.input, InputKind::Vector { size } if size == view.len)),
            Place::Output => ("output", view.len == self.output_size),
            Place::State(i) => (self.state[i].name.as_str(), view.len == self.state[i].len),
            Place::Scratch(i) => (self.scratch[i].name.as_str(), view.len == self.scratch[i].len),
        };
        if whole { name.to_owned() } else { format!("{name}[{}..{}]", view.offset, view.offset + view.len) }
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::View(view) => self.view(view),
            Source::Row { constant, base, step, digit, len } => {
                let name = &self.constant(*constant).name;
                let base = if *base == 0 { String::new() } else { format!("{base} + ") };
                format!("{name}[{base}{step} * {}; {len}]", digit.spelled(""))
            }
            Source::Token(digit) => digit.spelled(""),
        }
    }
}
