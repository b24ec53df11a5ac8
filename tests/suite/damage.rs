//! Stores with one thing wrong, one for each kind of finding.

use crate::support::*;
use rusqlite::{Connection, params};
use serde_json::json;
use std::path::{Path, PathBuf};
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ClientID, Doc, In, Map, MapPrelim, MapRef, Options, Out, ReadTxn,
    StateVector, Transact, TransactionMut, Update, WriteTxn, XmlTextPrelim,
};

pub const CHAT: &str = "group:ocean-forest-moon-star:chat";
pub const CORE: &str = "group:ocean-forest-moon-star:core";
pub const KANBAN: &str = "group:ocean-forest-moon-star:kanban";
pub const ISSUES: &str = "group:ocean-forest-moon-star:issues";
const STRANGER: &str = "mallory-wind-sea-fog";
pub const NOTES: &str = "notes:one:free";
/// Another program.
const FOREIGN: u64 = 77;
const DAY: i64 = 86_400;

/// A kind of finding, how a repair fixes it, and how a store gets it.
pub struct Damage {
    pub kind: &'static str,
    /// The fields that a repair changes in the content of the document; `None` if no repair exists.
    pub mends: Option<&'static [&'static str]>,
    pub make: for<'m> fn(&'m Machine) -> Store<'m>,
}

pub const ALL: &[Damage] = &[
    Damage { kind: "undecodable", mends: None, make: undecodable },
    Damage { kind: "pending", mends: None, make: pending },
    Damage { kind: "unsupported", mends: None, make: unsupported },
    Damage { kind: "missing-file", mends: Some(&[]), make: missing_file },
    Damage { kind: "broken-log", mends: None, make: broken_log },
    Damage { kind: "replica-fork", mends: None, make: replica_fork },
    Damage { kind: "replica-fork", mends: Some(&[]), make: fork_in_the_inbox },
    Damage { kind: "long-wait", mends: Some(&[]), make: long_wait },
    Damage { kind: "clock-below-lease", mends: Some(&[]), make: clock_below_lease },
    Damage { kind: "hash-mismatch", mends: Some(&[]), make: hash_mismatch },
    Damage { kind: "foreign-replacement", mends: Some(&[]), make: foreign_replacement },
    Damage { kind: "lost-fold", mends: Some(&[]), make: lost_fold },
    Damage { kind: "missing-meta", mends: Some(&[]), make: missing_meta },
    Damage { kind: "stale-meta", mends: Some(&[]), make: stale_meta },
    Damage { kind: "unread-file", mends: None, make: unread_file },
    Damage { kind: "unreadable-state", mends: None, make: unreadable_state },
    Damage { kind: "over-limit", mends: None, make: over_limit },
    Damage {
        kind: "wrong-cache",
        mends: Some(&["active_members: value"]),
        make: wrong_active_members,
    },
    Damage { kind: "wrong-cache", mends: Some(&["active_members: value"]), make: active_stranger },
    Damage { kind: "wrong-cache", mends: Some(&["threads: reply_count"]), make: wrong_reply_count },
    Damage {
        kind: "wrong-cache",
        mends: Some(&["threads: last_reply_at"]),
        make: wrong_last_reply,
    },
    Damage { kind: "wrong-cache", mends: Some(&["columns: card_order"]), make: wrong_card_order },
    Damage {
        kind: "deleted-but-active",
        mends: Some(&["active_members: value"]),
        make: deleted_but_active,
    },
    Damage { kind: "no-owner", mends: Some(&["members: role updated_at"]), make: no_owner },
    Damage { kind: "clock-skew", mends: None, make: clock_skew },
    Damage {
        kind: "card-in-two-columns",
        mends: Some(&["columns: card_order"]),
        make: card_in_two_columns,
    },
    Damage {
        kind: "card-in-no-column",
        mends: Some(&["columns: card_order"]),
        make: card_without_list,
    },
    Damage {
        kind: "card-in-no-column",
        mends: Some(&["columns: card_order", "cards: column_id updated_at"]),
        make: card_without_column,
    },
    Damage { kind: "reply-without-parent", mends: None, make: reply_without_parent },
    Damage { kind: "unknown-author", mends: None, make: unknown_author },
    Damage { kind: "unknown-author", mends: None, make: unknown_reporter },
    Damage { kind: "unknown-author", mends: None, make: unknown_commenter },
    Damage { kind: "unknown-assignee", mends: None, make: unknown_assignee },
    Damage { kind: "unknown-assignee", mends: None, make: unknown_assignee_of_an_issue },
];

