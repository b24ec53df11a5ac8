//! Every limit in one table, with its reason.

/// Longest text of a message, a comment or a description, in bytes.
pub const MESSAGE_BYTES: usize = 10_000;
/// Longest id of any kind, in bytes.
pub const ID_BYTES: usize = 128;
/// Longest name or title, in characters.
pub const NAME_CHARS: usize = 100;

/// Document limits, in bytes of encoded state.
pub const CORE_BYTES: u64 = 1_000_000;
/// A chat: some 22,000 to 30,000 messages.
pub const CHAT_BYTES: u64 = 10_000_000;
/// A board, its archived cards included.
pub const KANBAN_BYTES: u64 = 5_000_000;
/// A whiteboard, with what its elements hold in `data`.
pub const CANVAS_BYTES: u64 = 5_000_000;
/// The issues of an entity with all their comments, closed ones included.
pub const ISSUES_BYTES: u64 = 10_000_000;
/// The index of an entity's disks with the texts on them: no more than one update in a bundle holds.
pub const DISK_BYTES: u64 = 15_000_000;
/// A text beyond this is kept as versions, not merged word by word.
pub const DISK_TEXT_BYTES: usize = 1 << 20;
/// A path on a disk, in bytes: with a store's own path before it every system takes it.
pub const DISK_PATH_BYTES: usize = 1_024;
/// One name in it, as most file systems have it.
pub const FILE_NAME_BYTES: usize = 255;
/// Directories in one another on a disk.
pub const DISK_DEPTH: usize = 32;
/// From this share of its limit on, a document is announced on stderr.
pub const WARN_PERCENT: u64 = 80;

/// Most ids that a replica says it had before; of more the last.
pub const EARLIER_REPLICAS: usize = 16;

/// Most that is kept of what replicas say that they were.
pub const SUCCESSIONS: usize = 4_096;

/// A bundle as a file, compressed.
pub const BUNDLE_FILE_BYTES: u64 = 64 << 20;
/// A bundle unpacked, all entries together.
pub const BUNDLE_UNPACKED_BYTES: u64 = 256 << 20;
/// The contents of files in a bundle, unpacked, all together: they are never in memory, and nothing of
/// them is kept that no file of the store holds.
pub const BUNDLE_CONTENT_BYTES: u64 = 64 << 30;
/// How many contents of files may be in a bundle.
pub const BUNDLE_CONTENTS: usize = 100_000;
/// The window a bundle's zstd stream may ask for, as a power of two: 8 MiB, which every zstd
/// reader offers and every level up to 19 stays within.
pub const BUNDLE_WINDOW_LOG: u32 = 23;
/// Entries in a bundle.
pub const BUNDLE_ENTRIES: usize = 10_000;
/// One update in a bundle, or one bare update.
pub const UPDATE_BYTES: u64 = 16 << 20;
/// Updates that wait for their prerequisites, of all documents together …
pub const INBOX_UPDATES: u64 = 1_000;
/// … and their bytes. Beyond, what would have to wait is refused.
pub const INBOX_BYTES: u64 = 64 << 20;
/// What has waited for so many seconds is named by `check`.
pub const LONG_WAIT_SECONDS: i64 = 7 * 86_400;
/// A `.yrs` of a store: what a store holds may be larger than what a bundle may carry at once.
pub const DOCUMENT_BYTES: u64 = 256 << 20;

/// A file of another program that is looked at, packed or not: offsets are kept in 32 bits.
pub const FILE_BYTES: u64 = 2 << 30;
/// What a file may become when it is unpacked: so many bytes, and …
pub const UNPACKED_BYTES: u64 = 64 << 20;
/// … so many more for each byte of it.
pub const UNPACKED_STRETCH: u64 = 64;
/// An update in v2 may be so many times as long in v1.
pub const V2_STRETCH: usize = 256;
/// Things around an update, one inside the other: base64 in JSON in gzip are three.
pub const WRAPPINGS: usize = 6;
/// JSON that is looked through for updates, in bytes.
pub const JSON_BYTES: usize = 256 << 20;

/// Containers inside containers that are compared as plain data; deeper ones by their digest. What is
/// shown has no such limit.
pub const CONTENT_DEPTH: usize = 100;

/// Clocks stay below this: yrs adds lengths to them in 32 bits.
pub const CLOCK_END: u32 = 1 << 31;
/// Client ids are 53 bits: JavaScript's safe integers.
pub const CLIENT_END: u64 = 1 << 53;
/// Containers inside containers.
pub const CONTAINER_DEPTH: usize = 16;
/// Maps and arrays inside one `Any` value. With the containers around it, JSON readers that stop at
/// 128 levels still read what we print of it.
pub const ANY_DEPTH: usize = 100;

