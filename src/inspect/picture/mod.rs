//! A canvas as a picture: SVG by hand, and PNG out of that SVG.
//!
//! Nothing of a document reaches the SVG but numbers, checked colours and escaped text: no link, no
//! script, no file. Images are boxes with their name. The same document gives the same bytes on
//! every machine.

mod element;
#[cfg(feature = "png")]
mod png;
mod svg;

#[cfg(feature = "png")]
pub use png::png;

use crate::concern::canvas::{self, ELEMENTS};
use crate::crdt::value::{Record, Source, Value};
use crate::path::Keys;
use crate::schema::Collection;
use svg::Svg;

/// Room around elements that stand outside of the board, or where no board is given.
const MARGIN: f64 = 20.0;
/// Beyond this nothing is drawn where it says it is: a picture has to end somewhere.
const FAR: f64 = 1e6;
/// The board where nothing is on it and it has no size.
const BLANK: (f64, f64) = (800.0, 600.0);

/// The live elements of a canvas, lowest first, as [`canvas::height`] has it.
pub fn stacked(source: &dyn Source) -> Vec<(String, Record)> {
    let collection: &Collection = &ELEMENTS;
    let mut found: Vec<(String, Record)> = collection
        .records(source)
        .into_iter()
        .filter(|path| !collection.is_deleted(source, path))
        .filter_map(|path| Some((path.last()?.clone(), source.record(&path.steps())?)))
        .collect();
    found.sort_by_cached_key(|(id, _)| canvas::height(source, id));
    found
}

/// A canvas as SVG, as large as the board and everything on it.
pub fn svg(source: &dyn Source) -> String {
    let elements = stacked(source);
    let boxes: Vec<PictureFrame> =
        elements.iter().map(|(_, record)| PictureFrame::of(record)).collect();
    let drawn: Vec<PictureFrame> = elements
        .iter()
        .zip(&boxes)
        .map(|((_, record), place)| element::extent(record, place))
        .collect();
    let metadata = source.record(&["metadata"]).unwrap_or_default();
    let size = |name| number(&metadata, name).filter(|n| *n > 0.0);
    let board = match (size("width"), size("height")) {
        (Some(width), Some(height)) => {
            Some(PictureFrame { width, height, ..PictureFrame::default() })
        }
        _ => None,
    };
    let frame = frame(board, &drawn);
    let background = text(&metadata, "background_color").and_then(svg::color).unwrap_or("#ffffff");
    let mut svg = Svg::new(&frame, background);
    for ((_, record), place) in elements.iter().zip(&boxes) {
        element::draw(&mut svg, record, place);
    }
    svg.finish()
}

/// The board, made larger until every element is in it.
fn frame(board: Option<PictureFrame>, boxes: &[PictureFrame]) -> PictureFrame {
    let all = boxes.iter().map(PictureFrame::turned).reduce(|a, b| a.united(&b));
    match (board, all) {
        (Some(board), None) => board,
        (Some(board), Some(all)) if board.holds(&all) => board,
        (Some(board), Some(all)) => board.united(&all.grown(MARGIN)),
        (None, Some(all)) => all.grown(MARGIN),
        (None, None) => PictureFrame { width: BLANK.0, height: BLANK.1, ..PictureFrame::default() },
    }
}

/// A rectangle, turned about its centre.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct PictureFrame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Radians, clockwise.
    rotation: f64,
}

impl PictureFrame {
    fn of(record: &Record) -> PictureFrame {
        let get = |name| number(record, name).unwrap_or(0.0);
        PictureFrame {
            x: get("x"),
            y: get("y"),
            width: get("width").max(0.0),
            height: get("height").max(0.0),
            rotation: get("rotation"),
        }
    }

    fn centre(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The upright rectangle around it.
    fn turned(&self) -> PictureFrame {
        let (sin, cos) = (self.rotation.sin().abs(), self.rotation.cos().abs());
        let width = self.width * cos + self.height * sin;
        let height = self.width * sin + self.height * cos;
        let (x, y) = self.centre();
        PictureFrame { x: x - width / 2.0, y: y - height / 2.0, width, height, rotation: 0.0 }
    }

    fn united(&self, other: &PictureFrame) -> PictureFrame {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        PictureFrame { x, y, width: right - x, height: bottom - y, rotation: 0.0 }
    }

    fn holds(&self, other: &PictureFrame) -> bool {
        self.united(other) == *self
    }

    fn grown(&self, by: f64) -> PictureFrame {
        PictureFrame {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
            rotation: self.rotation,
        }
    }
}

/// A number of a record, kept within what can be drawn.
fn number(record: &Record, name: &str) -> Option<f64> {
    let n = match record.get(name)? {
        Value::Int(n) | Value::BigInt(n) => *n as f64,
        Value::Number(n) if n.is_finite() => *n,
        _ => return None,
    };
    Some(n.clamp(-FAR, FAR))
}

fn text<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    record.get(name).and_then(Value::as_str)
}
