use crate::concern::{Role, core};
use crate::error::Result;
use crate::id::{EntityId, MemberId};
use crate::operation::Operation;
use crate::query::member::{self, Member};
use crate::store::Store;

/// Who belongs to an entity.
///
/// A removed member stays as a tombstone until every active member who was there has acknowledged
/// the removal, which its replica does when it imports it:
///
/// ```
/// # fn main() -> crdtctl::error::Result<()> {
/// # use crdtctl::{Role, Store, id::MemberId, machine};
/// # let dir = tempfile::tempdir().map_err(|e| crdtctl::error::Error::io("no directory", e))?;
/// # let replica = |of: &str| {
/// #     let state = machine::with_state_in(&dir.path().join("state").join(of));
/// #     let member = MemberId::parse(of)?;
/// #     Store::init(&dir.path().join(of), state.into(), Some(&member)).map(|(store, _)| store)
/// # };
/// let (alice, charlie) = (replica("alice")?, replica("charlie")?);
/// let group = alice.entity("group:test")?;
/// group.members().add("alice", Role::Owner)?;
/// group.members().add("bob", Role::Member)?;
/// group.members().add("charlie", Role::Member)?;
///
/// group.members().remove("bob")?;
/// assert_eq!(group.members().list()?.len(), 2);
/// let [bob] = group.tombstones()?.try_into().expect("one tombstone");
/// assert_eq!(bob.waiting_for, ["charlie"]);
///
/// // Charlie syncs, and acknowledges; Alice hears of it, and nobody is waited for any more.
/// charlie.import(&alice.export()?)?;
/// alice.import(&charlie.export_for("alice")?)?;
/// assert!(group.tombstones()?.is_empty());
/// assert!(group.members().list_all()?.iter().all(|member| member.member_id != "bob"));
/// # Ok(())
/// # }
/// ```
pub struct Members<'s> {
    store: &'s Store,
    entity: EntityId,
}

impl<'s> Members<'s> {
    pub(crate) fn new(store: &'s Store, entity: EntityId) -> Members<'s> {
        Members { store, entity }
    }

    /// Adds a member, or takes a removed one back; false for one that has this role already. Whoever
    /// is added first to an entity that has nobody may be an owner.
    ///
    /// # Errors
    /// `Refused` for who may not, and for a member of another role.
    pub fn add(&self, member: &str, role: Role) -> Result<bool> {
        let (entity, member) = (self.entity.clone(), MemberId::parse(member)?);
        self.store.change(&Operation::MemberAdd(core::AddMember {
            entity,
            member,
            role: Some(role),
        }))
    }

    /// Removes a member; oneself: leaves. False for one that is removed already.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for who may not, and for the last owner.
    pub fn remove(&self, member: &str) -> Result<bool> {
        let remove = core::Remove { entity: self.entity.clone(), member: member.to_owned() };
        self.store.change(&Operation::MemberRemove(remove))
    }

    /// Gives a member another role; false for one that has it already.
    ///
    /// # Errors
    /// As [`Members::remove`].
    pub fn update_role(&self, member: &str, role: Role) -> Result<bool> {
        let (entity, member) = (self.entity.clone(), member.to_owned());
        self.store.change(&Operation::MemberRole(core::SetRole { entity, member, role }))
    }

    /// The active members by their ids.
    ///
    /// # Errors
    /// `Corrupt` where the document is.
    pub fn list(&self) -> Result<Vec<Member>> {
        member::list(&self.store.reader()?, &self.entity, false)
    }

    /// The same with those who were removed and are tombstones yet.
    ///
    /// # Errors
    /// `Corrupt` where the document is.
    pub fn list_all(&self) -> Result<Vec<Member>> {
        member::list(&self.store.reader()?, &self.entity, true)
    }

    /// One member, removed or not, with every field of its record.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn find(&self, member: &str) -> Result<Member> {
        member::find(&self.store.reader()?, &self.entity, member)
    }
}
