//! Core: what an entity is, and who belongs to it.

mod people;
mod schema;
mod used;

pub use people::{Awaited, People, Unacknowledged, active, active_role, look_at_people, people};
pub use schema::{ACTIVE, MEMBERS, ROLE, SPEC};
pub use used::ever;

use super::kanban::lay_out;
use super::record;
use super::{Actor, Outcome};
use crate::crdt::container::{self, Fixed};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Next, Result, one};
use crate::id::{DocId, EntityId, MemberId};
use crate::path::DocPath;
use crate::policy::{Action, Role};
use crate::store::Session;
use crate::tombstone::{self, trash};
use serde::{Deserialize, Serialize};

const METADATA: &[&str] = &["metadata"];
const WEBSITE_ROOT: &str = "website_root";

/// Creates an entity, owned by the acting member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Create {
    /// Its type and id, which never change; an entity that already exists is refused.
    pub entity: EntityId,
    /// Its name: not blank, at most [`limits::NAME_CHARS`](crate::limits::NAME_CHARS) characters; need not
    /// be unique.
    pub name: String,
    /// Its purpose; may be empty.
    #[serde(default)]
    pub description: String,
}

impl Create {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let actor = Actor::named(session)?;
        record::check_title("name", &self.name)?;
        let doc = self.entity.document(SPEC.name);
        let taken = session.read(&doc, |source| {
            source.text(&["metadata", "entity_id"]).is_some() || !active(source).is_empty()
        })?;
        if taken == Some(true) {
            return Err(Error::refused(format!("{} exists already", self.entity))
                .hint(Next::Entity(self.entity.to_string()).and(" shows it")));
        }
        let now = session.now();
        let id = self.entity.id();
        session.edit(&doc, |txn| {
            txn.set(METADATA, "entity_id", id)?;
            txn.set(METADATA, "entity_type", self.entity.entity_type())?;
            txn.set(METADATA, "name", self.name.as_str())?;
            txn.set(METADATA, "description", self.description.as_str())?;
            txn.set(METADATA, "four_words", if is_four_words(id) { id } else { "" })?;
            txn.set(METADATA, "created_at", now)?;
            txn.set(METADATA, "created_by", actor.as_str())?;
            join(txn, &doc, &actor, Role::Owner, now, false).map(drop)
        })?;
        if self.entity.entity_type() == "project" {
            lay_out(session, &self.entity)?;
        }
        Ok(Outcome::created(doc, self.entity.as_str())
            .saying(format!("created {}, owned by {actor}", self.entity)))
    }
}

/// Renames an entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rename {
    /// The group, channel, project or organization to rename; its id stays.
    pub entity: EntityId,
    /// The new name: not blank, at most [`limits::NAME_CHARS`](crate::limits::NAME_CHARS) characters.
    pub name: String,
}

impl Rename {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let actor = Actor::of(session, &self.entity)?;
        actor.may(&Action::Describe, self.entity.as_str())?;
        record::check_title("name", &self.name)?;
        let doc = self.entity.document(SPEC.name);
        let now = session.now();
        let changed = session.edit(&doc, |txn| {
            if txn.text(&["metadata", "name"]).as_deref() == Some(self.name.as_str()) {
                return Ok(false);
            }
            txn.set(METADATA, "name", self.name.as_str())?;
            record::touch(txn, METADATA, "updated_at", now)?;
            Ok(true)
        })?;
        Ok(Outcome::new(changed, doc, self.entity.as_str())
            .saying(format!("{} is called {:?}", self.entity, self.name)))
    }
}

/// The root of the website that an entity last published.
pub fn website_root(source: &dyn Source) -> Option<String> {
    source.text(&["metadata", WEBSITE_ROOT]).filter(|root| !root.is_empty())
}

/// Records the root of the website in the entity's metadata. Returns whether it was a different one.
pub(super) fn note_website(session: &mut Session, entity: &EntityId, root: &str) -> Result<bool> {
    let (doc, now) = (entity.document(SPEC.name), session.now());
    session.edit(&doc, |txn| {
        if website_root(txn).as_deref() == Some(root) {
            return Ok(false);
        }
        txn.set(METADATA, WEBSITE_ROOT, root)?;
        record::touch(txn, METADATA, "updated_at", now)?;
        Ok(true)
    })
}

