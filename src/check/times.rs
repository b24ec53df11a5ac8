//! Times ahead of this machine's clock.

use super::{Fix, Found};
use crate::crdt::source::Source;
use crate::crdt::view::{LentValue, View};
use crate::error::{Next, counted};
use crate::limits::CLOCK_SKEW_SECONDS;
use crate::schema::{FieldKind, Spec, kind_by_name, kind_of};
use crate::store::check::FindingKind;
use crate::wire::{AnyHead, Value};
use std::fmt::{self, Display, Formatter};

static CLOCK_SKEW: FindingKind = FindingKind::warning("clock-skew");
const HOUR: i64 = 3600;

/// The times of a document.
struct Ahead<'s> {
    spec: &'s Spec,
    now: i64,
    count: usize,
    /// How far ahead, and where.
    farthest: (i64, String),
}

/// The path of a value, written out only when it is reported.
#[derive(Clone, Copy)]
struct Trail<'t> {
    around: Option<&'t Trail<'t>>,
    step: &'t dyn Display,
}

/// Reports times in a document that are more than a day ahead: one finding for all of them.
pub fn ahead(spec: &Spec, view: &View, now: i64) -> Option<Found> {
    let mut ahead = Ahead { spec, now, count: 0, farthest: (0, String::new()) };
    for root in view.roots() {
        let trail = Trail { around: None, step: &root };
        let content = view.lent(&root);
        // Elements with ids are named by them.
        let ids = match content {
            Some(LentValue::Array(_)) => view.keys(&[&root]),
            _ => Vec::new(),
        };
        if ids.is_empty() {
            ahead.look_at(trail, content);
        }
        for id in ids {
            ahead.look_under(trail.to(&id), &id, view.lent_at(&[&root, &id]));
        }
    }
    let (seconds, path) = ahead.farthest;
    (ahead.count > 0).then(|| Found {
        kind: &CLOCK_SKEW,
        detail: String::new(),
        message: format!(
            "{} {} ahead of this machine's clock, the farthest by {}: {path}; the clock of its \
             writer or of this machine is wrong",
            counted(ahead.count as u64, "time"),
            if ahead.count == 1 { "lies" } else { "lie" },
            duration(seconds)
        ),
        // No command changes recorded times; the wrong clock can be set.
        fix: Fix::Next(Next::ShowTime),
    })
}

impl Trail<'_> {
    fn to<'t>(&'t self, step: &'t dyn Display) -> Trail<'t> {
        Trail { around: Some(self), step }
    }
}

impl Display for Trail<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(around) = self.around {
            write!(f, "{around}/")?;
        }
        self.step.fmt(f)
    }
}

impl Ahead<'_> {
    /// Checks a value under a key. Recursion is bounded: the check refused deeper nesting.
    fn look_under(&mut self, trail: Trail<'_>, key: &str, value: Option<LentValue<'_>>) {
        match value {
            Some(LentValue::Map(map))
                if kind_of(Some(self.spec), key) == Some(FieldKind::Acknowledgements) =>
            {
                for (member, at) in map.fields() {
                    self.time(trail.to(&member), number(at).unwrap_or(0));
                }
            }
            Some(LentValue::Plain(_)) => {
                // A value that is not ahead does not matter, whatever it is.
                let at = value.and_then(number).filter(|at| self.is_ahead(*at));
                if let Some(at) = at.filter(|_| self.is_time(key)) {
                    self.time(trail, at);
                }
            }
            value => self.look_at(trail, value),
        }
    }

    /// Returns whether the concern calls the field a time, or else its name does.
    fn is_time(&self, key: &str) -> bool {
        let time = Some(FieldKind::Time);
        kind_by_name(key) == time || kind_of(Some(self.spec), key) == time
    }

    fn look_at(&mut self, trail: Trail<'_>, value: Option<LentValue<'_>>) {
        match value {
            Some(LentValue::Map(map)) => {
                for (key, value) in map.fields() {
                    self.look_under(trail.to(&key), key, Some(value));
                }
            }
            Some(LentValue::Array(items)) => {
                for (at, value) in items.elements().enumerate() {
                    self.look_at(trail.to(&at), Some(value));
                }
            }
            _ => {}
        }
    }

    fn is_ahead(&self, at: i64) -> bool {
        at.saturating_sub(self.now) > CLOCK_SKEW_SECONDS
    }

    fn time(&mut self, trail: Trail<'_>, at: i64) {
        let seconds = at.saturating_sub(self.now);
        if self.is_ahead(at) {
            self.count += 1;
            if seconds > self.farthest.0 {
                self.farthest = (seconds, trail.to_string());
            }
        }
    }
}

/// Returns a plain number as an integer.
fn number(value: LentValue<'_>) -> Option<i64> {
    let LentValue::Plain(plain) = value else { return None };
    match plain.head().0 {
        AnyHead::Int(n) | AnyHead::BigInt(n) => Some(n),
        AnyHead::Float(n) => Value::Number(n).as_i64(),
        _ => None,
    }
}

fn duration(seconds: i64) -> String {
    let hours = seconds / HOUR;
    if hours < 96 { format!("{hours} hours") } else { format!("{} days", hours / 24) }
}
