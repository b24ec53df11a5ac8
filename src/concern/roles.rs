//! Who may do what, enforced when writing here.
//!
//! Merged state has no authorship per operation, so this is no defence against a forger with
//! write access to a replica.

use super::{Spec, core, record};
use crate::error::{Error, Hint, Next, Result};
use crate::id::{DocId, EntityId, MemberId};
use crate::store::Session;
use serde::{Deserialize, Serialize};

/// The role of a member, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Guest,
    Viewer,
    Member,
    Admin,
    Owner,
}

impl Role {
    /// The role as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Guest => "guest",
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// A role as people write it.
    ///
    /// # Errors
    /// `Usage` for what is none.
    pub fn parse(text: &str) -> Result<Role> {
        const ALL: [Role; 5] = [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Guest];
        record::one_of(&ALL, Role::as_str, text, "role")
    }

    /// The role a document names: no role, or one that we do not know, is a plain member's.
    pub fn of(text: Option<&str>) -> Role {
        text.and_then(|text| Role::parse(&text.to_ascii_lowercase()).ok()).unwrap_or(Role::Member)
    }

    /// Whether this role may add, remove or appoint members of `other` role.
    pub fn governs(self, other: Role) -> bool {
        self == Role::Owner || (self == Role::Admin && other < Role::Admin)
    }

    /// Whether this role may write at all.
    pub fn writes(self) -> bool {
        self >= Role::Member
    }

    /// Whether this role may delete what others wrote.
    pub fn moderates(self) -> bool {
        self >= Role::Admin
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The member who acts, with the role it has in the entity.
#[derive(Debug, Clone)]
pub struct Actor {
    pub id: MemberId,
    pub role: Role,
}

impl Actor {
    /// Whoever acts in this session, as an active member of the entity.
    ///
    /// # Errors
    /// `Usage` when nobody acts, `Refused` when the one who acts is no active member.
    pub fn of(session: &mut Session, entity: &EntityId) -> Result<Actor> {
        let id = Self::named(session)?;
        let doc = entity.document(core::SPEC.name);
        let role = session.read(&doc, |source| core::active_role(source, id.as_str()))?.flatten();
        match role {
            Some(role) => Ok(Actor { id, role }),
            None => Err(Error::refused(format!("{id} is not an active member of {entity}")).hint(
                Next::Members { all: false, entity: None }
                    .and(" shows who is; ")
                    .next(Next::ActAs)
                    .and(" acts as somebody else"),
            )),
        }
    }

    /// Whoever acts in this session, if it may write, and the entity's document of a concern.
    ///
    /// # Errors
    /// Those of [`Actor::of`] and [`Actor::writing`].
    pub fn writing_in(
        session: &mut Session,
        entity: &EntityId,
        spec: &Spec,
    ) -> Result<(Actor, DocId)> {
        let actor = Actor::of(session, entity)?.writing()?;
        Ok((actor, entity.document(spec.name)))
    }

    /// Whoever acts in this session, a member of the entity or not.
    pub fn named(session: &Session) -> Result<MemberId> {
        session.member().cloned().ok_or_else(|| {
            Error::usage("nobody to act as: this store has no member").hint(
                Hint::from("add ")
                    .next(Next::ActAs)
                    .and(", or run ")
                    .next(Next::SetMember)
                    .and(" once"),
            )
        })
    }

    /// The actor, if it may write.
    pub fn writing(self) -> Result<Actor> {
        match self.role.writes() {
            true => Ok(self),
            false => {
                Err(Error::refused(format!("{} is a {} and may only read", self.id, self.role))
                    .hint(Hint::from("an owner can change that with ").next(Next::SetRole(None))))
            }
        }
    }
}
