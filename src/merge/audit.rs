//! Finds what a merge did that its author was not allowed to do here.
//!
//! Replicas must agree, so nothing is undone: it is reported, and kept for `check`. Merged state records no
//! author per operation. The holder of a client id is inferred from what it wrote elsewhere: messages with an
//! author, acknowledgements, deletions, the entity itself. If that says nothing, it may have been the sender
//! of the bundle, or any member of whom no client id is known: bundles carry what others wrote, too. In doubt
//! nothing is reported: a role that somebody had before, or rightly got in the same import, counts, and so
//! does anyone else who wrote to the same field meanwhile, since a replica that judges a conflict writes the
//! winner again.

use super::attributed::AttributedChange;
use super::incoming::{AppliedUpdate, Incoming};
use crate::archive;
use crate::concern::{self, core};
use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::path::Keys;
use crate::policy::{Action, Decision, Membership, Role, authorize};
use crate::schema::{self, Collection, FieldKind, FieldRole, METADATA, Spec};
use crate::store::{Audit, Session};
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// What somebody did, in terms of the rules.
struct AuditedAction {
    action: Action<String>,
    /// The target: a record with its noun, a member, or a field of the entity.
    noun: &'static str,
    id: String,
}

/// An action and who may have done it; empty if nobody is known.
struct Attributed {
    doc: DocId,
    audited: AuditedAction,
    by: BTreeSet<String>,
}

/// The roles that members had here before, or rightly got.
type Roles = BTreeMap<String, BTreeSet<Role>>;

