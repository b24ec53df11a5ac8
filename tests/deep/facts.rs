//! What is known to have happened in a world, and what must hold for a replica after every step.

use super::canvases::Drawn;
use super::talk::Talk;
use super::world::{Replica, document};
use crdtctl::concern::core;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::gate;
use crdtctl::id::MemberId;
use crdtctl::operation::{Operation, Outcome};
use crdtctl::wire::Clocks;
use std::collections::{BTreeMap, BTreeSet};

/// What was seen in a replica's documents.
#[derive(Default, Clone)]
pub struct Held {
    pub messages: BTreeSet<String>,
    /// Messages that were here and no longer are.
    pub gone: BTreeSet<String>,
    pub clocks: BTreeMap<&'static str, Clocks>,
}

/// A change of the membership, and what its author had seen.
#[derive(Debug, Clone)]
pub struct Event {
    pub member: String,
    pub added: bool,
    pub mark: Mark,
    session: usize,
    order: usize,
    before: Clocks,
}

/// The end of a session's writes: a client id, and its next clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    pub client: u64,
    pub clock: u32,
}

impl Mark {
    /// Whether a document with these clocks holds the writes. A restored backup can lose some.
    pub fn is_in(self, clocks: &Clocks) -> bool {
        clocks.get(&self.client).is_some_and(|clock| *clock >= self.clock)
    }
}

impl Event {
    /// Whether the replica that made this event had applied the other one.
    pub fn saw(&self, other: &Event) -> bool {
        if self.session == other.session {
            return self.order > other.order;
        }
        other.mark.is_in(&self.before)
    }
}

/// What is known to have happened in committed sessions.
#[derive(Default)]
pub struct Facts {
    pub messages: BTreeMap<String, Message>,
    /// Messages that vanished from a replica that had them.
    pub pruned: BTreeSet<String>,
    /// Those whose pruning a restored backup may have undone.
    pub unpruned: BTreeSet<String>,
    pub membership: Vec<Event>,
    /// A backup was restored: what was written since may be lost.
    pub restored: bool,
    /// Cards, issues and comments that somebody made, by the name of their document.
    pub made: BTreeSet<(&'static str, String)>,
    /// Replies and reactions.
    pub talk: Talk,
    pub drawn: Drawn,
    /// (record, member) for every acknowledgement that was ever written.
    acknowledgements: BTreeSet<(String, String)>,
}

/// One message, and what was done to it.
#[derive(Debug, Default)]
pub struct Message {
    pub sent: Mark,
    /// Every text that was written to it.
    pub edits: Vec<Edit>,
    /// Each deletion with its time.
    pub deletions: Vec<(Mark, i64)>,
}

/// A text that was written to a message.
#[derive(Debug)]
pub struct Edit {
    pub text: String,
    /// What the message's clock was set to.
    pub at: i64,
    pub mark: Mark,
    before: Clocks,
}

impl Edit {
    /// Whether the replica that wrote this had the other one.
    pub fn saw(&self, other: &Edit) -> bool {
        other.mark.is_in(&self.before)
    }
}

/// A session that was committed.
pub struct Done<'a> {
    pub session: usize,
    pub member: &'a MemberId,
    /// The clocks of the core and of the chat before the session.
    pub before: (Clocks, Clocks),
    pub operations: &'a [Operation],
    pub outcomes: &'a [Outcome],
}

impl Done<'_> {
    /// Whether it changed who is a member.
    pub fn regroups(&self) -> bool {
        self.operations.iter().any(|operation| {
            matches!(
                operation,
                Operation::MemberAdd(_) | Operation::MemberRemove(_) | Operation::EntityCreate(_)
            )
        })
    }
}

impl Facts {
    /// Records what a session did.
    pub fn note(&mut self, replica: &Replica, done: &Done<'_>) {
        let core = replica.mark("core", &done.before.0);
        let chat = replica.mark("chat", &done.before.1);
        let now = replica.environment.machine.clock.now();
        let view = replica.document("chat").map(|(_, view)| view);
        for (order, (operation, outcome)) in done.operations.iter().zip(done.outcomes).enumerate() {
            let Some(id) = outcome.id.clone().filter(|_| outcome.changed) else { continue };
            let member = done.member.as_str();
            if let Some(view) = &view
                && self.talk.note(operation, outcome, view, member, chat)
            {
                continue;
            }
            let event = |member: &str, added| Event {
                member: member.to_owned(),
                added,
                mark: core,
                session: done.session,
                order,
                before: done.before.0.clone(),
            };
            self.drawn.note(operation, &id);
            match operation {
                Operation::ChatSend(send) => {
                    self.messages.entry(id.clone()).or_default().sent = chat;
                    self.note_text(replica, done, &id, &send.text, chat);
                }
                Operation::ChatEdit(edit) => {
                    self.note_text(replica, done, &id, &edit.text, chat);
                }
                Operation::KanbanAdd(_) => drop(self.made.insert(("kanban", id))),
                Operation::IssueOpen(_) => drop(self.made.insert(("issues", id))),
                Operation::ChatDelete(_) => {
                    self.messages.entry(id).or_default().deletions.push((chat, now));
                }
                Operation::EntityCreate(_) => {
                    self.membership.push(event(done.member.as_str(), true));
                }
                Operation::MemberAdd(_) => self.membership.push(event(&id, true)),
                Operation::MemberRemove(_) => self.membership.push(event(&id, false)),
                _ => {}
            }
        }
    }

