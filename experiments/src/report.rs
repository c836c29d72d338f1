//! Results as people read them: the table of the study, the settings, the order of the forms as found.

use std::fmt::Write;

use crate::case::{Case, Form, Size};
use crate::plot::{self, Point};
use crate::queue::duration;
use crate::results::{Line, TextId};
use crate::study::{FACTORS, SEEDS, cases};
use crate::{Result, defaults};

/// A mean with the sample's standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The deviation; 0 for a single value.
    pub deviation: f64,
}

/// Mean and deviation; none of nothing.
pub fn spread(values: &[f64]) -> Option<Spread> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = if values.len() < 2 { 0.0 } else { (squares / (count - 1.0)).sqrt() };
    (!values.is_empty()).then_some(Spread { mean, deviation })
}

/// A form at a budget, over its seeds.
struct Cell {
    form: Form,
    factor: f64,
    perplexity: Spread,
    /// Loss of perplexity against the dense network of the same seed, in per cent.
    loss: Spread,
    /// How many times less than dense is stored in fact.
    stored: f64,
    seeds: usize,
}

/// The report and the plot of a study of one size on one text.
///
/// # Errors
///
/// No dense network is done, so that there is nothing to compare with; what the drawing library says.
pub fn report(lines: &[Line], text: &TextId, size: &Size, quick: bool) -> Result<(String, String)> {
    let all = cases(size, dopec_trainer::budget::Counting::Everything);
    let done: Vec<&Line> =
        lines.iter().filter(|line| line.text.same(text) && all.contains(&line.case)).collect();
    let cells = cells(&done, &all);
    let Some(dense) = cells.iter().find(|cell| cell.form == Form::Dense) else {
        return Err(format!("the results file has no result of a dense network on {} yet", text.name));
    };
    let at: Vec<f64> =
        FACTORS.into_iter().filter(|&factor| cells.iter().any(|cell| cell.factor == factor)).collect();
    let heads: String = at.iter().map(|factor| format!(" {factor} times |")).collect();
    let rules = " --- |".repeat(at.len());
    let mut page = format!("# {} study: forms at equal budgets\n\n", if quick { "The quick" } else { "The" });
    let mut write = |words: std::fmt::Arguments<'_>| page.write_fmt(words).expect("a string grows");
    if quick {
        write(format_args!(
            "This is the quick size: small networks, trained shortly. The full one (without `--quick`) has not been \
             run for this page.\n\n"
        ));
    }
    if at.len() < FACTORS.len() {
        let named: Vec<String> = at.iter().map(f64::to_string).collect();
        write(format_args!(
            "Of the budgets 10, 20 and 25 times, this page has only {} times: nothing is done at the others yet.\n\n",
            named.join(" and ")
        ));
    }
    write(format_args!("{}\n", settings(&done, all.len(), size)));
    write(format_args!(
        "## Held-out perplexity\n\nMean ± standard deviation over seeds; below it the loss of perplexity against the \
         dense network of the same seed. Dense: {}, {} seeds.\n\n",
        value(dense.perplexity, 3),
        dense.seeds
    ));
    write(format_args!("| |{heads}\n| --- |{rules}\n"));
    for form in &Form::ALL[1..] {
        let of = |&factor: &f64| match cells.iter().find(|cell| cell.form == *form && cell.factor == factor) {
            Some(cell) => format!(
                " {}<br>{:+.2}% ± {:.2}{} |",
                value(cell.perplexity, 3),
                cell.loss.mean,
                cell.loss.deviation,
                if cell.seeds < SEEDS.len() {
                    format!(" ({} of {} seeds)", cell.seeds, SEEDS.len())
                } else {
                    String::new()
                }
            ),
            None => " not run |".to_owned(),
        };
        write(format_args!("| {form} |{}\n", at.iter().map(of).collect::<String>()));
    }
    write(format_args!(
        "\n![Loss of perplexity against compression](perplexity.svg)\n\n## Order as found\n\n"
    ));
    for &factor in &at {
        let mut ranked: Vec<&Cell> = cells.iter().filter(|cell| cell.factor == factor).collect();
        ranked.sort_by(|a, b| a.loss.mean.total_cmp(&b.loss.mean));
        let names: Vec<String> = ranked.iter().map(|cell| cell.form.to_string()).collect();
        if !names.is_empty() {
            write(format_args!("- {factor} times: {}.\n", names.join(", ")));
        }
    }
    write(format_args!(
        "\nWhere two means are nearer than their deviations their order is chance. The papers' order, at 25 times \
         (arXiv 2001.08896): doped KP, pruned, HMD, KP alone, LMF.\n\n## What the budgets came to\n\n\
         Times less than dense that the LSTM matrices take, in fact; never less than asked for.\n\n"
    ));
    write(format_args!("| |{heads}\n| --- |{rules}\n"));
    for form in &Form::ALL[1..] {
        let of = |&factor: &f64| match cells.iter().find(|cell| cell.form == *form && cell.factor == factor) {
            Some(cell) => format!(" {:.2} |", cell.stored),
            None => " |".to_owned(),
        };
        write(format_args!("| {form} |{}\n", at.iter().map(of).collect::<String>()));
    }
    Ok((page, plot::svg(&points(&cells))?))
}

/// The tables of the experiments on defaults.
pub fn defaults_report(lines: &[Line], text: &TextId) -> String {
    format!("{}\n{}", defaults::table(lines, text), defaults::shares(lines, text))
}

fn cells(done: &[&Line], all: &[Case]) -> Vec<Cell> {
    let perplexity = |form, factor, seed| {
        let same = |case: &Case| case.form == form && case.factor == factor && case.seed == seed;
        done.iter().find(|line| same(&line.case)).map(|line| line.outcome.loss.exp())
    };
    let budgets = std::iter::once((Form::Dense, 1.0));
    let budgets =
        budgets.chain(FACTORS.iter().flat_map(|&factor| Form::ALL[1..].iter().map(move |&f| (f, factor))));
    let cell = |(form, factor)| {
        let of = |seed| Some((perplexity(form, factor, seed)?, perplexity(Form::Dense, 1.0, seed)?));
        let pairs: Vec<(f64, f64)> = SEEDS.iter().filter_map(|&seed| of(seed)).collect();
        let perplexities: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        let losses: Vec<f64> = pairs.iter().map(|(own, dense)| 100.0 * (own / dense - 1.0)).collect();
        let line = done.iter().find(|line| line.case.form == form && line.case.factor == factor)?;
        Some(Cell {
            form,
            factor,
            perplexity: spread(&perplexities)?,
            loss: spread(&losses)?,
            stored: line.outcome.dense_bits as f64 / line.outcome.stored_bits as f64,
            seeds: pairs.len(),
        })
    };
    debug_assert!(all.iter().all(|case| case.factor == 1.0 || FACTORS.contains(&case.factor)));
    budgets.filter_map(cell).collect()
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
