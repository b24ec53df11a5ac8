use super::terminal::{Format, Terminal};
use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// The fields of one record, in the order in which JSON shows them.
pub type Row = Map<String, Value>;

/// An answer of the library as a row.
///
/// # Errors
/// `Bug` for what does not encode as an object.
pub fn row(of: &impl Serialize) -> Result<Row> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::bug("an answer does not encode as an object")),
        Err(e) => Err(Error::bug("an answer does not encode").because(e)),
    }
}

/// Answers of the library as rows.
///
/// # Errors
/// As [`row`].
pub fn rows<T: Serialize>(all: &[T]) -> Result<Vec<Row>> {
    all.iter().map(row).collect()
}

/// What a command found or did, as data.
#[derive(Debug, Clone)]
pub struct Report {
    pub body: Body,
    /// 0, or 3 for findings and 7 for waiting, which are answers and not failures.
    pub exit: u8,
    /// Sentences for standard error.
    pub notes: Vec<String>,
    /// What went wrong with a part that was left out, said with `--quiet` too: then of nothing can be
    /// said that it is not there.
    pub left_out: Vec<String>,
}

/// The part of a report that goes to standard output.
#[derive(Debug, Clone)]
pub enum Body {
    Nothing,
    /// Records. JSON shows every field, tables and text the columns: those name every field that a
    /// record may have, also what nothing but JSON shows unless it is asked for.
    List {
        rows: Vec<Row>,
        columns: Cow<'static, [Column]>,
        /// The field that `-o id` prints.
        id: Option<&'static str>,
        /// What a person is told when there are none.
        empty: &'static str,
    },
    /// Records that are too many to be held at once: made one by one as they are written. Only a
    /// table, which has to know its widths, holds them all, unless somebody waits for each row: then
    /// a row is a line, JSON too, and written at once.
    Stream {
        rows: Stream,
        columns: Cow<'static, [Column]>,
        id: Option<&'static str>,
        live: bool,
    },
    Object(Object),
    Board(BoardTable),
    Written(Written),
    /// Text of our own, written as it is: completions, man pages, a digest.
    Text(String),
    /// Bytes, written as they are.
    Raw(Vec<u8>),
    /// Bytes as they are read, written as they are.
    Copied(Copied),
    /// A JSON value, whatever the format is.
    Json(Value),
    /// The same, made as it is written.
    Content(LazyJson),
    /// JSON objects one per line, whatever the format is. The columns are their fields, where those are
    /// always the same.
    Lines {
        values: Vec<Value>,
        columns: &'static [Column],
    },
    /// The same as they come: each has been written when the next one is made.
    Feed {
        rows: Stream,
        columns: &'static [Column],
    },
}

/// What takes the rows of a stream, and says whether it wants more.
pub type Take<'t> = &'t mut dyn FnMut(Row) -> Result<bool>;

/// Where the rows of a stream come from.
#[derive(Clone)]
pub struct Stream(Rc<dyn Fn(Take<'_>) -> Result<()>>);

impl Stream {
    pub(crate) fn of(rows: impl Fn(Take<'_>) -> Result<()> + 'static) -> Self {
        Stream(Rc::new(rows))
    }

    /// Hands out the rows, as long as they are wanted.
    ///
    /// # Errors
    /// Its own, and whatever `take` says.
    pub fn each(&self, take: Take<'_>) -> Result<()> {
        (self.0)(take)
    }
}

/// What is copied to standard output.
#[derive(Clone)]
pub struct Copied(Rc<RefCell<Box<dyn Read>>>);

impl Copied {
    /// Copies all that is left. The outer error is of `out`, the inner of what is read.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<Result<()>> {
        let mut input = self.0.borrow_mut();
        let mut piece = vec![0; 1 << 16];
        loop {
            match input.read(&mut piece) {
                Ok(0) => return Ok(Ok(())),
                Ok(read) => out.write_all(piece.get(..read).unwrap_or_default())?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Ok(Err(Error::io("cannot read what is to be written", e))),
            }
        }
    }
}

/// What can only be run has nothing to show but its name.
macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

opaque!(Copied, LazyJson, Stream);

type WriteJson = dyn Fn(Format, &mut dyn Write) -> io::Result<()>;

/// What writes a JSON value, indented or on one line.
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
    /// Title and style of the fields that have one, in their order; all others follow as text.
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

    /// How a field is shown that nothing is said about: times have names that say so.
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
    /// What a person is told when there are no lanes.
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

/// What a value means, which fixes how people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Text,
    /// What people wrote, in many lines: in `show` it stands below the fields, with its own line
    /// breaks, and in tables a long word of it may be broken.
    Prose,
    /// UUIDs are cut to their shortest unique prefix in tables.
    Id,
    /// Unix seconds; 0 means never.
    Time,
    /// The same, of what everybody in the list might have done: who has not is told so in tables.
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
    /// How many: a number, of which none is nothing in tables; of an object of name → array how
    /// many there are of each, `👍 2`; of an array of records how many.
    Count,
    /// An object of name → array of plain values, `👍 alice, bob` in tables.
    Sets,
    /// One of a few words, and the colours of some of them.
    Word(&'static [(&'static str, Color)]),
}

