//! Processes that end unexpectedly.
//!
//! The model: SIGKILL stops a process between two system calls, and what it has written so far stays. The
//! commit is one of those calls; before it nothing of a command may be visible, after it all of it, in every
//! document. A full or broken disk fails a call instead, and the process survives to report it. Power cuts,
//! which also lose unsynced writes, are in [`super::power`].

use super::support::{Machine, Run, Store, copy_tree, environment, text};
use super::world::{checked, put_back};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::gate;
use crdtctl::sample::Chance;
use crdtctl::store;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A store opened by the library for inspection; it has no place for leases, so nothing is written.
pub fn looked_at(store: &Store<'_>) -> store::Store {
    let environment = environment(None, "nothing is written", store.machine.now());
    store::Store::open_with(&store.dir, Rc::new(environment)).expect("a store")
}

const GROUP: &str = "group:ocean-forest-moon-star";
const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const COMMANDS: usize = 200;
const SIGKILL: i32 = 9;

/// The content of a store as the next program sees it: every document decodes, and could be stored as it is.
#[derive(Debug, Default, PartialEq, Clone)]
pub(super) struct Content {
    members: Vec<String>,
    /// By id: the text; `None` for a deleted one.
    messages: BTreeMap<String, Option<String>>,
}

impl Content {
    pub fn of(store: &Store<'_>) -> Content {
        let opened = looked_at(store);
        let reader = opened.reader().expect("a reader");
        let mut content = Content::default();
        for document in reader.documents().expect("the documents") {
            let bytes = reader.bytes(&document.id).expect("a readable document").expect("a state");
            gate::storable(&bytes).unwrap_or_else(|fault| panic!("{}: {fault}", document.id));
            let view = View::of(&checked(&bytes));
            content.members.extend(view.keys(&["members"]));
            for id in view.keys(&["messages"]) {
                let deleted = view.flag(&["messages", &id, "deleted"]);
                let text = view.text(&["messages", &id, "content"]).filter(|_| !deleted);
                content.messages.insert(id, text);
            }
        }
        content
    }

    /// Removes a message with this text, as if it had not been sent.
    pub fn forget(&mut self, text: &str) {
        self.messages.retain(|_, of| of.as_deref() != Some(text));
    }

    fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = self.messages.values().flatten().map(String::as_str).collect();
        texts.sort_unstable();
        texts
    }
}

pub(super) fn founded<'m>(machine: &'m Machine) -> Store<'m> {
    let store = machine.store("store", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    store.ok(&["member", "add", BOB]);
    store
}