    /// Of several texts in one session the last counts: it was written over the others.
    fn note_text(&mut self, replica: &Replica, done: &Done<'_>, id: &str, text: &str, mark: Mark) {
        let at = replica
            .document("chat")
            .and_then(|(_, chat)| chat.int(&["messages", id, "updated_at"]));
        let edits = &mut self.messages.entry(id.to_owned()).or_default().edits;
        edits.retain(|edit| edit.mark.client != mark.client || edit.mark.clock != mark.clock);
        let (text, before) = (text.to_owned(), done.before.1.clone());
        edits.push(Edit { text, at: at.unwrap_or(0), mark, before });
    }

    /// Checks what must hold for a replica after every step: its files are storable; a new acknowledgement is
    /// the acting member's, and for a record that is deleted here; a message is pruned once all who had it
    /// have acknowledged, and never comes back.
    pub fn look(&mut self, replica: &mut Replica, acting: Option<&MemberId>, regroups: bool) {
        let reader = replica.store.reader().expect("a reader");
        let mut members = BTreeMap::new();
        for concern in ["core", "chat"] {
            let Some((bytes, view)) = document(&reader, concern) else { continue };
            let name = &replica.name;
            gate::storable(&bytes).unwrap_or_else(|fault| panic!("{name}: {concern}: {fault}"));
            replica.held.clocks.insert(concern, view.version().clocks.clone());
            if concern == "core" {
                members = core::active(&view);
                self.look_at_acknowledgements(name, &view, "members", acting);
            } else {
                self.look_at_acknowledgements(name, &view, "messages", acting);
                for id in self.look_at_messages(replica, &view) {
                    if self.pruned.insert(id.clone()) && !regroups {
                        self.is_pruned_rightly(replica, &id, &members, acting);
                    }
                }
            }
        }
    }

    fn look_at_acknowledgements(
        &mut self,
        name: &str,
        view: &View,
        root: &str,
        acting: Option<&MemberId>,
    ) {
        for id in view.keys(&[root]) {
            for by in view.keys(&[root, &id, "ack_vector"]) {
                if self.acknowledgements.insert((id.clone(), by.clone())) {
                    let who = acting.map(MemberId::as_str);
                    assert_eq!(who, Some(by.as_str()), "{name}: who acknowledges {root}/{id}");
                    let deleted = view.flag(&[root, &id, "deleted"]);
                    assert!(deleted, "{name}: {root}/{id} is not deleted");
                }
            }
        }
    }

    /// Returns the messages that have vanished since the last look.
    fn look_at_messages(&mut self, replica: &mut Replica, view: &View) -> Vec<String> {
        let Replica { held, name, .. } = replica;
        let present: BTreeSet<String> = view.keys(&["messages"]).into_iter().collect();
        let back: Vec<&String> = present.intersection(&held.gone).collect();
        assert!(back.is_empty(), "{name}: pruned, and back again: {back:?}");
        // What arrived, was acknowledged and pruned in one import was never seen here.
        let clocks = &view.version().clocks;
        let came = self.messages.iter().filter(|(_, message)| message.sent.is_in(clocks));
        let gone: Vec<String> = came
            .map(|(id, _)| id)
            .filter(|id| !present.contains(*id) && !held.gone.contains(*id))
            .cloned()
            .collect();
        held.gone.extend(gone.iter().cloned());
        held.messages = present;
        gone
    }

    /// Nobody had pruned this message before: this replica did. Every member that it knows, and that was one
    /// when the message was deleted, must have acknowledged it.
    fn is_pruned_rightly(
        &self,
        replica: &Replica,
        id: &str,
        members: &BTreeMap<String, i64>,
        acting: Option<&MemberId>,
    ) {
        let deletions = self.messages.get(id).map(|message| message.deletions.as_slice());
        let times = deletions.unwrap_or_default().iter().map(|(_, at)| *at);
        let earliest = times.min().unwrap_or_else(|| replica.environment.machine.clock.now());
        for (member, _) in members.iter().filter(|(_, joined)| **joined <= earliest) {
            // What is acknowledged and pruned in one step is never seen acknowledged.
            let own = acting.map(MemberId::as_str) == Some(member);
            let acknowledged = self.acknowledgements.contains(&(id.to_owned(), member.clone()));
            assert!(own || acknowledged, "{}: {id} pruned without {member}", replica.name);
        }
    }
}
