use crate::concern::{Role, core};
use crate::error::Result;
use crate::id::{EntityId, MemberId};
use crate::operation::Operation;
use crate::query::member::{self, Member};
use crate::store::Store;

/// The members of an entity.
///
/// A removed member remains as a tombstone until every active member at the time has acknowledged the
/// removal, which their replica does on import:
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
/// // Charlie imports and acknowledges; Alice learns of it, and no acknowledgement is missing any more.
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

    /// Adds a member, or brings back a removed one. Returns false if it already has this role. The
    /// first member added to an entity without any may be an owner.
    ///
    /// # Errors
    /// `Refused` if the actor may not, or the member already has another role.
    pub fn add(&self, member: &str, role: Role) -> Result<bool> {
        let (entity, member) = (self.entity.clone(), MemberId::parse(member)?);
        self.store.change(&Operation::MemberAdd(core::AddMember {
            entity,
            member,
            role: Some(role),
        }))
    }

    /// Removes a member; for the acting member, this is leaving. Returns false if it is already
    /// removed.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` if the actor may not, or for the last owner.
    pub fn remove(&self, member: &str) -> Result<bool> {
        let remove = core::Remove { entity: self.entity.clone(), member: member.to_owned() };
        self.store.change(&Operation::MemberRemove(remove))
    }

    /// Changes the role of a member. Returns false if it already has that role.
    ///
    /// # Errors
    /// Those of [`Members::remove`].
    pub fn update_role(&self, member: &str, role: Role) -> Result<bool> {
        let (entity, member) = (self.entity.clone(), member.to_owned());
        self.store.change(&Operation::MemberRole(core::SetRole { entity, member, role }))
    }

    /// The active members, by id.
    ///
    /// # Errors
    /// `Corrupt` if the document is.
    pub fn list(&self) -> Result<Vec<Member>> {
        member::list(&self.store.reader()?, &self.entity, false)
    }

    /// Like [`Members::list`], with removed members that are still tombstones.
    ///
    /// # Errors
    /// `Corrupt` if the document is.
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