/// Steps that yrs may take to open a document, or to merge what one command imports: about one
/// comparison of two concurrent items each, so that 10 million are a second or two. What people
/// write takes next to none: 20,000 messages 0, an element moved 10,000 times 500, 50 people typing
/// 2,000 characters each into one text at once 2,000, 10,000 client ids in one list 700,000.
pub const MERGE_STEPS: u64 = 10_000_000;
/// … and beside these for each block of the document or the import.
pub const MERGE_STEPS_PER_BLOCK: u64 = 32;
/// Comparisons of concurrent items that reading a document may take: one is a tenth of what yrs takes
/// for it, and what could be merged can be read.
pub const READ_STEPS: u64 = 4 * MERGE_STEPS;

/// Levels of a JSON value that may go through what works by recursion: `--fields`, `--template`, the
/// writers of records. Other readers of JSON stop there, too. What is deeper is written token by token.
pub const ROW_LEVELS: usize = 128;

/// A JSONPath, in characters.
pub const JSONPATH_CHARS: usize = 4_096;
/// Brackets in brackets in it: each level is parsed several times.
pub const JSONPATH_DEPTH: usize = 6;
/// Levels of a document for a path with `..` or `?` in it: each takes a piece of the stack.
pub const JSONPATH_LEVELS: usize = 10_000;
/// Values that it may look at, however often, by what its text and the document's shape allow.
/// `$..[?@..x]` takes 150 million in a chat of 50,000 messages.
pub const JSONPATH_STEPS: f64 = 3e8;
/// Values that it may find, those inside of others counted.
pub const JSONPATH_FOUND: usize = 5_000_000;

/// A query in SQL, in bytes.
pub const SQL_BYTES: usize = 100_000;
/// A value that it makes, or a row of them, in bytes.
pub const SQL_VALUE_BYTES: usize = 64 << 20;
/// Instructions of SQLite that it may take: some minutes, where nobody gives it a shorter time.
pub const SQL_STEPS: u64 = 20_000_000_000;
/// Memory for all of SQLite, the rows that are asked included.
pub const SQL_MEMORY_BYTES: u64 = 512 << 20;
/// Rows of an answer that a table holds, in bytes of JSON: its widths are known at the end only.
pub const SQL_TABLE_BYTES: usize = 64 << 20;

/// Texts of a picture, in steps: a character in each of its fonts. Beyond this an element is a box.
pub const PICTURE_STEPS: usize = 2_000_000;
/// … and of one element.
pub const PICTURE_ELEMENT_STEPS: usize = 250_000;

/// The log is trimmed beyond this many seconds …
pub const LOG_AGE_SECONDS: i64 = 90 * 86_400;
/// … or this many bytes of updates.
pub const LOG_BYTES: u64 = 64 << 20;

/// Messages older than this leave their document for the archive, where nobody says otherwise.
pub const ARCHIVE_AGE_SECONDS: i64 = 90 * 86_400;

/// Archived rows in one bundle, packed: what goes beyond goes with the next …
pub const ARCHIVE_PACKED_BYTES: usize = 32 << 20;
/// … unpacked, of one document: they are read line by line …
pub const ARCHIVE_UNPACKED_BYTES: u64 = 2 << 30;
/// … and one row of them: a record is no larger than its document was.
pub const ARCHIVE_LINE_BYTES: u64 = 48 << 20;
/// Rows of the archive that every check compares with their names; of more, one that is asked to look
/// deep.
pub const ARCHIVE_CHECKED_ROWS: u64 = 50_000;
/// How often the archive says of one record that it was deleted, or restored, before it takes no more
/// of that from others.
pub const ARCHIVE_MARKERS: i64 = 200;

/// What left a document for good is kept for this many seconds …
pub const TRASH_AGE_SECONDS: i64 = 30 * 86_400;
/// … and so many bytes of it.
pub const TRASH_BYTES: i64 = 64 << 20;

/// What lost a merge is kept for this many seconds.
pub const CONFLICT_AGE_SECONDS: i64 = 30 * 86_400;

/// Most bytes of JSON in one write to an element's `data`: a drawing fits, a photograph does not.
pub const ELEMENT_DATA_BYTES: usize = 100_000;
/// Steps of a canvas that can be undone.
pub const TIMELINE_STEPS: i64 = 100;
/// Messages that wait for the relay or its acknowledgement: beyond, the state stands for the oldest …
pub const OUTBOX_MESSAGES: i64 = 10_000;
/// … and beyond so many bytes of them.
pub const OUTBOX_BYTES: i64 = 64 << 20;
/// One line of a relay's messages, in bytes: a whole canvas may stand in it.
pub const MESSAGE_LINE_BYTES: usize = 32 << 20;

/// Clocks further ahead of this machine than this are reported, in seconds.
pub const CLOCK_SKEW_SECONDS: i64 = 86_400;
/// Fewest characters of an id prefix.
pub const PREFIX_CHARS: usize = 4;
/// Generations of a re-used key (rule R2): the client id must stay below 2^53.
pub const GENERATIONS: u64 = 31;
