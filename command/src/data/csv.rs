//! CSV files with a header: one row a sequence, or, with a column `sequence`, one row a step.
//!
//! The target is a column `class`, or columns whose names begin with `target`; all other columns are inputs. Commas,
//! else semicolons, else tabs part the fields, as the header has them. Faults are collected, each with its cell.

use std::collections::HashSet;
use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};
use dopec::{Fault, Faults};

use super::{Sequences, Targets};

/// What a class may be.
pub(super) const CLASSES: &str = "classes from 0 to 65535";

/// A class, where a number is one.
pub(super) fn class(value: i64) -> Option<u32> {
    u16::try_from(value).ok().map(u32::from)
}

/// Faults collected before the rest of a file is left alone.
const ENOUGH: usize = 20;

/// Numbers that sequences may be filled up to for each byte of the file, and in a file of any size: 256 MB of them.
const FILLED: usize = 4;
const FILLED_ANYWAY: usize = 1 << 26;

/// Reads the bytes of a file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Sequences, Faults> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let title = format!("the data file is not text: byte {} is not UTF-8", error.valid_up_to());
        Faults::plain(file, title, "save it as CSV in UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut table = Table { text, faults: Vec::new() };
    let sequences = table.read();
    match sequences {
        Some(sequences) if table.faults.is_empty() => Ok(sequences),
        _ => Err(Faults::new(file, text, table.faults)),
    }
}

/// The text, and what was found wrong in it.
struct Table<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

/// Columns by what they hold.
struct Columns {
    names: Vec<String>,
    sequence: Option<usize>,
    inputs: Vec<usize>,
    /// The class, or the values.
    targets: Vec<usize>,
    classes: bool,
}

/// Sequences while they are read.
#[derive(Default)]
struct Rows {
    /// One for each sequence.
    inputs: Vec<Vec<f32>>,
    targets: Vec<Vec<f32>>,
    /// What the last sequence is called, and all, where rows are steps.
    last: Option<String>,
    names: HashSet<String>,
}

