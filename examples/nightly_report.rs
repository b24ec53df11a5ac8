//! A nightly report: what was said since yesterday, what is urgent, and whose silence keeps deleted
//! records.
//!
//! ```text
//! cargo run --example nightly_report -- STORE | mail -s 'Last night' team@example.org
//! ```

use anyhow::Context;
use crdtctl::error::Result;
use crdtctl::query::chat::MessageFilter;
use crdtctl::query::issue::{IssueFilter, IssueOrder};
use crdtctl::{Priority, Store};
use std::collections::BTreeMap;

/// How far back the report looks, in seconds.
const DAY: i64 = 86_400;

/// Returns the report on all entities of a store, as text. `now` is in Unix seconds.
pub fn report(store: &Store, now: i64) -> Result<String> {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    let entities = store.entities()?;
    for known in &entities.found {
        let entity = store.entity(known.metadata.entity.as_str())?;
        line(format!("{} ({})", known.metadata.name, entity.id()));

        let since = MessageFilter { since: Some(now.saturating_sub(DAY)), ..Default::default() };
        let mut said: BTreeMap<String, usize> = BTreeMap::new();
        for message in entity.chat().list(&since)? {
            *said.entry(message.author_id.to_string()).or_default() += 1;
        }
        said.iter().for_each(|(author, n)| line(format!("  {author} wrote {n}")));

        let urgent = IssueFilter {
            priority: Some(Priority::Urgent),
            sort: IssueOrder::Updated,
            ..Default::default()
        };
        for issue in entity.issues().list(&urgent)? {
            let whose = if issue.assignee_id.is_empty() { "nobody" } else { &issue.assignee_id };
            line(format!("  urgent: {} ({whose}, {})", issue.title, issue.status));
        }

        let mut waits: BTreeMap<String, usize> = BTreeMap::new();
        for deleted in entity.tombstones()? {
            deleted.waiting_for.into_iter().for_each(|one| *waits.entry(one).or_default() += 1);
        }
        waits.iter().for_each(|(member, n)| line(format!("  {n} deleted wait for {member}")));
    }
    entities.damaged.iter().for_each(|error| line(format!("damaged: {error}")));
    Ok(text)
}

fn main() -> anyhow::Result<()> {
    let dir = std::env::args().nth(1).context("say which store: nightly_report STORE")?;
    let store = Store::open(&dir).with_context(|| format!("opening {dir}"))?;
    print!("{}", report(&store, store.environment().machine.clock.now())?);
    Ok(())
}
