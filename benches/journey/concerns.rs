//! One change of a large board, a long list of issues, and a long list of members; a chat with a thread for
//! almost every message.

use super::head;
use super::place::{ALICE, GROUP, Place, words};
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write;

/// A word in a fifth of the messages of a demo.
pub const COMMON: &str = "garden";
/// When the first reply was written, in Unix seconds; the others follow a minute apart.
const REPLIED: u64 = 1_780_000_000;

/// Prints their rows.
pub fn bench() -> anyhow::Result<()> {
    threads()?;
    let place = Place::new(100)?;
    head("5,000 cards, 10,000 issues, 1,000 members");
    let columns = ["To Do", "Done"].map(|title| json!({"op": "kanban.column.add", "title": title}));
    let cards = (0..5_000)
        .map(|n| json!({"op": "kanban.add", "title": format!("card {n}"), "column": "To Do"}));
    fill(&place, columns.into_iter().chain(cards))?;
    fill(&place, (0..10_000).map(|n| json!({"op": "issue.open", "title": format!("issue {n}")})))?;
    fill(&place, (0..1_000).map(|n| json!({"op": "member.add", "member": member(n)})))?;

    let cards = place.ids(&["kanban", "list"])?;
    let card = |turn: usize| cards.get(cards.len() / 2 + turn).context("too few cards");
    let file = place.file("kanban")?;
    let plain = ["set", &file, "plain.yrs", "cards", card(0)?, "title"];
    place.row("move a card", &plain, |turn| Ok(words(&["kanban", "move", card(turn)?, "Done"])))?;
    let issues = place.ids(&["issue", "list"])?;
    let issue = |turn: usize| issues.get(issues.len() / 2 + turn).context("too few issues");
    let file = place.file("issues")?;
    let plain = ["set", &file, "plain.yrs", "issues", issue(0)?, "title"];
    place.row("set an issue's status", &plain, |turn| {
        Ok(words(&["issue", "status", issue(turn)?, "in-progress"]))
    })?;
    let file = place.file("core")?;
    let plain = ["set", &file, "plain.yrs", "members", ALICE, "role"];
    place.row("add a member", &plain, |turn| {
        Ok(words(&["member", "add", &member(1_000_000 + turn)]))
    })
}

/// Each thread was begun by a client of its own (rule R2).
fn threads() -> anyhow::Result<()> {
    let place = Place::new(10_000)?;
    let messages = place.ids(&["chat", "list"])?;
    let reply = |(n, id)| {
        let at = REPLIED + 60 * n as u64;
        json!({"op": "chat.send", "reply_to": id, "text": "a reply", "created_at": at})
    };
    fill(&place, messages.iter().take(8_000).enumerate().map(reply))?;
    let file = place.file("chat")?;
    head(&format!("10,000 messages, 8,000 threads, {:.1} MB", place.size(&file)? as f64 / 1e6));
    place.run(&["chat", "send", "the first"])?;
    let plain = &["send", &file, "plain.yrs"];
    place.same("send", plain, &["chat", "send", "one more message"])?;
    place.same("send, --fold later", plain, &["chat", "send", "one more", "--fold", "later"])?;
    place.run(&["fold", "run"])?;
    let shown = messages.last().context("no message")?;
    place.same("show", &["show", &file, shown], &["chat", "show", shown])?;
    lists(&place, &file)
}

/// The last messages, and the last ones with a word.
pub fn lists(place: &Place, file: &str) -> anyhow::Result<()> {
    place.same("last 20", &["last", file], &["chat", "list", "--limit", "20"])?;
    place.same("tail", &["last", file], &["chat", "tail"])?;
    let last = &["chat", "search", COMMON, "--limit", "20"];
    place.same("last 20 with a word", &["search", file, COMMON], last)
}

/// Four words, like a member id.
fn member(n: usize) -> String {
    let word = |at: u32| {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        let n = n / 17_576_usize.pow(at);
        [letter(n / 676), letter(n / 26), letter(n)].iter().collect::<String>()
    };
    format!("{}-{}-hill-lake", word(1), word(0))
}

/// Runs these operations in one batch.
fn fill(place: &Place, operations: impl Iterator<Item = Value>) -> anyhow::Result<()> {
    let mut lines = String::new();
    for mut operation in operations {
        if let Some(fields) = operation.as_object_mut() {
            fields.insert("entity".to_owned(), json!(GROUP));
        }
        writeln!(lines, "{operation}")?;
    }
    std::fs::write(place.path("batch"), lines)?;
    place.run(&["batch", "batch"])?;
    Ok(())
}
