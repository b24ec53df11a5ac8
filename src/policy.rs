//! Who may do what: one rule for every action, asked where something is written here and where a
//! merge is looked at afterwards.
//!
//! | role | may |
//! |---|---|
//! | owner | everything |
//! | admin | what a member may; rename the entity; delete what others wrote; add, remove and appoint all but owners and admins |
//! | member | write; edit and delete what is its own |
//! | viewer, guest | read |
//!
//! Everybody may leave. The last owner may neither leave nor be demoted. Where an entity has no
//! active member, whoever comes first may add one.
//!
//! Merged state has no authorship per operation, so this is no defence against a forger with
//! write access to a replica.

use crate::error::{Error, Result, one_of};
use serde::{Deserialize, Serialize};

/// The role of a member, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Role {
    /// May read. The schema tells it apart from a viewer; the rules do not.
    Guest,
    /// May read.
    Viewer,
    /// May write, and edit and delete what is its own.
    Member,
    /// A member that may also delete what others wrote, rename the entity, and govern all but
    /// owners and admins.
    Admin,
    /// May do everything; the rules let the last one neither leave nor be demoted.
    Owner,
}

impl Role {
    /// Every role, the strongest first.
    pub const ALL: [Role; 5] = [Role::Owner, Role::Admin, Role::Member, Role::Viewer, Role::Guest];

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
        one_of(&Role::ALL, Role::as_str, text, "role")
    }

    /// The role a document names: no role, or one that we do not know, is a plain member's.
    pub fn of(text: Option<&str>) -> Role {
        text.and_then(|text| Role::parse(&text.to_ascii_lowercase()).ok()).unwrap_or(Role::Member)
    }

    fn writes(self) -> bool {
        self >= Role::Member
    }

    fn moderates(self) -> bool {
        self >= Role::Admin
    }

    /// Whether it may add, remove or appoint members of `other` role.
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

/// What somebody does or did, as far as the rules tell it apart. Members are named by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<S> {
    /// Write what is nobody's: a new record, a card, an issue, an element.
    Write,
    /// Change what the entity says of itself.
    Describe,
    /// Bring a member in.
    Add {
        /// The role that the new member gets.
        role: Role,
    },
    /// Give a member another role.
    Appoint {
        /// The role that the member has now.
        from: Role,
        /// The role that it gets.
        to: Role,
        /// Whether it is the only owner that the entity has.
        last_owner: bool,
    },
    /// Take a member out; oneself: leave.
    Remove {
        /// The member that is taken out.
        member: S,
        /// The role that it has now.
        held: Role,
        /// Whether it is the only owner that the entity has.
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
    /// Write again what somebody else had written, and in their name.
    WriteAs {
        /// The member in whose name it is written.
        author: S,
    },
}

/// What is known of whoever acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// An active member with this role.
    Holds(Role),
    /// No active member, as far as is known here: they may have been one, or become one, elsewhere.
    Stranger,
    /// Nobody is an active member.
    First,
}

/// The answer of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The rules let it pass.
    Allow,
    /// The rules forbid it, for this reason.
    Deny(Denial<'a>),
    /// Whoever is an active member of some role may; whether this one was is not known here.
    Unknown,
}

/// Denial something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial<'a> {
    /// The role is one that reads only.
    ReadsOnly,
    /// It is this author's.
    NotTheirs(&'a str),
    /// An admin or owner may.
    NotAnAdmin,
    /// Only a stronger role decides on this one.
    Outranked(Role),
    /// An entity keeps an owner.
    LastOwner,
}

/// Whether `actor` may do something. Depends on nothing but what it is given.
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

/// What only whose it is may do, and only where they may write.
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

    /// Every action, with the decision for owner, admin, member, viewer, guest, a stranger, and
    /// whoever comes first.
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
        /// Admins, too.
        const fn low(role: Role) -> [Decision<'static>; 7] {
            [Allow, Allow, above(role), above(role), above(role), above(role), above(role)]
        }
        /// As before, and whoever comes first.
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

    /// A stronger role is never allowed less; it could not be given away otherwise.
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
