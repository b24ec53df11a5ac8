//! The cost of many lines in one batch.

use super::place::{
    GROUP, NOW, Outcome, Place, Writer, card, column, doc, element, id, issue, prose, say, words,
};
use super::{Group, Work};
use yrs::{Array, ArrayPrelim, Map, MapPrelim, WriteTxn};

pub const GROUPS: &[Group] = &[
    Group {
        of: "batch lines",
        size: 1_000,
        make: batches,
        works: &[
            lines("chat.send", |_| words("batch send.ndjson --json")),
            lines("chat.send, replies", |_| words("batch reply.ndjson --json")),
            lines("chat.react", |_| words("batch react.ndjson --json")),
            lines("kanban.add", |_| words("batch card.ndjson --json")),
            lines("issue.open", |_| words("batch issue.ndjson --json")),
            lines("issue.comment", |_| words("batch comment.ndjson --json")),
            lines("issue.edit", |_| words("batch issue-edit.ndjson --json")),
            lines("canvas.add", |_| words("batch element.ndjson --json")),
            lines("disk.put", |_| words("batch file-put.ndjson --json")),
        ],
    },
    // Ten times as many fit into the documents.
    Group {
        of: "batch lines on records of the batch",
        size: 250,
        make: batches,
        works: &[
            lines("kanban.move, top", |_| words("batch move.ndjson --json")),
            lines("kanban.move, before another", |_| words("batch before.ndjson --json")),
            lines("kanban.archive", |_| words("batch archive.ndjson --json")),
            lines("kanban.column.add", |_| words("batch column.ndjson --json")),
            lines("kanban.add, beside columns", |_| words("batch card.ndjson --json")),
            lines("kanban.column.move, first", |_| words("batch column-move.ndjson --json")),
            lines("kanban.column.rename", |_| words("batch rename.ndjson --json")),
            lines("issue.comment.edit", |_| words("batch comment-edit.ndjson --json")),
            lines("issue.comment.delete", |_| words("batch comment-delete.ndjson --json")),
            lines("canvas.move", |_| words("batch element-move.ndjson --json")),
            lines("canvas.delete", |_| words("batch element-delete.ndjson --json")),
            lines("kanban.restore", |_| words("batch restore.ndjson --json")),
            // Each file begins under a client id of its own, as well.
            lines("disk.remove", |_| words("batch file-remove.ndjson --json")),
            lines("chat.delete", |_| words("batch delete.ndjson --json")),
            // Each begins a thread under a client id of its own: yrs iterates over all of those twice for
            // each of its transactions.
            lines("chat.send, a reply to each", |_| words("batch threads.ndjson --json")),
        ],
    },
    Group {
        of: "batch lines on records that were there",
        size: 250,
        make: there,
        works: &[
            lines("kanban.move that changes nothing", |_| words("batch stands.ndjson --json")),
            lines("kanban.edit by prefix", |_| words("batch edit.ndjson --json")),
            lines("kanban.move by prefix, top", |_| words("batch top.ndjson --json")),
            lines("issue.comment.edit by prefix", |_| words("batch comment.ndjson --json")),
            lines("canvas.move by prefix", |_| words("batch element.ndjson --json")),
            lines("chat.edit by prefix", |_| words("batch say.ndjson --json")),
        ],
    },
    Group {
        of: "reactions of a batch",
        size: 1_000,
        make: reacted,
        works: &[lines("log revert", |_| words("log revert 3 -n"))],
    },
    Group {
        of: "batch lines on records in the trash",
        size: 250,
        make: trashed,
        works: &[
            lines("trash.restore", |_| words("batch untrash.ndjson --json")),
            Work {
                name: "trash restore of one",
                args: |_| words("trash restore 00000001-0 -n"),
                exits: &[0],
            },
        ],
    },
    Group {
        of: "batch lines on records in the archive",
        size: 200,
        make: archived,
        works: &[lines("archive.restore", |_| words("batch unarchive.ndjson --json"))],
    },
    // More bytes than the document may have, nearly all of them left by removed members.
    Group {
        of: "members beside residue in a batch",
        size: 250,
        make: beside_residue,
        works: &[lines("member.add", |_| words("batch member.ndjson --json"))],
    },
    // Each member is a client of yrs, which iterates over all of those four times for each of its
    // transactions: a millionth of a second for a hundred of them. A document of 1 MB holds at most 3,700,
    // and a batch of that many takes half a second.
    Group {
        of: "members in a batch",
        size: 250,
        make: members,
        works: &[
            lines("member.add", |_| words("batch member.ndjson --json")),
            lines("member.role", |_| words("batch role.ndjson --json")),
            lines("member.remove", |_| words("batch remove.ndjson --json")),
        ],
    },
];

const fn lines(name: &'static str, args: fn(&Place) -> Vec<String>) -> Work {
    Work { name, args, exits: &[0] }
}

/// One line of a batch.
fn line(fields: &str) -> String {
    format!("{{{fields},\"entity\":\"{GROUP}\"}}\n")
}

