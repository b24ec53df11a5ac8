//! Every shared type of Yjs, read from an update without yrs and without a schema.
//!
//! [`SharedTypes`] shows what Yjs would show of a state. For an update with gaps it does the same: content
//! that waits for something missing is listed ([`Waiting`]) and not shown. Unlike a [`super::view::View`],
//! which is for documents that the gate lets through, it reads texts with formats, embeds and attributes,
//! XML, sub-documents and links, at any depth: nothing here recurses into containers.

mod build;
mod content;
mod delta;
mod digest;
mod entries;
mod json;
mod list_table;
mod out;
mod placed;
mod rebuild;
mod turns;
mod typed;
mod value;
mod xml;

pub use content::{AuthoredPart, SharedType, SharedTypes, SharedValue, TypeKind};
pub use delta::{DeltaRun, Insert};
pub use json::JsonForm;
pub use out::{DeepJson, JsonOut};
pub use placed::PlacedBlocks;
pub use rebuild::Rebuilt;
pub use turns::Waiting;
