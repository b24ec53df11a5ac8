//! Draws a chart: bars and curves with axes, and pies.

use super::frame::{PictureFrame, text};
use super::svg::{Paint, Svg, Type, short, wrap};
use crate::error;
use crate::wire::{Record, Value};

const INK: &str = "#222222";
const GREY: &str = "#888888";
/// The colours of the parts, repeated as needed.
const SERIES: [&str; 6] = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];
/// The maximum number of parts drawn.
const PARTS: usize = 200;
const LABEL: f64 = 10.0;
/// The approximate number of labels along an axis.
const MARKS: f64 = 4.0;

/// Returns the type of a chart.
fn form(data: &Record) -> &str {
    text(data, "chart_type").unwrap_or("bar")
}

/// Returns what cannot be shown as the document has it.
pub fn strange(data: &Record) -> Vec<String> {
    let form = form(data);
    let mut said = Vec::new();
    if !["bar", "line", "area", "pie", "doughnut"].contains(&form) {
        said.push(format!("chart type {form:?} is drawn as bars"));
    }
    let values = list(data, "values");
    let drawn = values.iter().take(PARTS);
    let no_numbers = drawn.filter(|value| number(value).is_none()).count() as u64;
    match values.len() {
        0 => said.push("the chart has no `values` and is drawn empty".to_owned()),
        n if n > PARTS => said.push(format!("only the first {PARTS} of {n} values are drawn")),
        _ => {}
    }
    if no_numbers > 0 {
        let values = error::counted(no_numbers, "value");
        let (are, numbers) = if no_numbers == 1 { ("is", "a number") } else { ("are", "numbers") };
        said.push(format!("{values} of the chart that {are} not {numbers} {are} drawn as 0"));
    }
    said
}

/// Returns a list of a chart, which is in its `data` or beside it.
fn list<'d>(data: &'d Record, name: &str) -> &'d [Value] {
    let inner = data.get("data").and_then(Value::as_map).unwrap_or(data);
    inner.get(name).and_then(Value::as_array).unwrap_or(&[])
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) | Value::BigInt(n) => Some(*n as f64),
        Value::Number(n) if n.is_finite() => Some(*n),
        _ => None,
    }
}

/// Returns a chart's parts: a label and a value each.
fn parts(data: &Record) -> Vec<(String, f64)> {
    let labels = list(data, "labels");
    let said = |at: usize| match labels.get(at) {
        Some(label) => label.as_str().map_or_else(|| label.to_json().to_string(), str::to_owned),
        None => String::new(),
    };
    let values = list(data, "values").iter().take(PARTS).enumerate();
    values.map(|(at, v)| (said(at), number(v).unwrap_or(0.0).clamp(-1e12, 1e12))).collect()
}

/// Draws a chart in its box.
pub fn chart(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    svg.rect(place, &Paint { fill: "#ffffff", stroke: GREY, width: 1.0, dashed: false });
    let parts = parts(data);
    let mut inside = place.grown(-6.0_f64.min(place.width / 4.0).min(place.height / 4.0));
    if let Some(title) = text(data, "title") {
        let style = Type { size: 12.0, color: INK, centred: false };
        svg.text(inside.x, inside.y + 10.0, &wrap(title, 12.0, 0.0), &style);
        inside.y += 16.0;
        inside.height = (inside.height - 16.0).max(1.0);
    }
    match form(data) {
        "pie" | "doughnut" => pie(svg, &parts, &inside),
        "line" | "area" => curve(svg, &parts, &inside),
        _ => bars(svg, &parts, &inside),
    }
}

/// The axes of a chart: where its parts are placed, and the scale of values.
struct Axes {
    /// The left edge of the first part, and the width of each.
    left: f64,
    step: f64,
    /// The position of zero, and the height of a value of one.
    zero: f64,
    unit: f64,
    /// Labels go below this.
    floor: f64,
}

