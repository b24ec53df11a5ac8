use super::row::{Row, Stream, Take};
use super::terminal::{Format, Terminal};
use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// What a command found or did, as data.
#[derive(Debug, Clone)]
pub struct Report {
    pub body: Body,
    /// 0, or 3 for findings and 7 for waiting, which are results and not failures.
    pub exit: u8,
    /// Sentences for standard error.
    pub notes: Vec<String>,
    /// What went wrong with parts that were left out. Printed even with `--quiet`, since without them nothing
    /// can be said to be absent.
    pub left_out: Vec<String>,
}

/// The part of a report that goes to standard output.
#[derive(Debug, Clone)]
pub enum Body {
    Nothing,
    /// Records. JSON shows every field, tables and text show the columns. The columns name every field that a
    /// record may have, including those that only JSON shows unless requested.
    List {
        rows: Vec<Row>,
        columns: Cow<'static, [Column]>,
        /// The field that `-o id` prints.
        id: Option<&'static str>,
        /// The message for people if there are none.
        empty: &'static str,
    },
    /// Records that are too many to hold at once: each is made when it is written. Only a table, which has to
    /// know its widths, holds them all. If `live`, somebody waits for each row: then each row is one line, in
    /// JSON too, and is written immediately.
    Stream {
        rows: Stream,
        columns: Cow<'static, [Column]>,
        id: Option<&'static str>,
        live: bool,
    },
    Object(Object),
    Board(BoardTable),
    Nested(NestedRecords),
    Written(Written),
    /// Text of our own, written as it is: completions, man pages, a digest.
    Text(String),
    /// Bytes, written as they are.
    Raw(Vec<u8>),
    /// Bytes that are written unchanged as they are read.
    Copied(Copied),
    /// A JSON value, whatever the format is.
    Json(Value),
    /// The same, made while it is written.
    Content(LazyJson),
    /// JSON objects, one per line, whatever the format is. The columns are their fields, if those are always
    /// the same.
    Lines {
        values: Vec<Value>,
        columns: &'static [Column],
    },
    /// The same as they arrive: each is written before the next one is made.
    Feed {
        rows: Stream,
        columns: &'static [Column],
    },
}

/// Input that is copied to standard output.
#[derive(Clone)]
pub struct Copied(Rc<RefCell<Box<dyn Read>>>);

impl Copied {
    /// Copies the rest of the input. The outer error comes from `out`, the inner one from the input.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<Result<()>> {
        let mut input = self.0.borrow_mut();
        let mut piece = vec![0; 1 << 16];
        loop {
            match input.read(&mut piece) {
                Ok(0) => return Ok(Ok(())),
                Ok(read) => out.write_all(piece.get(..read).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Ok(Err(Error::io("cannot read the data to write", e))),
            }
        }
    }
}

/// Types that hold closures show only their name in `Debug`.
macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

opaque!(Copied, LazyJson);

type WriteJson = dyn Fn(Format, &mut dyn Write) -> io::Result<()>;

/// Writes a JSON value, indented or on one line.
#[derive(Clone)]
pub struct LazyJson(Rc<WriteJson>);

impl LazyJson {
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        (self.0)(format, out)
    }
}

/// One record: `show`.
#[derive(Debug, Clone)]
pub struct Object {
    pub fields: Row,
    /// Title and style of the fields that have one, in this order; all others follow as text.
    pub columns: Cow<'static, [Column]>,
    /// The field that `-o id` prints.
    pub id: Option<&'static str>,
    /// Fields that hold lists of records, shown on a terminal as tables of their own.
    pub sections: &'static [Section],
}

impl Object {
    /// Key, title and style of every field: those with a column first, in the columns' order.
    pub(crate) fn entries(&self) -> Vec<(&str, &str, Style)> {
        let known = self.columns.iter().filter(|column| self.fields.contains_key(&*column.key));
        let is_known = |key: &str| self.columns.iter().any(|column| column.key == key);
        let others = self.fields.keys().filter(|key| !is_known(key));
        known
            .map(|column| (&*column.key, &*column.title, column.style))
            .chain(others.map(|key| (key.as_str(), key.as_str(), self.style_of(key))))
            .collect()
    }

    /// The style of a field without a column: names ending in `_at` are times.
    fn style_of(&self, key: &str) -> Style {
        let is_number = self.fields.get(key).is_some_and(Value::is_number);
        if is_number && key.ends_with("_at") { Style::Time } else { Style::Text }
    }

