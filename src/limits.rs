//! Every limit in one table, with its reason.

/// Longest text of a message, a comment or a description, in bytes.
pub const MESSAGE_BYTES: usize = 10_000;
/// Longest id of any kind, in bytes.
pub const ID_BYTES: usize = 128;
/// Longest name or title, in characters.
pub const NAME_CHARS: usize = 100;

/// Document limits, in bytes of encoded state.
pub const CORE_BYTES: u64 = 1_000_000;
/// A chat: about 22,000 to 30,000 messages.
pub const CHAT_BYTES: u64 = 10_000_000;
/// A board, including its archived cards.
pub const KANBAN_BYTES: u64 = 5_000_000;
/// A whiteboard, including the `data` of its elements.
pub const CANVAS_BYTES: u64 = 5_000_000;
/// The issues of an entity, closed ones included, with all their comments.
pub const ISSUES_BYTES: u64 = 10_000_000;
/// The index of an entity's disks with the texts on them; fits into one update of a bundle.
pub const DISK_BYTES: u64 = 15_000_000;
/// Largest text that is merged word by word; larger ones are kept as versions.
pub const DISK_TEXT_BYTES: usize = 1 << 20;
/// A path on a disk, in bytes: short enough for every system after a store's own path.
pub const DISK_PATH_BYTES: usize = 1_024;
/// One name in a path, in bytes, as in most file systems.
pub const FILE_NAME_BYTES: usize = 255;
/// Nested directories on a disk.
pub const DISK_DEPTH: usize = 32;
/// Percentage of its limit at which a warning about a document goes to stderr.
pub const WARN_PERCENT: u64 = 80;

/// Most earlier ids that a replica announces; of more, the last ones.
pub const EARLIER_REPLICAS: usize = 16;

/// Most records that are kept of which replica continues which.
pub const SUCCESSIONS: usize = 4_096;

/// A bundle as a file, compressed.
pub const BUNDLE_FILE_BYTES: u64 = 64 << 20;
/// An unpacked bundle, all entries together.
pub const BUNDLE_UNPACKED_BYTES: u64 = 256 << 20;
/// All file contents in a bundle, unpacked: they are never held in memory, and contents that no file
/// of the store refers to are not kept.
pub const BUNDLE_CONTENT_BYTES: u64 = 64 << 30;
/// Number of file contents in a bundle.
pub const BUNDLE_CONTENTS: usize = 100_000;
/// Largest window of a bundle's zstd stream, as a power of two: 8 MiB, which every zstd reader
/// supports and no level up to 19 exceeds.
pub const BUNDLE_WINDOW_LOG: u32 = 23;
/// Entries in a bundle.
pub const BUNDLE_ENTRIES: usize = 10_000;
/// One update in a bundle, or one bare update.
pub const UPDATE_BYTES: u64 = 16 << 20;
/// Updates that wait for their prerequisites, in all documents together …
pub const INBOX_UPDATES: u64 = 1_000;
/// … and their bytes. Beyond that, updates that would have to wait are refused.
pub const INBOX_BYTES: u64 = 64 << 20;
/// Seconds after which `check` reports an update that waits.
pub const LONG_WAIT_SECONDS: i64 = 7 * 86_400;
/// A `.yrs` file of a store: a store may hold more than one bundle may carry.
pub const DOCUMENT_BYTES: u64 = 256 << 20;

/// A file of another program, packed or not: offsets are kept in 32 bits.
pub const FILE_BYTES: u64 = 2 << 30;
/// Size to which a file, or a part of it, may unpack, all parts together to twice that: this many bytes, and …
pub const UNPACKED_BYTES: u64 = 64 << 20;
/// … this many more for each of its bytes.
pub const UNPACKED_STRETCH: u64 = 64;
/// Size to which an update in v2 may grow when converted to v1: this many bytes, and …
pub const V2_UNPACKED_BYTES: usize = 16 << 20;
/// … this many more for each of its bytes.
pub const V2_STRETCH: usize = 256;
/// Nested encodings around an update: base64 in JSON in gzip counts three.
pub const WRAPPINGS: usize = 6;
/// JSON that is searched for updates, in bytes.
pub const JSON_BYTES: usize = 256 << 20;

/// Nesting depth to which containers are compared as plain data; deeper ones are compared by digest. What
/// is shown has no such limit.
pub const CONTENT_DEPTH: usize = 100;

/// Clocks stay below this: yrs adds lengths to them in 32 bits.
pub const CLOCK_END: u32 = 1 << 31;
/// Client ids are 53 bits: JavaScript's safe integers.
pub const CLIENT_END: u64 = 1 << 53;
/// Nested containers.
pub const CONTAINER_DEPTH: usize = 16;
/// Nested maps and arrays in one `Any` value. Even with the containers around it, what we print of it
/// can be read by JSON readers that stop at 128 levels.
pub const ANY_DEPTH: usize = 100;

