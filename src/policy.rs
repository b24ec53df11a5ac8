//! Who may do what: one rule for every action, applied to local writes and to merged changes
//! afterwards.
//!
//! | role | may |
//! |---|---|
//! | owner | everything |
//! | admin | what a member may; rename the entity; delete what others wrote; add, remove and appoint all but owners and admins |
//! | member | write; edit and delete what is its own |
//! | viewer, guest | read |
//!
//! Everybody may leave. The last owner may neither leave nor be demoted. If an entity has no active
//! member, anybody may add the first one.
//!
//! Merged state does not record authorship per operation, so this is no defence against a forger with
//! write access to a replica.

use crate::error::{Error, Result, one_of};
use serde::{Deserialize, Serialize};

/// The role of a member, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Role {
    /// May read. The schema distinguishes it from a viewer; the rules do not.
    Guest,
    /// May read.
    Viewer,
    /// May write, and edit and delete its own records.
    Member,
    /// A member that may also delete what others wrote, rename the entity, and manage all but owners
    /// and admins.
    Admin,
    /// May do everything; the last one can neither leave nor be demoted.
    Owner,
}

impl Role {
    /// Every role, the strongest first.
    pub const ALL: [Role; 5] = [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Guest];

    /// Returns the role as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Guest => "guest",
            Role::Viewer => "viewer",
            Role::Member => "member",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// Parses a role as people write it.
    ///
    /// # Errors
    /// `Usage` for an unknown role.
    pub fn parse(text: &str) -> Result<Role> {
        one_of(&Role::ALL, Role::as_str, text, "role")
    }

    /// Returns the role a document names; a missing or unknown role counts as a plain member's.
    pub fn of(text: Option<&str>) -> Role {
        text.and_then(|text| Role::parse(&text.to_ascii_lowercase()).ok()).unwrap_or(Role::Member)
    }

    fn writes(self) -> bool {
        self >= Role::Member
    }

    fn moderates(self) -> bool {
        self >= Role::Admin
    }

    /// Returns whether it may add, remove or appoint members of role `other`.
    fn governs(self, other: Role) -> bool {
        self == Role::Owner || (self == Role::Admin && other < Role::Admin)
    }
}

impl TryFrom<String> for Role {
    type Error = Error;

