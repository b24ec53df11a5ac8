//! The cost of many records in one document.

use super::place::{NOW, Outcome, Place, Writer, card, column, doc, id, issue, prose, say, words};
use super::{Group, Work};
use yrs::{Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, TransactionMut, WriteTxn};

pub const GROUPS: &[Group] = &[
    Group {
        of: "comments",
        size: 3_000,
        make: comments,
        works: &[
            row("check", |_| words("check --json")),
            // yrs joins deleted records one after the other, and moves all blocks behind each: a quarter of
            // the time at ten times the size, which is the most a document holds.
            row("prune -n", |_| words("prune -n")),
            row("tombstone list", |_| words("tombstone list --json")),
            row("issue show", |_| words("issue show 00000000-0 --json")),
            row("sync status", |_| words("sync status --json")),
            row("conflict list", |_| words("conflict list --json")),
            row("log", |_| words("log --json")),
            row("issue comment", |_| words("issue comment 00000000-0 more")),
            row("import", |_| words("sync import --raw issues news.yrs")),
            row("prune", |_| words("prune")),
        ],
    },
    Group {
        of: "columns",
        size: 1_200,
        make: columns,
        works: &[
            row("check", |_| words("check --json")),
            row("kanban board", |_| words("kanban board --json")),
            row("kanban column rename", |_| {
                words("kanban column rename 00000003-0000-4000-8000-000000000000 Better")
            }),
            row("kanban add", |_| {
                words("kanban add Roof --column 00000003-0000-4000-8000-000000000000")
            }),
        ],
    },
    Group {
        of: "cards in a column",
        size: 1_000,
        make: cards,
        works: &[
            row("check", |_| words("check --json")),
            row("kanban board", |_| words("kanban board --json")),
            row("kanban list", |_| words("kanban list --json")),
            row("kanban move", |_| words("kanban move 00000003-0 00000001-0 --top")),
            row("tombstone list", |_| words("tombstone list --json")),
        ],
    },
    Group {
        of: "replies in a thread",
        size: 1_000,
        make: replies,
        works: &[
            row("check", |_| words("check --json")),
            row("chat thread", |_| words("chat thread 00000000-0 --json")),
            row("chat search", |_| words("chat search first --json")),
            row("chat list", |_| words("chat list --all --json")),
            row("tombstone list", |_| words("tombstone list --json")),
            row("chat send, a reply", |_| words("chat send hello --reply-to 00000000-0")),
            row("import", |_| words("sync import --raw chat news.yrs")),
        ],
    },
    Group {
        of: "messages",
        // Ten times as many, and one more, fit into a chat.
        size: 3_500,
        make: messages,
        works: &[
            row("check", |_| words("check --json")),
            row("chat list", |_| words("chat list --all --json")),
            row("chat search", |_| words("chat search first --json")),
            row("doc get", |_| words("doc get chat $..content --json")),
            row("chat send", |_| words("chat send hello")),
            row("sync export", |_| words("sync export -O all.crdt --yes")),
            row("import", |_| words("sync import --raw chat news.yrs")),
        ],
    },
    Group {
        of: "messages with the longest ids",
        size: 1_000,
        make: long_ids,
        works: &[
            row("check", |_| words("check --json")),
            row("chat list", |_| words("chat list --all --json")),
            row("tombstone list", |_| words("tombstone list --json")),
        ],
    },
    Group {
        of: "rows of the log",
        size: 1_000,
        make: rows,
        works: &[
            row("log", |_| words("log --json")),
            row("check", |_| words("check --json")),
            row("chat send", |_| words("chat send hello")),
            row("sync export", |_| words("sync export -O all.crdt --yes")),
            row("sync status", |_| words("sync status --json")),
        ],
    },
    Group {
        of: "client ids",
        size: 1_000,
        make: clients,
        works: &[
            row("check", |_| words("check --json")),
            row("chat list", |_| words("chat list --json")),
            row("doc size", |_| words("doc size chat --json")),
            row("chat send", |_| words("chat send hello")),
            row("sync export", |_| words("sync export -O all.crdt")),
            row("import", |_| words("sync import --raw chat news.yrs")),
        ],
    },
    Group {
        of: "tombstones of 100 members",
        size: 100,
        make: tombstones,
        works: &[
            row("check", |_| words("check --json")),
            row("tombstone list", |_| words("tombstone list --json")),
            row("prune -n", |_| words("prune -n")),
            row("import", |_| words("sync import --raw chat news.yrs")),
        ],
    },
];

const fn row(name: &'static str, args: fn(&Place) -> Vec<String>) -> Work {
    Work { name, args, exits: &[0, 3] }
}

/// An issue with comments, every tenth deleted; one of them is edited elsewhere.
fn comments(n: usize) -> Outcome<Place> {
    let writer = Writer::new(5);
    let list = |txn: &mut TransactionMut<'_>| -> Option<ArrayRef> {
        let issues = txn.get_or_insert_map("issues");
        let Some(yrs::Out::YMap(issue)) = issues.get(txn, &id(0)) else { return None };
        match issue.get(txn, "comments") {
            Some(yrs::Out::YArray(comments)) => Some(comments),
            _ => None,
        }
    };
    writer.edit(|txn| {
        let issue = issue(txn, 0);
        let comments = issue.insert(txn, "comments", ArrayPrelim::default());
        for n in 0..n {
            let comment = comments.push_back(txn, MapPrelim::default());
            prose(txn, &comment, &id(n), "first", NOW - 1_000_000);
            if n % 10 == 0 {
                delete(txn, &comment);
            }
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("issues")?, writer.state())])?;
    let theirs = writer.fork(7)?;
    theirs.edit(|txn| {
        if let Some(comments) = list(txn)
            && let Some(yrs::Out::YMap(comment)) = comments.get(txn, 1)
        {
            comment.insert(txn, "content", "better");
            comment.insert(txn, "updated_at", NOW - 1_000);
        }
    });
    place.write("news.yrs", &theirs.news(&writer))?;
    Ok(place)
}

