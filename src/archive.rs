//! Records that left their documents so that those stay small: a file of its own beside the documents, which
//! people can open in other tools.
//!
//! A record leaves its document only after its row is in the archive, committed and read back. The row counts
//! from the moment the removal is committed in `crdtctl.db`: a crash in between leaves the record in its
//! document and a row that nobody sees. Rows are added and never changed; of several versions of one record
//! the latest is shown, and a record that is in the document is never shown from here.
//!
//! A replica that learns of a removal archives what it still held ([`vanished`]): nobody loses history
//! through another's archive.

mod eligible;
mod fate;
mod file;
mod keeping;
mod mode;
mod ordered;
mod page;
mod people;
mod reading;
mod returned;
mod row;
mod search;
mod soundness;
mod staging;
mod travel;
mod unite;
mod unseen;
mod vanish;

pub use crate::store::ARCHIVE_FILE as FILE;
pub use eligible::{ArchiveUnit, WaitingUnit, remove, units};
pub use file::FILE_ID;
pub use keeping::{KeptRecords, LOST, keep, keep_leaving};
pub use mode::{ArchiveMode, hybrid_since, is_hybrid, is_noted, set_mode, was_noted};
pub use page::{ArchiveOrder, ArchivePage};
pub use reading::ArchiveReader;
pub use returned::{has_returned, of_session, returns};
pub use row::{ArchiveKey, ArchivedRecord, Marker, inside, is_of, kind_at};
pub use search::holds;
pub use soundness::{ArchiveFault, look_at, nothing_lost, show_again};
pub use travel::{ArchiveSpan, PackedRows, receive, unpack};
pub use unseen::has_unseen;
pub use vanish::{came_back, vanished};