/// A group of three with two messages, in which nothing is wrong.
pub fn sound(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[BOB, CAROL]);
    store.send("first light over the harbour");
    store.send("second");
    store
}

fn undecodable(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let file = store.document(CHAT);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() * 2 / 3]).unwrap();
    store
}

fn pending(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let doc = foreign(FOREIGN, None);
    transact(&doc, |txn| set(&root(txn, "notes"), txn, "a", "1"));
    let before = doc.transact().state_vector();
    transact(&doc, |txn| set(&root(txn, "notes"), txn, "a", "2"));
    put(&store, NOTES, &doc.transact().encode_state_as_update_v1(&before));
    store
}

fn unsupported(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let doc = foreign(FOREIGN, None);
    let elements = doc.get_or_insert_map("elements");
    transact(&doc, |txn| {
        elements.insert(txn, "e1", XmlTextPrelim::new("hello"));
    });
    // Beside the records, or in a document of no known concern, it is carried.
    put(&store, &format!("{GROUP}:canvas"), &state(&doc));
    store
}

fn missing_file(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    std::fs::remove_file(store.document(CHAT)).unwrap();
    store
}

fn broken_log(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let file = store.document(CHAT);
    let old = std::fs::read(&file).unwrap();
    store.send("third");
    store.send("fourth");
    std::fs::write(&file, old).unwrap();
    let last = "SELECT max(seq) FROM log WHERE doc_id = ?1";
    database(&store)
        .execute(
            &format!("DELETE FROM log WHERE doc_id = ?1 AND seq = ({last}) - 1"),
            params![CHAT],
        )
        .unwrap();
    store
}

/// Another program continues under our client id, from a state before our last message.
fn replica_fork(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let file = store.document(CHAT);
    let old = std::fs::read(&file).unwrap();
    store.send("ours");
    let doc = foreign(our_client(&old), Some(&old));
    transact(&doc, |txn| message(txn, "theirs", ALICE));
    std::fs::write(&file, state(&doc)).unwrap();
    store
}

/// The same in an update that waits, because it builds on what is not here.
fn fork_in_the_inbox(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let old = std::fs::read(store.document(CHAT)).unwrap();
    store.send("ours");
    let other = foreign(FOREIGN, Some(&old));
    transact(&other, |txn| message(txn, "not here", ALICE));
    let doc = foreign(our_client(&old), Some(&state(&other)));
    let known = doc.transact().state_vector();
    transact(&doc, |txn| {
        let messages = root(txn, "messages");
        set(&map(&messages, txn, "not here"), txn, "content", "theirs");
    });
    let update = doc.transact().encode_state_as_update_v1(&known);
    let waits = machine.path("waits.yrs");
    std::fs::write(&waits, update).unwrap();
    store.run(&["sync", "import", "--raw", CHAT, &text(&waits)]).exits(7);
    store
}

/// An update of a document that is not here, which builds on something that nobody brought for nine days.
fn long_wait(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let waits = machine.path("waits.yrs");
    std::fs::write(&waits, [1, 1, 7, 5, 0x84, 7, 4, 1, b'x', 0]).unwrap();
    let canvas = format!("{GROUP}:canvas");
    store.run(&["sync", "import", "--raw", &canvas, &text(&waits)]).exits(7);
    store.ok(&["check"]);
    machine.pass(9 * 86_400);
    store
}

fn clock_below_lease(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let backup = files(&store.dir);
    store.send("third");
    for (name, bytes) in backup {
        std::fs::write(store.dir.join(name), bytes).unwrap();
    }
    store
}

fn hash_mismatch(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let copy = machine.open(machine.path("copy"));
    copy_tree(&store.dir.join("crdt"), &copy.dir.join("crdt"));
    edit_in_place(&copy, CORE, |txn| set(&root(txn, "metadata"), txn, "name", "Other"));
    copy
}

fn foreign_replacement(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit_in_place(&store, CORE, |txn| set(&root(txn, "metadata"), txn, "name", "Other"));
    store
}

