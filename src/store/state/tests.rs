//! What is asked of the log costs the same however long it is.

use super::log::NewRow;
use super::{LogHead, State};
use crate::id::DocId;
use crate::limits;
use rusqlite::params;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PEERS: [&str; 3] = ["p1", "p2", "p3"];

fn doc(name: &str) -> DocId {
    DocId::parse(&format!("group:ocean:{name}")).unwrap()
}

/// A log of as many commands in each of two documents, some of them imported; the last is unfolded.
fn log_of(commands: i64) -> State {
    let state = State::in_memory().unwrap();
    state.begin(Duration::ZERO).unwrap();
    for (at, name) in ["chat", "kanban"].iter().enumerate() {
        let doc = doc(name);
        state.put_own_clock(&doc, 7, 1, None).unwrap();
        let first = at as i64 * commands;
        for seq in first + 1..=first + commands {
            let peer = usize::try_from(seq % 5).ok().and_then(|at| PEERS.get(at));
            let origin = peer.map(|peer| ((*peer).to_owned(), 1_000_000 - seq));
            state.append(&row(&doc, seq, origin.as_ref())).unwrap();
        }
        state.put_fold(&doc, &[1; 32], 9, 1, first + commands - 1).unwrap();
    }
    state
}

fn row<'a>(doc: &'a DocId, seq: i64, origin: Option<&'a (String, i64)>) -> NewRow<'a> {
    let (at, member, command, update) = (seq, None, "chat send", b"update".as_slice());
    NewRow { seq, part: 0, doc, at, member, command, update, origin }
}

/// How many steps SQLite's machine takes for a read or a write.
fn steps(commands: i64, run: impl Fn(&State)) -> u64 {
    let mut state = log_of(commands);
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let step = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    Rc::get_mut(&mut state.db).unwrap().progress_handler(1, Some(step)).unwrap();
    run(&state);
    count.load(Ordering::Relaxed)
}

type AskedOf<'q> = &'q dyn Fn(&State);

#[test]
fn a_long_log_costs_a_command_no_more_than_a_short_one() {
    let asked: [(&str, AskedOf); 11] = [
        ("the rows that are not folded", &|state| {
            assert_eq!(state.unfolded(&doc("chat")).unwrap().len(), 1);
        }),
        ("the last of them", &|state| {
            assert!(state.last_unfolded(&doc("chat")).unwrap().is_some());
        }),
        ("how many there are", &|state| {
            assert_eq!(state.count_unfolded(&doc("kanban")).unwrap(), 1);
        }),
        ("documents with such rows", &|state| {
            assert_eq!(state.unfolded_documents().unwrap().len(), 2);
        }),
        ("interrupted documents", &|state| {
            assert_eq!(state.interrupted_documents().unwrap().len(), 2);
        }),
        ("whether one is interrupted", &|state| {
            assert!(state.is_interrupted(&doc("chat")).unwrap());
        }),
        ("folding", &|state| {
            state.put_fold(&doc("chat"), &[2; 32], 9, 2, i64::MAX).unwrap();
            assert_eq!(state.unfolded(&doc("chat")).unwrap().len(), 0);
        }),
        ("the next number", &|state| {
            assert!(state.next_seq().unwrap() > 1);
        }),
        ("trimming", &|state| state.trim_log(0).unwrap()),
        ("how far the log goes", &|state| {
            assert_eq!(state.log_heads().unwrap().len(), 8);
        }),
        ("the last commands", &|state| {
            let last = state.history(0..i64::MAX, |_| true, Some(5)).unwrap();
            assert_eq!(last.len(), 5);
        }),
    ];
    for (what, run) in asked {
        let (short, long) = (steps(100, run), steps(5_000, run));
        assert!(long <= short + short / 10, "{what}: {short} steps, {long} in a long log");
    }
}

