//! The runner skips what is done, survives a cut last line and goes on from checkpoints; the report holds together.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dopec_experiments::case::{Case, Doping, Form, Size};
use dopec_experiments::cells::spread;
use dopec_experiments::queue::{Done, run_all};
use dopec_experiments::report::{Report, report};
use dopec_experiments::results::{Line, Outcome, Results, TextId};
use dopec_experiments::run::{Source, run};
use dopec_experiments::{causes, defaults, joining, study};
use dopec_trainer::budget::Counting;

/// A network that is trained in a blink.
fn tiny() -> Size {
    Size { embedding: 8, hidden: vec![16], lanes: 4, tokens: 8, steps: 12, scored_lanes: 2, ..Size::quick() }
}

fn case(form: Form, seed: u64) -> Case {
    let factor = if form == Form::Dense { 1.0 } else { 2.0 };
    Case { name: "tiny".to_owned(), form, factor, seed, doping: Doping::default(), size: tiny() }
}

struct Place {
    folder: tempfile::TempDir,
    source: Source,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..400).map(|k| ["one ", "two ", "and ", "three\n"][k * k % 11 % 4]).collect();
        let path = folder.path().join("text.txt");
        fs::write(&path, text).unwrap();
        Place { source: Source::read(&path).unwrap(), folder }
    }

    fn results(&self) -> PathBuf {
        self.folder.path().join("results.jsonl")
    }

    fn run(&self, cases: &[Case]) -> Result<Done, String> {
        run_all(cases, &self.source, &self.results(), 2, &|_| ())
    }

    fn losses(&self, cases: &[Case]) -> Vec<f64> {
        let results = Results::open(&self.results()).unwrap();
        cases.iter().map(|case| results.find(case, &self.source.id).unwrap().outcome.loss).collect()
    }
}

#[test]
fn a_rerun_does_what_is_left_and_a_cut_last_line_is_left() {
    let place = Place::new();
    let cases: Vec<Case> =
        [(Form::Dense, 1), (Form::DopedKronecker, 1), (Form::Pruned, 2), (Form::Hybrid, 1)]
            .map(|(form, seed)| case(form, seed))
            .into();
    assert_eq!(place.run(&cases[..2]).unwrap(), Done { skipped: 0, run: 2 });
    assert_eq!(place.run(&cases).unwrap(), Done { skipped: 2, run: 2 });
    assert_eq!(place.run(&cases).unwrap(), Done { skipped: 4, run: 0 });
    let losses = place.losses(&cases);
    assert!(!place.results().with_extension("checkpoints").exists());
    // As after a loss of power.
    let mut bytes = fs::read(place.results()).unwrap();
    bytes.truncate(bytes.len() - 40);
    fs::write(place.results(), &bytes).unwrap();
    assert_eq!(Results::read(&place.results()).unwrap().len(), 3);
    assert_eq!(place.run(&cases).unwrap(), Done { skipped: 3, run: 1 });
    assert_eq!(place.losses(&cases), losses);
    // Other options are another case.
    let mut other = cases[1].clone();
    other.doping.sparse_share = 0.3;
    assert_eq!(place.run(&[other]).unwrap(), Done { skipped: 0, run: 1 });
    // A line that is none, before others, is not passed over.
    let text = fs::read_to_string(place.results()).unwrap();
    fs::write(place.results(), text.replacen("\"case\"", "\"cake\"", 1)).unwrap();
    assert!(place.run(&cases).unwrap_err().contains("results.jsonl: line 1: "));
}

#[test]
fn a_case_that_was_cut_off_goes_on_from_its_checkpoint() {
    let place = Place::new();
    let (folder, case) = (place.folder.path(), case(Form::DopedKronecker, 3));
    let mut first = None;
    let whole = run(&case, &place.source, folder, &mut |_, _| true).unwrap().unwrap();
    assert_eq!(run(&case, &place.source, folder, &mut |step, _| step < 7).unwrap(), None);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3, "the text, a checkpoint and what stands beside it");
    let resumed = run(&case, &place.source, folder, &mut |step, _| {
        first.get_or_insert(step);
        true
    });
    let resumed = resumed.unwrap().unwrap();
    assert_eq!(first, Some(8));
    assert_eq!((resumed.loss, &resumed.moments), (whole.loss, &whole.moments));
    assert_eq!(whole.moments.len(), 12);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_run_is_told_with_its_case() {
    let place = Place::new();
    let impossible = Case { factor: 1e6, ..case(Form::LowRank, 1) };
    let error = place.run(&[impossible, case(Form::Dense, 1)]).unwrap_err();
    assert!(
        error.starts_with("tiny: low rank (LMF) 1000000x, seed 1: ") && error.contains("rank of 1"),
        "{error}"
    );
    assert!(Source::read(&place.folder.path().join("none.txt")).unwrap_err().contains("none.txt"));
    assert!("dopped".parse::<Form>().unwrap_err().contains("smaller_dense"));
    for form in Form::ALL {
        let name = serde_json::to_string(&form).unwrap();
        assert_eq!(name.trim_matches('"').parse::<Form>().unwrap(), form);
    }
}