/// What a crash between the commit and the fold leaves.
fn lost_fold(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let file = store.document(CHAT);
    let meta = file.with_extension("meta");
    let old = (std::fs::read(&file).unwrap(), std::fs::read(&meta).unwrap());
    store.send("third");
    std::fs::write(&file, &old.0).unwrap();
    std::fs::write(&meta, &old.1).unwrap();
    let db = database(&store);
    let hash = *blake3::hash(&old.0).as_bytes();
    db.execute("UPDATE log SET folded = 0 WHERE seq = (SELECT max(seq) FROM log)", []).unwrap();
    db.execute(
        "UPDATE document SET blake3 = ?2, bytes = ?3, version = version - 1 WHERE doc_id = ?1",
        params![CHAT, hash, i64::try_from(old.0.len()).unwrap()],
    )
    .unwrap();
    store
}

fn missing_meta(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    std::fs::remove_file(store.document(CHAT).with_extension("meta")).unwrap();
    store
}

fn stale_meta(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let meta = store.document(CHAT).with_extension("meta");
    let mut fields: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&meta).unwrap()).unwrap();
    fields["bytes"] = json!(1);
    fields["theirs"] = json!("kept");
    std::fs::write(&meta, fields.to_string()).unwrap();
    store
}

fn unread_file(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    std::fs::write(store.dir.join("crdt/group/stray.yrs"), [0, 0]).unwrap();
    store
}

fn unreadable_state(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    std::fs::write(store.dir.join("crdtctl.db"), "this is no database at all".repeat(40)).unwrap();
    store
}

fn over_limit(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit(&store, CORE, |txn| {
        set(&root(txn, "metadata"), txn, "description", &"much ".repeat(220_000));
    });
    store
}

fn wrong_active_members(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit(&store, CORE, |txn| drop(root(txn, "active_members").remove(txn, BOB)));
    store
}

fn active_stranger(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit(&store, CORE, |txn| {
        root(txn, "active_members").insert(txn, "nobody-at-all-here", false);
    });
    store
}

fn deleted_but_active(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    store.ok(&["member", "remove", BOB]);
    edit(&store, CORE, |txn| {
        root(txn, "active_members").insert(txn, BOB, true);
    });
    store
}

fn no_owner(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    store.ok(&["member", "role", CAROL, "admin"]);
    edit(&store, CORE, |txn| {
        let members = root(txn, "members");
        set(&map(&members, txn, ALICE), txn, "role", "member");
    });
    store
}

fn wrong_reply_count(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let parent = store.column(&["chat", "list"], "id").remove(0);
    edit(&store, CHAT, |txn| thread(txn, &parent, 3));
    store
}

fn wrong_last_reply(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let parent = store.column(&["chat", "list"], "id").remove(0);
    edit(&store, CHAT, |txn| {
        thread(txn, &parent, 1);
        let threads = root(txn, "threads");
        map(&threads, txn, &parent).insert(txn, "last_reply_at", START - DAY);
    });
    store
}

fn reply_without_parent(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit(&store, CHAT, |txn| thread(txn, "00000000-0000-4000-8000-000000000000", 1));
    store
}

fn unknown_author(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    edit(&store, CHAT, |txn| message(txn, "from afar", STRANGER));
    store
}

fn clock_skew(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    machine.pass(3 * DAY);
    store.send("from the future");
    machine.pass(-3 * DAY);
    store
}

fn card_in_two_columns(machine: &Machine) -> Store<'_> {
    board(machine, "todo", BOB, &[("todo", &["card-1"]), ("done", &["card-1"])])
}

fn card_without_list(machine: &Machine) -> Store<'_> {
    board(machine, "done", BOB, &[("todo", &[]), ("done", &[])])
}

fn card_without_column(machine: &Machine) -> Store<'_> {
    board(machine, "gone", BOB, &[("todo", &[]), ("done", &[])])
}

fn wrong_card_order(machine: &Machine) -> Store<'_> {
    board(machine, "done", BOB, &[("todo", &["no-card"]), ("done", &["card-1"])])
}

fn unknown_assignee(machine: &Machine) -> Store<'_> {
    board(machine, "done", STRANGER, &[("todo", &[]), ("done", &["card-1"])])
}

fn unknown_reporter(machine: &Machine) -> Store<'_> {
    issue(machine, STRANGER, BOB, BOB)
}