    pub(crate) fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key == key)
    }
}

/// Lanes side by side, each with its cards. JSON shows a lane as an object with its cards in it,
/// TSV and CSV one card per line, whatever lane it is in.
#[derive(Debug, Clone)]
pub struct BoardTable {
    pub lanes: Vec<Row>,
    /// The field of a lane that is its heading.
    pub heading: &'static str,
    /// The field of a lane that holds its cards.
    pub cards: &'static str,
    /// What TSV and CSV show of a card.
    pub columns: Cow<'static, [Column]>,
    /// What a terminal shows of a card: the first as text, the others in the line below.
    pub face: Cow<'static, [Column]>,
    /// The field of a card that `-o id` prints.
    pub id: &'static str,
    /// The message for people if there are no lanes.
    pub empty: &'static str,
}

impl BoardTable {
    /// The cards of a lane.
    pub(crate) fn cards_of<'l>(&self, lane: &'l Row) -> impl Iterator<Item = &'l Row> {
        let cards = lane.get(self.cards).and_then(Value::as_array);
        cards.into_iter().flatten().filter_map(Value::as_object)
    }

    /// The cards of all lanes.
    pub(crate) fn all_cards(&self) -> Vec<Row> {
        self.lanes.iter().flat_map(|lane| self.cards_of(lane)).cloned().collect()
    }
}

/// JSON objects that hold records, whatever the format is. Whoever asks for fields means those of the records.
#[derive(Debug, Clone)]
pub struct NestedRecords {
    pub rows: Vec<Row>,
    /// The fields of a row that hold a record or a list of records.
    pub within: &'static [&'static str],
    /// The fields that such a record may have.
    pub columns: &'static [Column],
    /// There is one row, written by itself and not as a list.
    pub is_one: bool,
}

impl NestedRecords {
    /// The records of all rows.
    pub(crate) fn all(&self) -> Vec<Row> {
        let values =
            self.rows.iter().flat_map(|row| self.within.iter().filter_map(|name| row.get(*name)));
        let records = values.flat_map(|value| match value {
            Value::Array(records) => records.as_slice(),
            one => std::slice::from_ref(one),
        });
        records.filter_map(Value::as_object).cloned().collect()
    }
}

/// A field of an object that holds a list of records.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    pub key: &'static str,
    pub title: &'static str,
    pub columns: &'static [Column],
}

/// A field that tables, TSV and CSV show.
#[derive(Debug, Clone)]
pub struct Column {
    pub key: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub style: Style,
    pub visibility: Visibility,
}

/// The meaning of a value, which decides how people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Text,
    /// Text by people, of many lines: `show` puts it below the fields with its own line breaks, and tables
    /// may break long words in it.
    Prose,
    /// UUIDs are cut to their shortest unique prefix in tables.
    Id,
    /// Unix seconds; 0 means never.
    Time,
    /// A time of something that may never have happened: tables then say so.
    LastTime,
    /// A size, `664 KB` in tables.
    Bytes,
    /// A number as its share of the column's sum, drawn as a bar; in tables only.
    Bar,
    Number,
    /// `yes` or nothing in tables.
    Flag,
    /// An array of plain values.
    List,
    /// An object of name → `{old, new}`: `name: old → new` in tables.
    Changes,
    /// A count: a number, which tables leave empty if it is 0; for an object of name → array the size of
    /// each, `👍 2`; for an array of records their number.
    Count,
    /// An object of name → array of plain values, `👍 alice, bob` in tables.
    Sets,
    /// One of a few words, with the colours of some of them.
    Word(&'static [(&'static str, Color)]),
}

/// The colour of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Red,
    Yellow,
    Green,
    Cyan,
    Dim,
}

/// Where a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Everywhere,
    /// In tables only if any row has a value.
    Filled,
    /// In tables only if any row has a value and the terminal has room.
    Wide,
    /// Like `Wide`, if there is still room after those.
    Widest,
    /// In tables whole, on a line of its own below the row: text to be copied.
    Below,
    /// In TSV and CSV only.
    Data,
    /// Only in JSON, unless requested.
    Asked,
}

impl Column {
    pub const fn new(key: &'static str, title: &'static str, style: Style) -> Self {
        let (key, title) = (Cow::Borrowed(key), Cow::Borrowed(title));
        Column { key, title, style, visibility: Visibility::Everywhere }
    }

