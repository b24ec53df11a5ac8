use crate::concern::chat::{DeleteMessage, EditMessage, React, Send};
use crate::error::Result;
use crate::id::EntityId;
use crate::operation::Operation;
use crate::query::chat::{self, Message, MessageFilter, Thread};
use crate::store::Store;

/// The messages of an entity.
///
/// ```
/// # fn main() -> crdtctl::error::Result<()> {
/// # use crdtctl::{Store, id::MemberId, machine, query::chat::MessageFilter};
/// # let dir = tempfile::tempdir().map_err(|e| crdtctl::error::Error::io("no directory", e))?;
/// # let state = machine::with_state_in(&dir.path().join("state"));
/// # let alice = MemberId::parse("alice-river-stone-sky")?;
/// # let (store, _) = Store::init(&dir.path().join("store"), state.into(), Some(&alice))?;
/// let channel = store.entity("channel:bright-river-wind-star")?;
/// channel.create("Harbour")?;
///
/// let message = channel.chat().send("Hello, World!")?;
/// channel.chat().edit(&message.id, "Hello, harbour!")?;
/// channel.chat().reply(&message.id, "Anybody there?")?;
///
/// let thread = channel.chat().thread(&message.id)?;
/// assert_eq!(thread.message.expect("it is there").content, "Hello, harbour!");
/// assert_eq!(thread.replies[0].author_id, "alice-river-stone-sky");
///
/// let said = MessageFilter { words: vec!["HARBOUR".to_owned()], ..MessageFilter::default() };
/// assert_eq!(channel.chat().list(&said)?.len(), 1);
/// assert!(channel.chat().delete(&message.id)?);
/// # Ok(())
/// # }
/// ```
pub struct Chat<'s> {
    store: &'s Store,
    entity: EntityId,
}

impl<'s> Chat<'s> {
    pub(crate) fn new(store: &'s Store, entity: EntityId) -> Chat<'s> {
        Chat { store, entity }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// `Refused` if the member may not; `Usage` for an empty one.
    pub fn send(&self, text: &str) -> Result<Message> {
        self.say(text, None)
    }

    /// Replies to a message; a reply to a reply is added to the same thread.
    ///
    /// # Errors
    /// Those of [`Chat::send`]; `NotFound`, `Ambiguous`, and `Refused` if the message is deleted.
    pub fn reply(&self, to: &str, text: &str) -> Result<Message> {
        self.say(text, Some(to.to_owned()))
    }

    fn say(&self, text: &str, reply_to: Option<String>) -> Result<Message> {
        let (entity, text) = (self.entity.clone(), text.to_owned());
        let send = Send { reply_to, ..Send::text(entity, text) };
        let id = self.store.make(&Operation::ChatSend(send))?;
        self.find(&id)
    }

    /// Changes the text of one's own message. Returns false if it already has that text.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` if somebody else wrote it, or it is deleted.
    pub fn edit(&self, message: &str, text: &str) -> Result<bool> {
        let (entity, message, text) = (self.entity.clone(), message.to_owned(), text.to_owned());
        self.store.change(&Operation::ChatEdit(EditMessage { entity, message, text }))
    }

    /// Deletes one's own message; an admin may delete anybody's. Returns false if it is already
    /// deleted. If no acknowledgement is missing it is removed for good at once, and kept in the trash.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Refused` if the member may not.
    pub fn delete(&self, message: &str) -> Result<bool> {
        let delete = DeleteMessage { entity: self.entity.clone(), message: message.to_owned() };
        self.store.change(&Operation::ChatDelete(delete))
    }

    /// Adds a reaction to a message. Returns false if the member has already given it.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` if it is neither an emoji nor a short word.
    pub fn react(&self, message: &str, emoji: &str) -> Result<bool> {
        let (entity, message, emoji) = (self.entity.clone(), message.to_owned(), emoji.to_owned());
        self.store.change(&Operation::ChatReact(React { entity, message, emoji, remove: false }))
    }

    /// The messages, the oldest first. With [`MessageFilter::default`], all that are not deleted;
    /// replies are in their threads.
    ///
    /// # Errors
    /// `Ambiguous` for a prefix of an author; `Corrupt` if the document is.
    pub fn list(&self, filter: &MessageFilter) -> Result<Vec<Message>> {
        chat::list(&self.store.reader()?, &self.entity, filter)
    }

    /// A message and the replies to it that are not deleted.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn thread(&self, message: &str) -> Result<Thread> {
        chat::thread(&self.store.reader()?, &self.entity, message, false)
    }

    /// One message or reply, deleted or not, with every field of its record.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`.
    pub fn find(&self, message: &str) -> Result<Message> {
        chat::find(&self.store.reader()?, &self.entity, message)
    }
}
