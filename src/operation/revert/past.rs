//! What a command wrote, what was there before, and what was done to it since, according to the log.

use crate::concern;
use crate::concern::disk::{self, DiskContent};
use crate::crdt::view::View;
use crate::error::{Error, Next, Result, first_of};
use crate::id::DocId;
use crate::inspect::path::joined;
use crate::inspect::touched::{TouchMap, TouchedUnit};
use crate::path::{DocPath, Keys};
use crate::schema::{self, Spec};
use crate::store::{LogRow, Session, broken_entry};
use crate::wire::Value;
use crate::wire::{Id, Update, merge};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// The most commands that an error names as having built on another.
const NAMED: usize = 3;

/// A command in the log, and the documents that it changed.
pub struct Past {
    /// Its sequence number.
    pub seq: i64,
    /// Its name: `chat send`.
    pub command: String,
    /// The member who ran it.
    pub member: Option<String>,
    documents: BTreeMap<DocId, DocumentPast>,
    /// The documents and paths of the records that it touched, by id.
    records: BTreeMap<String, (DocId, DocPath)>,
}

/// What a command did to one document.
#[derive(Default)]
struct DocumentPast {
    /// All log rows of the document, in order.
    rows: Vec<LogRow>,
    units: Vec<TouchedUnit>,
    /// The units at each path, in order.
    at: BTreeMap<DocPath, Vec<usize>>,
    /// The values of the units, with the command that wrote each, in order; computed once.
    said: OnceCell<BTreeMap<Id, Vec<(i64, Value)>>>,
    /// The records that each later command touched.
    since: Vec<Later>,
    /// For each step, the later commands and which of their paths contain it.
    steps: BTreeMap<String, Vec<(usize, usize)>>,
}

/// A later command.
struct Later {
    seq: i64,
    command: String,
    by: Option<String>,
    paths: Vec<TouchedPath>,
}

/// A record that it touched, and which fields.
struct TouchedPath {
    path: DocPath,
    fields: BTreeSet<String>,
}

/// The value of a key before a command.
pub enum Former {
    /// The command did not write it.
    Unwritten,
    /// No value.
    Nothing,
    /// This value.
    Value(Value),
}

/// What must still be as a command left it.
pub struct Watched<'w> {
    pub doc: &'w DocId,
    /// The record.
    pub path: &'w DocPath,
    /// The fields that matter; `None` for the whole record and everything inside it.
    pub fields: Option<&'w [&'w str]>,
}

impl Past {
    /// # Errors
    /// `NotFound` if the log has no such number; `Refused` if its changes came from elsewhere.
    pub fn of(session: &mut Session, seq: i64) -> Result<Past> {
        let rows = session.state().command(seq)?;
        let Some(first) = rows.first() else {
            return Err(Error::not_found(format!("there is no command {seq} in the log"))
                .hint(Next::Log.and(" shows those that it has; it is trimmed after 90 days")));
        };
        let mut past = Past {
            seq,
            command: first.command.clone(),
            member: first.member.clone(),
            documents: BTreeMap::new(),
            records: BTreeMap::new(),
        };
        if rows.iter().any(|row| row.origin.is_some()) {
            let what = format!("{} brought in what others wrote", past.name());
            return Err(Error::refused(what).hint(
                Next::Logged(seq).and(" shows it; only what was done here can be taken back"),
            ));
        }
        for doc in rows.iter().map(|row| &row.doc).collect::<BTreeSet<_>>() {
            let document = DocumentPast::of(session, doc, seq)?;
            if let Some(spec) = concern::of(doc) {
                document.units.iter().for_each(|unit| past.note_records(doc, spec, &unit.path));
            }
            past.documents.insert(doc.clone(), document);
        }
        Ok(past)
    }

    /// Records the positions of the records that a path leads to, or through.
    fn note_records(&mut self, doc: &DocId, spec: &'static Spec, path: &DocPath) {
        for (place, id) in path.iter().enumerate().rev() {
            let is_last = !path.iter().skip(place + 1).any(|step| step == id);
            if !is_last || self.records.contains_key(id) {
                continue;
            }
            let mut record = path.clone();
            record.truncate(place + 1);
            if schema::place(spec, &record.child("")).is_some_and(|(_, steps)| steps == place + 1) {
                self.records.insert(id.clone(), (doc.clone(), record));
            }
        }
    }