/// Adds a member, or brings back a removed one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddMember {
    /// The group, channel, project or organization to join.
    pub entity: EntityId,
    /// The whole id: a prefix cannot name somebody new.
    pub member: MemberId,
    /// `None`: `member`, or `owner` in an entity that has no active member.
    #[serde(default)]
    pub role: Option<Role>,
}

impl AddMember {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        self.member.check_whole()?;
        let doc = self.entity.document(SPEC.name);
        // If the actor is a member, no search through all members is needed.
        let acting = Actor::of(session, &self.entity);
        session.was_at_hand(&doc)?;
        let peopled = acting.is_ok()
            || look_at_people(session, &self.entity, People::is_empty)? == Some(false);
        let role = self.role.unwrap_or(if peopled { Role::Member } else { Role::Owner });
        let present = session.read(&doc, |source| active_role(source, self.member.as_str()))?;
        if peopled {
            acting?.may(&Action::Add { role }, self.member.as_str())?;
        } else {
            Actor::named(session)?;
        }
        if let Some(held) = present.flatten() {
            if self.role.is_some_and(|asked| asked != held) {
                return Err(Error::refused(format!("{} is already {}", self.member, one(held)))
                    .hint(Next::SetRole(Some((self.member.to_string(), role.to_string())))));
            }
            return Ok(Outcome::unchanged(doc, self.member.as_str()).saying(format!(
                "{} is already {} of {}",
                self.member,
                one(held),
                self.entity
            )));
        }
        // Perhaps this one was meant.
        let begun = format!("{}-", self.member);
        let longer = session.read(&doc, |source| {
            let mut longer = source.keys_beginning(MEMBERS.path, &begun).into_iter();
            longer.find(|id| active_role(source, id).is_some())
        })?;
        let beside = longer.flatten().map(|longer| format!(", beside {longer}, who is another"));
        tombstone::make_room(session, &doc)?;
        let now = session.now();
        let (again, members) = was_member(session, &doc, self.member.as_str())?;
        // The new record replaces its tombstone, if there is one.
        let path = ["members".to_owned(), self.member.to_string()];
        trash::keep(session, &doc, &MEMBERS, &path, trash::REPLACED)?;
        let joined = session.edit(&doc, |txn| join(txn, &doc, &self.member, role, now, again))?;
        if let Some(mut members) = members {
            members.put(self.member.as_str(), role, joined);
            members.keep(session, &doc);
        }
        Ok(Outcome::created(doc, self.member.as_str()).saying(format!(
            "added {} to {} as {role}{}",
            self.member,
            self.entity,
            beside.unwrap_or_default()
        )))
    }
}

/// Marks a member as removed; for the acting member, this is leaving.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Remove {
    /// The group, channel, project or organization to leave.
    pub entity: EntityId,
    /// A member id, or a unique prefix of one.
    pub member: String,
}

impl Remove {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let actor = Actor::of(session, &self.entity)?;
        let doc = self.entity.document(SPEC.name);
        let member = find_member(session, &self.entity, &self.member)?;
        let held = session.read(&doc, |source| active_role(source, &member))?.flatten();
        let last_owner = is_last_owner(session, &self.entity, &member, held)?;
        record::check(session, &doc, &["members".to_owned(), member.clone()], MEMBERS.noun)?;
        let Some(held) = held else {
            return Ok(Outcome::unchanged(doc, &member)
                .saying(format!("{member} has already been removed from {}", self.entity)));
        };
        actor.may(&Action::Remove { member: &member, held, last_owner }, &member)?;
        let now = tombstone::time_of_deletion(session, &doc)?;
        let mut members = people(session, &doc)?.unwrap_or_default();
        session.edit(&doc, |txn| {
            tombstone::mark(txn, &MEMBERS, &["members", &member], now, &actor.id)?;
            txn.remove(&[ACTIVE], &member)?;
            Ok(())
        })?;
        members.remove(&member);
        let at = (&doc, &MEMBERS, DocPath::from(["members", &member]));
        let pruned =
            tombstone::prune_after_removal(session, &mut members, &self.entity, at, &member)?;
        members.keep(session, &doc);
        Ok(Outcome::changed(doc, &member)
            .saying(format!("removed {member} from {}", self.entity))
            .pruning(pruned))
    }
}

