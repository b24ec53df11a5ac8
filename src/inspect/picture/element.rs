//! One element as a drawing, by its type.

use super::svg::{Paint, Svg, Type, color, wrap};
use super::{PictureFrame, number, text};
use crate::concern::canvas::ELEMENTS;
use crate::crdt::value::{Record, Value};
use crate::schema::FieldRole;

const INK: &str = "#222222";
const GREY: &str = "#888888";
const PALE: &str = "#eeeeee";
/// For the parts of a chart, over and over.
const SERIES: [&str; 6] = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];
/// Parts of a chart that are drawn at most.
const PARTS: usize = 200;
const LABEL: f64 = 10.0;
const LABELLED: Type<'static> = Type { size: 12.0, color: "#444444", centred: true };

/// Draws an element at its place.
pub fn draw(svg: &mut Svg, record: &Record, place: &PictureFrame) {
    let empty = Record::new();
    let data = record.get("data").and_then(Value::as_map).unwrap_or(&empty);
    svg.begin(place);
    match kind(record) {
        "text" => words(svg, data, place),
        "shape" => shape(svg, data, place),
        "image" => image(svg, data, place),
        "chart" => chart(svg, data, place),
        other => unknown(svg, other, place),
    }
    if !svg.end() {
        svg.begin(place);
        svg.rect(place, &Paint { fill: "none", stroke: GREY, width: 1.0, dashed: true });
        let (x, y) = place.centre();
        svg.note(x, y, "more text than a picture holds", &LABELLED);
        svg.end();
    }
}

/// What it is, by its type; nothing where another program did not say.
fn kind(record: &Record) -> &str {
    let field = ELEMENTS.named(FieldRole::Word);
    field.and_then(|field| text(record, field)).unwrap_or("")
}

fn colored<'d>(data: &'d Record, names: &[&str], default: &'d str) -> &'d str {
    names.iter().filter_map(|name| color(text(data, name)?)).next().unwrap_or(default)
}

fn font_size(data: &Record, default: f64) -> f64 {
    number(data, "font_size")
        .or_else(|| number(data, "fontSize"))
        .unwrap_or(default)
        .clamp(1.0, 1000.0)
}

/// What an element says, whatever its program calls it.
fn content(data: &Record) -> Option<&str> {
    ["content", "text", "label"].iter().find_map(|name| text(data, name))
}

/// Where an element is drawn: a text goes on below a box that is too low for it.
pub fn extent(record: &Record, place: &PictureFrame) -> PictureFrame {
    let data = record.get("data").and_then(Value::as_map);
    let Some(data) = data.filter(|_| kind(record) == "text") else {
        return *place;
    };
    let (size, lines) = broken(data, place);
    let height = place.height.max(size * (0.3 + 1.2 * lines.len() as f64));
    PictureFrame { height, ..*place }
}

/// A text in lines, with the size of its font.
fn broken(data: &Record, place: &PictureFrame) -> (f64, Vec<String>) {
    let size = font_size(data, 16.0);
    (size, wrap(content(data).unwrap_or(""), size, place.width))
}

fn words(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    let (size, lines) = broken(data, place);
    let style = Type { size, color: colored(data, &["color", "fill"], INK), centred: false };
    svg.text(place.x, place.y + size, &lines, &style);
}

fn shape(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    let paint = Paint {
        fill: colored(data, &["fill", "color", "background_color"], PALE),
        stroke: colored(data, &["stroke", "stroke_color"], INK),
        width: number(data, "stroke_width").unwrap_or(1.0).clamp(0.0, 1000.0),
        dashed: false,
    };
    let PictureFrame { x, y, width, height, .. } = *place;
    let at = |share_x: f64, share_y: f64| (x + width * share_x, y + height * share_y);
    let form = text(data, "shape").or_else(|| text(data, "shape_type")).unwrap_or("rectangle");
    match form {
        "ellipse" | "circle" => svg.ellipse(place, &paint),
        "line" => svg.path(&[at(0.0, 0.0), at(1.0, 1.0)], false, &line(data, &paint)),
        "arrow" => arrow(svg, data, place, &paint),
        "triangle" => svg.path(&[at(0.5, 0.0), at(1.0, 1.0), at(0.0, 1.0)], true, &paint),
        "diamond" => {
            svg.path(&[at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)], true, &paint);
        }
        _ => svg.rect(place, &paint),
    }
    if let Some(said) = content(data) {
        let size = font_size(data, 14.0);
        let (x, y) = place.centre();
        let style = Type { size, color: colored(data, &["text_color"], INK), centred: true };
        svg.text(x, y, &wrap(said, size, width), &style);
    }
}

/// A line has no inside: what other shapes fill with is its colour.
fn line<'p>(data: &'p Record, paint: &Paint<'p>) -> Paint<'p> {
    let stroke = colored(data, &["stroke", "stroke_color", "color", "fill"], INK);
    Paint { fill: "none", stroke, ..*paint }
}

/// From the left to the right end of its box, in the middle.
fn arrow(svg: &mut Svg, data: &Record, place: &PictureFrame, paint: &Paint<'_>) {
    let paint = line(data, paint);
    let (from, y) = (place.x, place.centre().1);
    let to = place.x + place.width;
    let head = (place.width.min(place.height.max(8.0)) / 2.0).min(20.0);
    svg.path(&[(from, y), (to, y)], false, &paint);
    svg.path(&[(to - head, y - head / 2.0), (to, y), (to - head, y + head / 2.0)], false, &paint);
}