#[test]
fn every_case_of_every_size_keeps_to_its_budget() {
    let paper = |form| Case { size: Size::paper(), factor: 25.0, ..case(form, 1) };
    let sizes = [Size::quick(), Size::full()];
    let counted =
        |size| [Counting::Everything, Counting::Values].map(|counting| study::cases(size, counting));
    let cases = sizes
        .iter()
        .flat_map(counted)
        .flatten()
        .chain(defaults::cases())
        .chain(joining::cases())
        .chain(causes::cases())
        .chain(Form::ALL[1..].iter().map(|&form| paper(form)));
    for case in cases {
        let stored = case.stored_bits(&case.network(65).unwrap()) as f64;
        let budget = case.dense_bits() as f64 / case.factor;
        // Ranks and units are whole, and few shapes fit two Kronecker factors.
        let least = if case.form == Form::Kronecker { 0.5 } else { 0.8 };
        assert!(stored <= budget && stored > least * budget, "{case}: {stored} of {budget}");
        assert!(case.settings().check().is_ok());
    }
    // Forms without S are the same cases however a budget counts.
    let [everything, values] = counted(&sizes[0]);
    assert_eq!((everything.len(), values.len()), (75, 75));
    assert_eq!(values.iter().filter(|case| !everything.contains(case)).count(), 36);
}

/// The page and the only plot.
fn alone(report: Result<Report, String>) -> (String, String) {
    let mut report = report.unwrap();
    assert!(report.plots.len() == 1 && !report.page.contains("As the papers count"));
    (report.page, report.plots.remove(0).1)
}