/// Changes the role of a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetRole {
    /// The group, channel, project or organization where it has the role; elsewhere it may have others.
    pub entity: EntityId,
    /// A member id, or a unique prefix of one.
    pub member: String,
    /// The new role.
    pub role: Role,
}

impl SetRole {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let actor = Actor::of(session, &self.entity)?;
        let doc = self.entity.document(SPEC.name);
        let member = find_member(session, &self.entity, &self.member)?;
        let held = session.read(&doc, |source| active_role(source, &member))?.flatten();
        let last_owner = is_last_owner(session, &self.entity, &member, held)?;
        record::check(session, &doc, &["members".to_owned(), member.clone()], MEMBERS.noun)?;
        let Some(held) = held else {
            return Err(Error::refused(format!("{member} was removed from {}", self.entity)).hint(
                Next::AddMember {
                    member: member.clone(),
                    role: self.role.to_string(),
                    entity: None,
                    by: None,
                },
            ));
        };
        if held == self.role {
            return Ok(Outcome::unchanged(doc, &member).saying(format!(
                "{member} is already {} of {}",
                one(held),
                self.entity
            )));
        }
        actor.may(&Action::Appoint { from: held, to: self.role, last_owner }, &member)?;
        let now = session.now();
        let members = session.recall::<People>(&doc);
        session.edit(&doc, |txn| appoint(txn, &member, self.role, now))?;
        if let Some(mut members) = members {
            members.appoint(&member, self.role);
            members.keep(session, &doc);
        }
        Ok(Outcome::changed(doc, &member).saying(format!(
            "{member} is now {} of {}",
            one(self.role),
            self.entity
        )))
    }
}

/// Whether somebody who is being made a member was one before, as far as the document tells; and the
/// people of the entity, taken out of the session, if they are known: a command that adds one member
/// need not look at thousands.
fn was_member(session: &mut Session, core: &DocId, member: &str) -> Result<(bool, Option<People>)> {
    let known = session.recall::<People>(core);
    if known.is_none()
        && let Some(before) = session.ever_had(core, "members", member)?
    {
        return Ok((before, None));
    }
    let mut people = match known {
        Some(people) => people,
        None => people(session, core)?.unwrap_or_default(),
    };
    Ok((people.was_used(session, core, member)?, Some(people)))
}

/// Whether this member, with that role, is the only owner of the entity.
fn is_last_owner(
    session: &mut Session,
    entity: &EntityId,
    member: &str,
    held: Option<Role>,
) -> Result<bool> {
    if held != Some(Role::Owner) {
        return Ok(false);
    }
    Ok(look_at_people(session, entity, |people| people.is_last_owner(member))? == Some(true))
}

/// The member that an id or a unique prefix names, removed ones included.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find_member(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<String> {
    let doc = entity.document(SPEC.name);
    // An exact id needs no search: the common case in a batch.
    if session.read(&doc, |source| source.exists(&["members", prefix]))? == Some(true) {
        return Ok(prefix.to_owned());
    }
    let members = session.read(&doc, |source| source.keys(MEMBERS.path))?.unwrap_or_default();
    crate::id::resolve(prefix, members.iter().map(String::as_str), "member")
        .map_err(|e| e.hint_also(Next::Members { all: true, entity: None }.and(" shows them")))
}

