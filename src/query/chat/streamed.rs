//! Streams all messages of an entity, one at a time: archived ones need not fit into memory, and none are
//! kept.

use crate::archive::ArchivedRecord;
use crate::concern::chat::{self, MESSAGES, REPLIES, SPEC};
use crate::error::Result;
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::query::archived::{Shelf, moment};
use crate::query::message::Message;
use crate::query::record;
use crate::query::talk::{DERIVED, Talk, written_by};
use crate::query::unread::Unread;
use crate::schema::FieldRole;
use crate::store::Reader;
use crate::wire::Id;
use serde_json::{Map, Value};

/// Marks a row as archived.
const IN_ARCHIVE: &str = "in_archive";
/// Marks a row as unread here.
const UNREAD: &str = "unread";
/// Deleted rows are never unread.
const DELETED: &str = "deleted";

/// The callback that takes the results.
pub type Taker<'t, T> = &'t mut dyn FnMut(T) -> Result<()>;

/// A position in list order.
type ListPlace = (i64, Option<Id>, Option<String>);

/// Returns the fields of messages that [`each_row`] can read.
pub fn row_fields() -> impl Iterator<Item = &'static str> {
    let stored = MESSAGES.fields.iter().map(|field| field.name);
    stored.chain(DERIVED).chain([IN_ARCHIVE, UNREAD])
}

/// Passes some fields of all messages and replies of an entity, deleted and archived ones included, in the
/// order of [`super::list`]. With few fields this takes a fraction of the work of [`each_message`].
///
/// # Errors
/// `Corrupt` if the document is damaged; those of `take`.
pub fn each_row(
    reader: &Reader,
    entity: &EntityId,
    names: &[&str],
    take: Taker<'_, Map<String, Value>>,
) -> Result<()> {
    let Some((view, beside)) = moment(reader, &entity.document(SPEC.name))? else { return Ok(()) };
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let unread = Unread::of(reader, entity)?;
    let unread = Some(unread).filter(|unread| unread.is_kept() && names.contains(&UNREAD));
    let mut read = [names, &[created]].concat();
    let author = MESSAGES.named(FieldRole::Author).unwrap_or_default();
    if unread.is_some() {
        read.extend([author, DELETED]);
    }
    let talk = Talk::beside_archive(entity, &view, beside);
    let rows = RowMaker { talk: &talk, unread, author, names, read: &read };
    let mut live = Vec::new();
    for of in [&MESSAGES, &REPLIES] {
        for home in of.homes(&view) {
            for (key, mut row) in record::narrow(of, &view, &home.steps(), &read) {
                let path = home.child(&key);
                let written = written_by(&view, &path.steps());
                let at = row.get(created).and_then(Value::as_i64).unwrap_or(0);
                rows.complete(&path, written, &mut row);
                live.push(((at, written, Some(key)), (path, row)));
            }
        }
    }
    live.sort_by(|(a, _), (b, _)| a.cmp(b));
    // Only their number is needed.
    if names.is_empty() {
        let paths: Vec<DocPath> = live.iter().map(|(_, (path, _))| path.clone()).collect();
        if let Some(archived) = talk.shelf.count(&paths) {
            let rows = live.len() as u64 + archived;
            return (0..rows).try_for_each(|_| take(Map::new()));
        }
    }
    let archived = |archived: &ArchivedRecord| {
        Ok(rows.archived(archived).map(|row| (archived.path.clone(), row)))
    };
    merged(live, &talk.shelf, archived, &mut |(_, row)| take(row))
}

/// Makes rows from records.
struct RowMaker<'t> {
    talk: &'t Talk<'t>,
    /// Set if the field `unread` is requested and anything was ever marked as read.
    unread: Option<Unread>,
    /// The field that names the author.
    author: &'t str,
    names: &'t [&'t str],
    /// The fields that are read for them.
    read: &'t [&'t str],
}

impl RowMaker<'_> {
    /// Adds derived values to the fields of a record.
    fn complete(&self, path: &DocPath, written: Option<Id>, row: &mut Map<String, Value>) {
        if let Some(unread) = &self.unread {
            let author = row.get(self.author).and_then(Value::as_str).unwrap_or_default();
            let is_deleted = row.get(DELETED).and_then(Value::as_bool).unwrap_or(false);
            let id = path.last().map_or("", String::as_str);
            let is_unread = !is_deleted && unread.is_unread(id, author, written);
            row.insert(UNREAD.to_owned(), Value::from(is_unread));
        }
        self.talk.derive(path, self.names, row);
    }

    /// Returns the row of an archived record; `None` if it cannot be read.
    fn archived(&self, archived: &ArchivedRecord) -> Option<Map<String, Value>> {
        let of = chat::collection_of(&archived.path);
        let id = of.fields.first().map_or("", |field| field.name);
        let mut row = Map::new();
        let wanted = of.fields.iter().filter(|field| self.read.contains(&field.name));
        let wanted: Vec<_> = wanted.filter(|field| field.name != id).collect();
        if !wanted.is_empty() {
            let fields = self.talk.shelf.some_fields(archived, self.read)?;
            row.extend(
                wanted.iter().map(|field| {
                    (field.name.to_owned(), field.kind.to_json(fields.get(field.name)))
                }),
            );
        }
        row.insert(id.to_owned(), Value::from(archived.id()));
        row.insert(IN_ARCHIVE.to_owned(), Value::from(true));
        self.complete(&archived.path, Some(archived.written), &mut row);
        Some(row)
    }
}

/// Passes all messages and replies of an entity, deleted and archived ones included, in the order of
/// [`super::list`].
///
/// # Errors
/// As [`each_row`].
pub fn each_message(reader: &Reader, entity: &EntityId, take: Taker<'_, Message>) -> Result<()> {
    let Some((view, beside)) = moment(reader, &entity.document(SPEC.name))? else { return Ok(()) };
    let unread = Unread::of(reader, entity)?;
    let mark = |message: Message, item: Option<Id>| Message {
        unread: unread.is_kept() && unread.is_of(&message, item),
        ..message
    };
    let talk = Talk::beside_archive(entity, &view, beside);
    let mut live = Vec::new();
    for path in [MESSAGES.records(&view), REPLIES.records(&view)].concat() {
        let message = talk.message(&path)?;
        let item = talk.item(&message);
        live.push(((message.created_at, item, path.last().cloned()), mark(message, item)));
    }
    live.sort_by(|(a, _), (b, _)| a.cmp(b));
    let read = |archived: &ArchivedRecord| {
        let message = talk.read_archived(archived)?;
        Ok(message.map(|message| mark(message, Some(archived.written))))
    };
    merged(live, &talk.shelf, read, take)
}

/// Merges what is in the document and in the archive into one order.
fn merged<T>(
    live: Vec<(ListPlace, T)>,
    shelf: &Shelf<'_>,
    read: impl Fn(&ArchivedRecord) -> Result<Option<T>>,
    take: Taker<'_, T>,
) -> Result<()> {
    let mut live = live.into_iter().peekable();
    shelf.each(|archived| {
        let (at, written, id) = archived.key();
        let place = (at, Some(written), Some(id));
        while let Some((_, earlier)) = live.next_if(|(before, _)| *before < place) {
            take(earlier)?;
        }
        read(&archived)?.map_or(Ok(()), &mut *take)
    })?;
    live.try_for_each(|(_, later)| take(later))
}
