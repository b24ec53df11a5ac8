//! The cost of imports: of writes to one record, and of many pieces.

use super::place::{self, ALICE, GROUP, NOW, Outcome, Place, Writer, doc, id, prose, say, words};
use super::{Group, Work};
use yrs::{Array, ArrayPrelim, Map, MapPrelim, TransactionMut, WriteTxn};

pub const GROUPS: &[Group] = &[
    Group {
        of: "moves of one element",
        size: 10_000,
        make: moves,
        works: &[Work {
            name: "import",
            args: |_| words("sync import --raw canvas news.yrs"),
            exits: &[0],
        }],
    },
    Group {
        of: "comments of one issue",
        size: 400,
        make: comments,
        works: &[Work {
            name: "import of edits",
            args: |_| words("sync import --raw issues news.yrs"),
            exits: &[0],
        }],
    },
    Group {
        of: "bare updates",
        size: 1_000,
        make: |n| pieces(n, false),
        works: &[Work { name: "import", args: files, exits: &[0] }],
    },
    Group {
        of: "waiting updates",
        // No more than ten times as many may wait.
        size: 99,
        make: |n| pieces(n, true),
        works: &[
            Work { name: "import", args: files, exits: &[7] },
            Work {
                name: "import of another document",
                args: |_| words("sync import --raw group:ocean-forest-moon-star:kanban other.yrs"),
                exits: &[0],
            },
            Work {
                name: "import of what they wait for",
                args: |_| words("sync import --raw canvas first.yrs"),
                exits: &[0],
            },
        ],
    },
    Group {
        of: "commands, then another program's file",
        size: 1_000,
        make: overwritten,
        works: &[
            Work { name: "chat list", args: |_| words("chat list --limit 20"), exits: &[0] },
            Work { name: "chat send", args: |_| words("chat send hello"), exits: &[0] },
        ],
    },
    // Each holds all messages so far: ten times as many are a hundred times as much to read.
    Group {
        of: "bundles, each with all before it",
        size: 100,
        make: bundles,
        works: &[Work { name: "import", args: files, exits: &[0] }],
    },
    // Each begins a thread under a client id of its own. Ten times as many, with the messages they reply to,
    // fit into a chat.
    Group {
        of: "first replies",
        size: 1_000,
        make: first_replies,
        works: &[
            Work { name: "import", args: |_| words("sync import all.crdt"), exits: &[0] },
            Work { name: "import again", args: |_| words("sync import all.crdt"), exits: &[0] },
            Work { name: "chat list", args: |_| words("chat list --json"), exits: &[0] },
            Work { name: "check", args: |_| words("check --json"), exits: &[0] },
            Work { name: "chat send", args: |_| words("chat send hello"), exits: &[0] },
        ],
    },
    Group {
        of: "first replies, sent one by one",
        size: 1_000,
        make: single_replies,
        works: &[
            Work { name: "import", args: |_| words("sync import all.crdt"), exits: &[0] },
            Work { name: "import again", args: |_| words("sync import all.crdt"), exits: &[0] },
        ],
    },
];

/// An element that was moved once here, and many times elsewhere.
fn moves(n: usize) -> Outcome<Place> {
    let (place, base) = element()?;
    let ours = base.fork(6)?;
    ours.edit(|txn| shift(txn, 0));
    place.put(&[(doc("canvas")?, ours.state())])?;
    let theirs = base.fork(7)?;
    (0..n).for_each(|step| theirs.edit(|txn| shift(txn, step)));
    place.write("news.yrs", &theirs.news(&base))?;
    Ok(place)
}

fn element() -> Outcome<(Place, Writer)> {
    let base = Writer::new(5);
    base.edit(|txn| place::element(txn, 0));
    let place = Place::new()?;
    place.put(&[(doc("canvas")?, base.state())])?;
    Ok((place, base))
}

fn shift(txn: &mut TransactionMut<'_>, step: usize) {
    let elements = txn.get_or_insert_map("elements");
    if let Some(yrs::Out::YMap(element)) = elements.get(txn, &id(0)) {
        element.insert(txn, if step.is_multiple_of(2) { "x" } else { "y" }, step as f64);
    }
}

/// An issue whose comments were edited on both sides.
fn comments(n: usize) -> Outcome<Place> {
    let base = Writer::new(5);
    base.edit(|txn| {
        let issues = txn.get_or_insert_map("issues");
        let issue = issues.insert(txn, id(0), MapPrelim::default());
        issue.insert(txn, "id", id(0));
        issue.insert(txn, "title", "Leaking roof");
        issue.insert(txn, "reporter_id", ALICE);
        let comments = issue.insert(txn, "comments", ArrayPrelim::default());
        for n in 0..n {
            let comment = comments.push_back(txn, MapPrelim::default());
            prose(txn, &comment, &id(n), "first", NOW - 1_000_000);
        }
    });
    let edit = |writer: &Writer, at: i64| {
        writer.edit(|txn| {
            let issues = txn.get_or_insert_map("issues");
            let Some(yrs::Out::YMap(issue)) = issues.get(txn, &id(0)) else { return };
            let Some(yrs::Out::YArray(comments)) = issue.get(txn, "comments") else { return };
            for n in 0..comments.len(txn) {
                if let Some(yrs::Out::YMap(comment)) = comments.get(txn, n) {
                    comment.insert(txn, "content", format!("edited at {at}"));
                    comment.insert(txn, "updated_at", at);
                }
            }
        });
    };
    let ours = base.fork(6)?;
    edit(&ours, NOW - 2_000);
    let theirs = base.fork(7)?;
    edit(&theirs, NOW - 1_000);
    let place = Place::new()?;
    place.put(&[(doc("issues")?, ours.state())])?;
    place.write("news.yrs", &theirs.news(&base))?;
    Ok(place)
}