fn delete(txn: &mut TransactionMut<'_>, record: &MapRef) {
    record.insert(txn, "deleted", true);
    record.insert(txn, "deleted_at", NOW - 500_000);
}

fn columns(n: usize) -> Outcome<Place> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        for n in 0..n {
            column(txn, n);
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("kanban")?, writer.state())])?;
    Ok(place)
}

fn cards(n: usize) -> Outcome<Place> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        let order = column(txn, 0);
        column(txn, 1);
        for n in 0..n {
            card(txn, n, 0, n % 10 == 9);
            order.push_back(txn, id(n));
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("kanban")?, writer.state())])?;
    Ok(place)
}

/// One message and its replies, every tenth deleted; one is edited elsewhere.
fn replies(n: usize) -> Outcome<Place> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        say(txn, &id(0), "shall we?", NOW - 1_000_000);
        let threads = txn.get_or_insert_map("threads");
        let thread = threads.insert(txn, id(0), MapPrelim::default());
        thread.insert(txn, "parent_id", id(0));
        let replies = thread.insert(txn, "replies", MapPrelim::default());
        for n in 1..=n {
            let reply = replies.insert(txn, id(n), MapPrelim::default());
            prose(txn, &reply, &id(n), "first", NOW - 1_000_000);
            if n % 10 == 0 {
                delete(txn, &reply);
            }
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("chat")?, writer.state())])?;
    let theirs = writer.fork(7)?;
    theirs.edit(|txn| {
        let threads = txn.get_or_insert_map("threads");
        if let Some(yrs::Out::YMap(thread)) = threads.get(txn, &id(0))
            && let Some(yrs::Out::YMap(replies)) = thread.get(txn, "replies")
            && let Some(yrs::Out::YMap(reply)) = replies.get(txn, &id(1))
        {
            reply.insert(txn, "content", "better");
            reply.insert(txn, "updated_at", NOW - 1_000);
        }
    });
    place.write("news.yrs", &theirs.news(&writer))?;
    Ok(place)
}

/// A chat, and one more message from elsewhere.
fn messages(n: usize) -> Outcome<Place> {
    said(n, id)
}

fn long_ids(n: usize) -> Outcome<Place> {
    said(n, |n| format!("{}{}", "x".repeat(92), id(n)))
}

fn said(n: usize, id: fn(usize) -> String) -> Outcome<Place> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        for n in 0..n {
            say(txn, &id(n), "first", NOW - 1_000_000);
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("chat")?, writer.state())])?;
    let theirs = writer.fork(7)?;
    theirs.edit(|txn| say(txn, &id(n), "news", NOW - 1_000));
    place.write("news.yrs", &theirs.news(&writer))?;
    Ok(place)
}

/// A chat that arrived in as many updates.
fn rows(n: usize) -> Outcome<Place> {
    let (place, writer) = (Place::new()?, Writer::new(5));
    let chat = doc("chat")?;
    let update = |n| writer.update(|txn| say(txn, &id(n), "first", NOW - 1_000_000));
    let updates: Vec<_> = (0..n).map(|n| (chat.clone(), update(n))).collect();
    place.receive(&updates)?;
    Ok(place)
}

/// A chat in which every message comes from another client id.
fn clients(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let mut writers = (1..=n).map(|n| {
        let writer = Writer::new(100 + 7 * n as u64);
        writer.edit(|txn| say(txn, &id(n), "first", NOW - 1_000_000));
        writer.state()
    });
    let joined = Writer::new(5);
    writers.try_for_each(|state| joined.take(&state))?;
    place.put(&[(doc("chat")?, joined.state())])?;
    let theirs = joined.fork(6)?;
    theirs.edit(|txn| say(txn, &id(0), "one more", NOW - 1_000));
    place.write("news.yrs", &theirs.state())?;
    Ok(place)
}

/// Deleted messages that wait for a hundred members; every member acknowledged every second one.
fn tombstones(n: usize) -> Outcome<Place> {
    let member = |n: usize| format!("member-{n}-lake-tree");
    let core = Writer::new(5);
    core.edit(|txn| {
        let members = txn.get_or_insert_map("members");
        for n in 0..100 {
            let record = members.insert(txn, member(n), MapPrelim::default());
            record.insert(txn, "member_id", member(n));
            record.insert(txn, "role", "member");
            record.insert(txn, "joined_at", NOW - 2_000_000);
            record.insert(txn, "deleted", false);
        }
    });
    let chat = Writer::new(5);
    chat.edit(|txn| {
        for n in 0..n {
            say(txn, &id(n), "gone", NOW - 1_000_000);
            let messages = txn.get_or_insert_map("messages");
            let Some(yrs::Out::YMap(message)) = messages.get(txn, &id(n)) else { continue };
            delete(txn, &message);
            let Some(yrs::Out::YMap(acks)) = message.get(txn, "ack_vector") else { continue };
            for m in (n % 2..100).step_by(2) {
                acks.insert(txn, member(m), NOW - 400_000);
            }
        }
    });
    let place = Place::new()?;
    place.put(&[(doc("core")?, core.state()), (doc("chat")?, chat.state())])?;
    let theirs = chat.fork(7)?;
    theirs.edit(|txn| say(txn, &id(n), "news", NOW - 1_000));
    place.write("news.yrs", &theirs.news(&chat))?;
    Ok(place)
}
