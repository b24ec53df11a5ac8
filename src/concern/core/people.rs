//! The members of an entity, in the orders needed: derived once a session and kept up to date by the
//! operations, so that thousands of them do not walk the members thousands of times.

use super::schema::{MEMBERS, SPEC};
use super::used;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::path::DocPath;
use crate::policy::Role;
use crate::schema::Collection;
use crate::store::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The active members with the time each joined: the records that exist and are not deleted (rule R5:
/// the cache `active_members` is never trusted).
pub fn active(source: &dyn Source) -> BTreeMap<String, i64> {
    source
        .keys(MEMBERS.path)
        .into_iter()
        .filter(|id| !source.flag(&["members", id, "deleted"]))
        .filter(|id| !source.keys(&["members", id]).is_empty())
        .map(|id| {
            let joined = source.int(&["members", &id, "joined_at"]).unwrap_or(0);
            (id, joined)
        })
        .collect()
}

/// The role of a member, if it is active.
pub fn active_role(source: &dyn Source, member: &str) -> Option<Role> {
    let exists = !source.keys(&["members", member]).is_empty();
    let deleted = source.flag(&["members", member, "deleted"]);
    (exists && !deleted).then(|| Role::of(source.text(&["members", member, "role"]).as_deref()))
}

/// What is derived from one core document.
#[derive(Default)]
pub struct People {
    /// The active members: role, and time of joining.
    active: BTreeMap<String, (Role, i64)>,
    joined: BTreeSet<(i64, String)>,
    owners: usize,
    /// In an order independent of names and times.
    shuffled: BTreeSet<(u64, String)>,
    /// Everybody who ever was a member, once asked for.
    used: Option<BTreeSet<String>>,
    /// The members that the tombstones of the entity's documents wait for, each with the revision of
    /// its document.
    waiting: BTreeMap<DocId, (usize, Unacknowledged)>,
}

impl People {
    /// Keeps them for the next operation. They must include every change since they were taken.
    pub fn keep(self, session: &mut Session, core: &DocId) {
        session.remember(core, self);
    }

    /// Whether the entity has no active member; former members do not count.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// The active members whose ids begin with this prefix, in order.
    pub fn begun<'p>(&'p self, prefix: &'p str) -> impl Iterator<Item = &'p str> {
        let from = self.active.range(prefix.to_owned()..).map(|(id, _)| id.as_str());
        from.take_while(move |id| id.starts_with(prefix))
    }

    /// When the last of the active members joined.
    pub fn last_joined(&self) -> Option<i64> {
        self.joined.last().map(|(joined, _)| *joined)
    }

    /// Whether this member is the only owner.
    pub fn is_last_owner(&self, member: &str) -> bool {
        self.owners == 1 && self.active.get(member).is_some_and(|(role, _)| *role == Role::Owner)
    }

    /// An active member that `waited_for` accepts, given its time of joining. Which one is independent
    /// of the order in which members join and leave, so it is seldom the next one to leave.
    pub fn find(&self, waited_for: impl Fn(&str, i64) -> bool) -> Option<&str> {
        let mut members = self.shuffled.iter().map(|(_, member)| member.as_str());
        members.find(|member| {
            self.active.get(*member).is_some_and(|(_, joined)| waited_for(member, *joined))
        })
    }

    /// Adds an active member, or updates its role.
    pub fn put(&mut self, member: &str, role: Role, joined: i64) {
        self.remove(member);
        self.owners = self.owners.saturating_add(usize::from(role == Role::Owner));
        self.joined.insert((joined, member.to_owned()));
        self.shuffled.insert((chance(member), member.to_owned()));
        self.active.insert(member.to_owned(), (role, joined));
    }

    /// Updates the role of an active member.
    pub fn appoint(&mut self, member: &str, role: Role) {
        if let Some((_, joined)) = self.active.get(member).copied() {
            self.put(member, role, joined);
        }
    }

    /// Records that a member is no longer active.
    pub fn remove(&mut self, member: &str) {
        if let Some((role, joined)) = self.active.remove(member) {
            self.owners = self.owners.saturating_sub(usize::from(role == Role::Owner));
            self.joined.remove(&(joined, member.to_owned()));
            self.shuffled.remove(&(chance(member), member.to_owned()));
        }
    }

    /// Records that somebody becomes a member. Returns whether there was a record with that id before,
    /// as far as the document tells.
    pub fn was_used(&mut self, session: &mut Session, core: &DocId, member: &str) -> Result<bool> {
        Ok(!self.ever(session, core)?.insert(member.to_owned()))
    }

    /// Everybody who ever was a member, as far as the document tells.
    pub fn ever(&mut self, session: &mut Session, core: &DocId) -> Result<&mut BTreeSet<String>> {
        match &mut self.used {
            Some(used) => Ok(used),
            none => Ok(none.insert(used::ids(session, core)?)),
        }
    }

    /// The members that the tombstones of a document wait for, with the revision for which that holds.
    /// Must be given back with [`People::note_waiting`].
    pub fn waiting(&mut self, doc: &DocId) -> Option<(usize, Unacknowledged)> {
        self.waiting.remove(doc)
    }

    /// Keeps, for [`People::waiting`], the members that the tombstones of a document wait for, as of
    /// that revision.
    pub fn note_waiting(&mut self, doc: &DocId, revision: usize, waiting: Unacknowledged) {
        self.waiting.insert(doc.clone(), (revision, waiting));
    }
}

/// The members of an entity, taken out of the session: to be given back with [`People::keep`] once they
/// include every change since. Returns `None` if there is no such document.
pub fn people(session: &mut Session, core: &DocId) -> Result<Option<People>> {
    let derive = |source: &dyn Source| {
        let mut people = People::default();
        for (id, joined) in active(source) {
            if let Some(role) = active_role(source, &id) {
                people.put(&id, role, joined);
            }
        }
        people
    };
    match session.recall(core) {
        Some(people) => Ok(Some(people)),
        None => session.read(core, derive),
    }
}

/// Looks at the members of an entity. Returns `None` if it has no core document.
pub fn look_at_people<R>(
    session: &mut Session,
    entity: &EntityId,
    look: impl FnOnce(&People) -> R,
) -> Result<Option<R>> {
    let core = entity.document(SPEC.name);
    let Some(people) = people(session, &core)? else { return Ok(None) };
    let seen = look(&people);
    people.keep(session, &core);
    Ok(Some(seen))
}

/// A tombstone: its position in the order of its document, and its path.
pub type Awaited = (usize, &'static Collection, DocPath);

/// The tombstones of a document that will be pruned some day, each by one member that it waits for.
/// Tombstones already gone do no harm: each is looked at again before anything happens.
#[derive(Default)]
pub struct Unacknowledged(BTreeMap<String, Vec<Awaited>>);

impl Unacknowledged {
    /// Records that a tombstone waits for a member.
    pub fn add(&mut self, member: &str, tombstone: Awaited) {
        self.0.entry(member.to_owned()).or_default().push(tombstone);
    }

    /// Takes out the tombstones that wait for somebody who is no longer a member.
    pub fn without(&mut self, member: &str) -> Vec<Awaited> {
        self.0.remove(member).unwrap_or_default()
    }
}

fn chance(member: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    member.hash(&mut hasher);
    hasher.finish()
}
