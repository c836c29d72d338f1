//! Results as people read them: the tables of the study, the settings, the order of the forms as found.

use dopec_trainer::budget::Counting;

use crate::case::{Form, Size};
use crate::cells::{Cell, Spread, cells};
use crate::plot::{self, Point};
use crate::queue::duration;
use crate::results::{Line, TextId};
use crate::study::{FACTORS, SEEDS, cases};
use crate::{Result, defaults};

/// A report: its page and its plots.
#[derive(Debug)]
pub struct Report {
    /// Markdown.
    pub page: String,
    /// SVG, by the names that the page has for them.
    pub plots: Vec<(String, String)>,
}

/// The name of a file of the report: those of the quick study stand beside those of the full one.
pub fn file_name(name: &str, quick: bool) -> String {
    format!("{}{name}", if quick { "quick-" } else { "" })
}

/// Whether results are of this text alone: a report is of one, and would replace that of another.
///
/// # Errors
///
/// One is of another text.
pub fn of_one_text(lines: &[Line], text: &TextId) -> Result<()> {
    match lines.iter().find(|line| !line.text.same(text)) {
        Some(Line { text: other, .. }) => Err(format!(
            "the results in this folder are of another text, {} of {} bytes, not {} of {}: give `--folder` another one",
            other.name, other.bytes, text.name, text.bytes
        )),
        None => Ok(()),
    }
}

/// The report of a study of one size on one text. Budgets that count values alone have a section, when any is done.
///
/// # Errors
///
/// No dense network is done, so that there is nothing to compare with; what the drawing library says.
pub fn report(lines: &[Line], text: &TextId, size: &Size, quick: bool) -> Result<Report> {
    let [plot_name, values_name] =
        ["perplexity.svg", "perplexity-values.svg"].map(|name| file_name(name, quick));
    let done = |counting| -> Vec<&Line> {
        let cases = cases(size, counting);
        lines.iter().filter(|line| line.text.same(text) && cases.contains(&line.case)).collect()
    };
    let everything = done(Counting::Everything);
    let found = cells(&everything);
    let Some(dense) = found.iter().find(|cell| cell.form == Form::Dense) else {
        return Err(format!("the results file has no result of a dense network on {} yet", text.name));
    };
    let mut page = format!("# {} study: forms at equal budgets\n\n", if quick { "The quick" } else { "The" });
    if quick {
        page.push_str(
            "This is the quick size: small networks, trained shortly. The full one (without `--quick`) has not been \
             run for this page.\n\n",
        );
    }
    let table = Table::of(&found);
    if table.factors.len() < FACTORS.len() {
        let named = table.factors.iter().map(f64::to_string).collect::<Vec<_>>().join(" and ");
        page.push_str(&format!(
            "Of the budgets 10, 20 and 25 times, this page has only {named} times: nothing is done at the others \
             yet.\n\n"
        ));
    }
    page.push_str(&settings(&everything, cases(size, Counting::Everything).len(), size));
    page.push_str(&format!(
        "\n## Held-out perplexity\n\nMean ± standard deviation over seeds; below it the loss of perplexity against the \
         dense network of the same seed. Dense: {}, {} seeds.\n\n{}\n\
         ![Loss of perplexity against compression]({plot_name})\n\n## Order as found\n\n{}\n\
         Where two means are nearer than their deviations their order is chance. The papers' order, at 25 times \
         (arXiv 2001.08896): doped KP, pruned, HMD, KP alone, LMF.\n\n## What the budgets came to\n\n\
         Times less than dense that the LSTM matrices take, in fact; never less than asked for.\n\n{}",
        value(dense.perplexity, 3),
        dense.seeds,
        table.losses(),
        table.order(),
        table.stored(),
    ));
    let mut plots = vec![(plot_name, plot::svg(&points(&found))?)];

    let mut found = cells(&done(Counting::Values));
    // Where nothing with S is done, there would be nothing but what stands above.
    let counted: Vec<f64> =
        found.iter().filter(|cell| cell.form.has_sparse()).map(|cell| cell.factor).collect();
    found.retain(|cell| counted.contains(&cell.factor));
    if !found.is_empty() {
        let table = Table::of(&found);
        page.push_str(&format!(
            "\n## As the papers count\n\nThe same with budgets of values alone: a non-zero of S costs as much as a value \
             of a structure, its place nothing. Forms without S are those above.\n\n{}\n\
             ![Loss of perplexity against compression, values alone counted]({values_name})\n\n{}",
            table.losses(),
            table.order(),
        ));
        plots.push((values_name, plot::svg(&points(&found))?));
    }
    Ok(Report { page, plots })
}

/// Forms as rows, those budgets as columns of which anything is done.
struct Table<'c> {
    cells: &'c [Cell],
    factors: Vec<f64>,
}