#[test]
fn the_log_goes_as_far_as_the_last_row_of_each_origin() {
    let commands = 100;
    let state = log_of(commands);
    let mut expected = Vec::new();
    for (at, name) in ["chat", "kanban"].into_iter().enumerate() {
        let rows = at as i64 * commands + 1..=(at as i64 + 1) * commands;
        let last = |of: &[i64]| rows.clone().filter(|seq| of.contains(&(seq % 5))).max().unwrap();
        expected.push((name, last(&[3, 4]), None));
        for (at, peer) in PEERS.into_iter().enumerate() {
            // An origin's own numbers fall as ours rise.
            let first = rows.clone().find(|seq| seq % 5 == at as i64).unwrap();
            expected.push((name, last(&[at as i64]), Some((peer.to_owned(), 1_000_000 - first))));
        }
    }
    let expected = expected.into_iter().map(|(name, seq, origin)| (doc(name), seq, origin));
    let expected: Vec<_> = expected.collect();
    for without in ["", "DROP INDEX log_by_origin; DROP INDEX log_by_origin_seq"] {
        // A reader uses the tables of the version before as they are.
        state.db.execute_batch(without).unwrap();
        let heads = state.log_heads().unwrap().into_iter();
        let heads = heads.map(|LogHead { doc, seq, origin }| (doc, seq, origin));
        assert_eq!(heads.collect::<Vec<_>>(), expected, "{without}");
    }
}

#[test]
fn the_log_stays_below_its_limit_whatever_was_measured_before() {
    let state = State::in_memory().unwrap();
    state.begin(Duration::ZERO).unwrap();
    let chat = doc("chat");
    state.put_own_clock(&chat, 7, 1, None).unwrap();
    // The first number and the bytes.
    let kept = || -> (i64, u64) {
        let sql = "SELECT min(seq), sum(length(update_v1)) FROM log";
        state.db.query_row(sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64))).unwrap()
    };
    let longest = 6 << 20;
    let bytes = vec![0; longest];
    for seq in 1..=60 {
        let update = bytes.get(..longest - ((seq as usize * 37 % 11) << 19)).unwrap();
        state.append(&NewRow { update, ..row(&chat, seq, None) }).unwrap();
        state.put_fold(&chat, &[1; 32], 9, 1, seq).unwrap();
        let (first, before) = kept();
        state.trim_log(0).unwrap();
        let (oldest, after) = kept();
        assert!(after <= limits::LOG_BYTES, "{seq}: {after} bytes");
        // No more is removed than has to be.
        assert_eq!(first == oldest, before <= limits::LOG_BYTES, "{seq}");
        assert!(first == oldest || after + longest as u64 > limits::LOG_BYTES, "{seq}: {after}");
    }
    assert!(kept().0 > 1);
    let known = state.setting("log.measured").unwrap();
    assert!(known.is_some());
    // What another program, or an older version, did to the log in the meantime.
    for damage in ["", "1", "x y", "9999999 1", "1 -5", "0 0", "149 1"] {
        state.set_setting("log.measured", Some(damage)).unwrap();
        state.trim_log(0).unwrap();
        assert!(kept().1 <= limits::LOG_BYTES);
    }
}

#[test]
fn an_empty_log_goes_nowhere() {
    let state = State::in_memory().unwrap();
    state.begin(Duration::ZERO).unwrap();
    assert!(state.log_heads().unwrap().is_empty());
    assert!(state.history(i64::MIN..i64::MAX, |_| true, Some(5)).unwrap().is_empty());
}