#[test]
fn the_report_holds_together() {
    let size = tiny();
    let text = TextId { name: "a.txt".to_owned(), bytes: 7, hash: "0".to_owned() };
    let line = |case: Case| {
        let place = Form::ALL.iter().position(|&form| form == case.form).unwrap();
        // Forms lose more the earlier they stand; seeds differ by a hundredth.
        let worse = if case.form == Form::Dense { 0.0 } else { 0.01 * (9 - place) as f64 };
        let loss = 1.5 + worse * (1.0 + 0.1 * case.seed as f64) + 0.01 * case.seed as f64;
        let (machine, moments) = ("a machine".to_owned(), Vec::new());
        let outcome = Outcome { loss, stored_bits: 50, dense_bits: 1000, seconds: 60.0, machine, moments };
        Line { case, text: text.clone(), outcome }
    };
    let mut lines: Vec<Line> = study::cases(&size, Counting::Everything).into_iter().map(line).collect();
    let (page, svg) = alone(report(&lines, &text, &size, true));
    for form in &Form::ALL[1..] {
        assert!(page.contains(&format!("| {form} | ")) && svg.contains(form.name()), "{form}\n{page}");
    }
    // exp(0.012), loss of doped KP, of the second seed.
    assert!(page.contains("+1.21% ± 0.10") && page.contains("75 of 75 cases") && page.contains("a machine"));
    assert!(
        page.contains("- 25 times: doped KP, doped HMD, doped LMF, Kronecker (KP), hybrid (HMD)"),
        "{page}"
    );
    assert!(page.contains("quick size") && page.contains("20.00") && !page.contains("NaN"));
    assert!(svg.starts_with("<svg width=\"760\" height=\"460\"") && svg.trim_end().ends_with("</svg>"));
    // Budgets of values alone: a table and a plot more, of the budget at which anything is done.
    let with_values: Vec<Line> = study::cases(&size, Counting::Values)
        .into_iter()
        .filter(|case| case.factor == 25.0 && case.form.has_sparse())
        .map(|case| Line { outcome: Outcome { loss: 1.6, ..line(case.clone()).outcome }, ..line(case) })
        .chain(lines.iter().cloned())
        .collect();
    let both = report(&with_values, &text, &size, true).unwrap();
    let (first, section) = both.page.split_once("\n## As the papers count\n").unwrap();
    assert_eq!(first, page);
    assert!(
        section.contains("| | 25 times |\n") && section.contains("| pruned | 4.953 ± 0.000<br>"),
        "{section}"
    );
    assert!(section.contains("| Kronecker (KP) | ") && !section.contains("not run"), "{section}");
    assert_eq!(
        both.plots.iter().map(|plot| plot.0.as_str()).collect::<Vec<_>>(),
        ["quick-perplexity.svg", "quick-perplexity-values.svg"]
    );
    assert!(both.plots.iter().all(|(name, _)| both.page.contains(&format!("]({name})"))));
    // Of another text nothing is done; of this one the last seed may be missing.
    assert!(report(&lines, &TextId { bytes: 8, ..text.clone() }, &size, true).is_err());
    let full = report(&with_values, &text, &size, false).unwrap();
    assert_eq!(
        full.plots.iter().map(|plot| plot.0.as_str()).collect::<Vec<_>>(),
        ["perplexity.svg", "perplexity-values.svg"]
    );
    assert!(full.plots.iter().all(|(name, _)| full.page.contains(&format!("]({name})"))));
    lines.truncate(32);
    let (page, svg) = alone(report(&lines, &text, &size, false));
    assert!(
        page.contains("32 of 75 cases") && page.contains("(2 of 3 seeds)") && !page.contains("quick size")
    );
    // The tightest budget is done, the next one begun, the last one not.
    assert!(
        page.contains("this page has only 20 and 25 times") && page.contains("| | 20 times | 25 times |")
    );
    assert!(page.contains("| pruned | not run | ") && page.contains("| pruned | | 20.00 |"), "{page}");
    assert!(page.contains("- 25 times: doped KP, doped HMD") && !page.contains("- 10 times"), "{page}");
    assert!(svg.trim_end().ends_with("</svg>") && !svg.contains("NaN"));
    lines.truncate(27);
    let (page, svg) = alone(report(&lines, &text, &size, false));
    assert!(page.contains("only 25 times: nothing") && page.contains("\n| | 25 times |\n"), "{page}");
    assert!(svg.trim_end().ends_with("</svg>") && !svg.contains("NaN"));
    assert_eq!(spread(&[]), None);
    assert_eq!(spread(&[1.0, 3.0]).map(|s| (s.mean, s.deviation)), Some((2.0, 2.0_f64.sqrt())));
}

/// The report as the command writes it.
#[test]
fn a_report_replaces_none_of_another_size_or_text() {
    let place = Place::new();
    let folder = place.folder.path();
    let command = |text: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dopec-experiments"));
        command.arg("report").arg(folder.join(text)).arg("--folder").arg(folder).args(more);
        command.output().unwrap()
    };
    // A dense network and another form, of either size, as if they were done.
    for (file, size) in [("study.jsonl", Size::full()), ("quick.jsonl", Size::quick())] {
        let mut results = Results::open(&folder.join(file)).unwrap();
        for case in study::cases(&size, Counting::Everything).into_iter().take(6) {
            let loss = if case.form == Form::Dense { 1.5 } else { 1.6 };
            let (machine, moments) = ("a machine".to_owned(), Vec::new());
            let outcome =
                Outcome { loss, stored_bits: 50, dense_bits: 1000, seconds: 60.0, machine, moments };
            results.append(Line { case, text: place.source.id.clone(), outcome }).unwrap();
        }
    }
    let names = || -> Vec<_> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let before = names();
    fs::write(folder.join("other.txt"), "another text\n".repeat(40)).unwrap();
    for more in [&[][..], &["--quick"]] {
        let output = command("other.txt", more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("are of another text, text.txt"), "{said}");
    }
    fs::remove_file(folder.join("other.txt")).unwrap();
    assert_eq!(names(), before);
    let output = command("text.txt", &["--quick"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!folder.join("RESULTS.md").exists() && !folder.join("perplexity.svg").exists());
    assert!(folder.join("quick-RESULTS.md").exists() && folder.join("quick-perplexity.svg").exists());
    assert!(command("text.txt", &[]).status.success());
    assert!(folder.join("RESULTS.md").exists() && folder.join("perplexity.svg").exists());
}