/// A line for each number.
fn each(n: usize, fields: impl Fn(usize) -> String) -> String {
    (0..n).map(|n| line(&fields(n))).collect()
}

fn batches(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    place.run("kanban column add Todo")?;
    let parent = Writer::new(5);
    parent.edit(|txn| say(txn, &id(0), "shall we?", NOW - 1_000_000));
    place.put(&[(doc("chat")?, parent.state())])?;
    let same = |fields: &str| line(fields).repeat(n);
    let issue = line(r#""op":"issue.open","title":"Leak""#);
    let comments = same(r#""op":"issue.comment","issue":"$1.id","text":"hi""#);
    let of_comment = |n: usize, fields: &str| {
        let comment = n + 2;
        format!(r#""op":"issue.comment.{fields},"issue":"$1.id","comment":"${comment}.id""#)
    };
    let (cards, elements) = (
        same(r#""op":"kanban.add","title":"Roof""#),
        same(r#""op":"canvas.add","kind":"shape","x":1,"y":1,"width":2,"height":2"#),
    );
    let reaction = |n: usize| {
        let remove = n % 2 == 1;
        format!(r#""op":"chat.react","message":"{}","emoji":"👍","remove":{remove}"#, id(0))
    };
    let files = [
        ("send", same(r#""op":"chat.send","text":"hi""#)),
        ("reply", same(&format!(r#""op":"chat.send","text":"hi","reply_to":"{}""#, id(0)))),
        ("react", each(n, reaction)),
        ("card", cards.clone()),
        (
            "move",
            cards.clone()
                + &each(n, |n| {
                    format!(
                        r#""op":"kanban.move","card":"${}.id","column":"Todo","top":true"#,
                        n + 1
                    )
                }),
        ),
        (
            "before",
            same(r#""op":"kanban.add","title":"Roof","column":"Todo""#)
                + &each(n, |at| {
                    // Each goes before the card that was moved last.
                    let (card, other) = (at + 1, if at == 0 { n } else { at });
                    format!(
                        r#""op":"kanban.move","card":"${card}.id","column":"Todo","before":"${other}.id""#
                    )
                }),
        ),
        (
            "archive",
            cards.clone()
                + &each(n, |n| format!(r#""op":"kanban.archive","card":"${}.id""#, n + 1)),
        ),
        (
            "restore",
            cards.clone()
                + &each(n, |n| format!(r#""op":"kanban.archive","card":"${}.id""#, n + 1))
                + &each(n, |n| format!(r#""op":"kanban.restore","card":"${}.id""#, n + 1)),
        ),
        (
            "file-put",
            each(n, |n| format!(r#""op":"disk.put","path":"/shared/p/{n}.md","text":"hi\n""#)),
        ),
        (
            "file-remove",
            each(n, |n| format!(r#""op":"disk.put","path":"/shared/{n}.md","text":"hi\n""#))
                + &each(n, |n| format!(r#""op":"disk.remove","file":"/shared/{n}.md""#)),
        ),
        (
            "element-delete",
            elements.clone()
                + &each(n, |n| format!(r#""op":"canvas.delete","element":"${}.id""#, n + 1)),
        ),
        (
            "threads",
            same(r#""op":"chat.send","text":"hi""#)
                + &each(n, |n| {
                    format!(r#""op":"chat.send","text":"so?","reply_to":"${}.id""#, n + 1)
                }),
        ),
        (
            "delete",
            same(r#""op":"chat.send","text":"hi""#)
                + &each(n, |n| format!(r#""op":"chat.delete","message":"${}.id""#, n + 1)),
        ),
        ("column", each(n, |n| format!(r#""op":"kanban.column.add","title":"Column {n}""#))),
        (
            "column-move",
            each(n, |n| format!(r#""op":"kanban.column.move","column":"Column {n}","first":true"#)),
        ),
        (
            "rename",
            each(n, |n| {
                format!(r#""op":"kanban.column.rename","column":"Column {n}","title":"Row {n}""#)
            }),
        ),
        ("issue", issue.repeat(n)),
        ("comment", issue.clone() + &comments),
        (
            "comment-edit",
            issue.clone() + &comments + &each(n, |n| of_comment(n, r#"edit","text":"better""#)),
        ),
        ("comment-delete", issue.clone() + &comments + &each(n, |n| of_comment(n, r#"delete""#))),
        (
            "issue-edit",
            issue
                + &each(n, |n| format!(r#""op":"issue.edit","issue":"$1.id","title":"Leak {n}""#)),
        ),
        ("element", elements.clone()),
        (
            "element-move",
            elements
                + &each(n, |n| {
                    format!(r#""op":"canvas.move","element":"${}.id","x":3,"y":4"#, n + 1)
                }),
        ),
    ];
    for (name, lines) in files {
        place.write(&format!("{name}.ndjson"), lines.as_bytes())?;
    }
    Ok(place)
}

/// A message with many reactions, which command 3 gave it, and lines that name records by prefixes of their
/// ids.
fn reacted(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let parent = Writer::new(5);
    parent.edit(|txn| say(txn, &id(0), "shall we?", NOW - 1_000_000));
    place.put(&[(doc("chat")?, parent.state())])?;
    let reaction = |n| format!(r#""op":"chat.react","message":"{}","emoji":":{n}:""#, id(0));
    place.write("react.ndjson", each(n, reaction).as_bytes())?;
    place.run("batch react.ndjson")?;
    Ok(place)
}

fn there(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let board = Writer::new(5);
    board.edit(|txn| {
        let order = column(txn, 0);
        for n in 0..n {
            card(txn, n, 0, false);
            order.push_back(txn, id(n));
        }
    });
    let issues = Writer::new(5);
    issues.edit(|txn| {
        let issue = issue(txn, 0);
        let comments = issue.insert(txn, "comments", ArrayPrelim::default());
        for n in 0..n {
            let comment = comments.push_back(txn, MapPrelim::default());
            prose(txn, &comment, &id(n), "first", NOW - 1_000_000);
        }
    });
    let canvas = Writer::new(5);
    canvas.edit(|txn| (0..n).for_each(|n| element(txn, n)));
    let chat = Writer::new(5);
    chat.edit(|txn| (0..n).for_each(|n| say(txn, &id(n), "first", NOW - 1_000_000)));
    let documents = [("kanban", board), ("issues", issues), ("canvas", canvas), ("chat", chat)];
    for (concern, writer) in documents {
        place.put(&[(doc(concern)?, writer.state())])?;
    }
    let begin = |n: usize| format!("{n:08x}-0");
    let files = [
        ("stands", {
            let stands = |n| {
                let (card, other) = (begin(n), begin(n + 1));
                format!(
                    r#""op":"kanban.move","card":"{card}","column":"Column 0","before":"{other}""#
                )
            };
            (0..n - 1).map(|n| line(&stands(n))).collect()
        }),
        ("edit", each(n, |n| format!(r#""op":"kanban.edit","card":"{}","title":"New""#, begin(n)))),
        ("top", {
            let of = |n| {
                format!(
                    r#""op":"kanban.move","card":"{}","column":"Column 0","top":true"#,
                    begin(n)
                )
            };
            each(n, of)
        }),
        ("comment", {
            let (issue, op) = (begin(0), "issue.comment.edit");
            let of = |n| {
                format!(r#""op":"{op}","issue":"{issue}","comment":"{}","text":"new""#, begin(n))
            };
            each(n, of)
        }),
        (
            "element",
            each(n, |n| format!(r#""op":"canvas.move","element":"{}","x":3,"y":4"#, begin(n))),
        ),
        ("say", each(n, |n| format!(r#""op":"chat.edit","message":"{}","text":"new""#, begin(n)))),
    ];
    for (name, lines) in files {
        place.write(&format!("{name}.ndjson"), String::as_bytes(&lines))?;
    }
    Ok(place)
}

/// This many messages of the only member.
fn said(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let chat = Writer::new(5);
    chat.edit(|txn| (0..n).for_each(|n| say(txn, &id(n), "first", NOW - 1_000_000)));
    place.put(&[(doc("chat")?, chat.state())])?;
    Ok(place)
}

/// A line for each of them that restores it.
fn restoring(n: usize, op: &str) -> String {
    (0..n).map(|n| format!("{{\"op\":\"{op}\",\"record\":\"{}\"}}\n", id(n))).collect()
}

/// Messages that the only member deleted, which pruned them.
fn trashed(n: usize) -> Outcome<Place> {
    let place = said(n)?;
    let delete = each(n, |n| format!(r#""op":"chat.delete","message":"{}""#, id(n)));
    place.write("delete.ndjson", delete.as_bytes())?;
    place.run("batch delete.ndjson -y")?;
    place.write("untrash.ndjson", restoring(n, "trash.restore").as_bytes())?;
    Ok(place)
}

/// Archived messages.
fn archived(n: usize) -> Outcome<Place> {
    let place = said(n)?;
    place.run("archive run --older-than 0s")?;
    place.write("unarchive.ndjson", restoring(n, "archive.restore").as_bytes())?;
    Ok(place)
}

fn beside_residue(n: usize) -> Outcome<Place> {
    let place = members(n)?;
    let gone = Writer::new(78);
    gone.edit(|txn| {
        let ids = (0..9_000).map(|n| format!("{n:0120}"));
        let root = txn.get_or_insert_map("members");
        for id in ids {
            root.insert(txn, id.as_str(), MapPrelim::from([("member_id", id.as_str())]));
            root.remove(txn, &id);
        }
    });
    place.put(&[(doc("core")?, gone.state())])?;
    Ok(place)
}

fn members(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let of = |fields: &'static str| {
        each(n, move |n| format!(r#""op":"member.{fields},"member":"member-{n}-lake-tree""#))
    };
    place.write("member.ndjson", of(r#"add""#).as_bytes())?;
    place.write("role.ndjson", of(r#"role","role":"admin""#).as_bytes())?;
    place.write("remove.ndjson", of(r#"remove""#).as_bytes())?;
    Ok(place)
}
