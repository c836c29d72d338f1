//! Curves of a training run as SVG: loss, density, learning rate, and which matrix carries the output, over steps.
//!
//! Takes what was noted at some steps; gives the text of an SVG file. A panel whose numbers were never noted is left
//! out, as are numbers that are not finite. Long runs are thinned to a few hundred points a line.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde::{Deserialize, Serialize};

/// What was noted at a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Steps done.
    pub step: u64,
    /// Mean loss of training since the moment before, in nats for classes and tokens.
    pub train_loss: Option<f64>,
    /// Mean loss over the validation part, in the same unit.
    pub validation_loss: Option<f64>,
    /// The part of S that is not zero, over all doped matrices: 0 to 1.
    pub density: Option<f64>,
    /// Of the optimizer.
    pub learning_rate: Option<f64>,
    /// The norm of the structures' outputs as a part of theirs and the sparse parts': 0 to 1.
    pub structure_share: Option<f64>,
}

/// What the loss is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Cross-entropy of tokens in nats: its axis shows perplexity, e^loss, too.
    Tokens,
    /// Cross-entropy of classes in nats.
    Classes,
    /// Mean squared error.
    Values,
}

/// Units of the drawing to a pixel: the library rounds to whole units.
const SCALE: u32 = 8;
const WIDTH: u32 = 760 * SCALE;
/// Heights of the panel of losses, and of each below it.
const HEIGHTS: (u32, u32) = (300 * SCALE, 150 * SCALE);
const TITLE: u32 = 34 * SCALE;
/// Points that a line is thinned to.
const POINTS: usize = 500;
const COLORS: [RGBColor; 2] = [RGBColor(31, 119, 180), RGBColor(214, 96, 39)];

/// A line of a panel: its name and its points.
type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// A second axis on the right: its name and the labels of the values.
type Right<'a> = (&'a str, &'a dyn Fn(f64) -> String);

/// A panel: lines over the same steps.
struct Panel<'a> {
    unit: &'a str,
    lines: Vec<Line<'a>>,
    /// Values that the axis shows, whatever the lines hold.
    least: Option<Range<f64>>,
    label: &'a dyn Fn(f64) -> String,
    /// Whether the names of lines stand in the upper right, where loss leaves room, or in the margin at their ends.
    legend: bool,
    right: Option<Right<'a>>,
}

/// The picture as SVG, as wide as a page of text. Without any number there is the title alone.
///
/// # Errors
///
/// What the library for it says.
pub fn svg(title: &str, loss: Loss, moments: &[Moment]) -> Result<String, String> {
    let mut text = String::new();
    let height = draw(&mut text, title, loss, moments)
        .map_err(|error| format!("the curves could not be drawn: {error}"))?;
    let [drawn, shown] = [(WIDTH, height), (WIDTH / SCALE, height / SCALE)]
        .map(|(width, height)| format!("width=\"{width}\" height=\"{height}\""));
    Ok(text.replacen(&drawn, &shown, 1))
}

/// Draws; gives the height in units.
fn draw(
    text: &mut String,
    title: &str,
    loss: Loss,
    moments: &[Moment],
) -> Result<u32, Box<dyn std::error::Error>> {
    let line = |name, value: &dyn Fn(&Moment) -> Option<f64>| (name, thinned(moments, value));
    let (unit, right): (_, Option<Right<'_>>) = match loss {
        Loss::Tokens => ("loss in nats", Some(("perplexity", &|loss| short(loss.exp())))),
        Loss::Classes => ("loss in nats", None),
        Loss::Values => ("mean squared error", None),
    };
    let percent = |part: f64| format!("{:.0}%", 100.0 * part);
    let whole = Some(0.0..1.0);
    let mut panels = vec![
        Panel {
            unit,
            lines: vec![
                line("training", &|moment| moment.train_loss),
                line("validation", &|moment| moment.validation_loss),
            ],
            least: None,
            label: &short,
            legend: true,
            right,
        },
        Panel {
            unit: "density of S",
            lines: vec![line("", &|moment| moment.density)],
            least: whole.clone(),
            label: &percent,
            legend: false,
            right: None,
        },
        Panel {
            unit: "learning rate",
            lines: vec![line("", &|moment| moment.learning_rate)],
            least: Some(0.0..0.0),
            label: &short,
            legend: false,
            right: None,
        },
        Panel {
            unit: "share of the output",
            lines: vec![
                line("structure", &|moment| moment.structure_share),
                line("S", &|moment| moment.structure_share.map(|share| 1.0 - share)),
            ],
            least: whole,
            label: &percent,
            legend: false,
            right: None,
        },
    ];
    panels.retain_mut(|panel| {
        panel.lines.retain(|(_, points)| !points.is_empty());
        !panel.lines.is_empty()
    });
    let height = |i: usize| if i == 0 { HEIGHTS.0 } else { HEIGHTS.1 };
    let total = TITLE + (0..panels.len()).map(height).sum::<u32>();
    let root = SVGBackend::with_string(text, (WIDTH, total)).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, mut rest) = root.split_vertically(TITLE);
    head.draw(&Text::new(title.to_owned(), (16 * SCALE as i32, 12 * SCALE as i32), font(17)))?;
    let last = moments.iter().map(|moment| moment.step).max().unwrap_or_default();
    for (i, panel) in panels.iter().enumerate() {
        let (area, below) = rest.split_vertically(height(i));
        panel.draw(&area, last as f64, i + 1 == panels.len())?;
        rest = below;
    }
    root.present()?;
    Ok(total)
}