/// The file is elsewhere: a box with its name stands for it.
fn image(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    let paint = Paint { fill: PALE, stroke: GREY, width: 1.0, dashed: false };
    svg.rect(place, &paint);
    let PictureFrame { x, y, width, height, .. } = *place;
    let cross = Paint { fill: "none", stroke: "#cccccc", ..paint };
    svg.path(&[(x, y), (x + width, y + height)], false, &cross);
    svg.path(&[(x + width, y), (x, y + height)], false, &cross);
    let source = ["src", "file_path", "path", "filename"].iter().find_map(|name| text(data, name));
    let source = source.unwrap_or("image");
    // Of a picture inside the document only what it is.
    let name = match source.strip_prefix("data:") {
        Some(inline) => inline.split([';', ',']).next().unwrap_or("image"),
        None => source.rsplit('/').next().unwrap_or(source),
    };
    let name: String = name.chars().take(80).collect();
    label(svg, place, &name);
}

fn unknown(svg: &mut Svg, kind: &str, place: &PictureFrame) {
    svg.rect(place, &Paint { fill: "none", stroke: GREY, width: 1.0, dashed: true });
    let kind: String = kind.chars().take(80).collect();
    label(svg, place, &kind);
}

fn label(svg: &mut Svg, place: &PictureFrame, said: &str) {
    let (x, y) = place.centre();
    svg.text(x, y, &[said.to_owned()], &LABELLED);
}

/// A chart's parts: a label and a value that is not negative.
fn parts(data: &Record) -> Vec<(String, f64)> {
    let inner = data.get("data").and_then(Value::as_map).unwrap_or(data);
    let list = |name: &str| inner.get(name).and_then(Value::as_array).unwrap_or(&[]);
    let labels = list("labels");
    let value = |value: &Value| match value {
        Value::Int(n) | Value::BigInt(n) => *n as f64,
        Value::Number(n) if n.is_finite() => *n,
        _ => 0.0,
    };
    let said = |at: usize| match labels.get(at) {
        Some(label) => label.as_str().map_or_else(|| label.to_json().to_string(), str::to_owned),
        None => String::new(),
    };
    let values = list("values").iter().take(PARTS).enumerate();
    values.map(|(at, v)| (said(at), value(v).clamp(0.0, 1e12))).collect()
}

fn chart(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    svg.rect(place, &Paint { fill: "#ffffff", stroke: GREY, width: 1.0, dashed: false });
    let parts = parts(data);
    let mut inside = place.grown(-6.0_f64.min(place.width / 4.0).min(place.height / 4.0));
    if let Some(title) = text(data, "title") {
        let style = Type { size: 12.0, color: INK, centred: false };
        svg.text(inside.x, inside.y + 10.0, &wrap(title, 12.0, 0.0), &style);
        inside.y += 16.0;
        inside.height = (inside.height - 16.0).max(1.0);
    }
    match text(data, "chart_type").unwrap_or("bar") {
        "pie" | "doughnut" => pie(svg, &parts, &inside),
        "line" | "area" => curve(svg, &parts, &inside),
        _ => bars(svg, &parts, &inside),
    }
}

/// The place of each part side by side, and the height of a value of one.
fn scale(parts: &[(String, f64)], inside: &PictureFrame) -> (f64, f64, f64) {
    let room = if inside.height > 4.0 * LABEL { LABEL * 1.4 } else { 0.0 };
    let highest = parts.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let unit = if highest > 0.0 { (inside.height - room) / highest } else { 0.0 };
    (inside.width / parts.len().max(1) as f64, unit, inside.y + inside.height - room)
}

fn bars(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let (step, unit, floor) = scale(parts, inside);
    for (n, ((said, value), fill)) in parts.iter().zip(SERIES.iter().cycle()).enumerate() {
        let (x, height) = (inside.x + step * n as f64, value * unit);
        let bar = PictureFrame {
            x: x + step * 0.1,
            y: floor - height,
            width: step * 0.8,
            height,
            rotation: 0.0,
        };
        svg.rect(&bar, &Paint { fill, stroke: "none", width: 0.0, dashed: false });
        below(svg, x + step / 2.0, floor, said, inside);
    }
}

fn curve(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let (step, unit, floor) = scale(parts, inside);
    let middle = |n: usize| inside.x + step * (n as f64 + 0.5);
    let points: Vec<(f64, f64)> =
        parts.iter().enumerate().map(|(n, (_, value))| (middle(n), floor - value * unit)).collect();
    if !points.is_empty() {
        let paint = Paint { fill: "none", stroke: SERIES[0], width: 2.0, dashed: false };
        svg.path(&points, false, &paint);
    }
    for (n, (said, _)) in parts.iter().enumerate() {
        below(svg, middle(n), floor, said, inside);
    }
}

/// The label under a part, where there is room for labels.
fn below(svg: &mut Svg, x: f64, floor: f64, said: &str, inside: &PictureFrame) {
    if floor < inside.y + inside.height && !said.is_empty() {
        let said: String = said.chars().take(20).collect();
        let style = Type { size: LABEL, color: INK, centred: true };
        svg.text(x, floor + LABEL * 0.8, &[said], &style);
    }
}

fn pie(svg: &mut Svg, parts: &[(String, f64)], inside: &PictureFrame) {
    let sum: f64 = parts.iter().map(|(_, value)| value).sum();
    let radius = inside.width.min(inside.height) / 2.0;
    let centre = inside.centre();
    let mut from = 0.0;
    for ((said, value), fill) in parts.iter().zip(SERIES.iter().cycle()) {
        let share = if sum > 0.0 { value / sum } else { 0.0 };
        let paint = Paint { fill, stroke: "#ffffff", width: 1.0, dashed: false };
        // A whole circle is no sector: its ends fall together.
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
            svg.text(x, y, &[said], &Type { size: LABEL, color: "#ffffff", centred: true });
        }
        from += share;
    }
}