/// How a word stands out where there is colour.
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
    /// In tables only where it holds anything.
    Filled,
    /// In tables only where it holds anything and the terminal has room.
    Wide,
    /// The same, where there is room beside those.
    Widest,
    /// In tables on a line of its own below the row, whole: what is to be copied.
    Below,
    /// In TSV and CSV only.
    Data,
    /// Nowhere but in JSON, unless it is asked for.
    Asked,
}

impl Column {
    pub const fn new(key: &'static str, title: &'static str, style: Style) -> Self {
        let (key, title) = (Cow::Borrowed(key), Cow::Borrowed(title));
        Column { key, title, style, visibility: Visibility::Everywhere }
    }

    /// A column that somebody else named: its title is a text as any other.
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

    /// Shown in a table only where it holds anything.
    pub const fn filled(mut self) -> Self {
        self.visibility = Visibility::Filled;
        self
    }

    /// Shown in a table only where it holds anything and the terminal has room; the last such
    /// column goes first.
    pub const fn wide(mut self) -> Self {
        self.visibility = Visibility::Wide;
        self
    }

    /// The same, after all others that want room.
    pub const fn widest(mut self) -> Self {
        self.visibility = Visibility::Widest;
        self
    }

    /// Shown in a table on a line of its own below the row, whole: what is to be copied.
    pub const fn below(mut self) -> Self {
        self.visibility = Visibility::Below;
        self
    }

    /// Shown in TSV and CSV only.
    pub const fn data(mut self) -> Self {
        self.visibility = Visibility::Data;
        self
    }

    /// Shown where it is asked for: what of most rows is not worth a column.
    pub const fn asked(mut self) -> Self {
        self.visibility = Visibility::Asked;
        self
    }
}

/// A write: what became of it.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The command's number in the log; None when nothing changed or nothing was to be written.
    pub seq: Option<i64>,
    pub changed: bool,
    /// The document that the command is about; the first that changed.
    pub doc: Option<String>,
    /// The id of the record.
    pub id: Option<String>,
    /// The record is new: its id stands alone on standard output, for people and pipes.
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

    /// Records, of which JSON shows every field and everything else the columns. `empty` is said
    /// when there are none: "no members".
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

    /// Records as they happen: each a line that is written at once.
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

    /// A text of somebody for a terminal: its lines and tabs, and nothing in it that acts on one.
    pub fn shown(text: &str) -> Self {
        Body::Text(super::escape::text(text)).into()
    }

    /// XML, written as it is but for what acts on a terminal or hides, which has its number there.
    pub fn markup(text: &str) -> Self {
        Body::Text(super::escape::markup(text).into_owned()).into()
    }

    /// All that is left to be read, written as it is: no more of it is held than a piece.
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

    /// A JSON value that is made as it is written, whatever the format is.
    pub fn content(value: impl Serialize + 'static) -> Self {
        let write = move |format, out: &mut dyn Write| super::json::dump(&value, format, out);
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// JSON that writes itself, whatever the format is: `write` is told whether on one line.
    pub fn json_by(write: impl Fn(bool, &mut dyn Write) -> io::Result<()> + 'static) -> Self {
        let write = move |format, out: &mut dyn Write| {
            write(format == Format::Ndjson, &mut super::json::EscapedJson(out))?;
            out.write_all(b"\n")
        };
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// The same for lines of JSON: `write` ends each of them.
    pub fn json_lines_by(write: impl Fn(&mut dyn Write) -> io::Result<()> + 'static) -> Self {
        let write = move |_, out: &mut dyn Write| write(&mut super::json::EscapedJson(out));
        Body::Content(LazyJson(Rc::new(write))).into()
    }

    /// JSON values one per line, whatever the format is.
    pub fn lines(values: Vec<Value>) -> Self {
        Body::Lines { values, columns: &[] }.into()
    }

    /// JSON objects as they come; see [`Body::Feed`].
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

    /// What is said on standard error before what was left out, in order.
    pub(crate) fn sentences(&self, terminal: &Terminal) -> Vec<Cow<'_, str>> {
        let nothing = match &self.body {
            Body::List { rows, empty, .. } if rows.is_empty() => empty,
            Body::Board(board) if board.lanes.is_empty() => board.empty,
            _ => "",
        };
        let own = match &self.body {
            Body::Written(written) => Cow::Borrowed(written.sentence.as_str()),
            // `[]` says it to programs.
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