fn unknown_commenter(machine: &Machine) -> Store<'_> {
    issue(machine, BOB, STRANGER, BOB)
}

fn unknown_assignee_of_an_issue(machine: &Machine) -> Store<'_> {
    issue(machine, BOB, BOB, STRANGER)
}

/// A board and an issue in which nothing is wrong.
pub fn sound_board(machine: &Machine) -> Store<'_> {
    board(machine, "done", BOB, &[("todo", &[]), ("done", &["card-1"])])
}

pub fn sound_issue(machine: &Machine) -> Store<'_> {
    issue(machine, BOB, BOB, BOB)
}

/// One issue with one comment.
fn issue<'m>(machine: &'m Machine, reporter: &str, author: &str, assignee: &str) -> Store<'m> {
    let store = sound(machine);
    let doc = foreign(FOREIGN, None);
    transact(&doc, |txn| {
        let issues = root(txn, "issues");
        let issue = issues.insert(txn, "issue-1", MapPrelim::default());
        set(&issue, txn, "id", "issue-1");
        set(&issue, txn, "title", "The boat leaks");
        set(&issue, txn, "reporter_id", reporter);
        set(&issue, txn, "assignee_id", assignee);
        let comments = issue.insert(txn, "comments", ArrayPrelim::default());
        comments.push_back(
            txn,
            MapPrelim::from([("id", "comment-1"), ("author_id", author), ("content", "Indeed")]),
        );
    });
    import(&store, ISSUES, &state(&doc));
    store
}

/// A valid state in which one value was overwritten and is not deleted: yrs deletes it when it reads the
/// state.
pub fn unstable(machine: &Machine) -> Store<'_> {
    let store = sound(machine);
    let mut bytes = vec![1, 2, 77, 0];
    // The first value under `a` of the root `notes`; then one that has it as its left origin.
    bytes.extend([0x28, 1, 5]);
    bytes.extend(b"notes\x01a");
    bytes.extend([1, 119, 1, b'1']);
    bytes.extend([0xa8, 77, 0, 1, 119, 1, b'2']);
    bytes.push(0);
    put(&store, &format!("{GROUP}:canvas"), &bytes);
    store
}

/// A board with one card.
fn board<'m>(
    machine: &'m Machine,
    column: &str,
    assignee: &str,
    columns: &[(&str, &[&str])],
) -> Store<'m> {
    let store = sound(machine);
    let doc = foreign(FOREIGN, None);
    transact(&doc, |txn| {
        let list = txn.get_or_insert_array("columns");
        for (order, (id, cards)) in columns.iter().enumerate() {
            list.push_back(
                txn,
                MapPrelim::from([
                    ("id", In::Any(Any::from(*id))),
                    ("title", In::Any(Any::from(*id))),
                    ("order", In::Any(Any::from(order as i64))),
                    ("card_order", In::Array(ArrayPrelim::from_iter(cards.iter().copied()))),
                ]),
            );
        }
        let cards = root(txn, "cards");
        let card = cards.insert(txn, "card-1", MapPrelim::default());
        set(&card, txn, "id", "card-1");
        set(&card, txn, "title", "Paint the boat");
        set(&card, txn, "column_id", column);
        set(&card, txn, "assignee_id", assignee);
        card.insert(txn, "created_at", START);
    });
    import(&store, KANBAN, &state(&doc));
    store
}

/// The board as the document holds it: the cards of each column, and the card's own column.
pub fn shown_board(store: &Store<'_>) -> (Vec<Vec<String>>, String) {
    let dump = store.json(&["doc", "dump", KANBAN]);
    let columns = dump["columns"].as_array().unwrap().iter();
    let cards = |column: &serde_json::Value| {
        let cards = column["card_order"].as_array().unwrap().iter();
        cards.map(|card| card.as_str().unwrap().to_owned()).collect()
    };
    let column = dump["cards"]["card-1"]["column_id"].as_str().unwrap().to_owned();
    (columns.map(cards).collect(), column)
}

fn thread(txn: &mut TransactionMut<'_>, parent: &str, count: i64) {
    let threads = root(txn, "threads");
    let thread = threads.insert(txn, parent, MapPrelim::default());
    set(&thread, txn, "parent_id", parent);
    let replies = thread.insert(txn, "replies", MapPrelim::default());
    let reply = "11111111-0000-4000-8000-000000000000";
    fields(&replies, txn, reply, BOB);
    thread.insert(txn, "reply_count", count);
    thread.insert(txn, "last_reply_at", START);
}

