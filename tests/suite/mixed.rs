//! A store that the real application writes, too: at the same time, from memory, with the code of its guide.

use crate::application::Application;
use crate::support::{ALICE, BOB, CAROL, Machine, START, Store, text};
use serde_json::{Value, json};

const CORE: &str = "group:ocean-forest-moon-star:core";
const CHAT: &str = "group:ocean-forest-moon-star:chat";
const DAY: i64 = 86_400;
/// yrs shows what the higher client id wrote. Ours has 32 bits, a genesis more than 48.
const CLIENTS: [u64; 3] = [7, (1 << 31) + 7, (1 << 52) + 7];

fn running(store: &Store<'_>, client: u64, doc: &str) -> Application {
    Application::open(client, &std::fs::read(store.document(doc)).unwrap())
}

/// The application saves its document.
fn save(application: &Application, store: &Store<'_>, doc: &str) {
    std::fs::write(store.document(doc), application.save()).unwrap();
}

fn import(store: &Store<'_>, doc: &str, update: &[u8]) -> Value {
    let file = store.machine.path("update.yrs");
    std::fs::write(&file, update).unwrap();
    store.json(&["sync", "import", "--raw", doc, &text(&file)])
}

fn exchange(stores: &[&Store<'_>]) {
    for from in stores {
        let bundle = text(&from.machine.path("bundle"));
        from.ok(&["sync", "export", "-O", &bundle]);
        for to in stores.iter().filter(|to| to.dir != from.dir) {
            to.ok(&["sync", "import", &bundle]);
        }
    }
}

/// Everybody has received everything, and nothing more is written.
fn settled(stores: &[&Store<'_>]) {
    exchange(stores);
    exchange(stores);
    let ends = |store: &&Store<'_>| {
        let log = store.json(&["log"]);
        (log.as_array().unwrap().len(), store.ok(&["digest"]))
    };
    let before: Vec<_> = stores.iter().map(ends).collect();
    exchange(stores);
    let after: Vec<_> = stores.iter().map(ends).collect();
    assert_eq!(before, after, "there is no rest");
    assert!(after.iter().all(|(_, digest)| *digest == after[0].1), "{after:?}");
}

fn replies(store: &Store<'_>, message: &str) -> Vec<String> {
    let thread = store.json(&["chat", "thread", message]);
    let rows = thread["replies"].as_array().or(thread.as_array()).unwrap().clone();
    let mut texts: Vec<String> =
        rows.iter().map(|row| row["content"].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

fn is_member(store: &Store<'_>, member: &str) -> bool {
    let list = store.json(&["member", "list"]);
    list.as_array().unwrap().iter().any(|row| row["member_id"] == member)
}

fn clean(store: &Store<'_>) {
    // What an application caches is a register of its own, and never trusted (rule R5).
    let findings = store.run(&["check", "--json"]).parsed();
    let findings = findings["findings"].as_array().or(findings.as_array()).unwrap().clone();
    let wrong: Vec<_> = findings.iter().filter(|f| f["kind"] != "wrong-cache").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn losers(store: &Store<'_>) -> Vec<Value> {
    let list = store.json(&["conflict", "list"]);
    list.as_array().unwrap().iter().map(|row| row["loser"].clone()).collect()
}

/// Alice's store and Bob's, with one message in it.
fn two<'m>(machine: &'m Machine) -> (Store<'m>, Store<'m>, String) {
    let alice = machine.group("alice", &[BOB]);
    let message = alice.ok(&["chat", "send", "hello"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    (alice, bob, message)
}

#[test]
fn replies_of_the_application_and_ours_at_once_are_in_one_thread() {
    for client in CLIENTS {
        let machine = Machine::new("replies at once");
        let (alice, bob, message) = two(&machine);
        let application = running(&bob, client, CHAT);
        application.reply(&message, "r-app", BOB, "from the application", machine.now());
        application.react(Some(&message), "r-app", "👍", BOB);
        alice.ok(&["chat", "send", "from crdtctl", "--reply-to", &message]);
        let imported = import(&alice, CHAT, &application.save());
        assert_eq!(imported["documents"][0]["pruned"], 0, "{imported}");
        assert_eq!(imported["documents"][0]["added"], 1, "{imported}");
        let all = ["from crdtctl", "from the application"];
        assert_eq!(replies(&alice, &message), all, "client {client}");
        import(&bob, CHAT, &application.save());
        settled(&[&alice, &bob]);
        assert_eq!(replies(&bob, &message), all);
        assert_eq!(losers(&alice), Vec::<Value>::new());

        // It continues in its own thread, and then receives ours.
        application.edit(Some(&message), "r-app", "edited", machine.now() + 60);
        application.reply(&message, "r-app-2", BOB, "one more", machine.now() + 60);
        import(&alice, CHAT, &application.save());
        assert_eq!(replies(&alice, &message), ["edited", "from crdtctl", "one more"]);
        settled(&[&alice, &bob]);
        let file = std::fs::read(alice.document(CHAT)).unwrap();
        application.apply(&file);
        save(&application, &bob, CHAT);
        settled(&[&alice, &bob]);
        assert_eq!(replies(&bob, &message), ["edited", "from crdtctl", "one more"]);
        clean(&alice);
    }
}

#[test]
fn a_pruned_reply_does_not_come_back_out_of_the_applications_thread() {
    let machine = Machine::new("pruned reply");
    let (alice, bob, message) = two(&machine);
    let application = running(&bob, 7, CHAT);
    application.reply(&message, "r-app", BOB, "from the application", machine.now());
    alice.ok(&["chat", "send", "from crdtctl", "--reply-to", &message]);
    let old = application.save();
    import(&alice, CHAT, &old);
    settled(&[&alice, &bob]);
    machine.pass(60);
    alice.ok(&["chat", "delete", "r-app"]);
    settled(&[&alice, &bob]);
    import(&alice, CHAT, &old);
    application.edit(Some(&message), "r-app", "too late", machine.now());
    import(&alice, CHAT, &application.save());
    save(&application, &bob, CHAT);
    settled(&[&alice, &bob]);
    assert_eq!(replies(&bob, &message), ["from crdtctl"]);
    assert!(losers(&alice).iter().any(|lost| *lost == "too late"), "{:?}", losers(&alice));
}

#[test]
fn a_member_whom_the_application_added_and_removed_is_removed() {
    for client in CLIENTS {
        let machine = Machine::new("added and removed");
        let (alice, bob, _) = two(&machine);
        let application = running(&bob, client, CORE);
        application.add_member(CAROL, "member", machine.now());
        machine.pass(60);
        application.remove_member(CAROL, ALICE, machine.now());
        alice.ok(&["member", "add", CAROL]);
        import(&alice, CORE, &application.save());
        assert!(!is_member(&alice, CAROL), "client {client}");
        save(&application, &bob, CORE);
        settled(&[&alice, &bob]);
        assert!(!is_member(&bob, CAROL));
        clean(&alice);
    }
}

#[test]
fn the_later_removal_wins_over_a_concurrent_re_add_and_the_earlier_does_not() {
    for (removed, stays) in [(4, false), (3, false), (2, true)] {
        let machine = Machine::new("re-add");
        let (alice, bob, _) = two(&machine);
        alice.ok(&["member", "add", CAROL]);
        settled(&[&alice, &bob]);
        let start = machine.now();
        machine.pass(2 * DAY);
        alice.ok(&["member", "remove", CAROL]);
        machine.pass(DAY);
        alice.ok(&["member", "add", CAROL, "--role", "admin"]);
        machine.pass(start + removed * DAY - machine.now());
        bob.run(&["member", "remove", CAROL, "--as", ALICE]).ok();
        machine.pass(start + 5 * DAY - machine.now());
        settled(&[&alice, &bob]);
        assert_eq!(is_member(&alice, CAROL), stays, "removed on day {removed}");
        assert_eq!(is_member(&bob, CAROL), stays);
        // Removed again by whoever has seen all of it.
        machine.pass(DAY);
        alice.run(&["member", "add", CAROL]);
        settled(&[&alice, &bob]);
        assert!(is_member(&bob, CAROL));
    }
}

/// Decided by the time of the addition, whatever the application wrote to the member since.
#[test]
fn the_later_removal_wins_over_an_addition_of_the_application() {
    for client in CLIENTS {
        for (removed, stays) in [(3, false), (1, true)] {
            let machine = Machine::new("added anew");
            let (alice, bob, _) = two(&machine);
            alice.ok(&["member", "add", CAROL]);
            settled(&[&alice, &bob]);
            let application = running(&bob, client, CORE);
            let start = machine.now();
            application.add_member(CAROL, "member", start + 2 * DAY);
            application.set_role(CAROL, "member", start + 4 * DAY);
            machine.pass(removed * DAY);
            alice.ok(&["member", "remove", CAROL]);
            machine.pass(start + 5 * DAY - machine.now());
            save(&application, &bob, CORE);
            settled(&[&alice, &bob]);
            assert_eq!(is_member(&alice, CAROL), stays, "client {client}, day {removed}");
            assert_eq!(is_member(&bob, CAROL), stays, "client {client}, day {removed}");
        }
    }
}

#[test]
fn a_file_from_memory_is_taken_in_by_the_rules_of_an_import() {
    for client in CLIENTS {
        let machine = Machine::new("from memory");
        let (alice, bob, message) = two(&machine);
        let application = running(&alice, client, CHAT);
        application.edit(None, &message, "of midnight", machine.now());
        machine.pass(DAY / 2);
        alice.ok(&["chat", "edit", &message, "of noon"]);
        save(&application, &alice, CHAT);
        machine.pass(60);
        let looked = alice.run(&["chat", "send", "another"]);
        assert!(looked.stderr.contains("another program had changed"), "{}", looked.stderr);
        assert!(looked.stderr.contains("conflict"), "{}", looked.stderr);
        let shown = alice.json(&["chat", "show", &message]);
        assert_eq!(shown["content"], "of noon", "client {client}");
        assert_eq!(losers(&alice), ["of midnight"]);
        let log = alice.json(&["log"]);
        let commands: Vec<&str> =
            log.as_array().unwrap().iter().filter_map(|row| row["command"].as_str()).collect();
        assert_eq!(commands[commands.len() - 2..], ["adopt", "chat send"]);
        settled(&[&alice, &bob]);
        assert_eq!(bob.json(&["chat", "show", &message])["content"], "of noon");
    }
}

/// The same after the application has received ours and chosen its own, by client id.
#[test]
fn what_the_application_chose_by_client_id_is_decided_by_time() {
    for client in CLIENTS {
        let machine = Machine::new("chosen");
        let (alice, bob, message) = two(&machine);
        let application = running(&alice, client, CHAT);
        application.edit(None, &message, "of midnight", machine.now());
        machine.pass(DAY / 2);
        alice.ok(&["chat", "edit", &message, "of noon"]);
        application.apply(&std::fs::read(alice.document(CHAT)).unwrap());
        save(&application, &alice, CHAT);
        machine.pass(60);
        alice.ok(&["chat", "send", "another"]);
        settled(&[&alice, &bob]);
        for store in [&alice, &bob] {
            let shown = store.json(&["chat", "show", &message]);
            assert_eq!(shown["content"], "of noon", "client {client}");
        }
    }
}

#[test]
fn a_first_reaction_is_not_lost_to_a_file_from_memory() {
    for client in CLIENTS {
        for ours_first in [true, false] {
            let machine = Machine::new("first reaction");
            let (alice, bob, _) = two(&machine);
            // A message of the application has no reactions until somebody gives one.
            let application = running(&alice, client, CHAT);
            application.send("of-the-application", BOB, "hello", machine.now());
            save(&application, &alice, CHAT);
            alice.ok(&["chat", "send", "so that it is taken in"]);
            if !ours_first {
                application.react(None, "of-the-application", "👍", BOB);
            }
            alice.ok(&["chat", "react", "of-the-application", "👍"]);
            if ours_first {
                application.react(None, "of-the-application", "👍", BOB);
            }
            save(&application, &alice, CHAT);
            alice.ok(&["chat", "send", "so that this is, too"]);
            settled(&[&alice, &bob]);
            let shown = bob.json(&["chat", "show", "of-the-application"]);
            let given = shown["reactions"]["👍"].as_array().unwrap();
            assert!(given.contains(&ALICE.into()) && given.contains(&BOB.into()), "{shown}");
        }
    }
}

#[test]
fn what_was_taken_in_stays_when_an_older_file_is_put_back() {
    let machine = Machine::new("put back");
    let (alice, _, message) = two(&machine);
    let application = running(&alice, 7, CHAT);
    let old = application.save();
    application.send("theirs", BOB, "from memory", machine.now());
    application.delete(None, &message, machine.now());
    save(&application, &alice, CHAT);
    alice.ok(&["chat", "send", "ours"]);
    std::fs::write(alice.document(CHAT), old).unwrap();
    alice.ok(&["chat", "send", "ours again"]);
    std::fs::remove_file(alice.document(CHAT)).unwrap();
    let list = alice.json(&["chat", "list"]);
    let mut texts: Vec<&str> =
        list.as_array().unwrap().iter().filter_map(|row| row["content"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["from memory", "ours", "ours again"]);
}

/// Commands that write nothing of their own take such a file in, too; a dry run does not.
/// The log reaches back 90 days. What it no longer has, and an older file does not have either, is missing.
#[test]
fn what_an_older_file_takes_away_for_good_is_not_said_to_be_kept() {
    let machine = Machine::new("older than the log");
    let store = machine.group("s", &[]);
    store.send("first");
    let old = std::fs::read(store.document(CHAT)).unwrap();
    store.send("second");
    machine.pass(100 * DAY);
    store.ok(&["issue", "open", "trims the log"]);
    std::fs::write(store.document(CHAT), old).unwrap();
    let run = store.run(&["chat", "send", "third"]);
    assert!(run.exits(0).stderr.contains("11 of our operations are missing"), "{}", run.stderr);
    assert!(!run.stderr.contains("ours are kept"), "{}", run.stderr);
    assert_eq!(store.column(&["chat", "list"], "content"), ["first", "third"]);
}

#[test]
fn any_session_takes_the_file_in_and_a_dry_run_does_not() {
    let commands: [&[&str]; 3] =
        [&["prune"], &["sync", "import", "bundle"], &["chat", "react", "MESSAGE", "👍"]];
    for args in commands {
        let machine = Machine::new("any session");
        let (alice, bob, message) = two(&machine);
        alice.ok(&["chat", "react", &message, "👍"]);
        bob.ok(&["sync", "export", "-O", "bundle"]);
        let application = running(&alice, 7, CHAT);
        application.send("theirs", BOB, "from memory", machine.now());
        save(&application, &alice, CHAT);
        let before = std::fs::read(alice.document(CHAT)).unwrap();
        let args: Vec<&str> =
            args.iter().map(|arg| if *arg == "MESSAGE" { &message } else { *arg }).collect();
        alice.ok(&[&args[..], &["-n"]].concat());
        assert_eq!(std::fs::read(alice.document(CHAT)).unwrap(), before, "{args:?}");
        alice.ok(&args);
        let log = alice.json(&["log"]);
        let adopts = |row: &&Value| row["command"] == "adopt";
        assert_eq!(log.as_array().unwrap().iter().filter(adopts).count(), 1, "{args:?}: {log}");
        alice.ok(&args);
        let again = alice.json(&["log"]);
        assert_eq!(log, again, "{args:?}: taken in twice");
        clean(&alice);
    }
}

/// The first reaction on each of two replicas makes an array of its own; what is added to the one that lost
/// is no loss: whoever still shows it brings it over.
#[test]
fn a_reaction_that_is_united_is_no_loss() {
    for seed in ["a", "b", "c", "d"] {
        let machine = Machine::new(&format!("united {seed}"));
        let alice = machine.group("alice", &[BOB, CAROL]);
        let message = alice.send("hello");
        let bob = machine.replica_of(&alice, "bob", BOB);
        let carol = machine.replica_of(&alice, "carol", CAROL);
        let hear = |from: &Store<'_>, to: &Store<'_>, member: &str| {
            let bundle = text(&machine.path("news.crdt"));
            from.ok(&["sync", "export", "--for", member, "-O", &bundle]);
            to.ok(&["sync", "import", &bundle]);
        };
        carol.give(&alice);
        alice.ok(&["chat", "react", &message, "👍"]);
        bob.ok(&["chat", "react", &message, "👍"]);
        hear(&alice, &carol, CAROL);
        carol.ok(&["sync", "receipt", "-O", "receipt"]);
        alice.ok(&["sync", "import", "receipt"]);
        bob.give(&carol);
        alice.ok(&["chat", "react", &message, "👍", "--as", CAROL]);
        hear(&alice, &carol, CAROL);
        assert_eq!(losers(&carol), Vec::<Value>::new(), "{seed}");
        settled(&[&alice, &bob, &carol]);
        for store in [&alice, &bob, &carol] {
            assert_eq!(losers(store), Vec::<Value>::new(), "{seed}");
            let shown = store.json(&["chat", "show", &message]);
            let mut given = shown["reactions"]["👍"].as_array().unwrap().clone();
            given.sort_by_key(ToString::to_string);
            assert_eq!(given, [ALICE, BOB, CAROL], "{seed}");
        }
    }
}

/// The application removes records by itself.
#[test]
fn what_a_file_from_memory_has_removed_is_in_the_trash() {
    // The second time the log no longer reaches back to the beginning.
    for days in [0, 91] {
        let machine = Machine::new("removed in memory");
        let (alice, _, _) = two(&machine);
        machine.pass(days * DAY);
        let message = alice.send("removed by the application");
        let application = running(&alice, 7, CHAT);
        application.change(|txn| {
            use yrs::{Map, WriteTxn};
            txn.get_or_insert_map("messages").remove(txn, &message);
        });
        machine.pass(60);
        save(&application, &alice, CHAT);
        let looks = alice.run(&["chat", "send", "looks"]);
        let said = "1 record is gone for good (`crdtctl trash list` has it)";
        assert!(looks.exits(0).stderr.contains(said), "{}", looks.stderr);
        assert_eq!(alice.json(&["trash", "list"]).as_array().unwrap().len(), 1, "{days}");
        let kept = alice.json(&["trash", "show", &message]);
        assert_eq!(kept["why"], "peer", "{days}");
        assert_eq!(kept["record"]["content"], "removed by the application", "{days}");
        alice.ok(&["trash", "restore", &message]);
        let texts = alice.column(&["chat", "list"], "content");
        assert!(texts.contains(&"removed by the application".to_owned()), "{texts:?}");
        alice.send("looks again");
        assert_eq!(alice.json(&["trash", "list"]).as_array().unwrap().len(), 1, "{days}");
    }
}

#[test]
fn replies_written_as_plain_values_can_be_read() {
    let machine = Machine::new("plain replies");
    let (alice, _, _) = two(&machine);
    let message = alice.send("a message");
    let application = running(&alice, 7, CHAT);
    let reply = |n: u32, content: &str| {
        application.change(|txn| {
            use yrs::{Map, WriteTxn};
            let replies: std::collections::HashMap<String, yrs::Any> = (1..=n)
                .map(|n| {
                    let id = format!("0000000{n}-0000-4000-8000-000000000000");
                    let reply = json!({
                        "id": id, "author_id": BOB, "content": content, "created_at": START + i64::from(n)
                    });
                    (id, yrs::Any::from_json(&reply.to_string()).unwrap())
                })
                .collect();
            let thread = yrs::Any::from(std::collections::HashMap::from([(
                "replies".to_owned(),
                yrs::Any::from(replies),
            )]));
            txn.get_or_insert_map("threads").insert(txn, &*message, thread);
        });
        save(&application, &alice, CHAT);
    };
    let unread = || alice.column(&["chat", "list", "--unread"], "content");
    reply(1, "one");
    assert_eq!(unread(), ["one"]);
    alice.ok(&["chat", "read"]);
    assert_eq!(unread(), Vec::<String>::new());
    // Whoever writes a plain value anew writes all of it.
    reply(2, "two");
    assert_eq!(unread(), ["two", "two"]);
    let of_sql = || alice.column(&["sql", "SELECT content FROM messages WHERE unread"], "content");
    assert_eq!(of_sql(), ["two", "two"]);
    alice.ok(&["chat", "read"]);
    assert_eq!(unread(), Vec::<String>::new());
    assert_eq!(of_sql(), Vec::<String>::new());
}
