//! One change of a large board, a long list of issues, and a long list of members.

use super::place::Place;
use super::{ALICE, RUNS, median, median_of, row, timed};
use anyhow::Context;
use crdtctl::concern::{core, issues, kanban};
use crdtctl::crdt::source::Source;
use crdtctl::operation;
use crdtctl::schema::Spec;
use crdtctl::store::Open;
use serde_json::{Value, json};

/// A document with many records, and a change of one of them.
struct Large {
    name: &'static str,
    spec: &'static Spec,
    root: &'static str,
    records: u64,
    /// The columns that there have to be first.
    columns: &'static [&'static str],
    /// The operation that makes one.
    make: fn(u64) -> Value,
    /// The operation that is measured, with the key of a record.
    change: fn(&str, usize) -> Value,
}

const LARGE: &[Large] = &[
    Large {
        name: "move one card",
        spec: &kanban::SPEC,
        root: "cards",
        records: 5_000,
        columns: &["To Do", "Done"],
        make: |n| json!({"op": "kanban.add", "title": format!("card {n}"), "column": "To Do"}),
        change: |card, _| json!({"op": "kanban.move", "card": card, "column": "Done"}),
    },
    Large {
        name: "set one issue's status",
        spec: &issues::SPEC,
        root: "issues",
        records: 10_000,
        columns: &[],
        make: |n| json!({"op": "issue.open", "title": format!("issue {n}")}),
        change: |issue, _| json!({"op": "issue.status", "issue": issue, "status": "in-progress"}),
    },
    Large {
        name: "add one member",
        spec: &core::SPEC,
        root: "members",
        records: 1_000,
        columns: &[],
        make: |n| json!({"op": "member.add", "member": member(n)}),
        change: |_, turn| json!({"op": "member.add", "member": member(1_000_000 + turn as u64)}),
    },
];

/// Four words, as members are called.
fn member(n: u64) -> String {
    let word = |at: u32| {
        let letter = |n: u64| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
        let n = n / 17_576_u64.pow(at);
        [letter(n / 676), letter(n / 26), letter(n)].iter().collect::<String>()
    };
    format!("{}-{}-hill-lake", word(1), word(0))
}

/// Prints their rows.
pub fn bench() -> anyhow::Result<()> {
    LARGE.iter().try_for_each(Large::bench)
}

impl Large {
    fn bench(&self) -> anyhow::Result<()> {
        let dir = tempfile::tempdir()?;
        let mut place = Place::fill(dir.path(), 3 * RUNS as u64 * 4)?;
        self.fill(&place)?;
        place.doc = place.entity.document(self.spec.name);
        let view = place.store.reader()?.view(&place.doc)?.context("no document")?;
        let keys: Vec<String> =
            view.keys(&[self.root]).into_iter().filter(|key| key != ALICE).collect();
        let key = |turn: usize| keys.get(keys.len() / 2 + turn).context("too few records");
        let ours = median_of(|turn| {
            let change = of(&place, (self.change)(key(turn)?, turn));
            timed(|| place.perform(change))
        })?;
        let naive = median(|| place.naive_set(self.root, key(0)?, "status"))?;
        row(self.name, self.records, ours, naive);
        Ok(())
    }

    fn fill(&self, place: &Place) -> anyhow::Result<()> {
        let open = Open { command: "bench", member: Some(&place.member), dry_run: false };
        let mut session = place.store.session(open)?;
        let columns = self.columns.iter().map(|c| json!({"op": "kanban.column.add", "title": c}));
        for made in columns.chain((0..self.records).map(self.make)) {
            operation::run(&mut session, &serde_json::from_value(of(place, made))?)?;
        }
        session.commit()?;
        Ok(())
    }
}

/// An operation with its entity.
fn of(place: &Place, mut operation: Value) -> Value {
    if let Some(fields) = operation.as_object_mut() {
        fields.insert("entity".to_owned(), json!(place.entity));
    }
    operation
}