#[test]
fn history_keeps_whole_commands_in_order() {
    let state = log_of(10);
    let seqs = |only: &str, limit| -> Vec<i64> {
        let only = doc(only);
        let rows = state.history(5..19, |doc| *doc == only, limit).unwrap();
        rows.into_iter().map(|entry| entry.seq).collect()
    };
    assert_eq!(seqs("chat", None), [5, 6, 7, 8, 9, 10]);
    assert_eq!(seqs("chat", Some(2)), [9, 10]);
    assert_eq!(seqs("kanban", Some(3)), [16, 17, 18]);
    assert_eq!(seqs("kanban", Some(0)), [] as [i64; 0]);
    // A command that changed two documents counts once.
    state.append(&row(&doc("chat"), 20, None)).unwrap();
    let last = state.history(0..i64::MAX, |_| true, Some(1)).unwrap();
    let last: Vec<_> = last.iter().map(|entry| (entry.seq, entry.doc.clone())).collect();
    assert_eq!(last, [(20, doc("chat")), (20, doc("kanban"))]);
}

/// Looking for a row in a table WITHOUT ROWID reads all of each row that it is compared with.
#[test]
fn tables_whose_rows_can_be_long_have_row_ids() {
    let state = log_of(1);
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr ORDER BY name";
    let without: Vec<String> = state.all(sql, params![], |row| row.get(0)).unwrap();
    let short =
        ["applied", "canvas_clock", "canvas_handed", "disk_begun", "disk_directory", "setting"];
    assert_eq!(without, short);
}

#[test]
fn what_an_older_version_knew_of_the_files_of_disks_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("crdtctl.db");
    State::make_older(&path, 21);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute(
        "INSERT INTO disk_file (doc_id, file, path, blake3, text, executable) VALUES
         ('group:ocean:disk', 'b', 'notes.txt', 'hash', 'long', 1),
         ('group:ocean:disk', 'a', 'picture', 'other', NULL, 0)",
        params![],
    )
    .unwrap();
    let read = || State::open_for_reading(&path, Duration::ZERO).unwrap().unwrap();
    let files = |state: &State| state.written_files(&doc("disk")).unwrap();
    let before = files(&read());
    let texts = before.iter().map(|file| (file.file.as_str(), file.text.as_deref()));
    assert_eq!(texts.collect::<Vec<_>>(), [("a", None), ("b", Some("long"))]);
    drop(db);
    let state = State::open_for_writing(&path, Duration::ZERO).unwrap();
    state.begin(Duration::ZERO).unwrap();
    assert_eq!(files(&state), before);
    state.commit().unwrap();
    assert_eq!(files(&read()), before);
}

#[test]
fn what_was_read_is_written_through_the_same_connection_unless_the_file_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let [path, other] = ["one.db", "other.db"].map(|name| dir.path().join(name));
    for path in [&path, &other] {
        let state = State::open_for_writing(path, Duration::ZERO).unwrap();
        state.begin(Duration::ZERO).unwrap();
        state.commit().unwrap();
    }
    let read = || State::open_for_reading(&path, Duration::ZERO).unwrap().unwrap();
    let log_end = |path: &Path| {
        let state = State::open_for_reading(path, Duration::ZERO).unwrap().unwrap();
        state.log_end().unwrap()
    };

    // What is read before and after, and what is written, is in one file.
    let (first, doc) = (read(), doc("chat"));
    assert_eq!(first.log_end().unwrap(), 0);
    let writer = first.into_writer(&path, Duration::ZERO).unwrap();
    writer.begin(Duration::ZERO).unwrap();
    writer.put_own_clock(&doc, 7, 1, None).unwrap();
    writer.append(&row(&doc, 1, None)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(log_end(&path), 1);

    // A file put in its place, or a link, is not the one that was read.
    let replaced = read();
    std::fs::rename(&path, dir.path().join("old.db")).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert!(replaced.into_writer(&path, Duration::ZERO).is_none());
    assert_eq!([log_end(&path), log_end(&dir.path().join("old.db"))], [0, 1]);
    #[cfg(unix)]
    {
        let linked = read();
        std::fs::rename(&path, &other).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(linked.into_writer(&path, Duration::ZERO).is_none());
    }
    assert!(State::in_memory().unwrap().into_writer(&path, Duration::ZERO).is_none());
}
