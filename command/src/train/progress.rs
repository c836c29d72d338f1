//! What is told of a run while it lasts: a bar on a terminal, else a line at each moment. All on stderr.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Instant;

use dopec_cli::curves::{Loss, Moment};
use dopec_trainer::StepReport;
use indicatif::{ProgressBar, ProgressStyle};

/// Writes a line to stderr. A reader that has gone away does not end a run.
pub(super) fn tell(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A run as it is watched.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    loss: Loss,
    steps: u64,
    /// The step that this run of the command began at, and when.
    first: u64,
    begun: Instant,
    held_out: Option<f64>,
}

impl Progress {
    /// Of a run of so many steps that begins at `first`.
    pub(super) fn new(loss: Loss, first: u64, steps: u64) -> Progress {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(steps);
            let style = ProgressStyle::with_template("{bar:20} {pos}/{len}  {msg}  {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_position(first);
            bar.reset_eta();
            bar
        });
        Progress { bar, loss, steps, first, begun: Instant::now(), held_out: None }
    }

    /// After each step.
    pub(super) fn step(&self, report: &StepReport) {
        let Some(bar) = &self.bar else { return };
        bar.set_position(report.step + 1);
        let held_out = self.held_out.map(|loss| format!(", held out {}", self.spelled(loss)));
        bar.set_message(format!(
            "loss {:.4}{}, density {}",
            report.loss,
            held_out.unwrap_or_default(),
            percent(report.density)
        ));
    }

    /// At each moment.
    pub(super) fn moment(&mut self, moment: &Moment) {
        self.held_out = moment.validation_loss;
        if self.bar.is_some() {
            return;
        }
        let mut line = format!("step {} of {}:", moment.step, self.steps);
        if let Some(loss) = moment.train_loss {
            line.push_str(&format!(" loss {loss:.4},"));
        }
        if let Some(loss) = moment.validation_loss {
            line.push_str(&format!(" held out {},", self.spelled(loss)));
        }
        if let Some(density) = moment.density {
            line.push_str(&format!(" density {},", percent(density)));
        }
        let done = (moment.step - self.first).max(1) as f64;
        let left = self.begun.elapsed().as_secs_f64() / done * (self.steps - moment.step) as f64;
        tell(format_args!("{line} {} left", time(left)));
    }

    /// Something that is to be read beside the bar.
    pub(super) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(text)),
            None => tell(text),
        }
    }

    /// Clears the bar.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn spelled(&self, loss: f64) -> String {
        match self.loss {
            Loss::Tokens => format!("{loss:.4} (perplexity {:.3})", loss.exp()),
            Loss::Classes | Loss::Values => format!("{loss:.4}"),
        }
    }
}

/// A density, to a tenth of a percent where it is small.
fn percent(part: f64) -> String {
    if part < 0.1 { format!("{:.1}%", 100.0 * part) } else { format!("{:.0}%", 100.0 * part) }
}

/// A number in three digits or a few more, none of them lost to zeros behind the point.
pub(super) fn short(number: f64) -> String {
    let place = if number == 0.0 { 0 } else { number.abs().log10().floor() as i32 };
    match place {
        -6..7 => format!("{number:.*}", (2 - place).max(0) as usize),
        _ => format!("{number:.2e}"),
    }
}

/// A time in its two largest units.
fn time(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{percent, short, time};

    #[test]
    fn numbers_are_short() {
        assert_eq!([59.4, 61.0, 3661.0].map(time), ["59 s", "1 min 1 s", "1 h 1 min"]);
        assert_eq!([0.431, 0.0421].map(percent), ["43%", "4.2%"]);
        let numbers = [0.0, 2.0, -1234.5, 0.000_123_4, 1e-9, 31_415_926.0];
        assert_eq!(numbers.map(short), ["0.00", "2.00", "-1234", "0.000123", "1.00e-9", "3.14e7"]);
    }
}
