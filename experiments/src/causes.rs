//! Why the order of the forms may differ from the papers': the quick study at 20 times with one thing changed at once,
//! towards what the papers did. One seed: a look, not a record.

use std::fmt::Write;

use dopec_trainer::budget::Counting;

use crate::case::{Case, Doping, Form, Size};
use crate::results::{Line, TextId};

const FACTOR: f64 = 20.0;
const FORMS: [Form; 6] =
    [Form::Dense, Form::Pruned, Form::LowRank, Form::Kronecker, Form::DopedLowRank, Form::DopedKronecker];

fn changes() -> [(&'static str, Size); 4] {
    let quick = Size::quick();
    [
        ("as it is", quick.clone()),
        ("values alone counted", Size { counting: Counting::Values, ..quick.clone() }),
        ("four times as long", Size { steps: 4 * quick.steps, ..quick.clone() }),
        ("twice as many units", Size { embedding: 128, hidden: vec![256], ..quick }),
    ]
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let case = |name: &str, size: Size, form| {
        let factor = if form == Form::Dense { 1.0 } else { FACTOR };
        Case { name: name.to_owned(), form, factor, seed: 1, doping: Doping::default(), size }
    };
    let of = |(name, size): (&'static str, Size)| FORMS.map(|form| case(name, size.clone(), form));
    changes().into_iter().flat_map(of).collect()
}

/// The table of what is done on a text: perplexity, and its loss against the dense network with the same change.
pub fn table(lines: &[Line], text: &TextId) -> String {
    let mut table = format!("| |{}\n", FORMS.map(|form| format!(" {form} |")).concat());
    writeln!(table, "| --- |{}", " --- |".repeat(FORMS.len())).expect("a string grows");
    let cases = cases();
    for (name, _) in changes() {
        let perplexity = |form: Form| {
            let case = cases.iter().find(|case| case.name == name && case.form == form)?;
            let line = lines.iter().find(|line| line.case == *case && line.text.same(text))?;
            Some(line.outcome.loss.exp())
        };
        let cell = |form| match (perplexity(form), perplexity(Form::Dense)) {
            (Some(own), Some(dense)) if form != Form::Dense => {
                format!(" {own:.3}, {:+.1}% |", 100.0 * (own / dense - 1.0))
            }
            (Some(own), _) => format!(" {own:.3} |"),
            (None, _) => " |".to_owned(),
        };
        writeln!(table, "| {name} |{}", FORMS.map(cell).concat()).expect("a string grows");
    }
    table
}