pub(super) fn prepared(store: &Store<'_>, args: &[&str]) -> Command {
    let dir = text(&store.dir);
    let mut command = store.machine.command(&[&["--store", dir.as_str()], args].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a command so that it can be interrupted: a shell's background process inherits an ignored SIGINT,
/// and so does everything that the tests start there.
fn interruptible(command: Command) -> Child {
    let mut within = Command::new("env");
    within.arg("--default-signal=INT,TERM").arg(command.get_program()).args(command.get_args());
    within.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    within.current_dir(command.get_current_dir().expect("a directory")).stdin(Stdio::null());
    within.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary, by env")
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.expect("the kill command").success());
}

/// What is known of one message after its commands: the texts it may have.
struct Expected {
    may_be: Vec<Option<String>>,
}

/// Two hundred commands, each killed after a random time: whatever reported success is done, whatever was
/// killed is done or not, and nothing is done twice or partly.
#[test]
fn two_hundred_commands_killed_at_random_moments() {
    let machine = Machine::new("killed");
    let store = founded(&machine);
    let mut chance = Chance::new(2026);
    // A command's duration here plus some margin: kills must fall before, into and after it.
    let begun = Instant::now();
    store.ok(&["chat", "send", "the first"]);
    let mut span = begun.elapsed().max(Duration::from_millis(20)).mul_f64(1.5);
    let first = Content::of(&store).messages.keys().next().cloned().expect("a message");
    let mut expected: BTreeMap<String, Expected> = BTreeMap::new();
    expected.insert(first, Expected { may_be: vec![Some("the first".to_owned())] });
    // Texts of killed sends: each may be there at most once.
    let mut doubtful: Vec<String> = Vec::new();
    let mut ends = [0usize; 2];
    for number in 0..COMMANDS {
        let known: Vec<String> = expected.keys().cloned().collect();
        let message = chance.pick(&known).cloned().expect("a message");
        let new = format!("text {number}");
        let lot = chance.below(10);
        let args: Vec<&str> = match lot {
            0..6 => vec!["chat", "send", &new],
            6..8 => vec!["chat", "edit", &message, &new],
            _ => vec!["chat", "delete", &message],
        };
        let after = Duration::from_micros(chance.below(span.as_micros() as u64));
        let name =
            ["KILL", "KILL", "KILL", "INT", "TERM"][usize::try_from(chance.below(5)).unwrap_or(0)];
        let run = killed_after(prepared(&store, &args), after, name);
        let done = run.code == 0;
        ends[usize::from(done)] += 1;
        // Whatever else this machine does: about half of them should finish.
        span = span.mul_f64(if done { 0.95 } else { 1.05 });
        let told = (done || lot >= 6, lot);
        match told {
            (true, 0..6) => {
                let id = run.stdout.trim().to_owned();
                expected.insert(id, Expected { may_be: vec![Some(new)] });
            }
            (true, _) => {
                let refused = run.code == 1;
                assert!(!refused || expected[&message].may_be.contains(&None), "{run:?}");
                let text = if lot < 8 { Some(new) } else { None };
                let known = &mut expected.get_mut(&message).expect("a message").may_be;
                match (done, refused) {
                    (true, _) => *known = vec![text],
                    // A deleted message cannot be edited.
                    (false, true) => *known = vec![None],
                    (false, false) => known.push(text),
                }
            }
            _ => doubtful.push(new),
        }
        // Every other time the next command is the first to see the crash.
        if number % 2 == 0 {
            compare(&Content::of(&store), &expected, &doubtful);
        }
    }
    assert!(ends[0] > 20 && ends[1] > 20, "killed {}, finished {}", ends[0], ends[1]);
    compare(&Content::of(&store), &expected, &doubtful);
    another_replica_agrees(&machine, &store);
}

fn killed_after(mut command: Command, after: Duration, name: &str) -> Run {
    let child = command.spawn().expect("the binary starts");
    // The point at which the kill strikes is what is random here; the sleep waits for nothing.
    std::thread::sleep(after);
    signal(&child, name);
    ended(child)
}

pub(super) fn ended(child: Child) -> Run {
    let output = child.wait_with_output().expect("the binary ends");
    Run::of(&output, "killed")
}

fn compare(content: &Content, expected: &BTreeMap<String, Expected>, doubtful: &[String]) {
    for (id, Expected { may_be }) in expected {
        let found = content.messages.get(id).cloned().flatten();
        assert!(may_be.contains(&found), "{id} is {found:?}, not one of {may_be:?}");
    }
    let unknown: Vec<&String> = content
        .messages
        .iter()
        .filter(|(id, _)| !expected.contains_key(*id))
        .filter_map(|(_, text)| text.as_ref())
        .collect();
    for text in &unknown {
        assert!(doubtful.contains(text), "nobody sent {text:?}");
        let times = unknown.iter().filter(|other| other == &text).count();
        assert_eq!(times, 1, "{text:?} is there {times} times");
    }
}

fn another_replica_agrees(machine: &Machine, store: &Store<'_>) {
    let bob = machine.store("bob", BOB);
    let bundle = text(&machine.path("all.crdt"));
    store.ok(&["sync", "export", "-O", &bundle]);
    bob.ok(&["sync", "import", &bundle]);
    bob.ok(&["sync", "export", "-O", &bundle]);
    store.ok(&["sync", "import", &bundle]);
    store.ok(&["sync", "export", "-O", &bundle]);
    bob.ok(&["sync", "import", &bundle]);
    assert_eq!(store.ok(&["digest"]), bob.ok(&["digest"]));
}

/// A machine that can be reset to an earlier state, store and leases both.
pub(super) struct Rewind<'m> {
    pub store: Store<'m>,
    saved: [(PathBuf, PathBuf); 2],
}

impl<'m> Rewind<'m> {
    pub fn new(store: Store<'m>) -> Self {
        let machine = store.machine;
        let saved = [
            (store.dir.clone(), machine.path("saved-store")),
            (machine.path("state"), machine.path("saved-state")),
        ];
        for (live, copy) in &saved {
            copy_tree(live, copy);
        }
        Rewind { store, saved }
    }