/// One update per file, each building on the one before; without the first all of them wait.
fn pieces(n: usize, waiting: bool) -> Outcome<Place> {
    let (place, base) = element()?;
    let theirs = base.fork(7)?;
    let first = theirs.update(|txn| shift(txn, 0));
    match waiting {
        true => place.write("first.yrs", &first)?,
        false => place.lay_down("000000.yrs", &first)?,
    }
    // Out of order: 7919 is a prime, and no number of pieces is a multiple of it.
    for step in 1..=n {
        let update = theirs.update(|txn| shift(txn, step));
        place.lay_down(&format!("{:06}.yrs", step * 7919 % (n + 1)), &update)?;
    }
    let other = Writer::new(8);
    other.edit(|txn| {
        let cards = txn.get_or_insert_map("cards");
        cards.insert(txn, id(1), MapPrelim::default());
    });
    place.write("other.yrs", &other.state())?;
    Ok(place)
}

/// As many messages, each a row of the log, and one more that another program wrote into the file.
fn overwritten(n: usize) -> Outcome<Place> {
    let (place, writer, chat) = (Place::new()?, Writer::new(7), doc("chat")?);
    let message = |at: usize| writer.update(|txn| say(txn, &id(at), "and another one", NOW));
    let updates: Vec<_> = (0..n).map(|at| (chat.clone(), message(at))).collect();
    place.receive(&updates)?;
    message(n);
    let file = format!("store/crdt/group/{}.yrs", chat.file_stem());
    place.write(&file, &writer.state())?;
    Ok(place)
}

/// The import of every file laid down for it.
fn files(place: &Place) -> Vec<String> {
    let files = place.laid_down();
    let bare = files.iter().any(|file| file.ends_with(".yrs"));
    let line = if bare { "sync import --raw canvas" } else { "sync import" };
    [words(line), files].concat()
}

/// Everything a peer has, sent after each of its messages.
fn bundles(n: usize) -> Outcome<Place> {
    let (place, peer) = (Place::new()?, Place::new()?);
    let writer = Writer::new(7);
    for message in 0..n {
        let update = writer.update(|txn| say(txn, &id(message), "and another one", NOW));
        peer.put(&[(doc("chat")?, update)])?;
        place.lay_down(&format!("{message:06}.crdt"), &peer.bundle()?)?;
    }
    Ok(place)
}

/// A reply to each message of a chat, which a peer wrote in one batch.
fn first_replies(n: usize) -> Outcome<Place> {
    let (place, peer) = parents(n)?;
    let reply = |n| {
        let (op, to) = (r#""op":"chat.send","text":"yes""#, id(n));
        format!("{{{op},\"entity\":\"{GROUP}\",\"reply_to\":\"{to}\"}}\n")
    };
    peer.write("replies.ndjson", (0..n).map(reply).collect::<String>().as_bytes())?;
    peer.run("batch replies.ndjson")?;
    place.write("all.crdt", &peer.bundle()?)?;
    Ok(place)
}

/// The same, with a transaction for each.
fn single_replies(n: usize) -> Outcome<Place> {
    let (place, peer) = parents(n)?;
    let writer = Writer::new(6);
    let chat = doc("chat")?;
    let reply = |n: usize| -> Outcome<_> {
        let genesis = Writer::new((1 << 48) + 7 * n as u64);
        genesis.edit(|txn| {
            let threads = txn.get_or_insert_map("threads");
            let thread = threads.insert(txn, id(n), MapPrelim::default());
            thread.insert(txn, "parent_id", id(n));
            thread.insert(txn, "replies", MapPrelim::default());
        });
        writer.take(&genesis.state())?;
        let update = writer.update(|txn| {
            let threads = txn.get_or_insert_map("threads");
            let Some(yrs::Out::YMap(thread)) = threads.get(txn, &id(n)) else { return };
            let Some(yrs::Out::YMap(replies)) = thread.get(txn, "replies") else { return };
            let reply = replies.insert(txn, id(100_000 + n), MapPrelim::default());
            prose(txn, &reply, &id(100_000 + n), "yes", NOW - 1_000);
        });
        Ok([(chat.clone(), genesis.state()), (chat.clone(), update)])
    };
    let updates: Outcome<Vec<_>> = (0..n).map(reply).collect();
    peer.receive(&updates?.concat())?;
    place.write("all.crdt", &peer.bundle()?)?;
    Ok(place)
}

/// Two stores with a chat, one of which is to be written to.
fn parents(n: usize) -> Outcome<(Place, Place)> {
    let (place, peer) = (Place::new()?, Place::new()?);
    let writer = Writer::new(5);
    writer.edit(|txn| (0..n).for_each(|n| say(txn, &id(n), "shall we?", NOW - 1_000_000)));
    for place in [&place, &peer] {
        place.put(&[(doc("chat")?, writer.state())])?;
    }
    Ok((place, peer))
}
