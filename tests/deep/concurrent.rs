//! Many processes on one store: each write happens once, one after the other.

use super::support::{Machine, Store};
use super::world::checked;
use crdtctl::gate;
use crdtctl::id::DocId;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

const GROUP: &str = "group:ocean-forest-moon-star";
const WRITERS: usize = 8;
const MESSAGES: usize = 50;

#[test]
fn eight_processes_send_fifty_messages_each() {
    let machine = Machine::new("concurrent");
    let store = machine.store("store", "alice-river-stone-sky");
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    // Machines count their runs and cannot be shared between threads: commands are prepared here.
    let prepared: Vec<Vec<_>> = (0..WRITERS)
        .map(|writer| (0..MESSAGES).map(|number| send(&store, writer, number)).collect())
        .collect();
    let mut list =
        machine.command(&["--store", &super::support::text(&store.dir), "chat", "list", "--json"]);
    let done = AtomicBool::new(false);
    let ids: Vec<String> = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            // A reader sees every message that was ever seen before, and is never refused.
            let (mut seen, mut reads) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let output = list.output().expect("the binary runs");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                let now = parsed(&output.stdout).as_array().expect("a list").len();
                assert!(now >= seen, "{now} messages after {seen}");
                (seen, reads) = (now, reads + 1);
            }
            reads
        });
        let writers: Vec<_> = prepared
            .into_iter()
            .map(|commands| scope.spawn(|| commands.into_iter().map(run).collect::<Vec<_>>()))
            .collect();
        let ids = writers.into_iter().map(|writer| writer.join()).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        assert!(reading.join().expect("a reader without fault") > 0);
        ids.into_iter().flat_map(|ids| ids.expect("a writer without fault")).collect()
    });

    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), WRITERS * MESSAGES);
    let list = store.json(&["chat", "list"]);
    let mut texts: Vec<&str> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| m["content"].as_str().expect("a text"))
        .collect();
    texts.sort_unstable();
    let mut wanted: Vec<String> =
        (0..WRITERS).flat_map(|w| (0..MESSAGES).map(move |n| text(w, n))).collect();
    wanted.sort_unstable();
    assert_eq!(texts, wanted);
    one_client_wrote_it_all(&store);
}

fn text(writer: usize, number: usize) -> String {
    format!("message {number} of {writer}")
}

fn send(store: &Store<'_>, writer: usize, number: usize) -> std::process::Command {
    let dir = super::support::text(&store.dir);
    let text = text(writer, number);
    // A busy machine may be slow, and this test is not about waiting.
    store.machine.command(&["--store", &dir, "chat", "send", &text, "--lock-wait", "120s"])
}

fn run(mut command: std::process::Command) -> String {
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

fn parsed(stdout: &[u8]) -> serde_json::Value {
    serde_json::from_slice(stdout).expect("JSON")
}

/// The lease passed from process to process: one client id, whose blocks follow one another.
fn one_client_wrote_it_all(store: &Store<'_>) {
    let chat = DocId::parse(&format!("{GROUP}:chat")).expect("a document id");
    let path = store.dir.join("crdt").join("group").join(format!("{}.yrs", chat.file_stem()));
    let bytes = std::fs::read(path).expect("the document's file");
    gate::storable(&bytes).expect("a state without gaps");
    assert_eq!(checked(&bytes).version().clocks.len(), 1);
}
