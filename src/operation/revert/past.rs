//! What a command wrote, what stood there before, and what was done to it since: by the log.

use crate::concern;
use crate::error::{Error, Next, Result, first_of};
use crate::id::DocId;
use crate::inspect::path::joined;
use crate::inspect::touched::{TouchMap, TouchedUnit};
use crate::path::{DocPath, Keys};
use crate::schema;
use crate::store::{LogRow, Session};
use crate::wire::Value;
use crate::wire::{Id, Update};
use std::collections::{BTreeMap, BTreeSet};

/// How many of the commands that built on another one are named.
const NAMED: usize = 3;

/// A command in the log, and the documents that it changed.
pub struct Past {
    /// Its number.
    pub seq: i64,
    /// Its words: `chat send`.
    pub command: String,
    /// Who ran it.
    pub member: Option<String>,
    documents: BTreeMap<DocId, DocumentPast>,
}

/// What a command did to one document.
struct DocumentPast {
    /// Everything in the log about the document, in order.
    rows: Vec<LogRow>,
    units: Vec<TouchedUnit>,
    /// The records that each later command touched.
    since: Vec<Later>,
}

/// What a later command touched.
struct Later {
    seq: i64,
    command: String,
    by: Option<String>,
    paths: Vec<(DocPath, BTreeSet<String>)>,
}

/// What stood under a key before a command.
pub enum Former {
    /// The command left it as it was.
    Unwritten,
    /// Nothing.
    Nothing,
    /// This.
    Value(Value),
}

/// What must be as a command left it.
pub struct Watched<'w> {
    pub doc: &'w DocId,
    /// The record.
    pub path: &'w DocPath,
    /// Its fields, as far as it is about them; None for all of the record, and what stands in it.
    pub fields: Option<&'w [&'w str]>,
}

impl Past {
    /// # Errors
    /// `NotFound` for a number that the log does not have; `Refused` for what came from elsewhere.
    pub fn of(session: &mut Session, seq: i64) -> Result<Past> {
        let rows = session.state().command(seq)?;
        let Some(first) = rows.first() else {
            return Err(Error::not_found(format!("there is no command {seq} in the log"))
                .hint(Next::Log.and(" shows those that are; it is trimmed after 90 days")));
        };
        let mut past = Past {
            seq,
            command: first.command.clone(),
            member: first.member.clone(),
            documents: BTreeMap::new(),
        };
        if rows.iter().any(|row| row.origin.is_some()) {
            let what = format!("{} brought what others wrote", past.name());
            return Err(Error::refused(what).hint(
                Next::Logged(seq).and(" shows what; only what was done here is taken back"),
            ));
        }
        for doc in rows.iter().map(|row| &row.doc).collect::<BTreeSet<_>>() {
            past.documents.insert(doc.clone(), DocumentPast::of(session, doc, seq)?);
        }
        Ok(past)
    }

    /// The command, for messages.
    pub fn name(&self) -> String {
        format!("command {} ({})", self.seq, self.command)
    }

    /// The way to a record that it touched; None where it touched none with this id.
    pub fn record(&self, id: &str) -> Option<(&DocId, DocPath)> {
        self.documents.iter().find_map(|(doc, past)| {
            let spec = concern::of(doc)?;
            past.units.iter().find_map(|unit| {
                let place = unit.path.iter().rposition(|step| step == id)?;
                let mut path = unit.path.clone();
                path.truncate(place + 1);
                let (_, steps) = schema::place(spec, &path.child(""))?;
                (steps == path.len()).then_some((doc, path))
            })
        })
    }

    /// Whether the command made the record with this id.
    pub fn made(&self, id: &str) -> bool {
        let Some((doc, path)) = self.record(id) else { return false };
        let units = self.documents.get(doc).map(|past| &past.units);
        let is_it = |unit: &&TouchedUnit| !unit.deleted && unit.keyed && unit.path == path;
        let of_name = |unit: &&TouchedUnit| !unit.deleted && unit.path == path.child("id");
        units.into_iter().flatten().any(|unit| is_it(&unit) || of_name(&unit))
    }

    /// What stood at a path before.
    ///
    /// # Errors
    /// `Refused` where the log does not reach back so far.
    pub fn before(&self, doc: &DocId, path: &DocPath) -> Result<Former> {
        let Some(past) = self.documents.get(doc) else { return Ok(Former::Unwritten) };
        let touched: Vec<&TouchedUnit> =
            past.units.iter().filter(|unit| unit.keyed && unit.path == *path).collect();
        let own: BTreeSet<Id> =
            touched.iter().filter(|unit| !unit.deleted).map(|unit| unit.id).collect();
        let mut old = touched.iter().filter(|unit| unit.deleted && !own.contains(&unit.id));
        match old.next_back() {
            Some(old) => past.said(old.id, self.seq).map(Former::Value).ok_or_else(|| {
                Error::refused(format!(
                    "what {} wrote over is not in the log any more",
                    self.name()
                ))
                .because(format!("{} of {doc}", joined(path)))
                .hint(Next::Logged(self.seq).and(" shows what it wrote; write the old value anew"))
            }),
            None if touched.is_empty() => Ok(Former::Unwritten),
            None => Ok(Former::Nothing),
        }
    }

