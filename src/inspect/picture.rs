//! Draws a canvas: SVG written by hand, and PNG from that SVG.
//!
//! Only numbers, checked colours and escaped text of a document reach the SVG: no links, no scripts, no
//! files. Images are boxes with their name. The same document gives the same bytes on every machine.

mod chart;
mod element;
mod frame;
#[cfg(feature = "png")]
mod png;
mod svg;

#[cfg(feature = "png")]
pub use png::png;

use crate::concern::canvas::{self, ELEMENTS};
use crate::crdt::source::Source;
use crate::path::Keys;
use crate::schema::Collection;
use crate::wire::Record;
use frame::{PictureFrame, number, text};
use svg::Svg;

/// The margin around elements outside the board, or if there is no board.
const MARGIN: f64 = 20.0;
/// The board if it is empty and has no size.
const BLANK: (f64, f64) = (800.0, 600.0);

/// Returns the live elements of a canvas, lowest first, in the order of [`canvas::height`].
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

/// Returns a canvas as SVG, as large as the board and everything on it.
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

/// Returns what a picture shows differently from the document, by element id.
pub fn strange(elements: &[(String, Record)]) -> Vec<(&str, String)> {
    let all = elements.iter().flat_map(|(id, record)| {
        element::strange(record).into_iter().map(move |said| (id.as_str(), said))
    });
    all.collect()
}

/// Returns the board, enlarged until every element is in it.
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