/// The member that an id or a unique prefix names, among all who ever were members.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
fn find_ever(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<String> {
    let core = entity.document(SPEC.name);
    let mut people = people(session, &core)?.unwrap_or_default();
    let found = {
        let ever = people.ever(session, &core)?;
        let begun = ever.range(prefix.to_owned()..).map(String::as_str);
        crate::id::resolve(prefix, begun.take_while(|id| id.starts_with(prefix)), "member")
    };
    people.keep(session, &core);
    found.map_err(|e| {
        e.hint_also(
            Next::Members { all: true, entity: None }.and(" shows all current and former members"),
        )
    })
}

/// The author of a record: the actor, unless another member is given in whose name the rules let it
/// write. `what` is the record, for the error.
///
/// # Errors
/// `NotFound` or `Ambiguous` if the author is not and never was a member; `Refused` if the actor may
/// not.
pub fn author(
    session: &mut Session,
    entity: &EntityId,
    actor: &Actor,
    author: Option<&str>,
    what: &str,
) -> Result<String> {
    let Some(prefix) = author else { return Ok(actor.id.to_string()) };
    let author = find_ever(session, entity, prefix)?;
    actor.may(&Action::WriteAs { author: &author }, what)?;
    Ok(author)
}

/// The active member that an id or a unique prefix names, to assign a card or an issue to. An empty
/// name means nobody.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find_assignee(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<String> {
    if prefix.is_empty() {
        return Ok(String::new());
    }
    let find = |people: &People| crate::id::resolve(prefix, people.begun(prefix), "member");
    let found = look_at_people(session, entity, find)?;
    found
        .unwrap_or_else(|| crate::id::resolve(prefix, std::iter::empty(), "member"))
        .map_err(|e| e.hint_also(Next::Members { all: false, entity: None }.and(" shows them")))
}

/// Creates the record of a member, replacing its tombstone if there is one (rule R2); `again` says that
/// there was a record before. Returns the time of joining.
fn join(
    txn: &mut Txn<'_>,
    doc: &DocId,
    member: &MemberId,
    role: Role,
    now: i64,
    again: bool,
) -> Result<i64> {
    let id = member.as_str();
    let path = ["members", id];
    let removed = txn.flag(&["members", id, "deleted"]);
    // A value that is not a record is replaced, too.
    let is_none = txn.exists(&path) && txn.shared(&path) != Some(Shared::Map);
    let mut since = now;
    if removed || is_none {
        // Later than every time in the record being replaced, whatever the local clock says: that
        // record has been seen. A removal that has not been seen is judged against this time.
        let at = |name: &str| txn.int(&["members", id, name]).unwrap_or(0);
        let seen = at("deleted_at").max(at("updated_at")).max(at("joined_at"));
        since = now.max(seen.saturating_add(1));
        // A new record, of the next generation. A replica that has seen the removal may be pruning the
        // old record right now, with everything written into it; and acknowledgements of the old
        // removal that are still under way must not count for the next one.
        txn.remove(&["members"], id)?;
    }
    // Adding never writes `deleted`: a concurrent add and remove of one record ends as removed.
    let fixed =
        [Fixed::Text("member_id", id), Fixed::Flag("deleted", false), Fixed::Map("ack_vector")];
    let first = u64::from(removed || again);
    container::create_again(txn, doc, "members", id, &fixed, first)?;
    txn.set(&path, "role", role.as_str())?;
    txn.set(&path, "joined_at", since)?;
    if removed {
        // This shows that the record replaced a tombstone, which other replicas may still have.
        txn.set(&path, "deleted_at", 0)?;
    }
    record::touch(txn, &path, "updated_at", since)?;
    txn.set(&[ACTIVE], id, true)?;
    Ok(since)
}

/// Gives an active member a role.
pub fn appoint(txn: &mut Txn<'_>, member: &str, role: Role, now: i64) -> Result<()> {
    let path = ["members", member];
    txn.set(&path, "role", role.as_str())?;
    record::touch(txn, &path, "updated_at", now)?;
    txn.set(&[ACTIVE], member, true)
}

fn is_four_words(id: &str) -> bool {
    id.split('-').count() == 4
        && id.split('-').all(|word| !word.is_empty() && word.chars().all(char::is_alphabetic))
}