    fn try_from(text: String) -> Result<Role> {
        Role::parse(&text)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody does or did, as far as the rules distinguish it. Members are identified by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<S> {
    /// Write something without an owner: a new record, a card, an issue, an element.
    Write,
    /// Change the entity's metadata.
    Describe,
    /// Add a member.
    Add {
        /// The role that the new member gets.
        role: Role,
    },
    /// Change the role of a member.
    Appoint {
        /// The member's current role.
        from: Role,
        /// The new role.
        to: Role,
        /// Whether it is the only owner of the entity.
        last_owner: bool,
    },
    /// Remove a member; removing oneself is leaving.
    Remove {
        /// The member to remove.
        member: S,
        /// The member's current role.
        held: Role,
        /// Whether it is the only owner of the entity.
        last_owner: bool,
    },
    /// Change what somebody wrote.
    Edit {
        /// The member who wrote it.
        author: S,
    },
    /// Delete what somebody wrote.
    Delete {
        /// The member who wrote it.
        author: S,
    },
    /// Write again, in its author's name, what somebody else wrote.
    WriteAs {
        /// The member in whose name it is written.
        author: S,
    },
}

/// What is known about the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// An active member with this role.
    Holds(Role),
    /// Not an active member, as far as is known here; may have been or become one elsewhere.
    Stranger,
    /// The entity has no active member.
    First,
}

/// The decision of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The rules allow it.
    Allow,
    /// The rules forbid it, for this reason.
    Deny(Denial<'a>),
    /// Any active member with a suitable role may; whether the actor was one is not known here.
    Unknown,
}

/// The reason why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial<'a> {
    /// The role may only read.
    ReadsOnly,
    /// It belongs to this author.
    NotTheirs(&'a str),
    /// Only an admin or owner may.
    NotAnAdmin,
    /// Only a stronger role may decide about a member of this role.
    Outranked(Role),
    /// An entity must keep an owner.
    LastOwner,
}

/// Returns whether `actor` may do something. Depends only on its arguments.
pub fn authorize<'a, S: AsRef<str>>(
    action: &'a Action<S>,
    actor: &str,
    membership: Membership,
) -> Decision<'a> {
    let role = match membership {
        Membership::Holds(role) => Some(role),
        Membership::Stranger | Membership::First => None,
    };
    let moderates = role.is_some_and(Role::moderates);
    let governs = |other: &Role| role.is_some_and(|role| role.governs(*other));
    let first_denied = |roles: &[Role]| roles.iter().copied().filter(|r| !governs(r)).max();
    match action {
        Action::Write => writes(role),
        Action::Describe if moderates => Decision::Allow,
        Action::Describe => Decision::Deny(Denial::NotAnAdmin),
        Action::Add { .. } if membership == Membership::First => Decision::Allow,
        Action::Add { role } => governed(first_denied(&[*role]), false),
        Action::Appoint { from, to, last_owner } => {
            let denied = first_denied(&[*from, *to]).map(|_| *from.max(to));
            governed(denied, *last_owner)
        }
        Action::Remove { member, last_owner, .. } if member.as_ref() == actor => {
            match (last_owner, role) {
                (true, _) => Decision::Deny(Denial::LastOwner),
                (false, Some(_)) => Decision::Allow,
                (false, None) => Decision::Unknown,
            }
        }
        Action::Remove { held, last_owner, .. } => governed(first_denied(&[*held]), *last_owner),
        Action::Edit { author } => own(author.as_ref(), actor, role),
        Action::Delete { .. } | Action::WriteAs { .. } if moderates => Decision::Allow,
        Action::Delete { author } | Action::WriteAs { author } => own(author.as_ref(), actor, role),
    }
}

fn writes(role: Option<Role>) -> Decision<'static> {
    match role {
        Some(role) if role.writes() => Decision::Allow,
        Some(_) => Decision::Deny(Denial::ReadsOnly),
        None => Decision::Unknown,
    }
}

/// What only the author may do, and only if they may write.
fn own<'a>(author: &'a str, actor: &str, role: Option<Role>) -> Decision<'a> {
    match writes(role) {
        Decision::Allow | Decision::Unknown if author != actor => {
            Decision::Deny(Denial::NotTheirs(author))
        }
        decision => decision,
    }
}

