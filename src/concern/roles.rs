//! The acting member, and the error messages for what the [policy](crate::policy) denies it.

use super::core::{SPEC as CORE, active, active_role};
use crate::error::{Error, Hint, Next, Result, listed, one};
use crate::id::{DocId, EntityId, MemberId};
use crate::policy::{Action, Decision, Denial, Membership, Role, authorize};
use crate::schema::Spec;
use crate::store::Session;

/// The member who acts, with the role it has in the entity.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The member id that this session acts as; an active member of the entity.
    pub id: MemberId,
    /// Its role in this entity, read from the document when the actor was made.
    pub role: Role,
}

impl Actor {
    /// The member that this session acts as, which must be an active member of the entity.
    ///
    /// # Errors
    /// `Usage` if the session acts as nobody, `Refused` if that member is not active.
    pub fn of(session: &mut Session, entity: &EntityId) -> Result<Actor> {
        let id = Self::named(session)?;
        let doc = entity.document(CORE.name);
        let role = session.read(&doc, |source| active_role(source, id.as_str()))?.flatten();
        if let Some(role) = role {
            return Ok(Actor { id, role });
        }
        // Report a non-member only if the record was really looked at: its page may not be open yet.
        session.was_at_hand(&doc)?;
        Err(Self::stranger(session, &id, entity)?)
    }

    /// The error for a non-member, or for a mistyped name.
    fn stranger(session: &mut Session, id: &MemberId, entity: &EntityId) -> Result<Error> {
        let active = session.read(&entity.document(CORE.name), active)?;
        let names: Vec<String> = active.unwrap_or_default().into_keys().collect();
        let who = match names.as_slice() {
            [] => Hint::from("it has no active members; "),
            names => Hint::from(format!("its active members are {}; ", listed(names))),
        };
        Ok(Error::refused(format!("{id} is not an active member of {entity}")).hint(
            who.next(Next::Members { all: false, entity: None })
                .and(" lists the members; ")
                .next(Next::ActAs)
                .and(" acts as somebody else"),
        ))
    }

    /// The acting member, if it may write, and the entity's document of a concern.
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

    /// The member that this session acts as, whether or not it belongs to the entity.
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
    ///
    /// # Errors
    /// `Refused` if it may not.
    pub fn writing(self) -> Result<Actor> {
        self.may(&Action::Write, "")?;
        Ok(self)
    }

    /// The decision of the rules about an action of this member.
    pub fn decision<'a>(&self, action: &'a Action<&str>) -> Decision<'a> {
        authorize(action, self.id.as_str(), Membership::Holds(self.role))
    }

    /// Refuses what the member may not do. `what` is the object of the action: the entity, a member, or
    /// a record with its noun.
    ///
    /// # Errors
    /// `Refused`, naming who may.
    pub fn may(&self, action: &Action<&str>, what: &str) -> Result<()> {
        match self.decision(action) {
            Decision::Allow => Ok(()),
            Decision::Deny(why) => Err(self.refusal(action, what, why)),
            Decision::Unknown => Err(Error::bug("the role of the actor is not known")),
        }
    }

    fn refusal(&self, action: &Action<&str>, what: &str, why: Denial) -> Error {
        let Actor { id, role } = self;
        match why {
            Denial::ReadsOnly => Error::refused(format!("{id} is {} and may only read", one(role)))
                .hint(Hint::from("an owner can change that with ").next(Next::SetRole(None))),
            Denial::NotTheirs(author) if matches!(action, Action::WriteAs { .. }) => {
                let error =
                    format!("{id}, {}, may not write {what} in the name of {author}", one(role));
                Error::refused(error).hint("an admin or owner may")
            }
            Denial::NotTheirs(author) => {
                let error = Error::refused(format!("{what} belongs to {author}"));
                error.hint(match action {
                    Action::Edit { .. } => "only its author may edit it",
                    _ => "its author may delete it, and so may an admin or owner",
                })
            }
            Denial::NotAnAdmin => Error::refused(format!(
                "{} may not rename {what}; an admin or owner may",
                one(role)
            )),
            Denial::Outranked(other) => self.outranked(action, other),
            Denial::LastOwner => {
                let leaves = matches!(action, Action::Remove { .. });
                let verb = if leaves { "leave" } else { "be demoted" };
                Error::refused(format!("{what} is the last owner and cannot {verb}"))
                    .hint(Hint::from("make somebody else an owner first: ").next(Next::MakeOwner))
            }
        }
    }

    fn outranked(&self, action: &Action<&str>, other: Role) -> Error {
        let verb = match action {
            Action::Add { .. } => "add",
            Action::Appoint { from, to, .. } if from > to => "change the role of",
            Action::Appoint { .. } => "appoint",
            _ => "remove",
        };
        let Actor { id, role } = self;
        Error::refused(format!("{id}, {}, may not {verb} {}", one(role), one(other))).hint(
            Next::Members { all: false, entity: None }
                .and(" shows who may: owners for everybody, admins for all but owners and admins"),
        )
    }
}
