//! The study's plot as SVG: loss of perplexity against compression, a line for each form, deviations as bars.

use plotters::prelude::*;

use crate::Result;
use crate::case::Form;
use crate::cells::Spread;

/// A form at a budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The form.
    pub form: Form,
    /// How many times less than dense.
    pub factor: f64,
    /// Loss of perplexity in per cent.
    pub loss: Spread,
}

/// Units of the drawing to a pixel: the library rounds to whole units.
const SCALE: u32 = 8;
const EXTENTS: (u32, u32) = (760 * SCALE, 460 * SCALE);

/// Doped forms in strong colours, each with its structure alone in a lighter one.
fn color(form: Form) -> RGBColor {
    match form {
        Form::Dense | Form::SmallerDense => RGBColor(130, 130, 130),
        Form::Pruned => RGBColor(148, 103, 189),
        Form::LowRank => RGBColor(152, 203, 138),
        Form::Hybrid => RGBColor(255, 187, 120),
        Form::Kronecker => RGBColor(158, 202, 225),
        Form::DopedLowRank => RGBColor(35, 139, 69),
        Form::DopedHybrid => RGBColor(217, 95, 14),
        Form::DopedKronecker => RGBColor(8, 81, 156),
    }
}

/// The picture.
///
/// # Errors
///
/// No points; what the library for it says.
pub fn svg(points: &[Point]) -> Result<String> {
    if points.is_empty() {
        return Err("there is no form to compare with the dense network yet".to_owned());
    }
    let mut text = String::new();
    draw(&mut text, points).map_err(|error| format!("the plot could not be drawn: {error}"))?;
    let [drawn, shown] = [EXTENTS, (EXTENTS.0 / SCALE, EXTENTS.1 / SCALE)]
        .map(|(width, height)| format!("width=\"{width}\" height=\"{height}\""));
    Ok(text.replacen(&drawn, &shown, 1))
}

fn draw(text: &mut String, points: &[Point]) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let ends =
        |point: &Point| [point.loss.mean - point.loss.deviation, point.loss.mean + point.loss.deviation];
    let (low, high) = points
        .iter()
        .flat_map(ends)
        .fold((0.0_f64, 1.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let factors = || points.iter().map(|point| point.factor);
    let (first, last) = (factors().fold(f64::INFINITY, f64::min), factors().fold(0.0, f64::max));
    let root = SVGBackend::with_string(text, EXTENTS).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(12 * SCALE)
        .margin_right(130 * SCALE)
        .x_label_area_size(40 * SCALE)
        .y_label_area_size(64 * SCALE)
        .build_cartesian_2d(first - 1.0..last + 1.0, low * 1.05..high * 1.05)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12).stroke_width(SCALE))
        .axis_style(BLACK.mix(0.4).stroke_width(SCALE))
        .x_desc("times less than dense that the LSTM matrices take")
        .y_desc("loss of perplexity against dense")
        .x_label_formatter(&|factor| format!("{factor:.0}×"))
        .y_label_formatter(&|loss| format!("{loss:.0}%"))
        .label_style(font(12))
        .axis_desc_style(font(13))
        .set_all_tick_mark_size(5 * SCALE)
        .draw()?;
    let mut names: Vec<(f64, Form)> = Vec::new();
    let width = last - first + 2.0;
    for (k, form) in Form::ALL.into_iter().enumerate() {
        let mut line: Vec<&Point> = points.iter().filter(|point| point.form == form).collect();
        line.sort_by(|a, b| a.factor.total_cmp(&b.factor));
        let Some(end) = line.last() else { continue };
        names.push((end.loss.mean, form));
        let style = color(form).stroke_width(2 * SCALE);
        chart
            .draw_series(LineSeries::new(line.iter().map(|point| (point.factor, point.loss.mean)), style))?;
        for point in line {
            // A little apart, so that bars of different forms can be told from each other.
            let x = point.factor + (k as f64 - 4.5) * width / 300.0;
            let [below, above] = ends(point);
            chart
                .draw_series([PathElement::new([(x, below), (x, above)], color(form).stroke_width(SCALE))])?;
            chart.draw_series([Circle::new(
                (point.factor, point.loss.mean),
                3 * SCALE,
                color(form).filled(),
            )])?;
        }
    }
    // Names at the ends of the lines, moved apart where they would cover each other.
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (x, _) = chart.backend_coord(&(last, 0.0));
    let mut lowest = i32::MIN;
    for (loss, form) in names {
        let (_, y) = chart.backend_coord(&(last, loss));
        let y = (y - 7 * SCALE as i32).max(lowest);
        lowest = y + 15 * SCALE as i32;
        let place = (x + 34 * SCALE as i32, y);
        root.draw(&Text::new(form.name(), place, font(12).color(&color(form))))?;
    }
    root.present()?;
    Ok(())
}

/// Of letters `size` pixels high.
fn font(size: u32) -> FontDesc<'static> {
    ("sans-serif", size * SCALE).into_font()
}