/// Steps that yrs may take to open a document, or to merge what one command imports: about one
/// comparison of two concurrent items each, so 10 million take a second or two. What people write
/// takes next to none: 20,000 messages 0, an element moved 10,000 times 500, 50 people typing
/// 2,000 characters each into one text at once 2,000, 10,000 client ids in one list 700,000.
pub const MERGE_STEPS: u64 = 10_000_000;
/// … and this many more for each block of the document or the import.
pub const MERGE_STEPS_PER_BLOCK: u64 = 32;
/// Comparisons of concurrent items that reading a document may take: each costs a tenth of what yrs takes
/// for it, and whatever could be merged can be read.
pub const READ_STEPS: u64 = 4 * MERGE_STEPS;

/// Levels of a JSON value that recursive code may handle: `--fields`, `--template`, the writers of
/// records. Other JSON readers stop there, too. Deeper values are written token by token.
pub const ROW_LEVELS: usize = 128;

/// A JSONPath, in characters.
pub const JSONPATH_CHARS: usize = 4_096;
/// Nested brackets in a JSONPath: each level is parsed several times.
pub const JSONPATH_DEPTH: usize = 6;
/// Levels of a document for a path with `..` or `?` in it: each uses stack space.
pub const JSONPATH_LEVELS: usize = 10_000;
/// Values that a JSONPath may visit, repeats included, estimated from its text and the document's shape.
/// `$..[?@..x]` takes 150 million in a chat of 50,000 messages.
pub const JSONPATH_STEPS: f64 = 3e8;
/// Values that a JSONPath may find, counting those inside others.
pub const JSONPATH_FOUND: usize = 5_000_000;

/// A query in SQL, in bytes.
pub const SQL_BYTES: usize = 100_000;
/// A value that a query produces, or a row of them, in bytes.
pub const SQL_VALUE_BYTES: usize = 64 << 20;
/// SQLite instructions that a query may take: some minutes, unless a shorter time is given.
pub const SQL_STEPS: u64 = 20_000_000_000;
/// Memory for all of SQLite, including the rows that are queried.
pub const SQL_MEMORY_BYTES: u64 = 512 << 20;
/// Rows of an answer that are held for a table, in bytes of JSON: column widths are only known at the end.
pub const SQL_TABLE_BYTES: usize = 64 << 20;

/// Texts of a picture, in steps of one character in one of its fonts. Beyond this an element is drawn
/// as a box.
pub const PICTURE_STEPS: usize = 2_000_000;
/// … and of one element.
pub const PICTURE_ELEMENT_STEPS: usize = 250_000;

/// The log is trimmed beyond this many seconds …
pub const LOG_AGE_SECONDS: i64 = 90 * 86_400;
/// … or this many bytes of updates.
pub const LOG_BYTES: u64 = 64 << 20;

/// Default age in seconds at which messages leave their document for the archive.
pub const ARCHIVE_AGE_SECONDS: i64 = 90 * 86_400;

/// Archived rows in one bundle, packed: the rest goes with the next …
pub const ARCHIVE_PACKED_BYTES: usize = 32 << 20;
/// … unpacked, of one document: they are read line by line …
pub const ARCHIVE_UNPACKED_BYTES: u64 = 2 << 30;
/// … and one row of them: a record is no larger than its document was.
pub const ARCHIVE_LINE_BYTES: u64 = 48 << 20;
/// Rows of the archive that every check compares with their names; larger archives are compared only by
/// a deep check.
pub const ARCHIVE_CHECKED_ROWS: u64 = 50_000;
/// Deletions and restorations of one record that the archive keeps before it accepts no more of them
/// from others.
pub const ARCHIVE_MARKERS: i64 = 200;

/// Content that left a document for good stays in the trash for this many seconds …
pub const TRASH_AGE_SECONDS: i64 = 30 * 86_400;
/// … and up to this many bytes.
pub const TRASH_BYTES: i64 = 64 << 20;

/// Values that lost a merge are kept for this many seconds.
pub const CONFLICT_AGE_SECONDS: i64 = 30 * 86_400;

/// Most bytes of JSON in one write to an element's `data`: a drawing fits, a photograph does not.
pub const ELEMENT_DATA_BYTES: usize = 100_000;
/// Steps of a canvas that can be undone.
pub const TIMELINE_STEPS: i64 = 100;
/// Messages that wait for the relay or its acknowledgement: beyond this the canvas state replaces the
/// oldest …
pub const OUTBOX_MESSAGES: i64 = 10_000;
/// … as it does beyond this many bytes of them.
pub const OUTBOX_BYTES: i64 = 64 << 20;
/// One line of a relay's messages, in bytes: it may hold a whole canvas.
pub const MESSAGE_LINE_BYTES: usize = 32 << 20;

/// Seconds by which a clock may be ahead of this machine's before it is reported.
pub const CLOCK_SKEW_SECONDS: i64 = 86_400;
/// Minimum length of an id prefix, in characters.
pub const PREFIX_CHARS: usize = 4;
/// Generations of a reused key (rule R2): the client id must stay below 2^53.
pub const GENERATIONS: u64 = 31;