    /// The keys below a path that the command wrote, each once.
    pub fn written_below(&self, doc: &DocId, path: &DocPath) -> BTreeSet<Vec<String>> {
        let units = self.documents.get(doc).map(|past| &past.units);
        let below = units.into_iter().flatten().filter(|unit| unit.keyed);
        below.filter_map(|unit| unit.path.strip_prefix(&path[..])).map(<[String]>::to_vec).collect()
    }

    /// The unit that stood for a text in a sequence, and that the command took out of it; with
    /// `written` the one that it put in.
    pub fn entry(&self, doc: &DocId, list: &DocPath, text: &str, written: bool) -> Option<Id> {
        let past = self.documents.get(doc)?;
        let own = past.units.iter().filter(|unit| !unit.keyed && unit.path == *list);
        let upto = if written { self.seq.saturating_add(1) } else { self.seq };
        let is_it = |unit: &&TouchedUnit| {
            unit.deleted != written
                && past.said(unit.id, upto).is_some_and(|said| said.as_str() == Some(text))
        };
        own.filter(is_it).map(|unit| unit.id).next_back()
    }

    /// Refuses where somebody has built on what the command wrote.
    ///
    /// # Errors
    /// `Refused`, with the commands that did.
    pub fn unbuilt(&self, watched: &Watched<'_>) -> Result<()> {
        let Some(past) = self.documents.get(watched.doc) else { return Ok(()) };
        let later: Vec<&Later> =
            past.since.iter().filter(|later| later.builds_on(watched)).collect();
        self.refuse(later, watched.path.last().map_or("", String::as_str))
    }

    /// Refuses where a member has done anything since, in any of these documents.
    ///
    /// # Errors
    /// As [`Past::unbuilt`].
    pub fn idle(&self, session: &mut Session, docs: &[DocId], member: &str) -> Result<()> {
        let mut later = Vec::new();
        for doc in docs {
            let known = self.documents.get(doc).map(|past| past.since.len());
            if known.is_none() {
                later.extend(DocumentPast::of(session, doc, self.seq)?.since);
            }
        }
        let own = self.documents.values().flat_map(|past| &past.since);
        let by = own.chain(&later).filter(|later| later.by.as_deref() == Some(member));
        self.refuse(by.collect(), member)
    }

    fn refuse(&self, later: Vec<&Later>, id: &str) -> Result<()> {
        if later.is_empty() {
            return Ok(());
        }
        let mut by: Vec<(i64, String)> = later.into_iter().map(Later::named).collect();
        by.sort();
        by.dedup();
        let names: Vec<String> = by.into_iter().map(|(_, name)| name).collect();
        let what = format!("{} was built on by {}", self.name(), first_of(&names, NAMED));
        Err(Error::refused(what)
            .hint(Next::History(id.to_owned()).and(" shows what happened to it since")))
    }
}

impl DocumentPast {
    fn of(session: &mut Session, doc: &DocId, seq: i64) -> Result<DocumentPast> {
        let mut past = DocumentPast {
            rows: session.state().log_of(doc)?,
            units: Vec::new(),
            since: Vec::new(),
        };
        let Some(bytes) = session.bytes(doc)? else { return Ok(past) };
        let broken =
            |fault| Error::corrupt(format!("{doc} does not decode")).because(fault).damages(doc);
        let document = Update::walk(&bytes).map_err(broken)?;
        let map = TouchMap::of(concern::of(doc), &document);
        for row in past.rows.iter().filter(|row| row.seq >= seq) {
            let units = map.units(&row.update).map_err(broken)?;
            if row.seq == seq {
                past.units.extend(units);
                continue;
            }
            let touched = map.touched(&row.update).map_err(broken)?;
            let by = match &row.origin {
                Some((replica, _)) => session.state().peer(replica)?.and_then(|peer| peer.member),
                None => row.member.clone(),
            };
            let paths = touched.records.into_iter().map(|record| (record.steps, record.fields));
            let (seq, command) = (row.seq, row.command.clone());
            past.since.push(Later { seq, command, by, paths: paths.collect() });
        }
        Ok(past)
    }

    /// What a unit of content said, by the commands before another one.
    fn said(&self, id: Id, upto: i64) -> Option<Value> {
        self.rows.iter().rev().filter(|row| row.seq < upto).find_map(|row| {
            let update = Update::walk(&row.update).ok()?;
            let block = update.block(id)?;
            let unit = id.clock.checked_sub(block.clock)?;
            update.plain(block).into_iter().nth(unit as usize)
        })
    }
}

impl Later {
    fn builds_on(&self, watched: &Watched<'_>) -> bool {
        let id = watched.path.last();
        let spec = concern::of(watched.doc);
        let place = spec.and_then(|spec| schema::place(spec, &watched.path.child("")));
        let acknowledgements =
            place.and_then(|(of, _)| of.tombstone.as_ref()).map(|tombstone| tombstone.acks);
        self.paths.iter().any(|(path, fields)| {
            let is_it = path == watched.path;
            match watched.fields {
                Some(these) => {
                    is_it
                        && (fields.is_empty() || these.iter().any(|field| fields.contains(*field)))
                }
                // An acknowledgement only says that it was seen.
                None if is_it => {
                    fields.is_empty()
                        || fields.iter().any(|field| Some(&**field) != acknowledgements)
                }
                None => path.iter().any(|step| Some(step) == id),
            }
        })
    }

    fn named(&self) -> (i64, String) {
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(", {by}"));
        (self.seq, format!("{} ({}{by})", self.seq, self.command))
    }
}
