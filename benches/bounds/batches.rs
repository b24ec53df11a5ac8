//! What many lines of one batch cost.

use super::place::{GROUP, NOW, Outcome, Place, Writer, doc, id, say, words};
use super::{Group, Work};

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
        ],
    },
    // Ten times as many fit into the documents.
    Group {
        of: "batch lines on records of the batch",
        size: 250,
        make: batches,
        works: &[
            lines("kanban.move", |_| words("batch move.ndjson --json")),
            lines("kanban.column.add", |_| words("batch column.ndjson --json")),
            lines("kanban.add, beside columns", |_| words("batch card.ndjson --json")),
            lines("kanban.column.rename", |_| words("batch rename.ndjson --json")),
            lines("issue.comment.edit", |_| words("batch comment-edit.ndjson --json")),
            lines("issue.comment.delete", |_| words("batch comment-delete.ndjson --json")),
            lines("canvas.move", |_| words("batch element-move.ndjson --json")),
        ],
    },
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
            cards
                + &each(n, |n| {
                    format!(
                        r#""op":"kanban.move","card":"${}.id","column":"Todo","top":true"#,
                        n + 1
                    )
                }),
        ),
        ("column", each(n, |n| format!(r#""op":"kanban.column.add","title":"Column {n}""#))),
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
