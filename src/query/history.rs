//! The history of a store, from its log.

use super::Partial;
use crate::concern;
use crate::error::{Error, Kind, Result};
use crate::id::{self, DocId, EntityId};
use crate::inspect::touched::{self, TouchMap, Touched};
use crate::operation::Recorded;
use crate::store::{LogEntry, LogRow, Reader, State, broken_entry};
use crate::wire::Update;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A command that changed one or more documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedCommand {
    /// Its number in the log.
    pub seq: i64,
    /// Unix seconds.
    pub at: i64,
    /// Who acted; `None` if nobody was named.
    pub member: Option<String>,
    /// The name of the command: `chat send`. `adopt` stands for what another program wrote to the files.
    pub command: String,
    /// The documents it changed, each once.
    pub documents: Vec<DocId>,
    /// The number of operations it ran.
    pub operations: u64,
    /// Whose logs its updates came from: members, or replicas of unknown members.
    pub from: Vec<String>,
    /// The size of its updates.
    pub bytes: u64,
}

/// A command with everything it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandDetail {
    /// Its number in the log.
    pub seq: i64,
    /// Unix seconds.
    pub at: i64,
    /// Who acted; `None` if nobody was named.
    pub member: Option<String>,
    /// The name of the command: `chat send`.
    pub command: String,
    /// The operations it ran, in order; empty if none were recorded.
    pub operations: Vec<LoggedOperation>,
    /// What it did, document by document.
    pub documents: Vec<DocumentChange>,
    /// The records it touched, according to the current documents.
    pub records: Vec<RecordChange>,
}

/// An operation as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedOperation {
    /// The record it was about.
    pub id: Option<String>,
    /// Its name under `op`, and its arguments.
    pub operation: Map<String, Value>,
}

/// What a command did to a document, in blocks and units of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentChange {
    /// The document that was changed.
    pub doc: DocId,
    /// Whose log the update came from: the member, or the replica if the member is unknown.
    pub from: Option<String>,
    /// The id of the replica whose log it was in; `None` if it was made here.
    pub from_replica: Option<String>,
    /// Its number in that log; `None` if it was made here.
    pub from_seq: Option<i64>,
    /// The number of blocks in the update.
    pub blocks: usize,
    /// Units of content that the update adds.
    pub added: u64,
    /// Units of content that the update deletes.
    pub deleted: u64,
    /// Units whose place the document no longer tells, because they were garbage-collected.
    pub collected: u64,
    /// The size of the update.
    pub bytes: usize,
}

/// What a command did to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordChange {
    /// The document the record is in.
    pub doc: DocId,
    /// The record, and what was done to it.
    #[serde(flatten)]
    pub record: touched::TouchedRecord,
}

/// What a command did to one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordEvent {
    /// Its number in the log.
    pub seq: i64,
    /// Unix seconds.
    pub at: i64,
    /// Who acted; `None` if nobody was named.
    pub member: Option<String>,
    /// The name of the command: `chat edit`.
    pub command: String,
    /// The document the record is in.
    pub doc: DocId,
    /// The record, and what was done to it.
    #[serde(flatten)]
    pub record: touched::TouchedRecord,
    /// Whose log the update came from: the member, or the replica if the member is unknown; `None` if it was
    /// made here.
    pub from: Option<String>,
    /// The operations of the command on this record; empty if none were recorded.
    pub operations: Vec<Map<String, Value>>,
}

/// Which commands are listed; by default all that the log still has.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Only from this time on, in Unix seconds.
    pub since: Option<i64>,
    /// Only before this time, in Unix seconds.
    pub until: Option<i64>,
    /// Only what concerns these entities.
    pub entities: Option<BTreeSet<EntityId>>,
    /// At most this many, the latest.
    pub limit: Option<usize>,
}

impl HistoryFilter {
    fn is_about(&self, doc: &DocId) -> bool {
        let of = |these: &BTreeSet<EntityId>| doc.entity().is_some_and(|one| these.contains(&one));
        self.entities.as_ref().is_none_or(of)
    }

    fn times(&self) -> Range<i64> {
        self.since.unwrap_or(i64::MIN)..self.until.unwrap_or(i64::MAX)
    }
}

/// Returns the commands in the log, the newest last.
///
/// # Errors
/// `Io` and `Corrupt` if the local state cannot be read.
pub fn list(reader: &Reader, filter: &HistoryFilter) -> Result<Vec<LoggedCommand>> {
    let Some(state) = reader.state() else { return Ok(Vec::new()) };
    let entries = state.history(filter.times(), |doc| filter.is_about(doc), filter.limit)?;
    let Some(first) = entries.first() else { return Ok(Vec::new()) };
    let (members, counts) = (members(state)?, state.operation_counts(first.seq)?);
    let commands = entries.chunk_by(|a, b| a.seq == b.seq);
    Ok(commands.filter_map(|entries| command(entries, &members, &counts)).collect())
}

/// Returns one command. Records are looked up in the current documents: what was garbage-collected since is
/// counted, but not named.
///
/// # Errors
/// `NotFound` for a number that is not in the log; `Corrupt` if a document or an operation cannot be read.
pub fn find(reader: &Reader, seq: i64) -> Result<CommandDetail> {
    let missing = || Error::not_found(format!("there is no command {seq} in the log"));
    let state = reader.state().ok_or_else(missing)?;
    let rows = state.command(seq)?;
    let first = rows.first().ok_or_else(missing)?;
    let members = members(state)?;
    let (mut documents, mut records) = (Vec::new(), Vec::new());
    for row in &rows {
        let touched = look(reader, row)?;
        documents.push(DocumentChange::of(row, &touched, &members));
        let change = |record| RecordChange { doc: row.doc.clone(), record };
        records.extend(touched.records.into_iter().map(change));
    }
    Ok(CommandDetail {
        seq,
        at: first.at,
        member: first.member.clone(),
        command: first.command.clone(),
        operations: operations(&state.operations(seq)?)?,
        documents,
        records,
    })
}

