//! Decides which records may leave their documents: those that every active member is known to have.
//!
//! A peer has a record in its current state when nothing that the peer lacks, by its last receipt, touches
//! that record. What it lacks is what an export would send it; if that is the whole state, nothing is known
//! of what it has.

use super::export::{self, Lacked};
use super::peer::KnownPeer;
use super::succession;
use crate::archive::{self, ArchiveMode, ArchiveUnit, WaitingUnit};
use crate::concern::{self, Actor, core};
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, EntityId};
use crate::inspect::touched::TouchMap;
use crate::path::DocPath;
use crate::store::{Committed, Environment, Open, Reader, Session, State, Store};
use crate::tombstone::MemberTimes;
use crate::wire::{Checked, Update};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The local setting that makes documents over their limit be archived automatically.
const AUTO: &str = "archive.auto";

/// Returns whether documents over their limit are archived automatically when rows may go.
///
/// # Errors
/// Those of the local state.
pub fn is_automatic(state: Option<&State>) -> Result<bool> {
    let set = state.map(|state| state.setting(AUTO)).transpose()?.flatten();
    Ok(set.as_deref() == Some("on"))
}

/// Switches automatic archiving on or off and returns whether that changed the setting. The caller commits
/// the session.
///
/// # Errors
/// Those of the local state.
pub fn set_automatic(session: &Session, on: bool) -> Result<bool> {
    let changed = is_automatic(Some(session.state()))? != on;
    session.state().set_setting(AUTO, on.then_some("on"))?;
    Ok(changed)
}

/// Returns the entities that have an archivable document over its limit.
///
/// # Errors
/// `Io` if the store cannot be listed.
pub fn over_their_limit(reader: &Reader) -> Result<BTreeSet<EntityId>> {
    let mut found = BTreeSet::new();
    for document in reader.documents()? {
        let Some(spec) = concern::of(&document.id).filter(|spec| archive::is_of(spec)) else {
            continue;
        };
        // The residue of removed records does not count, and is measured only if it can matter.
        let is_over = document.bytes > spec.limit_bytes
            && concern::counted_bytes_of(reader, &document.id)
                .is_some_and(|counted| counted > spec.limit_bytes);
        found.extend(document.id.entity().filter(|_| is_over));
    }
    Ok(found)
}

/// What to archive. Documents in mode `crdt` give nothing, those in mode `sql` everything, unless `strict` is
/// set.
#[derive(Debug, Clone, Default)]
pub struct ArchiveRequest {
    /// The entities to archive from; all of the store if `None`.
    pub entities: Option<BTreeSet<EntityId>>,
    /// The messages created before this time, in Unix seconds …
    pub cutoff: i64,
    /// … and only those cards and issues that were archived or closed before it.
    pub strict: bool,
}

/// What one document gives to the archive, and what waits.
#[derive(Debug, Clone)]
pub struct ArchivePlan {
    /// The document.
    pub doc: DocId,
    /// The records that leave it.
    pub units: Vec<ArchiveUnit>,
    /// The records that are old enough but not known to be everywhere.
    pub waiting: Vec<WaitingUnit>,
}

/// One document as a run of the archive left it, or would leave it; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchivedDocument {
    /// The document.
    pub doc: DocId,
    /// The number of records now in the archive, by kind.
    pub archived: BTreeMap<&'static str, usize>,
    /// Its size before.
    pub bytes_before: u64,
    /// Its size after.
    pub bytes_after: u64,
    /// The number of records that are old enough but wait, by the member they wait for.
    pub waiting_for: BTreeMap<String, usize>,
    /// The number of records that wait.
    pub waiting: usize,
    /// Why the records that do not wait stay too; `None` if the acting member may archive them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What a run did.
pub struct ArchiveRun {
    /// The documents from which records were archived, wait or were refused, sorted.
    pub documents: Vec<ArchivedDocument>,
    /// The commit, with its notes.
    pub committed: Committed,
    /// For each entity of which the acting member may only read: why nothing was archived from it.
    pub refused: Vec<Error>,
}

