//! Draws one element, by its type.

use super::chart::chart;
use super::frame::{PictureFrame, number, text};
use super::svg::{Paint, Svg, Type, color, wrap};
use crate::concern::canvas::ELEMENTS;
use crate::schema::FieldRole;
use crate::wire::{Record, Value};

const INK: &str = "#222222";
const GREY: &str = "#888888";
const PALE: &str = "#eeeeee";
/// The fields for the fill colour of a shape, and for its outline colour.
const FILLS: [&str; 3] = ["fill", "color", "background_color"];
const STROKES: [&str; 2] = ["stroke", "stroke_color"];
/// The shapes that are drawn as such; others become boxes.
const SHAPES: [&str; 8] =
    ["rectangle", "rect", "ellipse", "circle", "line", "arrow", "triangle", "diamond"];
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

/// Returns the type of an element; empty if another program did not give one.
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

/// Returns the text of an element, whatever its program calls it.
fn content(data: &Record) -> Option<&str> {
    ["content", "text", "label"].iter().find_map(|name| text(data, name))
}

/// Returns the area of an element: a text extends below a box that is too low for it.
pub fn extent(record: &Record, place: &PictureFrame) -> PictureFrame {
    let data = record.get("data").and_then(Value::as_map);
    let Some(data) = data.filter(|_| kind(record) == "text") else {
        return *place;
    };
    let (size, lines) = broken(data, place);
    let height = place.height.max(size * (0.3 + 1.2 * lines.len() as f64));
    PictureFrame { height, ..*place }
}

/// Breaks a text into lines, with the font size.
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
        fill: colored(data, &FILLS, PALE),
        stroke: colored(data, &STROKES, INK),
        width: number(data, "stroke_width").unwrap_or(1.0).clamp(0.0, 1000.0),
        dashed: false,
    };
    let PictureFrame { x, y, width, height, .. } = *place;
    let at = |share_x: f64, share_y: f64| (x + width * share_x, y + height * share_y);
    let form = form(data);
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
    let named = (!SHAPES.contains(&form)).then_some(form);
    if let Some(said) = content(data).or(named) {
        let size = font_size(data, 14.0);
        let (x, y) = place.centre();
        let style = Type { size, color: colored(data, &["text_color"], INK), centred: true };
        svg.text(x, y, &wrap(said, size, width), &style);
    }
}

/// Returns the type of a shape.
fn form(data: &Record) -> &str {
    text(data, "shape").or_else(|| text(data, "shape_type")).unwrap_or("rectangle")
}

/// Returns in words what the drawing of an element cannot show as the document has it.
pub fn strange(record: &Record) -> Vec<String> {
    let empty = Record::new();
    let data = record.get("data").and_then(Value::as_map).unwrap_or(&empty);
    let mut said = Vec::new();
    let mut colors: Vec<&str> = Vec::new();
    match kind(record) {
        "text" => colors.extend(["color", "fill"]),
        "shape" => {
            colors.extend(FILLS.iter().chain(&STROKES).chain(&["text_color"]));
            let form = form(data);
            if !SHAPES.contains(&form) {
                said.push(format!("shape {form:?} is drawn as a box"));
            }
        }
        "chart" => said.extend(super::chart::strange(data)),
        "image" => {}
        other => said.push(format!("element type {other:?} is drawn as a box")),
    }
    for name in colors {
        if let Some(given) = text(data, name).filter(|given| color(given).is_none()) {
            said.push(format!("{name} {given:?} is not a known colour, another is used"));
        }
    }
    said
}

/// A line has no inside: the fill colour of other shapes is its line colour.
fn line<'p>(data: &'p Record, paint: &Paint<'p>) -> Paint<'p> {
    let stroke = colored(data, &["stroke", "stroke_color", "color", "fill"], INK);
    Paint { fill: "none", stroke, ..*paint }
}

/// Draws from the left to the right edge of its box, at half height.
fn arrow(svg: &mut Svg, data: &Record, place: &PictureFrame, paint: &Paint<'_>) {
    let paint = line(data, paint);
    let (from, y) = (place.x, place.centre().1);
    let to = place.x + place.width;
    let head = (place.width.min(place.height.max(8.0)) / 2.0).min(20.0);
    svg.path(&[(from, y), (to, y)], false, &paint);
    svg.path(&[(to - head, y - head / 2.0), (to, y), (to - head, y + head / 2.0)], false, &paint);
}

/// The image file is not in the document: a box with its name stands for it.
fn image(svg: &mut Svg, data: &Record, place: &PictureFrame) {
    let paint = Paint { fill: PALE, stroke: GREY, width: 1.0, dashed: false };
    svg.rect(place, &paint);
    let PictureFrame { x, y, width, height, .. } = *place;
    let cross = Paint { fill: "none", stroke: "#cccccc", ..paint };
    svg.path(&[(x, y), (x + width, y + height)], false, &cross);
    svg.path(&[(x + width, y), (x, y + height)], false, &cross);
    let source = ["src", "file_path", "path", "filename"].iter().find_map(|name| text(data, name));
    let source = source.unwrap_or("image");
    // For an image inside the document, only its type.
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
