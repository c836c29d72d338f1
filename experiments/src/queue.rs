//! Runs the cases that a results file lacks, a few side by side, and says how long the others will take.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::results::{Line, Results};
use crate::run::{Source, run};
use crate::{Result, at};

/// Time after which words are said though no case has ended.
const BETWEEN_WORDS: Duration = Duration::from_secs(60);

/// What came of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Cases that were done before.
    pub skipped: usize,
    /// Cases that were run.
    pub run: usize,
}

/// Runs cases, `at_once` of them side by side, in their order; the results file has a line for each at the end.
/// `say` is given a line of words for each case that ends, and each minute in which none does. Checkpoints of cases under
/// way lie in a folder beside the results file, which is removed when it is empty.
///
/// # Errors
///
/// The first error of a case; those under way are then run to their ends, and no other is begun.
pub fn run_all(
    cases: &[Case],
    source: &Source,
    results: &Path,
    at_once: usize,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Done> {
    let folder = results.with_extension("checkpoints");
    fs::create_dir_all(&folder).map_err(at(folder.display()))?;
    let file = Results::open(results)?;
    let left: VecDeque<&Case> = cases.iter().filter(|case| file.find(case, &source.id).is_none()).collect();
    let (total, skipped) = (left.len(), cases.len() - left.len());
    say(&format!("{skipped} of {} cases are done, {total} are left", cases.len()));
    let steps = left.iter().map(|case| case.size.steps).sum::<u64>();
    let (begun, taken, ended) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
    let (left, file, problem) = (Mutex::new(left), Mutex::new(file), Mutex::new(None));
    let time_left = || {
        let share = taken.load(Ordering::Relaxed) as f64 / steps as f64;
        duration(begun.elapsed().mul_f64((1.0 / share - 1.0).max(0.0)))
    };
    let said = Mutex::new(Instant::now());
    let worker = || {
        while problem.lock().expect("no worker panics").is_none() {
            let Some(case) = left.lock().expect("no worker panics").pop_front() else { return };
            let mut counted = None;
            let outcome = run(case, source, &folder, &mut |step, loss| {
                // A resumed case begins past its first step: its steps before count as taken by nobody.
                let before = counted.replace(step).unwrap_or(step - 1);
                taken.fetch_add(step - before, Ordering::Relaxed);
                let mut said = said.lock().expect("no worker panics");
                if said.elapsed() > BETWEEN_WORDS {
                    *said = Instant::now();
                    let all = case.size.steps;
                    say(&format!(
                        "{case}: step {step} of {all}, loss {loss:.3}; {} left of all",
                        time_left()
                    ));
                }
                true
            });
            let written = outcome.and_then(|outcome| {
                let outcome = outcome.expect("it was not asked to end");
                let words = format!("{case}: {:.4} nats in {:.0} s", outcome.loss, outcome.seconds);
                let line = Line { case: case.clone(), text: source.id.clone(), outcome };
                file.lock().expect("no worker panics").append(line)?;
                Ok(words)
            });
            match written {
                Ok(words) => {
                    let number = 1 + ended.fetch_add(1, Ordering::Relaxed);
                    *said.lock().expect("no worker panics") = Instant::now();
                    say(&format!("[{number}/{total}] {words}; {} left", time_left()));
                }
                Err(error) => {
                    problem.lock().expect("no worker panics").get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once.max(1)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().for_each(|worker| worker.join().expect("no worker panics"));
    });
    if let Some(problem) = problem.into_inner().expect("no worker panics") {
        return Err(problem);
    }
    // It holds checkpoints of other studies, if any.
    let _ = fs::remove_dir(&folder);
    Ok(Done { skipped, run: total })
}

/// A duration as people say it.
pub fn duration(time: Duration) -> String {
    let minutes = (time.as_secs_f64() / 60.0).round() as u64;
    match minutes {
        0 => format!("{} s", time.as_secs()),
        1..60 => format!("{minutes} min"),
        _ => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}
