//! Everything that was said in an entity, one after the other: what is archived need not fit into
//! memory, and nothing of it is kept.

use crate::archive::ArchivedRecord;
use crate::concern::chat::{self, MESSAGES, REPLIES, SPEC};
use crate::error::Result;
use crate::id::EntityId;
use crate::path::Keys;
use crate::query::archived::{Shelf, moment};
use crate::query::message::Message;
use crate::query::record;
use crate::query::talk::Talk;
use crate::query::unread::Unread;
use crate::schema::FieldRole;
use crate::store::Reader;
use crate::wire::Id;
use serde_json::{Map, Value};

/// Says of a row that it is archived.
const IN_ARCHIVE: &str = "in_archive";

/// Whoever takes what is handed out.
pub type Taker<'t, T> = &'t mut dyn FnMut(T) -> Result<()>;

/// Where something stands in lists.
type ListPlace = (i64, Option<Id>, Option<String>);

/// The fields of messages that stand in their records: what [`each_row`] can read.
pub fn stored_fields() -> impl Iterator<Item = &'static str> {
    MESSAGES.fields.iter().map(|field| field.name)
}

/// Some fields of all messages and replies of an entity, deleted and archived ones included, in the
/// order of [`super::list`]: a fraction of the work of [`each_message`] where they are few. Fields
/// that are derived are not among them.
///
/// # Errors
/// `Corrupt` where the document or the archive is; those of `take`.
pub fn each_row(
    reader: &Reader,
    entity: &EntityId,
    names: &[&str],
    take: Taker<'_, Map<String, Value>>,
) -> Result<()> {
    let Some((view, beside)) = moment(reader, &entity.document(SPEC.name))? else { return Ok(()) };
    let created = MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let with_time = [names, &[created]].concat();
    let mut live = Vec::new();
    for of in [&MESSAGES, &REPLIES] {
        for home in of.homes(&view) {
            for (key, row) in record::narrow(of, &view, &home.steps(), &with_time) {
                let written = view.item(&home.child(&key).steps());
                let at = row.get(created).and_then(Value::as_i64).unwrap_or(0);
                live.push(((at, written, Some(key)), row));
            }
        }
    }
    live.sort_by(|(a, _), (b, _)| a.cmp(b));
    let shelf = Shelf::beside(entity.document(SPEC.name), &view, beside);
    // Where nothing of them is asked but how many they are.
    if names.is_empty()
        && let Some(archived) = shelf.count()
    {
        let rows = live.len() as u64 + archived;
        return (0..rows).try_for_each(|_| take(Map::new()));
    }
    merged(live, &shelf, |archived| Ok(archived_row(&shelf, archived, names)), take)
}

/// All messages and replies of an entity, deleted and archived ones included, in the order of
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

/// What is in the document and what is in the archive, in one order.
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

fn archived_row(
    shelf: &Shelf<'_>,
    archived: &ArchivedRecord,
    names: &[&str],
) -> Option<Map<String, Value>> {
    let of = chat::collection_of(&archived.path);
    let id = of.fields.first().map_or("", |field| field.name);
    let mut row = Map::new();
    if names.iter().any(|name| *name != id && *name != IN_ARCHIVE) {
        let fields = shelf.fields(archived)?;
        let wanted = of.fields.iter().filter(|field| names.contains(&field.name));
        row.extend(
            wanted.map(|field| (field.name.to_owned(), field.kind.to_json(fields.get(field.name)))),
        );
    }
    row.insert(id.to_owned(), Value::from(archived.id()));
    row.insert(IN_ARCHIVE.to_owned(), Value::from(true));
    Some(row)
}
