//! The picture: how many times as fast as the fastest dense peer, against how many times smaller, with the line where
//! both are equal.

use plotters::prelude::*;

/// A line of the picture.
pub(crate) struct Series {
    /// What the legend says.
    pub(crate) name: String,
    /// Compression factor, speed-up.
    pub(crate) points: Vec<(f64, f64)>,
}

const SIZE: (u32, u32) = (720, 480);
const COLORS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(120, 178, 218), RGBColor(214, 96, 39), RGBColor(244, 164, 112)];

/// The picture as SVG.
///
/// # Errors
///
/// What the library for it says.
pub(crate) fn svg(series: &[Series]) -> Result<String, String> {
    let mut text = String::new();
    draw(&mut text, series).map_err(|error| format!("the picture could not be drawn: {error}"))?;
    Ok(text)
}

fn draw(text: &mut String, series: &[Series]) -> Result<(), Box<dyn std::error::Error>> {
    let points = || series.iter().flat_map(|series| &series.points);
    let right = points().fold(25.0_f64, |most, point| most.max(point.0)) + 2.0;
    let top = points().fold(right, |most, point| most.max(point.1 + 2.0));
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..right, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("compression of the weights")
        .y_desc("speed-up of a step over the fastest dense peer")
        .x_label_formatter(&|value| format!("{value:.0}x"))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .label_style(("sans-serif", 14))
        .draw()?;
    chart
        .draw_series(LineSeries::new([(0.0, 0.0), (right.min(top), right.min(top))], BLACK.mix(0.4)))?
        .label("speed-up = compression")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLACK.mix(0.4)));
    for (series, color) in series.iter().zip(COLORS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(series.points.iter().copied(), color.stroke_width(2)))?
            .label(&series.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        chart.draw_series(series.points.iter().map(|&point| Circle::new(point, 4, color.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.9))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_holds_every_series_and_the_line() {
        let series =
            |name: &str, y| Series { name: name.to_owned(), points: vec![(10.0, y), (25.0, 2.0 * y)] };
        let svg = svg(&[series("medium", 6.0), series("large", 9.0)]).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for label in ["medium", "large", "speed-up = compression"] {
            assert!(svg.contains(label), "{label}");
        }
        assert_eq!(svg.matches("<circle").count(), 4);
    }
}
