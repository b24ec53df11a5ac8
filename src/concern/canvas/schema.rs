//! The schema of the concern `canvas`.

use crate::error::{Error, Result};
use crate::limits;
use crate::schema::{Collection, DeletionMarker, Field, Spec};
use crate::wire::RootKind;
use serde::{Deserialize, Serialize};

/// The concern `canvas`: its roots, and [`ELEMENTS`] as its only collection.
pub const SPEC: Spec = Spec {
    name: "canvas",
    limit_bytes: limits::CANVAS_BYTES,
    private: false,
    roots: &[("elements", RootKind::Map), ("metadata", RootKind::Map)],
    collections: &[ELEMENTS],
};

/// The elements, keyed by a random id (rule R1).
pub const ELEMENTS: Collection = Collection {
    noun: "element",
    argument: Some("ELEMENT"),
    path: &["elements"],
    tombstone: Some(DeletionMarker::DELETED),
    clock: Some("updated_at"),
    cache: None,
    fields: &[
        Field::id("id"),
        Field::word("element_type"),
        Field::number("x"),
        Field::number("y"),
        Field::number("width"),
        Field::number("height"),
        Field::number("rotation"),
        Field::number("z_index"),
        Field::data("data"),
        Field::created("created_at"),
        Field::edited("updated_at"),
        Field::flag("deleted"),
        Field::time("deleted_at"),
        Field::acknowledgements("ack_vector"),
    ],
};

/// The kind of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum ElementKind {
    /// Text, in `data.content`.
    Text,
    /// A picture: `data.src` is its path on the virtual disk.
    Image,
    /// A chart of type `data.chart_type` (`bar`, `line`, `pie`); `data.data` has labels and values.
    Chart,
    /// A geometric figure, by its keys in `data`.
    Shape,
}

impl ElementKind {
    /// Every kind, in the schema's order.
    pub const ALL: [ElementKind; 4] =
        [ElementKind::Text, ElementKind::Image, ElementKind::Chart, ElementKind::Shape];

    /// The kind as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            ElementKind::Text => "text",
            ElementKind::Image => "image",
            ElementKind::Chart => "chart",
            ElementKind::Shape => "shape",
        }
    }

    /// A kind as people write it.
    ///
    /// # Errors
    /// `Usage` for an unknown kind.
    pub fn parse(text: &str) -> Result<ElementKind> {
        crate::error::one_of(&ElementKind::ALL, ElementKind::as_str, text, "kind of element")
    }
}

impl TryFrom<String> for ElementKind {
    type Error = Error;

    fn try_from(text: String) -> Result<ElementKind> {
        ElementKind::parse(&text)
    }
}
