//! Times that lie ahead of this machine's clock.

use super::{Fix, Found};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Next, counted};
use crate::limits::CLOCK_SKEW_SECONDS;
use crate::schema::{FieldKind, Spec, kind_by_name, kind_of};
use crate::store::check::FindingKind;
use crate::wire::{Record, Value};

static CLOCK_SKEW: FindingKind = FindingKind::warning("clock-skew");
const HOUR: i64 = 3600;

/// The times of a document.
struct Ahead<'s> {
    spec: &'s Spec,
    count: usize,
    /// How far, and where.
    farthest: (i64, String),
}

/// Whether a document holds times more than a day ahead: one finding for all of them.
pub fn ahead(spec: &Spec, view: &View, now: i64) -> Option<Found> {
    let mut ahead = Ahead { spec, count: 0, farthest: (0, String::new()) };
    for root in view.roots() {
        match view.keys(&[&root]) {
            keys if keys.is_empty() => ahead.look_at(&root, view.value(&[&root]).as_ref(), now),
            keys => {
                for key in keys {
                    let path = format!("{root}/{key}");
                    ahead.look_under(&path, &key, view.value(&[&root, &key]).as_ref(), now);
                }
            }
        }
    }
    let (seconds, path) = ahead.farthest;
    (ahead.count > 0).then(|| Found {
        kind: &CLOCK_SKEW,
        detail: String::new(),
        message: format!(
            "{} {} ahead of this machine's clock, the farthest by {}: {path}; whoever wrote that had \
             another time, or this machine has",
            counted(ahead.count as u64, "time"),
            if ahead.count == 1 { "lies" } else { "lie" },
            duration(seconds)
        ),
        // No command changes what was written; the clock that is wrong can be set.
        fix: Fix::Next(Next::ShowTime),
    })
}

impl Ahead<'_> {
    /// A value under a key. Recursion is bounded: the check refused deeper nesting.
    fn look_under(&mut self, path: &str, key: &str, value: Option<&Value>, now: i64) {
        match value {
            Some(Value::Map(map))
                if kind_of(Some(self.spec), key) == Some(FieldKind::Acknowledgements) =>
            {
                self.acknowledgements(path, map, now);
            }
            Some(Value::Int(_) | Value::BigInt(_) | Value::Number(_)) if self.is_time(key) => {
                self.time(path, value.and_then(Value::as_i64).unwrap_or(0), now);
            }
            value => self.look_at(path, value, now),
        }
    }

    /// What its concern calls a time, or its name does.
    fn is_time(&self, key: &str) -> bool {
        let time = Some(FieldKind::Time);
        kind_by_name(key) == time || kind_of(Some(self.spec), key) == time
    }

    fn look_at(&mut self, path: &str, value: Option<&Value>, now: i64) {
        match value {
            Some(Value::Map(map)) => {
                for (key, value) in map {
                    self.look_under(&format!("{path}/{key}"), key, Some(value), now);
                }
            }
            Some(Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.look_at(&format!("{path}/{at}"), Some(value), now);
                }
            }
            _ => {}
        }
    }

    fn acknowledgements(&mut self, path: &str, map: &Record, now: i64) {
        for (member, at) in map {
            self.time(&format!("{path}/{member}"), at.as_i64().unwrap_or(0), now);
        }
    }

    fn time(&mut self, path: &str, at: i64, now: i64) {
        let seconds = at.saturating_sub(now);
        if seconds > CLOCK_SKEW_SECONDS {
            self.count += 1;
            if seconds > self.farthest.0 {
                self.farthest = (seconds, path.to_owned());
            }
        }
    }
}

fn duration(seconds: i64) -> String {
    let hours = seconds / HOUR;
    if hours < 96 { format!("{hours} hours") } else { format!("{} days", hours / 24) }
}