/// Examines what an import did to the documents of one entity. Returns what was not allowed.
pub fn audit(
    session: &mut Session,
    entity: &EntityId,
    imported: &[(&Incoming<'_>, Vec<AttributedChange>)],
) -> Result<Vec<Audit>> {
    let core_doc = entity.document(core::SPEC.name);
    let before = imported.iter().find(|(incoming, _)| incoming.doc == core_doc);
    let before = match before {
        Some((incoming, _)) => incoming.before.as_ref().and_then(AnyView::known).cloned(),
        None => match session.view(&core_doc) {
            Ok(view) => view,
            Err(e) => {
                session.leave_out(e)?;
                None
            }
        },
    };
    // The first import has nothing to judge by.
    let Some(before) = before else { return Ok(Vec::new()) };
    let mut writers = Writers::default();
    let mut done = Vec::new();
    for (incoming, attributed) in imported.iter().filter(|(_, attributed)| !attributed.is_empty()) {
        let (Some(spec), Some(view)) =
            (concern::of(&incoming.doc), session.at_hand(&incoming.doc)?)
        else {
            continue;
        };
        for act in attributed {
            let Some(audited) = audited(spec, act, &view) else { continue };
            let by = match own_author(spec, act, &view) {
                Some(author) => BTreeSet::from([author]),
                // Everyone who may write at all may write this: it is not worth reading all documents.
                None if audited.action == Action::Write => senders(act, &incoming.parts),
                None => {
                    writers.read(session, entity)?;
                    writers.of(act, &incoming.parts)
                }
            };
            done.push(Attributed { doc: incoming.doc.clone(), audited, by });
        }
    }
    let mut roles = roles(&before);
    done.retain(|done| !done.by.is_empty());
    let done = not_allowed(done, &mut roles);
    let now = session.now();
    let found: Vec<Audit> = done.iter().map(|done| done.finding(&roles, now)).collect();
    for audit in &found {
        session.state().put_audit(audit)?;
    }
    Ok(found)
}

fn roles(core: &View) -> Roles {
    let role = |member: String| {
        let role = core::active_role(core, &member)?;
        Some((member, BTreeSet::from([role])))
    };
    core.keys(core::MEMBERS.path).into_iter().filter_map(role).collect()
}

/// Returns what none of its possible authors was allowed to do. Somebody rightly made an admin may make
/// others members, in whatever order that is told: whenever somebody gets a role, their actions are examined
/// again, and only those.
fn not_allowed(done: Vec<Attributed>, roles: &mut Roles) -> Vec<Attributed> {
    let mut by: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, done) in done.iter().enumerate() {
        done.by.iter().for_each(|member| by.entry(member.clone()).or_default().push(at));
    }
    let mut open: Vec<Option<Attributed>> = done.into_iter().map(Some).collect();
    let mut looks: VecDeque<usize> = (0..open.len()).collect();
    while let Some(at) = looks.pop_front() {
        let Some(slot) = open.get_mut(at) else { continue };
        let Some(done) = slot.take_if(|done| done.is_allowed(roles)) else { continue };
        let AuditedAction {
            action: Action::Add { role } | Action::Appoint { to: role, .. },
            id,
            ..
        } = done.audited
        else {
            continue;
        };
        if roles.entry(id.clone()).or_default().insert(role) {
            looks.extend(by.get(&id).into_iter().flatten());
        }
    }
    open.into_iter().flatten().collect()
}

/// Returns what an act is in terms of the rules; `None` if everybody may do it.
fn audited(spec: &'static Spec, act: &AttributedChange, view: &View) -> Option<AuditedAction> {
    let new_record = act.new.is_none();
    let (collection, steps) = match new_record {
        // Treated as a change of one of its fields.
        true => {
            let below = act.path.child("");
            schema::place(spec, &below)?
        }
        false => schema::place(spec, &act.path)?,
    };
    let record = act.path.get(..steps)?;
    let id = record.last()?.clone();
    let field = act.path.get(steps).map_or("", String::as_str);
    let text = |name: &str| view.text(&record.field(name));
    if collection.noun == METADATA.noun {
        let is_bookkeeping = collection.field(field).is_some_and(|f| f.kind == FieldKind::Time);
        let (noun, id) = (METADATA.noun, field.to_owned());
        if archive::is_noted(field, act.old.as_ref(), act.new.as_ref()) {
            return Some(AuditedAction { action: Action::Write, noun, id });
        }
        return (!is_bookkeeping).then_some(AuditedAction { action: Action::Describe, noun, id });
    }
    if collection.noun == core::MEMBERS.noun {
        let action = of_member(act, &id, field, new_record, text(core::ROLE))?;
        return Some(AuditedAction { action, noun: collection.noun, id });
    }
    let flag = collection.tombstone.as_ref().map(|tombstone| tombstone.flag);
    let action = match collection.named(FieldRole::Author).and_then(text) {
        _ if new_record => Action::Write,
        Some(author) if Some(field) == flag => Action::Delete { author },
        Some(author) if is_prose(collection, field) => Action::Edit { author },
        None if Some(field) == flag || is_prose(collection, field) => Action::Write,
        _ => return None,
    };
    Some(AuditedAction { action, noun: collection.noun, id })
}

/// Returns whether a field is the author's own: anybody may react and acknowledge, and times go with the
/// rest.
fn is_prose(collection: &Collection, field: &str) -> bool {
    collection.field(field).is_some_and(|known| known.kind.is_content())
}

/// Whether an entity keeps an owner is nobody's action: two may have left at once, each rightly.
fn of_member(
    act: &AttributedChange,
    member: &str,
    field: &str,
    new_record: bool,
    role: Option<String>,
) -> Option<Action<String>> {
    let of = |value: &Value| Role::of(value.as_str());
    let now = Role::of(role.as_deref());
    let is_flag = core::MEMBERS.tombstone.as_ref().is_some_and(|marks| marks.flag == field);
    match (&act.old, &act.new) {
        _ if new_record => Some(Action::Add { role: now }),
        (None, Some(new)) if field == core::ROLE => Some(Action::Add { role: of(new) }),
        (Some(old), Some(new)) if field == core::ROLE => {
            Some(Action::Appoint { from: of(old), to: of(new), last_owner: false })
        }
        (_, Some(Value::Bool(true))) if is_flag => {
            Some(Action::Remove { member: member.to_owned(), held: now, last_owner: false })
        }
        _ => None,
    }
}

impl Attributed {
    /// Returns whether any possible author was allowed to do it. What depends on who they are elsewhere is
    /// not held against them.
    fn is_allowed(&self, roles: &Roles) -> bool {
        let may = |member: &String, membership| {
            !matches!(authorize(&self.audited.action, member, membership), Decision::Deny(_))
        };
        let one = |member: &String| match roles.get(member) {
            Some(held) => held.iter().any(|role| may(member, Membership::Holds(*role))),
            None if roles.is_empty() => may(member, Membership::First),
            None => may(member, Membership::Stranger),
        };
        self.by.iter().any(one)
    }

    fn finding(&self, roles: &Roles, now: i64) -> Audit {
        let who = self.by.iter().next().map_or("", String::as_str);
        let role = roles.get(who).and_then(BTreeSet::last);
        let role = role.map_or("no active member".to_owned(), |role| format!("{role} here"));
        let (kind, detail, what) = self.audited.told();
        Audit {
            at: now,
            doc: self.doc.clone(),
            kind: kind.to_owned(),
            detail: format!("{detail} {who}"),
            message: format!("{what} by {who}, {role}, who may not do that"),
        }
    }
}

impl AuditedAction {
    /// Returns its kind, what it is about, and the beginning of a sentence.
    fn told(&self) -> (&'static str, String, String) {
        let AuditedAction { action, noun, id } = self;
        match action {
            Action::Appoint { from, to, .. } => {
                ("role", format!("{id} {to}"), format!("{id} was made {to}, was {from},"))
            }
            Action::Add { role } => {
                ("add", format!("{id} {role}"), format!("{id} was added as {role}"))
            }
            Action::Remove { held, .. } => {
                ("remove", id.clone(), format!("{id}, {held}, was removed"))
            }
            Action::Describe if archive::was_noted(id) => {
                ("mode", id.clone(), format!("the document's {id} was changed"))
            }
            Action::Describe => ("entity", id.clone(), format!("the entity's {id} was changed")),
            Action::Edit { author } => {
                ("edit", id.clone(), format!("{noun} {id} of {author} was edited"))
            }
            Action::Delete { author } => {
                ("delete", id.clone(), format!("{noun} {id} of {author} was deleted"))
            }
            Action::Write | Action::WriteAs { .. } => {
                ("write", id.clone(), format!("{noun} {id} was written"))
            }
        }
    }
}

/// Returns the author of the record, if the same replica wrote the record.
fn own_author(spec: &'static Spec, act: &AttributedChange, view: &View) -> Option<String> {
    let below = act.path.child("");
    let path = if act.new.is_none() { &below } else { &act.path };
    let (collection, steps) = schema::place(spec, path)?;
    let author = act.path.get(..steps)?.field(collection.named(FieldRole::Author)?);
    let client = view.item(&author)?.client;
    act.clients.contains(&client).then(|| view.text(&author)).flatten()
}

/// Returns the members who sent it.
fn senders(act: &AttributedChange, parts: &[AppliedUpdate<'_>]) -> BTreeSet<String> {
    act.sides.iter().filter_map(|side| parts.get(*side)?.member.clone()).collect()
}

/// Who holds which client id, as far as documents tell.
#[derive(Default)]
struct Writers {
    members: Option<BTreeMap<u64, BTreeSet<String>>>,
    /// Active members of whom no client id is known.
    unknown: BTreeSet<String>,
}

impl Writers {
    fn read(&mut self, session: &mut Session, entity: &EntityId) -> Result<()> {
        if self.members.is_some() {
            return Ok(());
        }
        let mut members = BTreeMap::new();
        let mut active = BTreeSet::new();
        for spec in concern::CONCERNS {
            match session.view(&entity.document(spec.name)) {
                Ok(Some(view)) => {
                    read_writers(spec, &view, &mut members);
                    if spec.name == core::SPEC.name {
                        active.extend(core::active(&*view).into_keys());
                        read_creator(&view, &mut members);
                    }
                }
                Ok(None) => {}
                Err(e) => session.leave_out(e)?,
            }
        }
        let known: BTreeSet<&String> = members.values().flatten().collect();
        active.retain(|member| !known.contains(member));
        (self.members, self.unknown) = (Some(members), active);
        Ok(())
    }

    /// Returns who may have done something: the holders of the client ids; if none is known, the senders, and
    /// everybody of whom no client id is known.
    fn of(&self, act: &AttributedChange, parts: &[AppliedUpdate<'_>]) -> BTreeSet<String> {
        let known = self.members.iter().flat_map(|members| {
            act.clients.iter().filter_map(|client| members.get(client)).flatten()
        });
        let known: BTreeSet<String> = known.cloned().collect();
        if !known.is_empty() {
            return known;
        }
        let senders = senders(act, parts);
        if senders.is_empty() { senders } else { &senders | &self.unknown }
    }
}

/// Whoever created the entity holds the client id that says so.
fn read_creator(view: &View, members: &mut BTreeMap<u64, BTreeSet<String>>) {
    let path = METADATA.named(FieldRole::Creator).map(|by| ["metadata", by]);
    if let Some(path) = path
        && let (Some(item), Some(creator)) = (view.item(&path), view.text(&path))
    {
        members.entry(item.client).or_default().insert(creator);
    }
}

fn read_writers(spec: &Spec, view: &View, members: &mut BTreeMap<u64, BTreeSet<String>>) {
    let mut holds = |client: u64, member: String| {
        members.entry(client).or_default().insert(member);
    };
    for collection in spec.collections {
        let author = collection.named(FieldRole::Author);
        let marks = collection.tombstone.as_ref();
        for record in collection.records(view) {
            let below = |name: &'static str| record.field(name);
            if let Some(author) = author
                && let Some(item) = view.item(&below(author))
                && let Some(author) = view.text(&below(author))
            {
                holds(item.client, author);
            }
            if let Some(by) = marks.and_then(|marks| marks.by)
                && let Some(item) = view.item(&below(by))
                && let Some(member) = view.text(&below(by)).filter(|member| !member.is_empty())
            {
                holds(item.client, member);
            }
            let Some(acks) = marks.map(|marks| below(marks.acks)) else { continue };
            for member in view.keys(&acks) {
                if let Some(item) = view.item(&acks.field(member.as_str())) {
                    holds(item.client, member.clone());
                }
            }
        }
    }
}