fn governed(denied: Option<Role>, last_owner: bool) -> Decision<'static> {
    match denied {
        Some(other) => Decision::Deny(Denial::Outranked(other)),
        None if last_owner => Decision::Deny(Denial::LastOwner),
        None => Decision::Allow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::*;
    use Decision::{Allow, Deny, Unknown};

    const ME: &str = "me";
    const YOU: &str = "you";

    /// Every action, with the decision for owner, admin, member, viewer, guest, a stranger, and the
    /// first member.
    const fn table() -> [(Action<&'static str>, [Decision<'static>; 7]); 26] {
        use Role::{Admin, Guest, Member, Owner, Viewer};
        const READS: Decision<'_> = Deny(Denial::ReadsOnly);
        const THEIRS: Decision<'_> = Deny(Denial::NotTheirs(YOU));
        const ADMIN: Decision<'_> = Deny(Denial::NotAnAdmin);
        const LAST: Decision<'_> = Deny(Denial::LastOwner);
        const fn above(role: Role) -> Decision<'static> {
            Deny(Denial::Outranked(role))
        }
        /// Owners only.
        const fn high(role: Role) -> [Decision<'static>; 7] {
            [Allow, above(role), above(role), above(role), above(role), above(role), above(role)]
        }
        /// Owners and admins.
        const fn low(role: Role) -> [Decision<'static>; 7] {
            [Allow, Allow, above(role), above(role), above(role), above(role), above(role)]
        }
        /// The same, plus the first member.
        const fn add(mut decisions: [Decision<'static>; 7]) -> [Decision<'static>; 7] {
            decisions[6] = Allow;
            decisions
        }
        const fn appoint(from: Role, to: Role) -> Action<&'static str> {
            Appoint { from, to, last_owner: false }
        }
        const fn remove(held: Role) -> Action<&'static str> {
            Remove { member: YOU, held, last_owner: false }
        }
        [
            (Write, [Allow, Allow, Allow, READS, READS, Unknown, Unknown]),
            (Describe, [Allow, Allow, ADMIN, ADMIN, ADMIN, ADMIN, ADMIN]),
            (Add { role: Owner }, add(high(Owner))),
            (Add { role: Admin }, add(high(Admin))),
            (Add { role: Member }, add(low(Member))),
            (Add { role: Viewer }, add(low(Viewer))),
            (Add { role: Guest }, add(low(Guest))),
            (appoint(Owner, Member), high(Owner)),
            (appoint(Admin, Owner), high(Owner)),
            (appoint(Admin, Guest), high(Admin)),
            (appoint(Member, Owner), high(Owner)),
            (appoint(Guest, Admin), high(Admin)),
            (appoint(Member, Guest), low(Member)),
            (appoint(Guest, Viewer), low(Viewer)),
            (remove(Owner), high(Owner)),
            (remove(Admin), high(Admin)),
            (remove(Member), low(Member)),
            (remove(Viewer), low(Viewer)),
            (remove(Guest), low(Guest)),
            (Edit { author: ME }, [Allow, Allow, Allow, READS, READS, Unknown, Unknown]),
            (Edit { author: YOU }, [THEIRS, THEIRS, THEIRS, READS, READS, THEIRS, THEIRS]),
            (Delete { author: ME }, [Allow, Allow, Allow, READS, READS, Unknown, Unknown]),
            (Delete { author: YOU }, [Allow, Allow, THEIRS, READS, READS, THEIRS, THEIRS]),
            (WriteAs { author: YOU }, [Allow, Allow, THEIRS, READS, READS, THEIRS, THEIRS]),
            (
                Remove { member: ME, held: Owner, last_owner: false },
                [Allow, Allow, Allow, Allow, Allow, Unknown, Unknown],
            ),
            (
                Remove { member: ME, held: Owner, last_owner: true },
                [LAST, LAST, LAST, LAST, LAST, LAST, LAST],
            ),
        ]
    }

    fn memberships() -> impl Iterator<Item = Membership> {
        let held = Role::ALL.into_iter().map(Membership::Holds);
        held.chain([Membership::Stranger, Membership::First])
    }

    #[test]
    fn every_role_may_do_what_the_table_says() {
        for (action, decisions) in table() {
            for (membership, decision) in memberships().zip(decisions) {
                assert_eq!(
                    authorize(&action, ME, membership),
                    decision,
                    "{action:?} {membership:?}"
                );
            }
        }
    }

    #[test]
    fn an_entity_keeps_an_owner_whoever_asks() {
        for last_owner in [false, true] {
            let demote = Appoint { from: Role::Owner, to: Role::Guest, last_owner };
            let remove = Remove { member: YOU, held: Role::Owner, last_owner };
            for action in [demote, remove] {
                let allowed: Vec<Membership> = memberships()
                    .filter(|membership| authorize(&action, ME, *membership) == Allow)
                    .collect();
                let expected = [Membership::Holds(Role::Owner)];
                assert_eq!(allowed, if last_owner { &[][..] } else { &expected[..] });
            }
        }
    }

    /// A stronger role is never allowed less; otherwise it could not be given away.
    #[test]
    fn a_stronger_role_may_all_that_a_weaker_one_may() {
        for (action, _) in table() {
            let may: Vec<bool> = Role::ALL
                .iter()
                .map(|role| authorize(&action, ME, Membership::Holds(*role)) == Allow)
                .collect();
            assert!(may.is_sorted_by(|stronger, weaker| stronger >= weaker), "{action:?} {may:?}");
        }
    }
}