    /// A column with a name from outside, whose title is escaped like any other text.
    pub fn named(name: &str, style: Style) -> Self {
        let title = super::escape::line(name).into_owned().into();
        Column { key: Cow::Owned(name.to_owned()), title, ..Self::new("", "", style) }
    }

    pub const fn text(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Text)
    }

    pub const fn prose(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Prose)
    }

    pub const fn id(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Id)
    }

    pub const fn time(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Time)
    }

    pub const fn bytes(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Bytes)
    }

    pub const fn bar(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Bar)
    }

    pub const fn number(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Number)
    }

    pub const fn flag(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Flag)
    }

    pub const fn count(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Count)
    }

    pub const fn sets(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::Sets)
    }

    pub const fn list(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::List)
    }

    pub const fn word(
        key: &'static str,
        title: &'static str,
        colors: &'static [(&'static str, Color)],
    ) -> Self {
        Self::new(key, title, Style::Word(colors))
    }

    /// Shown in a table only if any row has a value.
    pub const fn filled(mut self) -> Self {
        self.visibility = Visibility::Filled;
        self
    }

    /// Shown in a table only if any row has a value and the terminal has room; the last such column is
    /// dropped first.
    pub const fn wide(mut self) -> Self {
        self.visibility = Visibility::Wide;
        self
    }

    /// Like [`Column::wide`], but dropped before all of those.
    pub const fn widest(mut self) -> Self {
        self.visibility = Visibility::Widest;
        self
    }

    /// Shown in a table whole, on a line of its own below the row: text to be copied.
    pub const fn below(mut self) -> Self {
        self.visibility = Visibility::Below;
        self
    }

    /// Shown in TSV and CSV only.
    pub const fn data(mut self) -> Self {
        self.visibility = Visibility::Data;
        self
    }

    /// Shown only if requested: for most rows it is not worth a column.
    pub const fn asked(mut self) -> Self {
        self.visibility = Visibility::Asked;
        self
    }
}

/// The result of a write.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The command's number in the log; `None` if nothing changed or nothing was to be written.
    pub seq: Option<i64>,
    pub changed: bool,
    /// The document that the command is about; the first that changed.
    pub doc: Option<String>,
    /// The id of the record.
    pub id: Option<String>,
    /// The record is new: only its id goes to standard output, for people and pipes.
    pub creates: bool,
    pub bytes_before: u64,
    pub bytes_after: u64,
    /// Further fields of the JSON object.
    pub extra: Row,
    /// What happened, for people.
    pub sentence: String,
}

impl Written {
    /// The JSON object of a write.
    pub fn to_row(&self) -> Row {
        let mut row = Row::new();
        row.insert("seq".into(), json!(self.seq));
        row.insert("changed".into(), json!(self.changed));
        row.insert("doc".into(), json!(self.doc));
        row.insert("id".into(), json!(self.id));
        row.insert("bytes_before".into(), json!(self.bytes_before));
        row.insert("bytes_after".into(), json!(self.bytes_after));
        row.extend(self.extra.clone());
        row
    }

    /// Adds a field to the JSON object.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(key.to_owned(), value.into());
        self
    }
}

impl From<Body> for Report {
    fn from(body: Body) -> Self {
        Report { body, exit: 0, notes: Vec::new(), left_out: Vec::new() }
    }
}

impl Report {
    /// Nothing on standard output.
    pub fn nothing() -> Self {
        Body::Nothing.into()
    }

    /// Records; JSON shows every field, all other formats the columns. `empty` is the message if there are
    /// none: "no members".
    pub fn list(
        rows: Vec<Row>,
        columns: &'static [Column],
        id: Option<&'static str>,
        empty: &'static str,
    ) -> Self {
        Body::List { rows, columns: columns.into(), id, empty }.into()
    }

