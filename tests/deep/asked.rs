//! Whatever happened to a store, its SQL views hold what its documents hold: record by record, field by
//! field, as the schema reads them.
//!
//! `CRDTCTL_SCHEDULES=500 cargo test --test deep asked` checks more histories.

use super::convergence::{QUICK, seeds};
use super::support::copy_tree;
use super::world::{Climate, Replica, World, environment};
use crdtctl::concern::{canvas, chat, core, issues, kanban};
use crdtctl::crdt::view::View;
use crdtctl::query;
use crdtctl::query::chat::{Message, MessageFilter};
use crdtctl::query::unread::ReadMark;
use crdtctl::schema::{Collection, Spec};
use crdtctl::sql::{Query, QueryBounds, SqlSource};
use crdtctl::store::{Open, Reader, Store};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const VIEWS: &[(&str, &Spec, &[Collection])] = &[
    ("members", &core::SPEC, &[core::MEMBERS]),
    ("messages", &chat::SPEC, &[chat::MESSAGES, chat::REPLIES]),
    ("cards", &kanban::SPEC, &[kanban::CARDS]),
    ("issues", &issues::SPEC, &[issues::ISSUES]),
    ("elements", &canvas::SPEC, &[canvas::ELEMENTS]),
];

/// Fields that are views of their own, and an id that another program wrote.
const ELSEWHERE: &[&str] = &["comments", "recorded_id"];

type Rows = Vec<Map<String, Value>>;

#[test]
fn views_hold_what_documents_hold_after_any_history() {
    let long = Climate { steps: 40, incremental: true, ..QUICK };
    let climates = [
        Climate { talk: true, ..long },
        Climate { boards: true, ..long },
        Climate { canvas: true, ..long },
        Climate { disasters: true, ..long },
    ];
    let (mut records, mut found, mut searched, mut within) = (0, 0, 0, 0);
    let (mut unread, mut news, mut authored) = (0, 0, 0);
    for climate in climates {
        for seed in seeds(4) {
            let mut world = World::new(seed, climate);
            world.live();
            for replica in &world.replicas {
                let what = format!("seed {seed} of {climate:?}, {}", replica.name);
                records += assert_same(replica, &what);
                found += assert_found(replica, &what);
                let bare = BareCopy::of(replica, &what);
                news += assert_news(&replica.store, &what);
                unread += assert_unread(&replica.store, &what);
                for store in [&replica.store, &bare.store] {
                    let reader = store.reader().expect("a reader");
                    assert_last(&reader, &what);
                    authored += assert_authors(&reader, &what);
                    within += assert_times(&reader, &what);
                    searched += assert_searched(&reader, &what);
                }
            }
        }
    }
    assert!(records > 300 && found > 100, "{records} records, {found} found");
    assert!(searched > 100 && within > 100, "{searched} searched for, {within} within times");
    assert!(unread > 100 && news > 50, "{unread} unread, {news} new");
    assert!(authored > 100, "{authored} of an author");
}

/// A copy of a store's documents and nothing else: all of them are read whole, for want of an index.
struct BareCopy {
    _dir: tempfile::TempDir,
    store: Store,
}

impl BareCopy {
    fn of(replica: &Replica, what: &str) -> BareCopy {
        let dir = tempfile::tempdir().expect("a directory");
        let documents = replica.store.dir().join("crdt");
        std::fs::create_dir(dir.path().join("crdt")).expect("a new directory");
        if documents.exists() {
            copy_tree(&documents, &dir.path().join("crdt"));
        }
        let now = replica.store.environment().machine.clock.now();
        let store = Store::open_with(dir.path(), environment(dir.path(), 0, what, now));
        BareCopy { _dir: dir, store: store.expect("a store") }
    }
}

fn listed(reader: &Reader, filter: &MessageFilter) -> Vec<Message> {
    query::chat::list(reader, &World::entity(), filter).expect("the messages")
}

