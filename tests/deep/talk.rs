//! Random replies and reactions, and what must hold for threads after a history.

use super::facts::Mark;
use super::world::{Replica, World};
use crdtctl::concern::chat;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::operation::{Operation, Outcome};
use crdtctl::path::Keys;
use crdtctl::sample::Chance;
use crdtctl::wire::Clocks;
use std::collections::{BTreeMap, BTreeSet};

const EMOJI: [&str; 2] = ["👍", "🎉"];

/// What is known to have been written in threads, in committed sessions.
#[derive(Default)]
pub struct Talk {
    pub replies: BTreeMap<String, Reply>,
    /// (message, emoji, member), with the writes that gave it; one that was taken back no longer counts.
    given: BTreeMap<(String, String, String), Mark>,
    taken: BTreeSet<(String, String, String)>,
}

/// One reply, and what was done to it.
#[derive(Debug)]
pub struct Reply {
    parent: String,
    sent: Mark,
    texts: BTreeSet<String>,
    deletions: Vec<Mark>,
}

/// A change of what the replica holds. Some are refused: deleted messages cannot be answered.
pub fn operation(chance: &mut Chance, replica: &Replica, number: usize) -> Operation {
    let entity = World::entity();
    let text = format!("text {number}");
    let reader = replica.store.reader().expect("a reader");
    let view = reader.view(&World::doc("chat")).expect("a readable document");
    let messages = view.as_ref().map(|view| view.keys(&["messages"])).unwrap_or_default();
    let replies: Vec<String> = view
        .as_ref()
        .map(|view| chat::REPLIES.records(view).into_iter().filter_map(|mut p| p.pop()).collect())
        .unwrap_or_default();
    let message = chance.pick(&messages).cloned();
    let reply = chance.pick(&replies).cloned();
    let Some(message) = message else {
        return Operation::ChatSend(chat::Send::text(entity, text));
    };
    let any = if chance.below(2) == 0 { Some(message.clone()) } else { reply.clone() };
    let any = any.unwrap_or_else(|| message.clone());
    match chance.below(100) {
        0..40 => {
            let reply_to = Some(if chance.below(4) == 0 { any } else { message });
            Operation::ChatSend(chat::Send { reply_to, ..chat::Send::text(entity, text) })
        }
        40..80 => {
            let emoji = chance.pick(&EMOJI).copied().unwrap_or_default().to_owned();
            let remove = chance.below(4) == 0;
            Operation::ChatReact(chat::React { entity, message: any, emoji, remove })
        }
        80..92 => Operation::ChatEdit(chat::EditMessage { entity, message: any, text }),
        _ => {
            Operation::ChatDelete(chat::DeleteMessage { entity, message: reply.unwrap_or(message) })
        }
    }
}

impl Talk {
    /// Records what an operation did; returns whether it concerns a reply or a reaction.
    pub fn note(
        &mut self,
        operation: &Operation,
        outcome: &Outcome,
        view: &View,
        member: &str,
        mark: Mark,
    ) -> bool {
        let Some(id) = outcome.id.clone() else { return false };
        match operation {
            Operation::ChatSend(send) if send.reply_to.is_some() => {
                let paths = chat::REPLIES.records(view);
                let path = paths.into_iter().find(|path| path.last() == Some(&id));
                // One of two of this session may have been pruned already.
                let Some(path) = path else { return true };
                let texts = BTreeSet::from([send.text.clone()]);
                let reply =
                    Reply { parent: path[1].clone(), sent: mark, texts, deletions: Vec::new() };
                self.replies.insert(id, reply);
            }
            Operation::ChatEdit(edit) => match self.replies.get_mut(&id) {
                Some(reply) => drop(reply.texts.insert(edit.text.clone())),
                None => return false,
            },
            Operation::ChatDelete(_) => match self.replies.get_mut(&id) {
                Some(reply) => reply.deletions.push(mark),
                None => return false,
            },
            Operation::ChatReact(react) => {
                let key = (id, react.emoji.clone(), member.to_owned());
                match react.remove {
                    true => drop(self.taken.insert(key)),
                    false => drop(self.given.entry(key).or_insert(mark)),
                }
            }
            _ => return false,
        }
        true
    }

    /// Every reply that was not deleted is in its thread, with a text that somebody wrote, and counted; every
    /// reaction that was given and never taken back is there.
    pub fn nothing_is_lost(&self, view: &View) {
        let clocks = &view.version().clocks;
        for (id, reply) in &self.replies {
            self.is_there(view, clocks, id, reply);
        }
        for (key @ (message, emoji, member), mark) in &self.given {
            if self.taken.contains(key) || !mark.is_in(clocks) {
                continue;
            }
            let Ok((of, path)) = chat::find(view, message) else { continue };
            let row = of.row(&of.record(view, &path.steps()), path.last());
            let given = row["reactions"][emoji].as_array().cloned().unwrap_or_default();
            assert!(given.iter().any(|by| by == member), "{member} gave {emoji} to {message}");
        }
    }

    fn is_there(&self, view: &View, clocks: &Clocks, id: &str, reply: &Reply) {
        if !reply.sent.is_in(clocks) {
            return;
        }
        let path = ["threads", &reply.parent, "replies", id];
        let field = |name| [&path[..], &[name]].concat();
        if reply.deletions.iter().any(|mark| mark.is_in(clocks)) {
            let deleted = !view.exists(&path) || view.flag(&field("deleted"));
            assert!(deleted, "reply {id} was deleted, and is here");
            return;
        }
        let text = view.text(&field("content"));
        let text = text.unwrap_or_else(|| panic!("reply {id} is lost: {reply:?}"));
        assert!(reply.texts.contains(&text), "{id} says {text:?}: {reply:?}");
        assert!(chat::live_replies(view, &reply.parent).iter().any(|live| live == id));
    }
}