fn message(txn: &mut TransactionMut<'_>, id: &str, author: &str) {
    let messages = root(txn, "messages");
    fields(&messages, txn, id, author);
}

fn fields(messages: &MapRef, txn: &mut TransactionMut<'_>, id: &str, author: &str) {
    let message = messages.insert(txn, id, MapPrelim::default());
    set(&message, txn, "id", id);
    set(&message, txn, "author_id", author);
    set(&message, txn, "content", "hello");
    message.insert(txn, "created_at", START);
    message.insert(txn, "deleted", false);
}

/// A document of another program, with a state loaded.
pub fn foreign(client: u64, state: Option<&[u8]>) -> Doc {
    let doc = Doc::with_options(Options::with_client_id(ClientID::new(client)));
    if let Some(state) = state {
        let update = Update::decode_v1(state).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
    }
    doc
}

pub fn state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

fn transact(doc: &Doc, change: impl FnOnce(&mut TransactionMut<'_>)) {
    change(&mut doc.transact_mut());
}

fn root(txn: &mut TransactionMut<'_>, name: &str) -> MapRef {
    txn.get_or_insert_map(name)
}

fn map(map: &MapRef, txn: &TransactionMut<'_>, key: &str) -> MapRef {
    match map.get(txn, key) {
        Some(Out::YMap(map)) => map,
        other => panic!("{key}: {other:?}"),
    }
}

fn set(map: &MapRef, txn: &mut TransactionMut<'_>, key: &str, value: &str) {
    map.insert(txn, key, value);
}

/// The one client id below 2^32 in a state: the replica's own.
fn our_client(state: &[u8]) -> u64 {
    let doc = foreign(FOREIGN, Some(state));
    let clients = doc.transact().state_vector();
    let mut ours = clients.iter().map(|(client, _)| client.get()).filter(|id| *id < 1 << 32);
    ours.next().unwrap()
}

/// Changes a document like another program that syncs with us.
pub fn edit(store: &Store<'_>, doc: &str, change: impl FnOnce(&mut TransactionMut<'_>)) {
    let bytes = std::fs::read(store.document(doc)).unwrap();
    let other = foreign(FOREIGN, Some(&bytes));
    transact(&other, change);
    import(store, doc, &state(&other));
}

/// Changes a document's file like another program that writes it.
fn edit_in_place(store: &Store<'_>, doc: &str, change: impl FnOnce(&mut TransactionMut<'_>)) {
    let file = store.document(doc);
    let other = foreign(FOREIGN, Some(&std::fs::read(&file).unwrap()));
    transact(&other, change);
    std::fs::write(file, state(&other)).unwrap();
}

fn import(store: &Store<'_>, doc: &str, update: &[u8]) {
    let file = store.machine.path("update.yrs");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", doc, &text(&file)]);
}

/// Puts a document beside the others, like the application.
fn put(store: &Store<'_>, doc: &str, bytes: &[u8]) {
    let kind = doc.split(':').next().unwrap();
    let dir = store.dir.join("crdt").join(kind);
    std::fs::create_dir_all(&dir).unwrap();
    let stem: String = doc.bytes().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(dir.join(format!("{stem}.yrs")), bytes).unwrap();
    let meta = json!({"doc_id": doc, "entity_type": kind, "entity_id": "one", "version": 1});
    std::fs::write(dir.join(format!("{stem}.meta")), meta.to_string()).unwrap();
}

pub fn database(store: &Store<'_>) -> Connection {
    Connection::open(store.dir.join("crdtctl.db")).unwrap()
}

/// The contents of the quarantine: finding, place, bytes.
pub fn quarantine(store: &Store<'_>) -> Vec<(String, PathBuf, Vec<u8>)> {
    let db = database(store);
    let mut rows = db.prepare("SELECT finding, place, bytes FROM quarantine ORDER BY id").unwrap();
    let row = |row: &rusqlite::Row<'_>| {
        let place: String = row.get(1)?;
        Ok((row.get(0)?, Path::new(&place).to_owned(), row.get(2)?))
    };
    rows.query_map([], row).unwrap().map(Result::unwrap).collect()
}