    pub fn rewind(&self) {
        for (live, copy) in &self.saved {
            put_back(copy, live);
        }
    }
}

/// The system calls that change something on a disk.
pub(super) const WRITES: &str = "write,pwrite64,fsync,fdatasync,ftruncate,rename,unlink,mkdir";

/// A prepared command under strace with these options. Its output is kept.
pub(super) fn under_strace(plain: &Command, options: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]).args(options);
    strace.arg(plain.get_program()).args(plain.get_args()).env_clear();
    strace.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = plain.get_current_dir() {
        strace.current_dir(dir);
    }
    strace.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    strace
}

/// Runs the binary under strace, which breaks call number `at` of these; returns whether there was such a
/// call, and `None` without strace.
pub(super) fn broken_at(
    store: &Store<'_>,
    args: &[&str],
    calls: &str,
    fault: &str,
    at: usize,
) -> Option<(Run, bool)> {
    let plain = prepared(store, args);
    let trace = store.machine.path("trace");
    let (to, traced) = (text(&trace), format!("trace={calls}"));
    let inject = format!("inject={calls}:{fault}:when={at}");
    match under_strace(&plain, &["-o", &to, "-e", &traced, "-e", &inject]).spawn() {
        Ok(child) => {
            let run = ended(child);
            let trace = std::fs::read_to_string(&trace).expect("the trace");
            let broken = trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL");
            Some((run, broken))
        }
        Err(_) => {
            eprintln!("skipped: there is no strace here");
            None
        }
    }
}

/// Breaks a command at each of its calls in turn, until there are no more. After each, all of it or none of
/// it has happened, in every document; it has happened if it said so; and the next command finds a good
/// store.
fn sweep(store: Store<'_>, args: &[&str], calls: &str, fault: &str, codes: &[i32]) {
    let rewind = Rewind::new(store);
    let store = &rewind.store;
    let before = Content::of(store);
    store.run(args).ok();
    let after = shape(&Content::of(store));
    assert_ne!(shape(&before), after);
    let (mut undone, mut done) = (0, 0);
    for broken in each_call(&rewind, args, calls, fault) {
        let Broken { run, what, number } = broken;
        assert!(run.code == 0 || codes.contains(&run.code), "{what}");
        // Every other time the next command is the first to see it.
        let found = (number % 2 == 0).then(|| Content::of(store));
        if let Some(found) = &found {
            assert!(*found == before || shape(found) == after, "{what}: half of it: {found:?}");
            assert!(run.code != 0 || shape(found) == after, "{what}: said to be done");
        }
        store.run(&["chat", "send", "the next command"]).ok();
        let mut last = Content::of(store);
        last.forget("the next command");
        let happened = shape(&last) == after;
        assert!(happened || last == before, "{what}: half of it, later: {last:?}");
        assert!(run.code != 0 || happened, "{what}: said to be done, and is not, later");
        *(if happened { &mut done } else { &mut undone }) += 1;
    }
    let tried = undone + done;
    assert!(tried == 0 || undone > 0 && done > 1, "{undone} before the commit, {done} after");
}

/// A command that was broken at a call.
struct Broken {
    run: Run,
    what: String,
    number: usize,
}

/// Breaks a command at each of its calls, resetting the store before each. strace counts each kind of call
/// separately, so each kind has its turn.
fn each_call<'r>(
    rewind: &'r Rewind<'_>,
    args: &'r [&str],
    calls: &'r str,
    fault: &'r str,
) -> impl Iterator<Item = Broken> + 'r {
    let one = move |call: &'r str, at: usize| {
        rewind.rewind();
        let (run, broken) = broken_at(&rewind.store, args, call, fault, at)?;
        let what = format!("{args:?}, {fault} at {call} {at}: {run:?}");
        assert!(broken || run.code == 0, "{what}: nothing was broken");
        broken.then_some(Broken { run, what, number: at })
    };
    calls.split(',').flat_map(move |call| (1..).map_while(move |at| one(call, at)))
}

/// Content without randomly generated ids.
pub(super) fn shape(content: &Content) -> (Vec<String>, Vec<String>) {
    let texts = content.texts().into_iter().map(str::to_owned).collect();
    (content.members.clone(), texts)
}

