//! Line charts as SVG, readable on light and on dark pages.

use super::statistics::round;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt::{self, Display, Formatter, Write as _};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// Name of the file, without its suffix.
    pub name: String,
    pub title: String,
    pub x: String,
    pub y: String,
    #[serde(default, skip_serializing_if = "Scale::is_linear")]
    pub scale: Scale,
    pub lines: Vec<Line>,
}

/// Scale of both axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// Linear; the horizontal axis begins at 0.
    #[default]
    Linear,
    /// Logarithmic: a power function is a straight line.
    Log,
}

impl Scale {
    fn is_linear(&self) -> bool {
        *self == Self::Linear
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    #[serde(serialize_with = "short")]
    pub points: Vec<[f64; 2]>,
}

/// Largest number of points of a line: more cannot be distinguished.
const MOST_POINTS: usize = 120;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 380.0;
/// Area of the lines; their names are to its right.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 540.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 328.0;

/// Colours and dashes of lines. Contrast is at least 3 on white and on dark pages; the dashes
/// distinguish lines without colour, also for red-green colour blindness.
const STROKES: [(&str, &str); 8] = [
    ("#2b7fd4", "none"),
    ("#d9681d", "7 3"),
    ("#1a9470", "2 3"),
    ("#c4589a", "9 3 2 3"),
    ("#8a7a1f", "4 4"),
    ("#7a6fd0", "12 4"),
    ("#d0453e", "16 3 3 3"),
    ("#4d8f2a", "1 4"),
];

/// Colour of text and axes, with equal contrast to white and to dark pages.
const GREY: &str = "#787878";

impl Line {
    /// Returns a line through at most `MOST_POINTS` of the points, including the last.
    pub fn new(name: &str, points: &[[f64; 2]]) -> Self {
        let stride = points.len().div_ceil(MOST_POINTS).max(1);
        let last = points.len().saturating_sub(1);
        let kept = points.iter().enumerate().filter(|(n, _)| (last - n).is_multiple_of(stride));
        Self { name: name.to_owned(), points: kept.map(|(_, &point)| point).collect() }
    }
}

impl Display for Plot {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let across = self.points().map(|[x, _]| x);
        let (x, y) = match self.scale {
            Scale::Linear => (
                Axis::new(across.chain([0.0]), LEFT, RIGHT),
                Axis::new(self.heights(), BOTTOM, TOP),
            ),
            Scale::Log => (
                Axis::log(across, LEFT, RIGHT),
                Axis::log(self.points().map(|[_, y]| y), BOTTOM, TOP),
            ),
        };
        writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{GREY}">"#
        )?;
        writeln!(out, "<title>{}</title>", self.title)?;
        writeln!(out, r#"<text x="{LEFT}" y="22" font-size="14">{}</text>"#, self.title)?;
        self.draw_grid(out, &x, &y)?;
        writeln!(
            out,
            r#"<clipPath id="inside"><rect x="{LEFT}" y="{TOP}" width="{}" height="{}"/></clipPath>"#,
            RIGHT - LEFT,
            BOTTOM - TOP
        )?;
        for (n, (line, (colour, dashes))) in self.lines.iter().zip(strokes()).enumerate() {
            let stroke = format!(
                r#"fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}""#
            );
            let mut points = String::new();
            for [along, up] in &line.points {
                write!(points, "{:.1},{:.1} ", x.place(*along), y.place(*up))?;
            }
            let points = points.trim_end();
            writeln!(out, r#"<polyline clip-path="url(#inside)" {stroke} points="{points}"/>"#)?;
            let (mark, row) = (RIGHT + 16.0, TOP + 12.0 + 20.0 * n as f64);
            writeln!(out, r#"<path {stroke} d="M{mark} {row}h28"/>"#)?;
            writeln!(out, r#"<text x="{}" y="{}">{}</text>"#, mark + 34.0, row + 4.0, line.name)?;
        }
        writeln!(out, "</svg>")
    }
}

impl Plot {
    fn points(&self) -> impl Iterator<Item = [f64; 2]> {
        self.lines.iter().flat_map(|line| line.points.iter().copied())
    }

    /// Returns the values that the vertical axis covers. The first quarter of each line is
    /// excluded, since its steep rise would flatten the rest.
    fn heights(&self) -> impl Iterator<Item = f64> {
        let settled = |line: &'_ Line| line.points.len() / 4;
        self.lines.iter().flat_map(move |line| line.points[settled(line)..].iter().map(|[_, y]| *y))
    }

    fn draw_grid(&self, out: &mut Formatter<'_>, x: &Axis, y: &Axis) -> fmt::Result {
        for tick in x.ticks() {
            let (at, label) = (x.place(tick), x.label(tick));
            writeln!(
                out,
                r#"<text x="{at:.1}" y="{}" text-anchor="middle">{label}</text>"#,
                BOTTOM + 18.0
            )?;
        }
        for tick in y.ticks() {
            let (at, label) = (y.place(tick), y.label(tick));
            writeln!(
                out,
                r#"<path stroke="{GREY}" stroke-opacity=".3" d="M{LEFT} {at:.1}H{RIGHT}"/>"#
            )?;
            writeln!(
                out,
                r#"<text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 8.0,
                at + 4.0
            )?;
        }
        let (middle, under) = (f64::midpoint(LEFT, RIGHT), BOTTOM + 40.0);
        writeln!(out, r#"<text x="{middle}" y="{under}" text-anchor="middle">{}</text>"#, self.x)?;
        let centre = f64::midpoint(TOP, BOTTOM);
        writeln!(
            out,
            r#"<text transform="translate(16 {centre})rotate(-90)" text-anchor="middle">{}</text>"#,
            self.y
        )
    }
}

/// Returns colours and dashes, repeated if there are more lines.
fn strokes() -> impl Iterator<Item = (&'static str, &'static str)> {
    STROKES.into_iter().cycle()
}

/// An axis: maps values to positions in the picture.
struct Axis {
    scale: Scale,
    /// Bounds and step of the axis; logarithms if the scale is logarithmic.
    low: f64,
    high: f64,
    step: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// Returns an axis from a round number below all values to a round number above them.
    fn new(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let bounds = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let (low, high) = if bounds.0 < bounds.1 { bounds } else { (bounds.0, bounds.0 + 1.0) };
        let rough = (high - low) / 5.0;
        let decade = 10f64.powf(rough.log10().floor());
        let rounds = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * decade);
        let step = rounds.into_iter().find(|&step| step >= rough).unwrap_or(rough);
        let low = (low / step).floor() * step;
        let high = (high / step).ceil() * step;
        Self { scale: Scale::Linear, low, high, step, start, end }
    }

    /// Returns an axis from a power of ten below all values, which are positive, to one above them.
    fn log(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let bounds =
            values.map(f64::log10).fold((f64::INFINITY, f64::NEG_INFINITY), |bounds, value| {
                (bounds.0.min(value), bounds.1.max(value))
            });
        let low = bounds.0.floor();
        let high = bounds.1.ceil().max(low + 1.0);
        Self { scale: Scale::Log, low, high, step: 1.0, start, end }
    }

    fn place(&self, value: f64) -> f64 {
        let value = if self.scale == Scale::Log { value.log10() } else { value };
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|n| self.low + n as f64 * self.step).map(|tick| match self.scale {
            Scale::Linear => tick,
            Scale::Log => 10f64.powf(tick),
        })
    }

    fn label(&self, tick: f64) -> String {
        if self.scale == Scale::Log {
            return tick.to_string();
        }
        let digits = (-self.step.log10().floor()).max(0.0) as usize;
        format!("{tick:.digits$}")
    }
}

fn short<S: Serializer>(points: &[[f64; 2]], serializer: S) -> Result<S::Ok, S::Error> {
    points.iter().map(|point| point.map(round)).collect::<Vec<_>>().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[[f64; 2]]) -> Plot {
        Plot {
            name: "rise".into(),
            title: "A rise".into(),
            x: "epochs".into(),
            y: "NDCG@20".into(),
            scale: Scale::Linear,
            lines: vec![Line::new("full", points), Line::new("random", points)],
        }
    }

    #[test]
    fn a_plot_contains_the_points_it_was_given() {
        let svg = plot(&[[0.0, 0.0], [5.0, 0.5], [10.0, 1.0]]).to_string();
        let middle = format!("{:.1},{:.1}", f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM));
        let points = format!(r#"points="{LEFT:.1},{BOTTOM:.1} {middle} {RIGHT:.1},{TOP:.1}""#);
        assert_eq!(svg.matches(&points).count(), 2, "{svg}");
        for text in ["A rise", "epochs", "NDCG@20", "full", "random", "0.2", "10"] {
            assert!(svg.contains(&format!(">{text}</text>")), "no {text} in {svg}");
        }
    }

    #[test]
    fn on_logarithms_a_power_is_straight() {
        let plot =
            Plot { scale: Scale::Log, ..plot(&[[10.0, 1.0], [100.0, 10.0], [1000.0, 100.0]]) };
        let svg = plot.to_string();
        let middle = format!("{:.1},{:.1}", f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM));
        assert!(svg.contains(&middle), "{svg}");
        assert!(svg.contains(">1000</text>"), "{svg}");
    }