/// A search for part of a word finds exactly the messages that contain it; returns how often any does.
fn assert_searched(reader: &Reader, what: &str) -> usize {
    let list = |filter: &MessageFilter| listed(reader, filter);
    let mut searched = 0;
    for deleted in [false, true] {
        let whole = MessageFilter { deleted, replies: true, ..MessageFilter::default() };
        let all = list(&whole);
        let parts: BTreeSet<String> = all
            .iter()
            .flat_map(|message| message.content.split_whitespace())
            .map(|word| word.chars().skip(1).take(4).collect::<String>().to_uppercase())
            .filter(|part| !part.is_empty())
            .collect();
        for part in parts.iter().take(8).map(String::as_str).chain(["is in none of them"]) {
            let words = vec![part.to_owned()];
            let found = list(&MessageFilter { words, deleted, ..MessageFilter::default() });
            let holds = |text: &str| text.to_lowercase().contains(&part.to_lowercase());
            let expected: Vec<_> = all.iter().filter(|one| holds(&one.content)).cloned().collect();
            assert_eq!(found, expected, "{what}: {part:?}");
            for limit in [0, 1, 2, 3, found.len(), found.len() + 1] {
                let (words, limited) = (vec![part.to_owned()], Some(limit));
                let filter =
                    MessageFilter { words, deleted, limit: limited, ..MessageFilter::default() };
                let last = &expected[expected.len().saturating_sub(limit)..];
                assert_eq!(list(&filter), last, "{what}: the last {limit} with {part:?}");
            }
            searched += found.len();
        }
    }
    searched
}

/// The messages of some time are those of all that were created then; returns how many there are.
fn assert_times(reader: &Reader, what: &str) -> usize {
    let mut count = 0;
    for deleted in [false, true] {
        let all = listed(reader, &MessageFilter { deleted, ..MessageFilter::default() });
        let times: BTreeSet<i64> = all.iter().map(|message| message.created_at).collect();
        let times = times.iter().step_by(3).flat_map(|at| [Some(*at), Some(at + 1)]);
        let bounds: Vec<Option<i64>> =
            times.take(8).chain([None, Some(0), Some(i64::MAX)]).collect();
        for (since, until) in bounds.iter().flat_map(|a| bounds.iter().map(|b| (*a, *b))) {
            let filter = MessageFilter { since, until, deleted, ..MessageFilter::default() };
            let is_within = |message: &&Message| {
                since.is_none_or(|since| message.created_at >= since)
                    && until.is_none_or(|until| message.created_at < until)
            };
            let expected: Vec<Message> = all.iter().filter(is_within).cloned().collect();
            let found = listed(reader, &filter);
            assert_eq!(found, expected, "{what}: from {since:?} until {until:?}");
            let two = listed(reader, &MessageFilter { limit: Some(2), ..filter });
            assert_eq!(two, expected[expected.len().saturating_sub(2)..], "{what}: the last 2");
            count += usize::from(since.is_some() || until.is_some()) * found.len();
        }
    }
    count
}

/// The messages of an author, by the whole id or the beginning of it, are those of all that have this author;
/// returns how many there are.
fn assert_authors(reader: &Reader, what: &str) -> usize {
    let mut count = 0;
    for deleted in [false, true] {
        let all = listed(reader, &MessageFilter { deleted, ..MessageFilter::default() });
        let authors: BTreeSet<&str> = all.iter().map(|message| &*message.author_id).collect();
        let beginnings = authors.iter().filter_map(|author| author.get(..author.len() - 2));
        for author in authors.iter().copied().chain(beginnings).chain(["eve-fog-gate-hall"]) {
            let is_theirs = |message: &&Message| message.author_id.starts_with(author);
            let middle = all.get(all.len() / 2).map(|message| message.created_at);
            for since in [None, Some(0), middle, Some(i64::MAX)] {
                let is_wanted = |message: &&Message| {
                    is_theirs(message) && since.is_none_or(|since| message.created_at >= since)
                };
                let expected: Vec<Message> = all.iter().filter(is_wanted).cloned().collect();
                let author = Some(author.to_owned());
                let filter = MessageFilter { author, since, deleted, ..MessageFilter::default() };
                for limit in [None, Some(0), Some(1), Some(2), Some(expected.len() + 1)] {
                    let last = expected.len().saturating_sub(limit.unwrap_or(usize::MAX));
                    let found = listed(reader, &MessageFilter { limit, ..filter.clone() });
                    assert_eq!(found, expected[last..], "{what}: {filter:?}, the last {limit:?}");
                }
                count += expected.len();
            }
        }
    }
    count
}