/// The finite values over their steps, at most `POINTS`: runs of neighbours become their mean.
fn thinned(moments: &[Moment], value: &dyn Fn(&Moment) -> Option<f64>) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = moments
        .iter()
        .filter_map(|moment| {
            value(moment).filter(|value| value.is_finite()).map(|value| (moment.step as f64, value))
        })
        .collect();
    let runs = points.len().min(POINTS);
    let mean = |i: usize| {
        let run = &points[i * points.len() / runs..(i + 1) * points.len() / runs];
        let sum =
            run.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1 / run.len() as f64));
        (sum.0 / run.len() as f64, sum.1)
    };
    let mut thinned: Vec<(f64, f64)> = (0..runs).map(mean).collect();
    if let (Some(end), Some(last)) = (thinned.last_mut(), points.last()) {
        end.0 = last.0;
    }
    thinned
}

impl Panel<'_> {
    fn draw<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        last: f64,
        bottom: bool,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let values = self.range();
        let steps = 0.0..last.max(1.0);
        let mut chart = ChartBuilder::on(area)
            .margin_left(12 * SCALE)
            .margin_right(12 * SCALE)
            .margin_top(8 * SCALE)
            .margin_bottom(8 * SCALE)
            .x_label_area_size(SCALE * if bottom { 40 } else { 18 })
            .y_label_area_size(72 * SCALE)
            .right_y_label_area_size(64 * SCALE)
            .build_cartesian_2d(steps.clone(), values.clone())?
            .set_secondary_coord(steps, values);
        let rows = if area.dim_in_pixel().1 > HEIGHTS.1 { 8 } else { 4 };
        let step = |step: &f64| short(*step);
        let label = |value: &f64| (self.label)(*value);
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12).stroke_width(SCALE))
            .axis_style(BLACK.mix(0.4).stroke_width(SCALE))
            .x_labels(8)
            .y_labels(rows)
            .y_desc(self.unit)
            .x_label_formatter(&step)
            .y_label_formatter(&label)
            .label_style(font(12))
            .axis_desc_style(font(13))
            .set_all_tick_mark_size(5 * SCALE);
        if bottom {
            mesh.x_desc("steps");
        }
        mesh.draw()?;
        if let Some((name, label)) = self.right {
            chart
                .configure_secondary_axes()
                .y_desc(name)
                .y_labels(rows)
                .y_label_formatter(&|value: &f64| label(*value))
                .axis_style(BLACK.mix(0.4).stroke_width(SCALE))
                .label_style(font(12))
                .axis_desc_style(font(13))
                .set_all_tick_mark_size(5 * SCALE)
                .draw()?;
        }
        for ((name, points), color) in self.lines.iter().zip(COLORS) {
            let style = color.stroke_width(2 * SCALE);
            let series = chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
            if self.legend {
                let width = 18 * SCALE as i32;
                series.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + width, y)], style));
            } else if let Some(&end) = points.last() {
                let place = (6 * SCALE as i32, -6 * SCALE as i32);
                let name = Text::new((*name).to_owned(), place, font(12).color(&color));
                chart.draw_series([EmptyElement::at(end) + name])?;
            }
        }
        if self.legend {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .background_style(WHITE.mix(0.85))
                .legend_area_size(24 * SCALE)
                .margin(10 * SCALE)
                .label_font(font(13))
                .draw()?;
        }
        Ok(())
    }

    /// The values that the axis shows: all of the lines', with a little room.
    fn range(&self) -> Range<f64> {
        let values = || self.lines.iter().flat_map(|(_, points)| points).map(|point| point.1);
        let (mut low, mut high) = values()
            .chain(self.least.iter().flat_map(|least| [least.start, least.end]))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if high <= low {
            (low, high) = (low - 0.5 * low.abs().max(1e-6), high + 0.5 * high.abs().max(1e-6));
        }
        let room = 0.04 * (high - low);
        let floor =
            if self.least.as_ref().is_some_and(|least| least.start <= low) { low } else { low - room };
        floor..high + room
    }
}