#[test]
fn a_command_killed_at_any_of_its_writes_has_happened_or_not() {
    let machine = Machine::new("killed at each call");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    sweep(store, &["chat", "send", "the second"], WRITES, "signal=KILL", &[-1, 128 + SIGKILL]);
}

/// An import changes two documents: both or neither have changed.
#[test]
fn an_import_killed_at_any_of_its_writes_has_happened_or_not() {
    let machine = Machine::new("import killed");
    let (store, bundle) = ready_to_import(&machine);
    let args = ["sync", "import", bundle.as_str()];
    sweep(store, &args, WRITES, "signal=KILL", &[-1, 128 + SIGKILL]);
}

/// What a killed command left is exported, and the store alone is reset to before it: whatever it writes then
/// must not reuse numbers that others have received.
#[test]
fn a_command_killed_at_any_of_its_writes_exported_and_put_back_forks_nothing() {
    let machine = Machine::new("killed, exported, put back");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    let rewind = Rewind::new(store);
    let store = &rewind.store;
    let bundle = text(&machine.path("abroad.crdt"));
    let (mut home, mut abroad) = (0, 0);
    for broken in each_call(&rewind, &["chat", "send", "the second"], WRITES, "signal=KILL") {
        store.ok(&["sync", "export", "-O", &bundle]);
        put_back(&rewind.saved[0].1, &rewind.saved[0].0);
        machine.pass(60);
        store.ok(&["chat", "send", "another second"]);
        let run = store.run(&["sync", "import", &bundle]);
        assert_eq!(run.code, 0, "{}: {run:?}", broken.what);
        let content = Content::of(store);
        let texts = content.texts();
        assert!(texts.contains(&"another second"), "{}: {texts:?}", broken.what);
        let was_abroad = texts.contains(&"the second");
        *(if was_abroad { &mut abroad } else { &mut home }) += 1;
    }
    let tried = home + abroad;
    assert!(tried == 0 || home > 0 && abroad > 1, "{home} at home, {abroad} abroad");
}

pub(super) fn ready_to_import(machine: &Machine) -> (Store<'_>, String) {
    let store = founded(machine);
    store.ok(&["chat", "send", "from alice"]);
    let bundle = text(&machine.path("bob.crdt"));
    store.ok(&["sync", "export", "-O", &bundle]);
    let bob = machine.store("bob", BOB);
    bob.ok(&["sync", "import", &bundle]);
    bob.ok(&["--as", ALICE, "member", "add", "carol-sun-wind-rain"]);
    bob.ok(&["chat", "send", "from bob"]);
    bob.ok(&["sync", "export", "-O", &bundle]);
    (store, bundle)
}

#[test]
fn a_full_disk_fails_the_command_and_harms_nothing() {
    let machine = Machine::new("full disk");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    sweep(store, &["chat", "send", "the second"], "write,pwrite64", "error=ENOSPC", &[74]);
}

#[test]
fn a_disk_that_cannot_be_waited_for_fails_the_command_and_harms_nothing() {
    let machine = Machine::new("broken disk");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    sweep(store, &["chat", "send", "the second"], "fsync,rename,ftruncate", "error=EIO", &[74]);
}

/// SIGINT while a command waits for the lock, so certainly before its commit.
#[test]
fn an_interrupted_command_leaves_nothing() {
    let machine = Machine::new("interrupted");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    for name in ["INT", "TERM"] {
        let other =
            rusqlite::Connection::open(store.dir.join("crdtctl.db")).expect("the local state");
        other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
        let before = Content::of(&store);
        let child = interruptible(prepared(&store, &["chat", "send", "never sent"]));
        // Another command that waits and gives up serves as a timer.
        store.run(&["chat", "send", "no", "--lock-wait", "300ms"]).exits(8);
        signal(&child, name);
        let run = ended(child);
        // 130 by itself, or ended by the signal, which shells report as 130.
        assert!([130, 143, -1].contains(&run.code), "{run:?}");
        assert_eq!(run.stdout, "");
        drop(other);
        assert_eq!(Content::of(&store), before);
    }
    store.ok(&["chat", "send", "the second"]);
    assert_eq!(Content::of(&store).texts(), ["the first", "the second"]);
}