/// Returns what happened to one record, the newest last, as far back as the log goes; only commands that a
/// filter lets through.
///
/// # Errors
/// `NotFound` for an id that no command in the log is about; `Ambiguous`; `Usage` for a prefix that is too
/// short.
pub fn of_record(
    reader: &Reader,
    wanted: &str,
    filter: &HistoryFilter,
) -> Result<Partial<Vec<RecordEvent>>> {
    let mut damaged = Vec::new();
    let mut found = Vec::new();
    let state = reader.state().ok_or_else(|| untouched(wanted))?;
    let members = members(state)?;
    for document in reader.documents()?.into_iter().filter(|document| filter.is_about(&document.id))
    {
        let events = events_in(reader, state, &document.id, wanted, &members);
        found.extend(super::sound(&mut damaged, events)?.into_iter().flatten());
    }
    let ids: BTreeSet<&str> = found.iter().map(|event| event.record.id.as_str()).collect();
    let id = match id::resolve(wanted, ids.into_iter(), "record") {
        Err(error) if error.kind == Kind::NotFound => return Err(untouched(wanted)),
        id => id?,
    };
    found.retain(|event| event.record.id == id && filter.times().contains(&event.at));
    found.sort_by_key(|event| event.seq);
    if let Some(limit) = filter.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    for event in &mut found {
        let own = operations(&state.operations(event.seq)?)?.into_iter();
        let own = own.filter(|operation| operation.id.as_deref() == Some(&*id));
        event.operations = own.map(|operation| operation.operation).collect();
    }
    Ok(Partial { found, damaged })
}

fn untouched(wanted: &str) -> Error {
    Error::not_found(format!("no command in the log is about a record {wanted:?}"))
}

/// Returns the events in one document about records with this id prefix.
fn events_in(
    reader: &Reader,
    state: &State,
    doc: &DocId,
    prefix: &str,
    members: &ByReplica,
) -> Result<Vec<RecordEvent>> {
    let Some(bytes) = reader.bytes(doc)? else { return Ok(Vec::new()) };
    let broken = |fault| Error::undecodable(doc, fault);
    let document = Update::walk(&bytes).map_err(broken)?;
    let map = TouchMap::of(concern::of(doc), &document);
    let mut found = Vec::new();
    for row in state.log_of(doc)? {
        let touched = map.touched(&row.update);
        let touched = touched.map_err(|fault| broken_entry(doc, row.seq, fault))?;
        let of_prefix = touched.records.into_iter().filter(|record| record.id.starts_with(prefix));
        found.extend(of_prefix.map(|record| RecordEvent {
            seq: row.seq,
            at: row.at,
            member: row.member.clone(),
            command: row.command.clone(),
            doc: doc.clone(),
            record,
            from: row.origin.as_ref().and_then(|origin| source(origin, members)),
            operations: Vec::new(),
        }));
    }
    Ok(found)
}

/// Returns one command from its entries for several documents.
fn command(
    entries: &[LogEntry],
    members: &ByReplica,
    counts: &BTreeMap<i64, u64>,
) -> Option<LoggedCommand> {
    let first = entries.first()?;
    let mut documents: Vec<DocId> = entries.iter().map(|entry| entry.doc.clone()).collect();
    documents.dedup();
    let from: BTreeSet<String> =
        entries.iter().filter_map(|entry| source(entry.origin.as_ref()?, members)).collect();
    Some(LoggedCommand {
        seq: first.seq,
        at: first.at,
        member: first.member.clone(),
        command: first.command.clone(),
        documents,
        operations: counts.get(&first.seq).copied().unwrap_or(0),
        from: from.into_iter().collect(),
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
    })
}

impl DocumentChange {
    fn of(row: &LogRow, touched: &Touched, members: &ByReplica) -> DocumentChange {
        let origin = row.origin.as_ref();
        DocumentChange {
            doc: row.doc.clone(),
            from: origin.and_then(|origin| source(origin, members)),
            from_replica: origin.map(|(replica, _)| replica.clone()),
            from_seq: origin.map(|(_, seq)| *seq),
            blocks: touched.blocks,
            added: touched.added,
            deleted: touched.deleted,
            collected: touched.collected,
            bytes: row.update.len(),
        }
    }
}

/// Replica → its member, for those that we have heard from.
type ByReplica = BTreeMap<String, String>;

fn members(state: &State) -> Result<ByReplica> {
    let peers = state.peers()?.into_iter();
    Ok(peers.filter_map(|peer| Some((peer.replica_id, peer.member?))).collect())
}

/// Returns whose log an update came from: the member, or the replica if the member is unknown.
fn source(origin: &(String, i64), members: &ByReplica) -> Option<String> {
    let (replica, _) = origin;
    Some(members.get(replica).unwrap_or(replica).clone())
}

/// Returns what a logged update touched.
fn look(reader: &Reader, row: &LogRow) -> Result<Touched> {
    let document = reader.bytes(&row.doc)?.unwrap_or_else(|| vec![0, 0]);
    touched::touched(concern::of(&row.doc), &document, &row.update)
        .map_err(|fault| Error::undecodable(&row.doc, fault))
}

fn operations(lines: &str) -> Result<Vec<LoggedOperation>> {
    let read = |line: &str| -> Result<LoggedOperation> {
        let Recorded { id, operation } = serde_json::from_str(line).map_err(|e| {
            Error::new(Kind::Corrupt, "the log holds an operation that is not valid").because(e)
        })?;
        Ok(LoggedOperation { id, operation })
    };
    lines.lines().map(read).collect()
}