/// Archives what may be archived, in one commit: rows first, then the removal. A dry run reports what would
/// be done and writes nothing.
///
/// # Errors
/// Those of the store and the archive; no record has left its document then.
pub fn run(store: &Store, open: Open<'_>, request: &ArchiveRequest) -> Result<ArchiveRun> {
    let mut session = store.session(open)?;
    let plans = plan(&mut session, &store.reader()?, store.environment(), request)?;
    let (plans, refused) = allowed(&mut session, plans)?;
    let mut documents = Vec::new();
    for (plan, refused) in plans {
        documents.push(apply(&mut session, plan, refused)?);
    }
    let committed = session.commit()?;
    for document in &mut documents {
        let changed = committed.documents.iter().find(|changed| changed.doc == document.doc);
        if let Some(changed) = changed {
            (document.bytes_before, document.bytes_after) =
                (changed.bytes_before, changed.bytes_after);
        }
    }
    Ok(ArchiveRun { documents, committed, refused })
}

/// A plan as the acting member may carry it out, and why nothing moves if it may not.
type JudgedPlan = (ArchivePlan, Option<String>);

/// Takes what the acting member may not move out of the plans, and returns why for each entity. A store
/// without a member only tidies up, and so does anybody in an entity without active members.
fn allowed(
    session: &mut Session,
    plans: Vec<ArchivePlan>,
) -> Result<(Vec<JudgedPlan>, Vec<Error>)> {
    let mut refused: BTreeMap<EntityId, Error> = BTreeMap::new();
    let mut allowed = Vec::with_capacity(plans.len());
    for mut plan in plans {
        let moves = !plan.units.is_empty() && session.member().is_some();
        let Some(entity) = plan.doc.entity().filter(|_| moves) else {
            allowed.push((plan, None));
            continue;
        };
        match may_archive(session, &entity) {
            Ok(()) => allowed.push((plan, None)),
            Err(e) if e.kind == Kind::Refused => {
                plan.units.clear();
                allowed.push((plan, Some(e.message.clone())));
                refused.entry(entity).or_insert(e);
            }
            Err(e) => session.leave_out(e)?,
        }
    }
    Ok((allowed, refused.into_values().collect()))
}

fn may_archive(session: &mut Session, entity: &EntityId) -> Result<()> {
    let members = session.read(&entity.document(core::SPEC.name), core::active)?;
    match members.is_none_or(|members| members.is_empty()) {
        true => Ok(()),
        false => Actor::of(session, entity)?.writing().map(drop),
    }
}

/// Writes rows into the archive, then removes their records from the document.
fn apply(
    session: &mut Session,
    plan: ArchivePlan,
    refused: Option<String>,
) -> Result<ArchivedDocument> {
    let ArchivePlan { doc, units, waiting } = plan;
    let mut archived: BTreeMap<&'static str, usize> = BTreeMap::new();
    for kind in units.iter().flat_map(|unit| unit.kinds(&doc)) {
        let count = archived.entry(kind).or_default();
        *count = count.saturating_add(1);
    }
    let now = session.now();
    if !units.is_empty() {
        if let Some(view) = session.view(&doc)? {
            let records = units.iter().flat_map(|unit| unit.read(&doc, &view, now));
            archive::keep_leaving(session, records, &BTreeSet::new())?;
        }
        session.edit(&doc, |txn| archive::remove(txn, &units, now))?;
    }
    let mut waiting_for: BTreeMap<String, usize> = BTreeMap::new();
    for member in waiting.iter().flat_map(|one| &one.waiting_for) {
        let count = waiting_for.entry(member.clone()).or_default();
        *count = count.saturating_add(1);
    }
    let bytes = session.size(&doc)?;
    Ok(ArchivedDocument {
        doc,
        archived,
        bytes_before: bytes,
        bytes_after: bytes,
        waiting: waiting.len(),
        waiting_for,
        refused,
    })
}

/// Plans what may be archived, document by document, leaving out those in which nothing is old enough. A
/// document that cannot be used is left out too, and the commit says so.
///
/// # Errors
/// `Corrupt` if a receipt or a row of the log cannot be read.
pub fn plan(
    session: &mut Session,
    reader: &Reader,
    environment: &Environment,
    request: &ArchiveRequest,
) -> Result<Vec<ArchivePlan>> {
    let mut plans = Vec::new();
    for doc in reader.documents()?.into_iter().map(|document| document.id) {
        let Some(entity) = doc.entity().filter(|_| concern::of(&doc).is_some()) else { continue };
        if request.entities.as_ref().is_some_and(|wanted| !wanted.contains(&entity)) {
            continue;
        }
        match plan_document(reader, environment, request, &entity, &doc) {
            Ok(plan) => plans.extend(plan),
            Err(e) => session.leave_out(e)?,
        }
    }
    Ok(plans)
}

