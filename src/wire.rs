//! The Yrs v1 update format, without yrs: reading, measuring, cutting and joining bytes.
//!
//! An [`Update`] is walked (bounds, lengths, text: every byte is accounted for, no content is copied), then
//! checked by the gate ([`crate::gate`]), whose findings stay with the update. [`Update::needs`] tells what it
//! depends on. [`merge`] joins several updates into one.
//!
//! ```text
//! update := n_clients { n_blocks client first_clock block* }* delete_set
//! block  := 0 len (GC) | 10 len (Skip) | info [left] [right] [parent [key]] content
//! ```

mod alive;
pub(crate) mod any;
mod beside;
mod block;
mod deletes;
mod facts;
mod fault;
mod footprint;
mod head;
mod lineage;
mod list_order;
mod locate;
mod measure;
mod merge;
mod news;
mod noted;
mod numbers;
mod owned;
mod pages;
mod paths;
mod piece_table;
mod portion;
mod reader;
mod refused;
mod run;
mod salvage;
mod segments;
mod shared;
mod stringified;
mod target;
mod texts;
mod to_v2;
mod trace;
mod update;
mod v2;
mod value;
mod version;
mod walk;
mod written;

pub use alive::Alive;
pub use beside::{BesideBlocks, BesidePart};
pub use block::{Block, BlockKind, Clocks, Header, Id, Parent, RootKind};
pub use deletes::{DeleteSet, IdSet};
pub use facts::Owner;
pub use fault::{Fault, FaultDetails};
pub use footprint::Footprint;
pub use lineage::Origins;
pub use list_order::{
    ListOrder, ListOrders, ListPart, ListSpot, ListSpots, list_blocks, loose_blocks, removed,
};
pub use locate::{Location, LocationOwner, Locations};
pub use measure::{Dead, Frame};
pub use merge::{merge, merge_many, merge_with_gaps};
pub use noted::{Noted, PageFacts};
pub(crate) use numbers::Numbers;
pub use owned::{CheckedBytes, HeldElsewhere, WalkedBytes};
pub use pages::{PageKey, PageRow, PageSet, Pages};
pub use paths::{Container, Extent, Register, Step};
pub use piece_table::PieceTable;
pub use salvage::{Reach, Salvage, without_gaps};
pub use segments::{
    BlockAnchor, Bytes, Deletions, Edited, FoundBlocks, LocatedBlock, Segments, Splice, SplicePart,
    StoredDeletes,
};
pub use shared::{HoldsBytes, SharedBytes};
pub use target::{LinkEnd, PointerTarget};
pub use texts::{Decide, Instead, TextRole};
pub use to_v2::to_v2;
pub use trace::{Head, Trace, Traced, heads};
pub use update::{BlockWriters, Checked, Unchecked, Update, Walked};
pub use v2::{FromV2, from_v2, from_v2_within, longest_v1};
pub use value::{Record, Value, record_to_json};
pub use version::{Version, raise};
pub use written::WrittenBlocks;

pub(crate) use block::Client;
pub(crate) use deletes::write_var;
pub(crate) use facts::{Facts, LineageNode, ParentSlot, Root, Shape, SlotRef};
pub(crate) use head::write_bytes;
pub(crate) use lineage::{Forest, WayDown};
pub(crate) use reader::{AnyHead, ByteReader};
pub(crate) use run::{Run, RunContent};