    /// The command's name for messages.
    pub fn name(&self) -> String {
        format!("command {} ({})", self.seq, self.command)
    }

    /// The place of a record that it touched; `None` if it touched none with this id.
    pub fn record(&self, id: &str) -> Option<(&DocId, DocPath)> {
        self.records.get(id).map(|(doc, path)| (doc, path.clone()))
    }

    /// Whether the command created the record with this id.
    pub fn made(&self, id: &str) -> bool {
        let Some((doc, path)) = self.record(id) else { return false };
        let Some(past) = self.documents.get(doc) else { return false };
        past.units_at(&path).any(|unit| !unit.deleted && unit.keyed)
            || past.units_at(&path.child("id")).any(|unit| !unit.deleted)
    }

    /// The value at a path before the command.
    ///
    /// # Errors
    /// `Refused` if the log does not go back far enough.
    pub fn before(&self, doc: &DocId, path: &DocPath) -> Result<Former> {
        let Some(past) = self.documents.get(doc) else { return Ok(Former::Unwritten) };
        let touched: Vec<&TouchedUnit> = past.units_at(path).filter(|unit| unit.keyed).collect();
        let own: BTreeSet<Id> =
            touched.iter().filter(|unit| !unit.deleted).map(|unit| unit.id).collect();
        let mut old = touched.iter().filter(|unit| unit.deleted && !own.contains(&unit.id));
        match old.next_back() {
            Some(old) => past.said(old.id, self.seq).map(Former::Value).ok_or_else(|| {
                Error::refused(format!("what {} overwrote is no longer in the log", self.name()))
                    .because(format!("{} of {doc}", joined(path)))
                    .hint(
                        Next::Logged(self.seq)
                            .and(" shows what it wrote; write the old value again"),
                    )
            }),
            None if touched.is_empty() => Ok(Former::Unwritten),
            None => Ok(Former::Nothing),
        }
    }

    /// The keys below a path that the command wrote.
    pub fn written_below(&self, doc: &DocId, path: &DocPath) -> BTreeSet<Vec<String>> {
        let units = self.documents.get(doc).map(|past| &past.units);
        let below = units.into_iter().flatten().filter(|unit| unit.keyed);
        below.filter_map(|unit| unit.path.strip_prefix(&path[..])).map(<[String]>::to_vec).collect()
    }

    /// The unit holding a text in a sequence that the command removed, or, with `written`, the one that
    /// it inserted.
    pub fn entry(&self, doc: &DocId, list: &DocPath, text: &str, written: bool) -> Option<Id> {
        let past = self.documents.get(doc)?;
        let own = past.units_at(list).filter(|unit| !unit.keyed);
        let upto = if written { self.seq.saturating_add(1) } else { self.seq };
        let is_it = |unit: &&TouchedUnit| {
            unit.deleted != written
                && past.said(unit.id, upto).is_some_and(|said| said.as_str() == Some(text))
        };
        own.filter(is_it).map(|unit| unit.id).next_back()
    }

    /// The text of a file before the command, which left it as `after`; `None` if the log is
    /// incomplete.
    pub fn text_before(&self, doc: &DocId, file: &str, after: &str) -> Option<String> {
        let rows = &self.documents.get(doc)?.rows;
        let expected = concern::expected(doc);
        let text = |end: i64| {
            let some = rows.iter().take_while(|row| row.seq < end);
            let updates = some.map(|row| Update::checked(&row.update, expected).ok());
            let merged = merge(&updates.collect::<Option<Vec<_>>>()?)?;
            let view = View::read(&Update::checked(&merged, expected).ok()?).ok()?;
            match disk::read(&view, file)?.content {
                DiskContent::Text(text) => Some(text.text),
                DiskContent::Binary(_) => None,
            }
        };
        let found = text(self.seq.saturating_add(1))?;
        if found == after { text(self.seq) } else { None }
    }

    /// Refuses if somebody has built on what the command wrote.
    ///
    /// # Errors
    /// `Refused`, naming the commands that did.
    pub fn unbuilt(&self, watched: &Watched<'_>) -> Result<()> {
        let Some(past) = self.documents.get(watched.doc) else { return Ok(()) };
        // Any change that builds on it has its id as a step of its path.
        let id = watched.path.last().and_then(|id| past.steps.get(id));
        let later = id.into_iter().flatten().filter_map(|(later, path)| {
            let later = past.since.get(*later)?;
            later.paths.get(*path)?.builds_on(watched).then_some(later)
        });
        let later: Vec<&Later> = later.collect();
        self.refuse(later, watched.path.last().map_or("", String::as_str))
    }