/// Returns earlier versions of a chat: parts of what each of its clients wrote.
fn earlier(reader: &Reader) -> Vec<BTreeMap<u64, u32>> {
    let chat = reader.view(&World::entity().document("chat")).expect("the chat");
    let clocks = chat.map(|view| view.version().clocks.clone()).unwrap_or_default();
    let part = |all: u32, at: usize| all - all / 8 * ([0, 1, 2, 8][at % 4]);
    let version = |turn: usize| {
        let parts =
            clocks.iter().enumerate().map(|(n, (client, all))| (*client, part(*all, n + turn)));
        parts.filter(|(_, clock)| *clock > 0).collect()
    };
    (0..4).map(version).chain([clocks.clone()]).collect()
}

/// What is new since a version is what was created by something it lacks; returns how much it is.
fn assert_news(store: &Store, what: &str) -> usize {
    let reader = store.reader().expect("a reader");
    let Some(chat) = reader.view(&World::entity().document("chat")).expect("the chat") else {
        return 0;
    };
    let all = listed(&reader, &MessageFilter { replies: true, ..MessageFilter::default() });
    let mut count = 0;
    for version in earlier(&reader) {
        let is_new = |message: &&Message| {
            let item = match &message.parent_id {
                Some(parent) => chat.item(&["threads", parent, "replies", &message.id]),
                None => chat.item(&["messages", &message.id]),
            };
            let item = item.expect("an item");
            version.get(&item.client).is_none_or(|clock| item.clock >= *clock)
        };
        let mut expected: Vec<Message> = all.iter().filter(is_new).cloned().collect();
        let (found, clocks) =
            query::chat::news(&reader, &World::entity(), &version).expect("the news");
        expected.iter_mut().for_each(|message| message.unread = false);
        assert_eq!(found, expected, "{what}: since {version:?}");
        assert_eq!(clocks, chat.version().clocks, "{what}");
        count += found.len();
    }
    count
}

/// What is unread, whatever the mark covers, is what the list of everything shows as unread; returns how much
/// it is.
fn assert_unread(store: &Store, what: &str) -> usize {
    let entity = World::entity();
    let mark = |mark: Value| {
        let open = Open { command: "test", member: None, dry_run: false };
        let session = store.session(open).expect("a session");
        let (name, text) = (ReadMark::setting(&entity), mark.to_string());
        session.state().set_setting(&name, Some(&text)).expect("a mark");
        session.commit().expect("a commit");
    };
    let reader = store.reader().expect("a reader");
    let all = listed(&reader, &MessageFilter { replies: true, ..MessageFilter::default() });
    let mut count = 0;
    for (turn, clocks) in earlier(&reader).into_iter().enumerate() {
        let kept: Vec<&Message> = all.iter().skip(turn).step_by(3).collect();
        let unread: Vec<&str> = kept.iter().map(|message| message.id.as_str()).collect();
        let threads: BTreeSet<&String> =
            kept.iter().filter_map(|message| message.parent_id.as_ref()).collect();
        let placed = json!({ "clocks": clocks, "unread": unread, "threads": threads });
        let bare = json!({ "clocks": clocks, "unread": [] });
        for given in [placed, bare, json!({ "clocks": clocks, "unread": unread })] {
            mark(given.clone());
            let reader = store.reader().expect("a reader");
            let list = |filter: MessageFilter| listed(&reader, &filter);
            let all = list(MessageFilter { replies: true, ..MessageFilter::default() });
            let expected: Vec<Message> = all.iter().filter(|one| one.unread).cloned().collect();
            let unread = MessageFilter { unread: true, ..MessageFilter::default() };
            assert_eq!(list(unread.clone()), expected, "{what}: unread by {given}");
            let two = list(MessageFilter { limit: Some(2), ..unread });
            assert_eq!(two, expected[expected.len().saturating_sub(2)..], "{what}: by {given}");
            let until = expected.get(expected.len() / 2).map(|message| message.id.as_str());
            let reading = query::chat::reading(&reader, &entity, until).expect("a reading");
            assert_eq!(reading.read + reading.unread, expected.len(), "{what}: read by {given}");
            mark(serde_json::from_str(&reading.mark.encode().expect("a mark")).expect("JSON"));
            let reader = store.reader().expect("a reader");
            let left = listed(&reader, &MessageFilter { unread: true, ..Default::default() });
            let later = until.map_or(0, |_| expected.len() - expected.len() / 2 - 1);
            assert_eq!(left, expected[expected.len() - later..], "{what}: left by {given}");
            count += expected.len();
        }
    }
    count
}

