use crate::concern::Priority;
use crate::concern::issues::{
    AddComment, Assign, Close, OpenIssue, Reopen, SetPriority, SetStatus, Status,
};
use crate::error::Result;
use crate::id::EntityId;
use crate::operation::Operation;
use crate::query::issue::{self, Issue, IssueFilter};
use crate::store::Store;

/// The issues of an entity.
///
/// ```
/// # fn main() -> crdtctl::error::Result<()> {
/// # use crdtctl::{Priority, Status, Store, id::MemberId, machine, query::issue::IssueFilter};
/// # let dir = tempfile::tempdir().map_err(|e| crdtctl::error::Error::io("no directory", e))?;
/// # let state = machine::with_state_in(&dir.path().join("state"));
/// # let alice = MemberId::parse("alice-river-stone-sky")?;
/// # let (store, _) = Store::init(&dir.path().join("store"), state.into(), Some(&alice))?;
/// let project = store.entity("project:gentle-wave-moon-fire")?;
/// project.create("Website")?;
///
/// let issue = project.issues().open("The lamp is dark")?;
/// project.issues().set_priority(&issue.id, Priority::Urgent)?;
/// project.issues().assign(&issue.id, "alice-")?;
/// project.issues().comment(&issue.id, "A new bulb is on its way")?;
///
/// let urgent = IssueFilter { priority: Some(Priority::Urgent), ..IssueFilter::default() };
/// let found = project.issues().list(&urgent)?;
/// assert_eq!(found[0].assignee_id, "alice-river-stone-sky");
/// assert_eq!(found[0].comments[0].content, "A new bulb is on its way");
///
/// project.issues().close(&issue.id, Status::Done)?;
/// assert!(project.issues().list(&IssueFilter::default())?.is_empty());
/// # Ok(())
/// # }
/// ```
pub struct Issues<'s> {
    store: &'s Store,
    entity: EntityId,
}

impl<'s> Issues<'s> {
    pub(crate) fn new(store: &'s Store, entity: EntityId) -> Issues<'s> {
        Issues { store, entity }
    }

    /// Opens an issue.
    ///
    /// # Errors
    /// `Refused` if the member may not, or the title is too long; `Usage` if it is empty.
    pub fn open(&self, title: &str) -> Result<Issue> {
        let open = OpenIssue {
            entity: self.entity.clone(),
            title: title.to_owned(),
            description: String::new(),
            priority: Priority::default(),
            assignee: String::new(),
            created_at: None,
            author: None,
        };
        let id = self.store.make(&Operation::IssueOpen(open))?;
        self.find(&id)
    }

    /// Sets the status of an open issue. Returns false if it already has that status.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` for a closed one.
    pub fn set_status(&self, issue: &str, status: Status) -> Result<bool> {
        let (entity, issue) = (self.entity.clone(), issue.to_owned());
        self.store.change(&Operation::IssueStatus(SetStatus { entity, issue, status }))
    }

    /// Sets the priority of an open issue. Returns false if it already has that priority.
    ///
    /// # Errors
    /// Those of [`Issues::set_status`].
    pub fn set_priority(&self, issue: &str, priority: Priority) -> Result<bool> {
        let (entity, issue) = (self.entity.clone(), issue.to_owned());
        self.store.change(&Operation::IssuePriority(SetPriority { entity, issue, priority }))
    }

    /// Assigns an open issue to a member; an empty text means nobody. Returns false if it already is
    /// assigned so.
    ///
    /// # Errors
    /// Those of [`Issues::set_status`]; `NotFound` if the assignee is not an active member.
    pub fn assign(&self, issue: &str, assignee: &str) -> Result<bool> {
        let (entity, issue) = (self.entity.clone(), issue.to_owned());
        let assign = Assign { entity, issue, assignee: assignee.to_owned() };
        self.store.change(&Operation::IssueAssign(assign))
    }

    /// Comments on an issue and returns the comment's id.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` for an empty text.
    pub fn comment(&self, issue: &str, text: &str) -> Result<String> {
        let (entity, issue, text) = (self.entity.clone(), issue.to_owned(), text.to_owned());
        let (created_at, author) = (None, None);
        let comment = AddComment { entity, issue, text, created_at, author };
        self.store.make(&Operation::IssueComment(comment))
    }

    /// Closes an issue as done or canceled. Returns false if it is already closed that way.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` for any other status.
    pub fn close(&self, issue: &str, end: Status) -> Result<bool> {
        let (entity, issue) = (self.entity.clone(), issue.to_owned());
        self.store.change(&Operation::IssueClose(Close { entity, issue, end: Some(end) }))
    }

    /// Reopens a closed issue. Returns false if it is open.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn reopen(&self, issue: &str) -> Result<bool> {
        let (entity, issue) = (self.entity.clone(), issue.to_owned());
        self.store.change(&Operation::IssueReopen(Reopen { entity, issue }))
    }

    /// The issues with their comments; with [`IssueFilter::default`], the open ones.
    ///
    /// # Errors
    /// `Ambiguous` for a prefix of an assignee; `Corrupt` if the document is.
    pub fn list(&self, filter: &IssueFilter) -> Result<Vec<Issue>> {
        issue::list(&self.store.reader()?, &self.entity, filter)
    }

    /// One issue, closed or not, with every field of its record and the comments that are not
    /// deleted.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn find(&self, issue: &str) -> Result<Issue> {
        issue::find(&self.store.reader()?, &self.entity, issue, false)
    }
}
