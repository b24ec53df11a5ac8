//! The application, as its guide describes it: plain yrs with garbage collection, the guide's own code for
//! every change, one document in memory that is saved whole over the file.

use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, ClientID, Doc, Map, MapPrelim, MapRef, Number, Options, Out,
    ReadTxn, StateVector, Transact, TransactionMut, Update, WriteTxn,
};

/// A document that an application holds.
pub struct Application {
    doc: Doc,
}

impl Application {
    pub fn new(client: u64) -> Self {
        Application { doc: Doc::with_options(Options::with_client_id(ClientID::new(client))) }
    }

    /// Opens a file.
    pub fn open(client: u64, state: &[u8]) -> Self {
        let application = Self::new(client);
        application.apply(state);
        application
    }

    /// Applies an update from a peer, as in the guide.
    pub fn apply(&self, update: &[u8]) {
        let update = Update::decode_v1(update).expect("yrs decodes it");
        let mut txn = self.doc.transact_mut();
        txn.apply_update(update).expect("yrs applies it");
        assert!(!txn.has_missing_updates(), "nothing is pending");
    }

    /// Returns what is saved over the file.
    pub fn save(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }

    pub fn change(&self, change: impl FnOnce(&mut TransactionMut<'_>)) {
        change(&mut self.doc.transact_mut());
    }

    /// `add_member_offline`.
    pub fn add_member(&self, member: &str, role: &str, now: i64) {
        self.change(|txn| {
            let members = txn.get_or_insert_map("members");
            let record = nested(&members, txn, member);
            record.insert(txn, "member_id", member);
            record.insert(txn, "role", role);
            record.insert(txn, "joined_at", int(now));
            record.insert(txn, "deleted", false);
            txn.get_or_insert_map("active_members").insert(txn, member, true);
        });
    }

    /// "Set deleted=true, deleted_at=timestamp; initialize empty ack_vector; remove from
    /// active_members".
    pub fn remove_member(&self, member: &str, by: &str, now: i64) {
        self.change(|txn| {
            let members = txn.get_or_insert_map("members");
            let record = nested(&members, txn, member);
            delete(&record, txn, now);
            record.insert(txn, "deleted_by", by);
            txn.get_or_insert_map("active_members").remove(txn, member);
        });
    }

    pub fn set_role(&self, member: &str, role: &str, now: i64) {
        self.change(|txn| {
            let members = txn.get_or_insert_map("members");
            let record = nested(&members, txn, member);
            record.insert(txn, "role", role);
            record.insert(txn, "updated_at", int(now));
        });
    }

    pub fn send(&self, id: &str, author: &str, text: &str, now: i64) {
        self.change(|txn| {
            let messages = txn.get_or_insert_map("messages");
            fill(&nested(&messages, txn, id), txn, id, author, text, now);
        });
    }

    pub fn reply(&self, parent: &str, id: &str, author: &str, text: &str, now: i64) {
        self.change(|txn| {
            let threads = txn.get_or_insert_map("threads");
            let thread = nested(&threads, txn, parent);
            thread.insert(txn, "parent_id", parent);
            let replies = nested(&thread, txn, "replies");
            fill(&nested(&replies, txn, id), txn, id, author, text, now);
            let count = replies.len(txn);
            thread.insert(txn, "reply_count", int(i64::from(count)));
            thread.insert(txn, "last_reply_at", int(now));
        });
    }

    /// Edits a message, or a reply in its thread, if it is here.
    pub fn edit(&self, thread: Option<&str>, id: &str, text: &str, now: i64) -> bool {
        self.of_message(thread, id, |message, txn| {
            message.insert(txn, "content", text);
            message.insert(txn, "updated_at", int(now));
        })
    }

    pub fn delete(&self, thread: Option<&str>, id: &str, now: i64) -> bool {
        self.of_message(thread, id, |message, txn| delete(message, txn, now))
    }

    pub fn react(&self, thread: Option<&str>, id: &str, emoji: &str, member: &str) -> bool {
        self.of_message(thread, id, |message, txn| {
            let reactions = nested(message, txn, "reactions");
            nested_array(&reactions, txn, emoji).push_back(txn, member);
        })
    }

    fn of_message(
        &self,
        thread: Option<&str>,
        id: &str,
        change: impl FnOnce(&MapRef, &mut TransactionMut<'_>),
    ) -> bool {
        let mut txn = self.doc.transact_mut();
        let place = match thread {
            None => Some(txn.get_or_insert_map("messages")),
            Some(thread) => {
                let threads = txn.get_or_insert_map("threads");
                here(&threads, &txn, thread).and_then(|thread| here(&thread, &txn, "replies"))
            }
        };
        let message = place.and_then(|place| here(&place, &txn, id));
        if let Some(message) = &message {
            change(message, &mut txn);
        }
        message.is_some()
    }

    /// Acknowledges deletions as `on_peer_sync` does.
    pub fn acknowledge(&self, root: &str, peer: &str, now: i64) {
        self.change(|txn| {
            let records = txn.get_or_insert_map(root);
            let keys: Vec<String> = records.keys(txn).map(str::to_owned).collect();
            for key in keys {
                if let Some(record) = here(&records, txn, &key)
                    && matches!(record.get(txn, "deleted"), Some(Out::Any(Any::Bool(true))))
                {
                    nested(&record, txn, "ack_vector").insert(txn, peer, int(now));
                }
            }
        });
    }
}

/// `get_or_create_nested_map`.
fn nested(map: &MapRef, txn: &mut TransactionMut<'_>, key: &str) -> MapRef {
    match here(map, txn, key) {
        Some(inner) => inner,
        None => map.insert(txn, key, MapPrelim::default()),
    }
}

fn nested_array(map: &MapRef, txn: &mut TransactionMut<'_>, key: &str) -> ArrayRef {
    match map.get(txn, key) {
        Some(Out::YArray(array)) => array,
        _ => map.insert(txn, key, ArrayPrelim::default()),
    }
}

/// `get_nested_map`.
fn here(map: &MapRef, txn: &TransactionMut<'_>, key: &str) -> Option<MapRef> {
    match map.get(txn, key) {
        Some(Out::YMap(inner)) => Some(inner),
        _ => None,
    }
}

fn fill(
    message: &MapRef,
    txn: &mut TransactionMut<'_>,
    id: &str,
    author: &str,
    text: &str,
    now: i64,
) {
    message.insert(txn, "id", id);
    message.insert(txn, "author_id", author);
    message.insert(txn, "content", text);
    message.insert(txn, "created_at", int(now));
    message.insert(txn, "updated_at", int(now));
    message.insert(txn, "deleted", false);
}

fn delete(record: &MapRef, txn: &mut TransactionMut<'_>, now: i64) {
    record.insert(txn, "deleted", true);
    record.insert(txn, "deleted_at", int(now));
    nested(record, txn, "ack_vector");
}

fn int(n: i64) -> Any {
    Any::Number(Number::Int(n))
}