impl Table<'_> {
    fn read(&mut self) -> Option<Sequences> {
        let first = self.text.lines().next().unwrap_or_default();
        let delimiter = [',', ';', '\t'].into_iter().find(|&sign| first.contains(sign)).unwrap_or(',');
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter as u8)
            .from_reader(self.text.as_bytes());
        let mut records = reader.records().map_while(Result::ok);
        let Some(header) = records.next() else {
            self.fault(
                0..0,
                "an empty data file",
                "a line of column names, then a line for each sequence or step",
            );
            return None;
        };
        let columns = self.columns(&header)?;
        let mut rows = Rows::default();
        for record in records {
            if self.faults.len() >= ENOUGH {
                break;
            }
            if record.len() == columns.names.len() {
                self.row(&record, &columns, &mut rows);
            } else {
                let place = self.line(&record);
                let fault =
                    self.fault(place, "a row of another length", &format!("{} fields", columns.names.len()));
                fault.found = Some(format!("{} fields", record.len()));
                fault.help = Some("leave a field empty to leave it out, but keep its comma".to_owned());
            }
        }
        if rows.inputs.is_empty() && self.faults.is_empty() {
            let fault = self.fault(0..0, "a data file without data", "rows below the column names");
            fault.found = Some("column names alone".to_owned());
        }
        if self.faults.is_empty() {
            self.lengths(&columns, &rows);
        }
        if self.faults.is_empty() { Some(rows.sequences(&columns)) } else { None }
    }

    fn columns(&mut self, header: &StringRecord) -> Option<Columns> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let place = self.line(header);
        let mut seen = HashSet::with_capacity(names.len());
        if let Some(i) = names.iter().position(|name| !seen.insert(name.as_str())) {
            let cell = self.cell(header, i);
            let fault = self.fault(cell, "two columns of the same name", "a name of its own for each column");
            fault.found = Some(format!("`{}` twice", names[i]));
        }
        let chosen = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|&i| wanted(&names[i])).collect()
        };
        let (class, values) = (chosen(&|name| name == "class"), chosen(&|name| name.starts_with("target")));
        let inputs = chosen(&|name| name != "class" && name != "sequence" && !name.starts_with("target"));
        let sequence = names.iter().position(|name| name == "sequence");
        if class.is_empty() == values.is_empty() {
            let expected = "a column `class`, or columns whose names begin with `target`";
            let title = if class.is_empty() { "no column of targets" } else { "targets of two kinds" };
            let fault = self.fault(place, title, expected);
            fault.found = Some(shown(&names));
            fault.help = Some(
                "name the column that is to be learnt `class` for classes, `target` for values".to_owned(),
            );
        } else if inputs.is_empty() {
            let fault = self.fault(place, "no columns of inputs", "at least one beside the targets");
            fault.found = Some(shown(&names));
        }
        let classes = !class.is_empty();
        let targets = if classes { class } else { values };
        self.faults.is_empty().then_some(Columns { names, sequence, inputs, targets, classes })
    }

    /// Refuses lengths so unequal that filling up would take memory out of all proportion.
    fn lengths(&mut self, columns: &Columns, rows: &Rows) {
        let held: usize = rows.inputs.iter().map(Vec::len).sum();
        let longest = rows.inputs.iter().map(Vec::len).max().unwrap_or_default();
        let filled = longest.saturating_mul(rows.inputs.len());
        if filled > self.text.len().saturating_mul(FILLED).max(FILLED_ANYWAY) {
            let steps = |numbers: usize| numbers / rows.features(columns);
            let title = "sequences of very unequal lengths";
            let fault = self.fault(0..0, title, "lengths near that of the longest");
            fault.found = Some(format!(
                "{} sequences of {} steps on average, the longest of {}",
                rows.inputs.len(),
                steps(held) / rows.inputs.len(),
                steps(longest)
            ));
            fault.help = Some("cut or part the longest, or leave it out".to_owned());
        }
    }

    /// One line: a sequence, or a step of one.
    fn row(&mut self, record: &StringRecord, columns: &Columns, rows: &mut Rows) {
        let target: Vec<Option<f32>> = (columns.targets.iter())
            .map(|&i| if columns.classes { self.class(record, i) } else { self.number(record, i) })
            .collect();
        let target = target.into_iter().collect::<Option<Vec<f32>>>();
        let mut given = &columns.inputs[..];
        if columns.sequence.is_none() {
            // A sequence shorter than the longest leaves its last fields empty.
            let filled = given.iter().rposition(|&i| !record[i].trim().is_empty()).map_or(1, |last| last + 1);
            given = &given[..filled];
        }
        let inputs: Vec<Option<f32>> = given.iter().map(|&i| self.number(record, i)).collect();
        let inputs = inputs.into_iter().collect::<Option<Vec<f32>>>();
        let (Some(mut inputs), Some(target)) = (inputs, target) else { return };
        let name = columns.sequence.map(|i| record[i].trim().to_owned());
        match name {
            Some(name) if rows.last.as_ref() == Some(&name) => {
                let last = rows.inputs.len() - 1;
                if rows.targets[last] != target {
                    let i = columns.targets[0];
                    let cell = self.cell(record, i);
                    let fault = self.fault(
                        cell,
                        "a target that changes within a sequence",
                        "that of the rows before",
                    );
                    fault.found = Some(record[i].trim().to_owned());
                    fault.help = Some("a sequence has one target: repeat it in each of its rows".to_owned());
                }
                rows.inputs[last].append(&mut inputs);
                return;
            }
            Some(name) => {
                if name.is_empty() || !rows.names.insert(name.clone()) {
                    let cell = self.cell(record, columns.sequence.unwrap_or_default());
                    let empty = name.is_empty();
                    let title = if empty { "a step of no sequence" } else { "a sequence in two places" };
                    let fault = self.fault(
                        cell,
                        title,
                        "the rows of a sequence one after another, each with its name",
                    );
                    fault.help = Some("sort the rows by sequence, then by time".to_owned());
                }
                rows.last = Some(name);
            }
            None => {}
        }
        rows.inputs.push(inputs);
        rows.targets.push(target);
    }

    fn number(&mut self, record: &StringRecord, i: usize) -> Option<f32> {
        let text = record[i].trim();
        let number = text.parse::<f32>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            let cell = self.cell(record, i);
            let fault = self.fault(cell, "not a number", "a finite number, with a point for its decimals");
            fault.found =
                Some(if text.is_empty() { "an empty field".to_owned() } else { format!("`{text}`") });
        }
        number
    }

    fn class(&mut self, record: &StringRecord, i: usize) -> Option<f32> {
        let text = record[i].trim();
        let number = text.parse().ok().and_then(class);
        if number.is_none() {
            let cell = self.cell(record, i);
            let fault = self.fault(cell, "not a class", CLASSES);
            fault.found =
                Some(if text.is_empty() { "an empty field".to_owned() } else { format!("`{text}`") });
            fault.help = Some("number the classes from 0; for values, name the column `target`".to_owned());
        }
        number.map(|class| class as f32)
    }

    /// The line of a record in the text.
    fn line(&self, record: &StringRecord) -> Range<usize> {
        let start = record.position().map_or(0, |position| position.byte() as usize).min(self.text.len());
        let rest = &self.text[start..];
        let start = start + rest.len() - rest.trim_start_matches(['\n', '\r']).len();
        let len = self.text[start..].find(['\n', '\r']).unwrap_or(self.text.len() - start);
        start..start + len
    }

    /// A field of a record in the text; its line, where quotes move the fields.
    fn cell(&self, record: &StringRecord, i: usize) -> Range<usize> {
        let line = self.line(record);
        let field = record.range(i).map_or(0..0, |range| range.start + i..range.end + i);
        let place = line.start + field.start..line.start + field.end;
        if self.text.get(place.clone()) == record.get(i) { place } else { line }
    }

    fn fault(&mut self, span: Range<usize>, title: &str, expected: &str) -> &mut Fault {
        self.faults.push(Fault {
            title: title.to_owned(),
            span: Some(span),
            label: "here".to_owned(),
            expected: Some(expected.to_owned()),
            ..Fault::default()
        });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }
}