impl Axes {
    /// Draws them: a line at zero, a vertical line, and round numbers along it, if there is room.
    fn draw(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) -> Axes {
        let values = || parts.iter().map(|(_, value)| *value);
        let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
        let roomy = inside.height > 4.0 * LABEL;
        let mark = round((high - low).max(f64::MIN_POSITIVE) / MARKS);
        // If all values are zero there is no scale.
        let scaled = high > low;
        let (low, high) = match scaled {
            true => ((low / mark).floor() * mark, (high / mark).ceil() * mark),
            false => (0.0, 1.0),
        };
        let marks: Vec<f64> = match scaled && roomy {
            true => (0..=(((high - low) / mark).round() as usize).min(20))
                .map(|n| low + mark * n as f64)
                .collect(),
            false => Vec::new(),
        };
        let widest = marks.iter().map(|mark| counted(*mark).len()).max().unwrap_or(0);
        let gutter = widest as f64 * LABEL * 0.55 + 4.0;
        let gutter = if roomy && gutter < inside.width / 3.0 { gutter } else { 0.0 };
        let floor = inside.y + inside.height - if roomy { LABEL * 1.4 } else { 0.0 };
        let top = inside.y + if roomy { LABEL / 2.0 } else { 0.0 };
        let unit = (floor - top).max(0.0) / (high - low);
        let (left, right) = (inside.x + gutter, inside.x + inside.width);
        let axes = Axes {
            left,
            step: (right - left) / parts.len().max(1) as f64,
            zero: floor + low * unit,
            unit,
            floor,
        };
        let thin = |stroke| Paint { fill: "none", stroke, width: 1.0, dashed: false };
        for mark in marks.iter().filter(|_| gutter > 0.0) {
            let y = axes.height(*mark);
            svg.path(&[(left, y), (right, y)], false, &thin("#dddddd"));
            let style = Type { size: LABEL, color: INK, centred: false };
            svg.text(inside.x, y + LABEL * 0.35, &[counted(*mark)], &style);
        }
        svg.path(&[(left, top), (left, floor)], false, &thin(GREY));
        svg.path(&[(left, axes.zero), (right, axes.zero)], false, &thin(GREY));
        axes
    }

    /// Returns the position of a value.
    fn height(&self, value: f64) -> f64 {
        self.zero - value * self.unit
    }

    /// Returns the middle of a part.
    fn middle(&self, n: usize) -> f64 {
        self.left + self.step * (n as f64 + 0.5)
    }
}

/// Returns the next round number: 1, 2 or 5 times a power of ten.
fn round(n: f64) -> f64 {
    let power = 10.0_f64.powf(n.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * power).find(|r| *r >= n).unwrap_or(n)
}

/// Formats a value for an axis.
fn counted(n: f64) -> String {
    let size = n.abs();
    match size {
        1e9.. => format!("{}G", short(n / 1e9)),
        1e6.. => format!("{}M", short(n / 1e6)),
        1e4.. => format!("{}k", short(n / 1e3)),
        _ => short(n),
    }
}

fn bars(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let axes = Axes::draw(svg, parts, inside);
    for (n, ((said, value), fill)) in parts.iter().zip(SERIES.iter().cycle()).enumerate() {
        let (height, zero) = (axes.height(*value), axes.zero);
        let bar = PictureFrame {
            x: axes.middle(n) - axes.step * 0.4,
            y: height.min(zero),
            width: axes.step * 0.8,
            height: (height - zero).abs(),
            rotation: 0.0,
        };
        svg.rect(&bar, &Paint { fill, stroke: "none", width: 0.0, dashed: false });
        below(svg, axes.middle(n), axes.floor, said, inside);
    }
}

fn curve(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let axes = Axes::draw(svg, parts, inside);
    let point = |(n, (_, value)): (usize, &(String, f64))| (axes.middle(n), axes.height(*value));
    let points: Vec<(f64, f64)> = parts.iter().enumerate().map(point).collect();
    if !points.is_empty() {
        let paint = Paint { fill: "none", stroke: SERIES[0], width: 2.0, dashed: false };
        svg.path(&points, false, &paint);
    }
    for (n, (said, _)) in parts.iter().enumerate() {
        below(svg, axes.middle(n), axes.floor, said, inside);
    }
}

/// Draws the label under a part, if there is room for labels.
fn below(svg: &mut Svg, x: f64, floor: f64, said: &str, inside: &PictureFrame) {
    if floor < inside.y + inside.height && !said.is_empty() {
        let said: String = said.chars().take(20).collect();
        let style = Type { size: LABEL, color: INK, centred: true };
        svg.text(x, floor + LABEL * 0.8, &[said], &style);
    }
}

fn pie(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let sum: f64 = parts.iter().map(|(_, value)| value.max(0.0)).sum();
    let radius = inside.width.min(inside.height) / 2.0;
    let centre = inside.centre();
    let mut from = 0.0;
    for ((said, value), fill) in parts.iter().zip(SERIES.iter().cycle()) {
        let share = if sum > 0.0 { value.max(0.0) / sum } else { 0.0 };
        let paint = Paint { fill, stroke: "#ffffff", width: 1.0, dashed: false };
        // A full circle is not a sector: its ends would coincide.
        match share {
            0.999.. => svg.ellipse(
                &PictureFrame { x: centre.0, y: centre.1, ..PictureFrame::default() }.grown(radius),
                &paint,
            ),
            0.0 => {}
            _ => svg.sector(centre, radius, from, from + share, &paint),
        }
        let angle = (from + share / 2.0 - 0.25) * std::f64::consts::TAU;
        let (x, y) = (centre.0 + angle.cos() * radius * 0.6, centre.1 + angle.sin() * radius * 0.6);
        if share > 0.05 && radius > 2.0 * LABEL && !said.is_empty() {
            let said: String = said.chars().take(20).collect();
            let said = format!("{said} {}", counted(*value));
            svg.text(x, y, &[said], &Type { size: LABEL, color: "#ffffff", centred: true });
        }
        from += share;
    }
}