/// Of letters `size` pixels high.
fn font(size: u32) -> FontDesc<'static> {
    ("sans-serif", size * SCALE).into_font()
}

/// A number in about three digits.
fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e5 || size > 0.0 && size < 1e-2 {
        let text = format!("{value:.2e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits =
            if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{exponent}");
    }
    let places = if size >= 100.0 || value == 0.0 {
        0
    } else if size >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.places$}");
    if places > 0 { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run as training gives it: noisy losses that fall, S pruned from dense to 4%.
    fn run(steps: u64) -> Vec<Moment> {
        (0..=steps)
            .map(|i| {
                let t = i as f64 / steps.max(1) as f64;
                let loss = 1.45 + 2.75 * (-9.0 * t).exp();
                let noise = 0.09 * ((i * 7919 % 101) as f64 / 50.0 - 1.0);
                let left = (1.0 - (t - 0.1).clamp(0.0, 0.6) / 0.6).powi(3);
                Moment {
                    step: 10 * i,
                    train_loss: Some(loss + noise),
                    validation_loss: (i % 20 == 0).then_some(loss + 0.06 + 0.1 * t),
                    density: Some(0.04 + 0.96 * left),
                    learning_rate: Some(2e-3 * (1.0 - t).max(0.02)),
                    structure_share: Some(0.5 + 0.3 * t - 0.25 * (-(t - 0.15).powi(2) / 0.01).exp()),
                }
            })
            .collect()
    }

    #[test]
    fn every_panel_is_drawn_once() {
        let svg = svg("A run", Loss::Tokens, &run(2_000)).unwrap();
        assert!(
            svg.starts_with("<svg width=\"760\" height=\"784\" viewBox=\"0 0 6080 6272\"")
                && svg.trim_end().ends_with("</svg>")
        );
        for words in
            ["A run", "loss in nats", "perplexity", "training", "validation", "density of S", "learning rate"]
        {
            assert_eq!(svg.matches(words).count(), 1, "{words}");
        }
        assert_eq!(svg.matches("share of the output").count(), 1);
        assert!(svg.len() < 100_000, "{} bytes", svg.len());
        // To look at it.
        if let Some(path) = std::env::var_os("CURVES_SVG") {
            std::fs::write(path, svg).unwrap();
        }
    }

    #[test]
    fn what_was_not_noted_is_left_out() {
        let moments: Vec<Moment> = run(3)
            .into_iter()
            .map(|moment| Moment { step: moment.step, train_loss: moment.train_loss, ..Moment::default() })
            .collect();
        let svg = svg("A run", Loss::Values, &moments).unwrap();
        assert!(svg.contains("mean squared error") && svg.contains("steps"));
        for words in ["perplexity", "validation", "density", "learning rate", "share"] {
            assert!(!svg.contains(words), "{words}");
        }
    }

    #[test]
    fn no_number_is_too_odd_to_draw() {
        let odd = [f64::NAN, f64::INFINITY, 0.0, -1.0, 1e300, 1e-300];
        for first in odd {
            for second in odd {
                let moment = |step, value| Moment {
                    step,
                    train_loss: Some(value),
                    density: Some(value),
                    ..Moment::default()
                };
                for moments in
                    [vec![], vec![moment(0, first)], vec![moment(u64::MAX, first), moment(u64::MAX, second)]]
                {
                    assert!(svg("<&>", Loss::Tokens, &moments).unwrap().contains("&lt;&amp;&gt;"));
                }
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (2.0, "2"),
            (0.05, "0.05"),
            (12.34, "12.3"),
            (20.0, "20"),
            (100.0, "100"),
            (2e-3, "2e-3"),
            (1.25e-3, "1.25e-3"),
            (20_000.0, "20000"),
            (1e5, "1e5"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