impl Rows {
    /// Length of the vector of a step.
    fn features(&self, columns: &Columns) -> usize {
        if columns.sequence.is_some() { columns.inputs.len() } else { 1 }
    }

    fn sequences(self, columns: &Columns) -> Sequences {
        let features = self.features(columns);
        let count = self.inputs.len();
        let lengths: Vec<usize> = self.inputs.iter().map(|inputs| inputs.len() / features).collect();
        let steps = lengths.iter().copied().max().unwrap_or_default();
        let mut inputs = Vec::with_capacity(count * steps * features);
        for mut sequence in self.inputs {
            sequence.resize(steps * features, 0.0);
            inputs.append(&mut sequence);
        }
        let values = self.targets.concat();
        let targets = if columns.classes {
            // Classes are below 2¹⁶: a 32-bit float holds them.
            Targets::Classes(values.into_iter().map(|class| class as u32).collect())
        } else {
            Targets::Values { size: columns.targets.len(), values }
        };
        let lengths = lengths.iter().any(|&length| length != steps).then_some(lengths);
        Sequences { count, steps, features, inputs, lengths, targets }
    }
}

/// Some names for a message.
fn shown(names: &[String]) -> String {
    let some: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    format!("{}{more}", some.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(text: &str) -> Sequences {
        read("x.csv", text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn a_row_is_a_sequence() {
        let data = sound("t0,t1,t2,class\n1,2,3,0\n4,,,2\n-5e-1, 6 ,\"7\",1\n");
        assert_eq!((data.count, data.steps, data.features, data.output_size()), (3, 3, 1, 3));
        assert_eq!(data.inputs, [1., 2., 3., 4., 0., 0., -0.5, 6., 7.]);
        assert_eq!((data.lengths, data.targets), (Some(vec![3, 1, 3]), Targets::Classes(vec![0, 2, 1])));
        let data = sound("\u{feff}target_a;t0;target_b\r\n0.5;1;-2\r\n\r\n1.5;2;-3");
        assert_eq!(data.targets, Targets::Values { size: 2, values: vec![0.5, -2.0, 1.5, -3.0] });
        assert_eq!((data.inputs, data.lengths), (vec![1.0, 2.0], None));
    }

    #[test]
    fn a_row_is_a_step_where_sequences_are_named() {
        let data = sound("sequence\tx\ty\tclass\na\t1\t2\t1\na\t3\t4\t1\nb\t5\t6\t0\n");
        assert_eq!((data.count, data.steps, data.features), (2, 2, 2));
        assert_eq!(data.inputs, [1., 2., 3., 4., 5., 6., 0., 0.]);
        assert_eq!(
            (data.lengths.clone(), data.targets.clone()),
            (Some(vec![2, 1]), Targets::Classes(vec![1, 0]))
        );
        assert_eq!(data.sequence(1), [5.0, 6.0]);
        // The last column may be empty in a sequence that ends early, not in a step.
        let faults = read("x.csv", b"sequence,x,y,class\na,1,,1\n").unwrap_err();
        assert_eq!(faults.faults()[0].found.as_deref(), Some("an empty field"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let cases: &[(&str, &[&str])] = &[
            ("", &["an empty data file"]),
            ("a,class\n", &["a data file without data", "column names alone"]),
            ("a,b\n1,2\n", &["x.csv:1:1", "no column of targets", "found `a`, `b`", "`target` for values"]),
            ("a,class,target\n1,2,3\n", &["targets of two kinds"]),
            ("class\n1\n", &["no columns of inputs"]),
            ("a,a,class\n1,2,0\n", &["x.csv:1:3", "`a` twice"]),
            ("a,b,class\n1,2,0\n1,zwei,0\n", &["x.csv:3:3", "not a number", "found `zwei`"]),
            ("a,b,class\r\n1,2,0\r\n1,inf,0\r\n", &["x.csv:3:3", "found `inf`"]),
            ("a,b,class\n\"1\",2,0\n\"1\",x,0\n", &["x.csv:3:1", "found `x`"]),
            ("a,b,class\n,2,0\n", &["x.csv:2:1", "an empty field"]),
            ("a,b,class\n,,0\n", &["x.csv:2:1", "an empty field"]),
            ("a,class\n1,-1\n2,walk\n", &["x.csv:2:3", "found `-1`", "x.csv:3:3", "found `walk`", "from 0"]),
            ("a,class\n1,0.5\n", &["for values, name the column `target`"]),
            ("a,class\n1,0,3\n", &["x.csv:2:1", "expected 2 fields", "found 3 fields"]),
            ("a;class\n1,5;0\n", &["with a point for its decimals"]),
            ("sequence,a,class\nx,1,0\nx,2,1\n", &["x.csv:3:5", "a target that changes"]),
            ("sequence,a,class\nx,1,0\ny,2,1\nx,3,0\n", &["x.csv:4:1", "in two places", "sort the rows"]),
            ("sequence,a,class\n,1,0\n", &["a step of no sequence"]),
        ];
        for (text, expected) in cases {
            let told = read("x.csv", text.as_bytes()).unwrap_err().to_string();
            for words in *expected {
                assert!(told.contains(words), "{words} is not in\n{told}");
            }
        }
        // Filled up these would be 4·10⁸ numbers.
        let long = "long,1,0\n".repeat(20_000);
        let short: String = (0..20_000).map(|i| format!("{i},1,0\n")).collect();
        let told =
            read("x.csv", format!("sequence,a,class\n{long}{short}").as_bytes()).unwrap_err().to_string();
        for words in
            ["very unequal lengths", "found 20001 sequences of 1 steps on average, the longest of 20000"]
        {
            assert!(told.contains(words), "{words} is not in\n{told}");
        }
        assert!(read("x.csv", b"a,class\n\xff,0\n").unwrap_err().to_string().contains("byte 8 is not UTF-8"));
        let many = format!("a,class\n{}", "x,0\n".repeat(100));
        assert_eq!(read("x.csv", many.as_bytes()).unwrap_err().faults().len(), ENOUGH);
    }
}