impl<'c> Table<'c> {
    fn of(cells: &'c [Cell]) -> Table<'c> {
        let done = |factor: &f64| cells.iter().any(|cell| cell.factor == *factor);
        Table { cells, factors: FACTORS.into_iter().filter(done).collect() }
    }

    fn rows(&self, spelled: impl Fn(Option<&Cell>) -> String) -> String {
        let heads: String = self.factors.iter().map(|factor| format!(" {factor} times |")).collect();
        let mut text = format!("| |{heads}\n| --- |{}\n", " --- |".repeat(self.factors.len()));
        for form in &Form::ALL[1..] {
            let cell = |factor: &f64| {
                let found = self.cells.iter().find(|cell| cell.form == *form && cell.factor == *factor);
                format!(" {}|", spelled(found))
            };
            text.push_str(&format!("| {form} |{}\n", self.factors.iter().map(cell).collect::<String>()));
        }
        text
    }

    /// Perplexity, and its loss against the dense network.
    fn losses(&self) -> String {
        self.rows(|cell| match cell {
            Some(cell) => format!(
                "{}<br>{:+.2}% ± {:.2}{} ",
                value(cell.perplexity, 3),
                cell.loss.mean,
                cell.loss.deviation,
                if cell.seeds < SEEDS.len() {
                    format!(" ({} of {} seeds)", cell.seeds, SEEDS.len())
                } else {
                    String::new()
                }
            ),
            None => "not run ".to_owned(),
        })
    }

    /// How many times less than dense is stored in fact.
    fn stored(&self) -> String {
        self.rows(|cell| cell.map_or(String::new(), |cell| format!("{:.2} ", cell.stored)))
    }

    /// The forms of each budget, least loss first.
    fn order(&self) -> String {
        let line = |factor: &f64| {
            let mut ranked: Vec<&Cell> = self.cells.iter().filter(|cell| cell.factor == *factor).collect();
            ranked.sort_by(|a, b| a.loss.mean.total_cmp(&b.loss.mean));
            let names: Vec<String> = ranked.iter().map(|cell| cell.form.to_string()).collect();
            format!("- {factor} times: {}.\n", names.join(", "))
        };
        self.factors.iter().map(line).collect()
    }
}

/// The tables of the experiments on defaults.
pub fn defaults_report(lines: &[Line], text: &TextId) -> String {
    format!("{}\n{}", defaults::table(lines, text), defaults::shares(lines, text))
}

fn points(cells: &[Cell]) -> Vec<Point> {
    let budgeted = cells.iter().filter(|cell| cell.form != Form::Dense);
    budgeted.map(|cell| Point { form: cell.form, factor: cell.factor, loss: cell.loss }).collect()
}

fn settings(done: &[&Line], all: usize, size: &Size) -> String {
    let seconds: f64 = done.iter().map(|line| line.outcome.seconds).sum();
    let mut machines: Vec<&str> = done.iter().map(|line| &line.outcome.machine[..]).collect();
    machines.sort_unstable();
    machines.dedup();
    let time = duration(std::time::Duration::from_secs_f64(seconds));
    let text = done.first().map_or(String::new(), |line| {
        format!("{} ({} bytes, FNV-1a {})", line.text.name, line.text.bytes, line.text.hash)
    });
    let doping = done.iter().rfind(|line| line.case.form.is_doped()).map_or(String::new(), |line| {
        let doping = serde_json::to_string(&line.case.doping).expect("options are plain data");
        format!("- Doping: `{doping}`\n")
    });
    format!(
        "- {} of {all} cases done, on {}: {time} of the cases' own time, while other work shared the cores.\n\
         - Text: {text}, the last {}% held out, scored in {} lanes.\n\
         - Network: embedding {} → LSTM {:?}, one matrix [W_x W_h] each → linear; batches of {} × {} {}, {} steps, \
         Adam at {} falling along a cosine, dropout {}, seeds {SEEDS:?}.\n{doping}\
         - The budget counts everything stored of the LSTM matrices: 32 bits a value of structures and of S, 16 bits a \
         column index and 32 bits a row start of S. Biases, embedding and last layer are dense and outside it, and the \
         same for all forms; but the smaller dense network's last layer has fewer columns, as it has fewer units.\n",
        done.len(),
        machines.join("; "),
        100.0 * size.held_out,
        size.scored_lanes,
        size.embedding,
        size.hidden,
        size.lanes,
        size.tokens,
        match size.unit {
            dopec_trainer::data::Unit::Character => "characters",
            dopec_trainer::data::Unit::Byte => "bytes",
            dopec_trainer::data::Unit::Word => "words",
        },
        size.steps,
        size.rate,
        size.dropout,
    )
}

fn value(spread: Spread, places: usize) -> String {
    format!("{:.places$} ± {:.places$}", spread.mean, spread.deviation)
}