fn plan_document(
    reader: &Reader,
    environment: &Environment,
    request: &ArchiveRequest,
    entity: &EntityId,
    doc: &DocId,
) -> Result<Option<ArchivePlan>> {
    let now = environment.machine.clock.now();
    let Some(shown) = reader.any_view(doc)? else { return Ok(None) };
    if let Some(mut error) = reader.left_out().take().filter(|error| error.shows_rest) {
        error.shows_rest = false;
        return Err(error);
    }
    let Some(view) = shown.known() else { return Ok(None) };
    let units = match (ArchiveMode::of(&**view), request.strict) {
        (Some(ArchiveMode::Crdt), _) => return Ok(None),
        (Some(ArchiveMode::Sql), false) => archive::units(doc, view, now, false),
        (_, strict) => archive::units(doc, view, request.cutoff, strict),
    };
    if units.is_empty() {
        return Ok(None);
    }
    let core = reader.view(&entity.document(core::SPEC.name))?;
    let members = core.map(|core| core::active(&core)).unwrap_or_default();
    let whole = Update::checked(shown.bytes(), (environment.roots)(doc))
        .map_err(|fault| Error::bug("an update that was read is not valid").because(fault))?;
    let known = Replicas::of(reader, environment, doc, &whole, &members)?;
    let mut plan = ArchivePlan { doc: doc.clone(), units: Vec::new(), waiting: Vec::new() };
    for unit in units {
        let waiting_for = known.waiting_for(&unit, &members);
        // Without any active member nobody could have the record.
        match waiting_for.is_empty() && !members.is_empty() {
            true => plan.units.push(unit),
            false => plan.waiting.push(WaitingUnit { kind: unit.kind, id: unit.id, waiting_for }),
        }
    }
    Ok(Some(plan))
}

/// The replicas of the active members, by what each is known to have of one document.
struct Replicas {
    own: Option<String>,
    /// By member, what each of their replicas lacks; `None` for one that may lack anything.
    lacking: BTreeMap<String, Vec<Option<BTreeSet<DocPath>>>>,
}

impl Replicas {
    fn of(
        reader: &Reader,
        environment: &Environment,
        doc: &DocId,
        whole: &Update<'_, Checked>,
        members: &MemberTimes,
    ) -> Result<Replicas> {
        let mut replicas = Replicas { own: None, lacking: BTreeMap::new() };
        let Some(state) = reader.state() else { return Ok(replicas) };
        replicas.own = reader.replica()?.and_then(|(_, member, _)| member).map(|m| m.to_string());
        let walked = Update::walk(whole.bytes()).map_err(|fault| Error::undecodable(doc, fault))?;
        let map = TouchMap::of(concern::of(doc), &walked);
        for peer in succession::living(state)? {
            let Some(member) = peer.member.filter(|member| members.contains_key(member)) else {
                continue;
            };
            let known = KnownPeer::of_peer(state, &peer.replica_id)?;
            let lacking = match export::lacked(reader, environment, doc, whole, &known)? {
                Lacked::Nothing => Some(BTreeSet::new()),
                Lacked::Whole => None,
                Lacked::Part(update) => map.paths(&update).ok(),
            };
            replicas.lacking.entry(member).or_default().push(lacking);
        }
        Ok(replicas)
    }

    /// Returns the active members who are not known to have a unit, in its current state, on all their
    /// replicas. Members who joined after its last change, and of whom nothing was heard, are not waited for.
    fn waiting_for(&self, unit: &ArchiveUnit, members: &MemberTimes) -> Vec<String> {
        // Of those heard of it is known what they lack, whatever time an old record says it was changed at.
        let counts = |member: &String, joined: i64| {
            joined <= unit.changed_at || self.lacking.contains_key(member)
        };
        let had = members.iter().filter(|(member, joined)| counts(member, **joined));
        had.filter(|(member, _)| !self.has(member, unit))
            .map(|(member, _)| member.clone())
            .collect()
    }

    fn has(&self, member: &str, unit: &ArchiveUnit) -> bool {
        match self.lacking.get(member) {
            Some(replicas) => replicas.iter().all(|lacking| {
                lacking.as_ref().is_some_and(|lacking| {
                    !unit.paths.iter().any(|path| {
                        // Anything inside the unit, or around it.
                        lacking
                            .iter()
                            .any(|touched| touched.iter().zip(path.iter()).all(|(a, b)| a == b))
                    })
                })
            }),
            // Nothing was heard from them except what this store wrote itself.
            None => self.own.as_deref() == Some(member),
        }
    }
}
