//! `dopec-experiments`: runs the study of doping on a text, or one case of it at the size of the papers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use dopec_experiments::case::{Case, Doping, Form, Size};
use dopec_experiments::queue::{duration, run_all};
use dopec_experiments::results::{Line, Results, TextId};
use dopec_experiments::run::Source;
use dopec_experiments::{Result, causes, defaults, joining, report, study};
use dopec_trainer::budget::Counting;

/// The study of doping: nine forms of matrices at equal budgets on any text.
#[derive(Debug, Parser)]
#[command(name = "dopec-experiments", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs what is left of the study, then writes its report: nine forms, 10, 20 and 25 times, three seeds.
    Study {
        #[command(flatten)]
        common: Common,
        /// Small and short: a quarter of an hour on two free cores instead of two hours.
        #[arg(long)]
        quick: bool,
        /// Once more with budgets that count values alone, as the papers do: forms with a sparse part, half as many cases.
        #[arg(long)]
        values: bool,
    },
    /// Writes RESULTS.md and perplexity.svg (quick-RESULTS.md and quick-perplexity.svg) of what is done of the study.
    Report {
        #[command(flatten)]
        common: Common,
        /// Of the quick study.
        #[arg(long)]
        quick: bool,
    },
    /// Runs what is left of the experiments on the defaults of doping, then prints their tables.
    Defaults {
        #[command(flatten)]
        common: Common,
        /// Only prints the tables of what is done.
        #[arg(long)]
        tables: bool,
    },
    /// Runs what is left of the experiments on when S joins its structure and on shares of the budget, then prints their
    /// table.
    Joining {
        #[command(flatten)]
        common: Common,
        /// Only prints the table of what is done.
        #[arg(long)]
        table: bool,
    },
    /// Runs what is left of a look at why forms stand in the order they do, then prints its table.
    Causes {
        #[command(flatten)]
        common: Common,
        /// Only prints the table of what is done.
        #[arg(long)]
        table: bool,
    },
    /// Runs one case at the size of the papers: two LSTMs of 650 units over words.
    Paper {
        #[command(flatten)]
        common: Common,
        /// dense, smaller_dense, pruned, low_rank, hybrid, kronecker, doped_low_rank, doped_hybrid or doped_kronecker.
        #[arg(long)]
        form: Form,
        /// How many times less than dense the LSTM matrices may take.
        #[arg(long, default_value_t = 25.0)]
        factor: f64,
        /// Of every random number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Updates.
        #[arg(long)]
        steps: Option<u64>,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// The text.
    text: PathBuf,
    /// Folder of results and report. What has its result there is not run again.
    #[arg(long, default_value = "experiments")]
    folder: PathBuf,
    /// Cases to run side by side.
    #[arg(long, default_value_t = 2)]
    at_once: usize,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Study { common, quick, values } => {
            let counting = if values { Counting::Values } else { Counting::Everything };
            // What can't be reported is not run.
            common.lines_of_study(quick)?;
            common.run(&study::cases(&size(quick), counting), &results(quick))?;
            common.report(quick)
        }
        Command::Report { common, quick } => common.report(quick),
        Command::Defaults { common, tables } => {
            common.look(&defaults::cases(), "defaults.jsonl", tables, report::defaults_report)
        }
        Command::Joining { common, table } => {
            common.look(&joining::cases(), "joining.jsonl", table, joining::table)
        }
        Command::Causes { common, table } => {
            common.look(&causes::cases(), "causes.jsonl", table, causes::table)
        }
        Command::Paper { common, form, factor, seed, steps } => {
            let size = Size { steps: steps.unwrap_or(Size::paper().steps), ..Size::paper() };
            let factor = if form == Form::Dense { 1.0 } else { factor };
            let case = Case { name: "paper".to_owned(), form, factor, seed, doping: Doping::default(), size };
            common.run(std::slice::from_ref(&case), "paper.jsonl")?;
            let lines = Results::read(&common.folder.join("paper.jsonl"))?;
            let text: TextId = common.source()?.id;
            if let Some(line) = lines.iter().find(|line| line.case == case && line.text.same(&text)) {
                println!("held-out perplexity {:.3}", line.outcome.loss.exp());
            }
            Ok(())
        }
    }
}

fn size(quick: bool) -> Size {
    if quick { Size::quick() } else { Size::full() }
}

fn results(quick: bool) -> String {
    format!("{}.jsonl", if quick { "quick" } else { "study" })
}

impl Common {
    fn source(&self) -> Result<Source> {
        Source::read(&self.text)
    }

    fn run(&self, cases: &[Case], results: &str) -> Result<()> {
        let begun = std::time::Instant::now();
        let say = |words: &str| println!("{words}");
        let done = run_all(cases, &self.source()?, &self.folder.join(results), self.at_once, &say)?;
        println!("{} cases were run in {}", done.run, duration(begun.elapsed()));
        Ok(())
    }

    /// Runs what is left of cases, unless only what is done is to be seen; then prints their tables.
    fn look(
        &self,
        cases: &[Case],
        results: &str,
        only_tables: bool,
        tables: fn(&[Line], &TextId) -> String,
    ) -> Result<()> {
        if !only_tables {
            self.run(cases, results)?;
        }
        let lines = Results::read(&self.folder.join(results))?;
        print!("{}", tables(&lines, &self.source()?.id));
        Ok(())
    }

    /// What is done of the study, all of it on this text.
    fn lines_of_study(&self, quick: bool) -> Result<Vec<Line>> {
        let lines = Results::read(&self.folder.join(results(quick)))?;
        report::of_one_text(&lines, &self.source()?.id)?;
        Ok(lines)
    }

    fn report(&self, quick: bool) -> Result<()> {
        let lines = self.lines_of_study(quick)?;
        let report = report::report(&lines, &self.source()?.id, &size(quick), quick)?;
        write(&self.folder.join(report::file_name("RESULTS.md", quick)), &report.page)?;
        for (name, svg) in &report.plots {
            write(&self.folder.join(name), svg)?;
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}