    /// Refuses if a member has done anything in any of these documents since.
    ///
    /// # Errors
    /// Those of [`Past::unbuilt`].
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
        let mut past =
            DocumentPast { rows: session.state().log_of(doc)?, ..DocumentPast::default() };
        let Some(bytes) = session.bytes(doc)? else { return Ok(past) };
        let broken = |fault| Error::undecodable(doc, fault);
        let document = Update::walk(&bytes).map_err(broken)?;
        let map = TouchMap::of(concern::of(doc), &document);
        for row in past.rows.iter().filter(|row| row.seq >= seq) {
            let broken = |fault| broken_entry(doc, row.seq, fault);
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
            let paths = touched.records.into_iter();
            let paths =
                paths.map(|record| TouchedPath { path: record.steps, fields: record.fields });
            let (seq, command) = (row.seq, row.command.clone());
            past.since.push(Later { seq, command, by, paths: paths.collect() });
        }
        for (n, unit) in past.units.iter().enumerate() {
            past.at.entry(unit.path.clone()).or_default().push(n);
        }
        for (later, paths) in past.since.iter().map(|later| &later.paths).enumerate() {
            for (n, touched) in paths.iter().enumerate() {
                for step in touched.path.iter().collect::<BTreeSet<_>>() {
                    past.steps.entry(step.clone()).or_default().push((later, n));
                }
            }
        }
        Ok(past)
    }

    fn units_at(&self, path: &DocPath) -> impl DoubleEndedIterator<Item = &TouchedUnit> {
        self.at.get(path).into_iter().flatten().filter_map(|n| self.units.get(*n))
    }

    /// The value of a unit, as last written before the given command.
    fn said(&self, id: Id, upto: i64) -> Option<Value> {
        let said = self.said.get_or_init(|| self.all_said()).get(&id)?;
        said.iter().rev().find(|(seq, _)| *seq < upto).map(|(_, value)| value.clone())
    }

    /// The values of all units, by each command that wrote them.
    fn all_said(&self) -> BTreeMap<Id, Vec<(i64, Value)>> {
        let wanted: BTreeSet<Id> = self.units.iter().map(|unit| unit.id).collect();
        let mut said: BTreeMap<Id, Vec<(i64, Value)>> = BTreeMap::new();
        for row in &self.rows {
            let Ok(update) = Update::walk(&row.update) else { continue };
            let blocks = update
                .clients()
                .flat_map(|(client, blocks)| blocks.iter().map(move |block| (client, block)));
            for (client, block) in blocks {
                let first = Id { client, clock: block.clock };
                let end = Id { clock: block.clock.saturating_add(block.len), ..first };
                let mut ids = wanted.range(first..end).peekable();
                if ids.peek().is_none() {
                    continue;
                }
                let values = update.plain(block);
                for id in ids {
                    let unit = id.clock.saturating_sub(block.clock) as usize;
                    let value = values.get(unit).map(|value| (row.seq, value.clone()));
                    said.entry(*id).or_default().extend(value);
                }
            }
        }
        said
    }
}

impl TouchedPath {
    fn builds_on(&self, watched: &Watched<'_>) -> bool {
        let id = watched.path.last();
        let spec = concern::of(watched.doc);
        let place = spec.and_then(|spec| schema::place(spec, &watched.path.child("")));
        let acknowledgements =
            place.and_then(|(of, _)| of.tombstone.as_ref()).map(|tombstone| tombstone.acks);
        let TouchedPath { path, fields } = self;
        let is_it = path == watched.path;
        match watched.fields {
            Some(these) => {
                is_it && (fields.is_empty() || these.iter().any(|field| fields.contains(*field)))
            }
            // An acknowledgement only says that it was seen.
            None if is_it => {
                fields.is_empty() || fields.iter().any(|field| Some(&**field) != acknowledgements)
            }
            None => path.iter().any(|step| Some(step) == id),
        }
    }
}

impl Later {
    fn named(&self) -> (i64, String) {
        let by = self.by.as_ref().map_or_else(String::new, |by| format!(", {by}"));
        (self.seq, format!("{} ({}{by})", self.seq, self.command))
    }
}