    #[test]
    fn a_line_that_does_not_rise_is_drawn_too() {
        assert!(!plot(&[[1.0, 0.5], [2.0, 0.5]]).to_string().contains("NaN"));
    }

    #[test]
    fn long_lines_are_thinned_and_end_where_they_did() {
        let points: Vec<[f64; 2]> = (1..=600).map(|n| [f64::from(n), 0.0]).collect();
        let line = Line::new("full", &points);
        assert_eq!(line.points.len(), MOST_POINTS);
        assert_eq!(line.points.last(), points.last());
    }

    #[test]
    fn colours_are_seen_on_white_and_on_a_dark_page() {
        let luminance = |colour: &str| {
            let channel = |at: usize| {
                let value = u8::from_str_radix(&colour[at..at + 2], 16).expect("hexadecimal");
                (f64::from(value) / 255.0).powf(2.2)
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (white, dark) = (luminance("#ffffff"), luminance("#0d1117"));
        for (colour, _) in STROKES.into_iter().chain([(GREY, "")]) {
            let own = luminance(colour) + 0.05;
            let contrasts = [(white + 0.05) / own, own / (dark + 0.05)];
            assert!(contrasts.iter().all(|&contrast| contrast >= 3.0), "{colour}: {contrasts:?}");
        }
    }
}