    /// Records one by one; see [`Body::Stream`].
    pub fn stream(
        rows: impl Fn(Take<'_>) -> Result<()> + 'static,
        columns: &'static [Column],
        id: Option<&'static str>,
    ) -> Self {
        Body::Stream { rows: Stream::of(rows), columns: columns.into(), id, live: false }.into()
    }

    /// Records as they happen: each is one line, written immediately.
    pub fn live(
        rows: impl Fn(Take<'_>) -> Result<()> + 'static,
        columns: &'static [Column],
        id: Option<&'static str>,
    ) -> Self {
        Body::Stream { rows: Stream::of(rows), columns: columns.into(), id, live: true }.into()
    }

    /// One record. Fields without a column are shown as text after those that have one.
    pub fn object(fields: Row, columns: &'static [Column], id: Option<&'static str>) -> Self {
        Body::Object(Object { fields, columns: columns.into(), id, sections: &[] }).into()
    }

    /// Lanes with cards.
    pub fn board(board: BoardTable) -> Self {
        Body::Board(board).into()
    }

    /// Shows fields of an object that hold lists of records as tables of their own.
    pub fn sections(mut self, sections: &'static [Section]) -> Self {
        if let Body::Object(object) = &mut self.body {
            object.sections = sections;
        }
        self
    }

    /// A write.
    pub fn written(written: Written) -> Self {
        Body::Written(written).into()
    }

    /// Text of our own, written as it is. Text of a document belongs in an object or a list.
    pub fn text(text: impl Into<String>) -> Self {
        Body::Text(text.into()).into()
    }

    /// Untrusted text for a terminal: keeps its lines and tabs, and escapes what acts on a terminal.
    pub fn shown(text: &str) -> Self {
        Body::Text(super::escape::text(text)).into()
    }

    /// XML, in which characters that act on a terminal or are invisible become numeric references.
    pub fn markup(text: &str) -> Self {
        Body::Text(super::escape::markup(text).into_owned()).into()
    }

    /// The rest of an input, written unchanged in pieces, so that it is never held as a whole.
    pub fn copied(input: Box<dyn Read>) -> Self {
        Body::Copied(Copied(Rc::new(RefCell::new(input)))).into()
    }

    /// Bytes, written as they are.
    pub fn raw(bytes: Vec<u8>) -> Self {
        Body::Raw(bytes).into()
    }

    /// A JSON value, whatever the format is: indented by two spaces, on one line with ndjson.
    pub fn json(value: Value) -> Self {
        Body::Json(value).into()
    }

    /// A JSON value that is made while it is written, whatever the format is.
    pub fn content(value: impl Serialize + 'static) -> Self {
        let write = move |format, out: &mut dyn Write| super::json::dump(&value, format, out);
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// JSON that `write` writes through an [`EscapedJson`](super::EscapedJson), whatever the format is; its
    /// first argument says whether to use one line.
    pub fn json_by(write: impl Fn(bool, &mut dyn Write) -> io::Result<()> + 'static) -> Self {
        let write = move |format, out: &mut dyn Write| {
            write(format == Format::Ndjson, out)?;
            out.write_all(b"\n")
        };
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// Like [`Report::json_by`] for lines of JSON: `write` ends each line.
    pub fn json_lines_by(write: impl Fn(&mut dyn Write) -> io::Result<()> + 'static) -> Self {
        let write = move |_, out: &mut dyn Write| write(&mut super::json::EscapedJson(out));
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// JSON values one per line, whatever the format is.
    pub fn lines(values: Vec<Value>) -> Self {
        Body::Lines { values, columns: &[] }.into()
    }

    /// JSON objects as they arrive; see [`Body::Feed`].
    pub fn feed(
        rows: impl Fn(Take<'_>) -> Result<()> + 'static,
        columns: &'static [Column],
    ) -> Self {
        Body::Feed { rows: Stream::of(rows), columns }.into()
    }

    /// Adds a sentence for standard error.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the exit code: 3 for findings, 7 for waiting.
    pub fn exit(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }

    /// The record that a write is about.
    pub fn id(&self) -> Option<&str> {
        match &self.body {
            Body::Written(written) => written.id.as_deref(),
            _ => None,
        }
    }

    /// The sentences for standard error that come before what was left out, in order.
    pub(crate) fn sentences(&self, terminal: &Terminal) -> Vec<Cow<'_, str>> {
        let nothing = match &self.body {
            Body::List { rows, empty, .. } if rows.is_empty() => empty,
            Body::Board(board) if board.lanes.is_empty() => board.empty,
            _ => "",
        };
        let own = match &self.body {
            Body::Written(written) => Cow::Borrowed(written.sentence.as_str()),
            // Programs see `[]`.
            _ if nothing.is_empty() || terminal.format.is_json() => Cow::Borrowed(""),
            _ if !self.left_out.is_empty() => {
                Cow::Owned(format!("{nothing} in what could be read"))
            }
            _ => Cow::Borrowed(nothing),
        };
        std::iter::once(own)
            .chain(self.notes.iter().map(|note| Cow::Borrowed(note.as_str())))
            .filter(|sentence| !sentence.is_empty())
            .collect()
    }
}

pub(crate) fn no_ids() -> Error {
    Error::usage("this command has no ids to print").hint("leave out `-o id`")
}