/// The last messages are the end of all of them, however few are requested.
fn assert_last(reader: &Reader, what: &str) {
    for deleted in [false, true] {
        let all = listed(reader, &MessageFilter { deleted, ..MessageFilter::default() });
        for limit in 0..=all.len() + 1 {
            let filter = MessageFilter { deleted, limit: Some(limit), ..MessageFilter::default() };
            let last = listed(reader, &filter);
            let expected = &all[all.len().saturating_sub(limit)..];
            assert_eq!(last, expected, "{what}: the last {limit}");
        }
    }
    let all = listed(reader, &MessageFilter { replies: true, ..MessageFilter::default() });
    let chat = reader.view(&World::entity().document("chat")).expect("the chat");
    let clocks = chat.map(|view| view.version().clocks.clone());
    for limit in 0..=all.len() + 1 {
        let (last, version) =
            query::chat::last(reader, &World::entity(), limit).expect("the last messages");
        let expected = &all[all.len().saturating_sub(limit)..];
        assert_eq!(last, expected, "{what}: the last {limit} with replies");
        assert_eq!(version, clocks.clone().unwrap_or_default(), "{what}");
    }
}

/// Each record of the documents is a row; returns how many there are.
fn assert_same(replica: &Replica, what: &str) -> usize {
    let mut records = 0;
    for (view, spec, collections) in VIEWS {
        let documents = replica.document(spec.name).map(|(_, document)| document);
        let read = |document: &View| -> Rows {
            collections.iter().flat_map(|of| of.rows(document, true)).collect()
        };
        let expected = keyed(documents.as_ref().map(read).unwrap_or_default());
        let shown = keyed(ask(replica, &format!("SELECT * FROM {view}")));
        assert_eq!(shown.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
        for (id, fields) in &expected {
            for (name, value) in
                fields.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
            {
                assert_eq!(shown[id].get(name), Some(value), "{what}: {view} {id} {name}");
            }
        }
        records += expected.len();
    }
    records
}

/// The full-text index finds for a word exactly what has it as a word; returns how often anything does.
fn assert_found(replica: &Replica, what: &str) -> usize {
    let messages = ask(replica, "SELECT id, content FROM messages");
    let words = |row: &Map<String, Value>| -> Vec<String> {
        let text = row["content"].as_str().unwrap_or_default().to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
    };
    let Some(word) = messages.iter().flat_map(words).find(|word| word.len() > 2) else { return 0 };
    let query = format!(
        "SELECT id FROM messages_fts WHERE messages_fts MATCH '\"{word}\"' ORDER BY messages_fts.rowid"
    );
    let found = ask(replica, &query);
    let expected = messages.iter().filter(|row| words(row).contains(&word)).map(|row| &row["id"]);
    assert_eq!(
        found.iter().map(|row| &row["id"]).collect::<Vec<_>>(),
        expected.collect::<Vec<_>>(),
        "{what}: {word}"
    );
    found.len()
}

fn keyed(rows: Rows) -> BTreeMap<String, Map<String, Value>> {
    let id = |row: &Map<String, Value>| {
        let id = row.get("id").or_else(|| row.get("member_id")).and_then(Value::as_str);
        id.unwrap().to_owned()
    };
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

fn ask(replica: &Replica, sql: &str) -> Rows {
    let reader = replica.store.reader().unwrap();
    let source = SqlSource::new(&replica.store, &reader, None, 0);
    let bounds = QueryBounds { time: std::time::Duration::from_secs(60), ..QueryBounds::default() };
    let mut answer = Query::prepare(sql, &[], 0, bounds).unwrap().ask(&source).unwrap();
    assert!(source.take_damaged().is_empty(), "{sql}");
    std::iter::from_fn(|| answer.next_row().unwrap()).collect()
}
