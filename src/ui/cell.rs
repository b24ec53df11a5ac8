//! Renders one value as text: for people ([`shown`]) or for programs that read TSV and CSV ([`plain`]).

use super::report::{Column, Style};
use super::terminal::{TimeStyle, Times};
use chrono::{DateTime, Local, SecondsFormat, Utc};
use serde_json::{Map, Value};

/// The fewest characters of a UUID that a table shows.
pub const ID_CHARS: usize = 8;
/// The most names of a long list that a table shows.
const NAMES: usize = 4;
/// The most changes of a record that a table shows.
const CHANGES: usize = 4;
/// The most characters shown of a changed value.
const CHANGE_CHARS: usize = 32;

/// Returns a time in the style that the user chose.
fn seen(at: DateTime<Utc>, times: Times) -> String {
    match times.style {
        TimeStyle::Local => at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string(),
        TimeStyle::Utc => at.format("%Y-%m-%d %H:%MZ").to_string(),
        TimeStyle::Relative => match times.now.saturating_sub(at.timestamp()) {
            0 => "now".to_owned(),
            ago @ 1.. => format!("{} ago", lasting(ago)),
            ahead => format!("in {}", lasting(ahead.saturating_neg())),
        },
    }
}

/// Returns a span of time for people, in its largest whole unit: "12 days".
pub fn lasting(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, name) = unit.unwrap_or((1, "second"));
    match seconds / unit {
        1 => format!("1 {name}"),
        n => format!("{n} {name}s"),
    }
}

/// What tables show for a missing [`Style::LastTime`].
pub const NEVER: &str = "never";

impl Column {
    /// When something last happened; tables show [`NEVER`] if it did not.
    pub const fn last(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Style::LastTime)
    }
}

/// Returns a value as a table shows it, not escaped yet.
pub fn shown(value: &Value, style: Style, times: Times) -> String {
    match (style, value) {
        (Style::LastTime, Value::Null) => NEVER.to_owned(),
        (_, Value::Null) => String::new(),
        (_, Value::Array(items)) if items.is_empty() => String::new(),
        (_, Value::Object(fields)) if fields.is_empty() => String::new(),
        (Style::Time | Style::LastTime, value) => time(value, |at| seen(at, times)),
        (Style::Bytes, value) => value.as_u64().map_or_else(|| text(value), size),
        (Style::Flag, Value::Bool(flag)) => if *flag { "yes" } else { "" }.to_owned(),
        (Style::List, Value::Array(items)) if all_plain(items) => {
            let shown = items.get(..NAMES).filter(|_| items.len() > NAMES + 1).unwrap_or(items);
            match items.len().saturating_sub(shown.len()) {
                0 => join(shown, ", "),
                more => format!("{} and {more} more", join(shown, ", ")),
            }
        }
        (Style::Count, Value::Number(number)) if number.as_u64() == Some(0) => String::new(),
        (Style::Count, Value::Array(items)) => items.len().to_string(),
        (Style::Count, Value::Object(sets)) => each_of(sets, " ", counted),
        (Style::Sets, Value::Object(sets)) => {
            each_of(sets, "; ", |items| Some(join(items.as_array()?, ", ")))
        }
        (Style::Changes, Value::Object(fields)) => {
            let said = |one| change(one, times);
            let mut changes: Vec<String> = fields.iter().take(CHANGES).map(said).collect();
            if let more @ 1.. = fields.len().saturating_sub(CHANGES) {
                changes.push(format!("and {more} more"));
            }
            changes.join("; ")
        }
        (_, value) => text(value),
    }
}

/// Joins each name with what `say` says about its value.
fn each_of(
    fields: &Map<String, Value>,
    separator: &str,
    say: impl Fn(&Value) -> Option<String>,
) -> String {
    let said = fields.iter().filter_map(|(name, has)| Some(format!("{name} {}", say(has)?)));
    said.collect::<Vec<_>>().join(separator)
}

/// The size of a set, or a number itself.
fn counted(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => Some(items.len().to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns one change of a field: the old value, an arrow, the new value.
fn change((name, change): (&String, &Value), times: Times) -> String {
    let side = |side: &str| {
        let value = change.get(side).filter(|value| !value.is_null())?;
        let whole = match name.ends_with("_at") && value.is_number() {
            true => time(value, |at| seen(at, times)),
            false => text(value),
        };
        let start: String = whole.chars().take(CHANGE_CHARS).collect();
        Some(if start.len() < whole.len() { format!("{start}…") } else { start })
    };
    match (side("old"), side("new")) {
        (None, new) => format!("{name}: {}", new.unwrap_or_default()),
        (Some(old), None) => format!("{name}: {old} →"),
        (Some(old), Some(new)) => format!("{name}: {old} → {new}"),
    }
}

/// Returns a value as TSV and CSV hold it, not escaped yet: times in RFC 3339 (UTC), sizes in bytes.
pub fn plain(value: &Value, style: Style) -> String {
    match (style, value) {
        (_, Value::Null) => String::new(),
        (Style::Time | Style::LastTime, value) => {
            time(value, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        (Style::List, Value::Array(items)) if all_plain(items) => join(items, ","),
        (_, value) => text(value),
    }
}

/// The value itself; arrays and objects as compact JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

fn all_plain(items: &[Value]) -> bool {
    !items.iter().any(|item| item.is_array() || item.is_object())
}

fn join(items: &[Value], separator: &str) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(separator)
}

/// Formats a time, or returns the number itself if it is beyond the calendar. 0 means never.
fn time(value: &Value, format: impl Fn(DateTime<Utc>) -> String) -> String {
    // `as` saturates; a number out of range is shown as it is, below.
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|n| n as i64));
    match seconds {
        Some(0) => String::new(),
        Some(seconds) => DateTime::from_timestamp(seconds, 0).map_or_else(|| text(value), format),
        None => text(value),
    }
}

/// Returns a size for people: decimal units, two digits.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 999.5 would be rounded to 1000.
        if amount < 999.5 {
            break;
        }
        amount /= 1000.0;
        unit = next;
    }
    let digits = if amount < 9.95 { format!("{amount:.1}") } else { format!("{amount:.0}") };
    format!("{} {unit}", digits.trim_end_matches(".0"))
}

/// Returns a share of a whole as a percentage and a bar of up to ten characters.
pub fn bar(part: u64, whole: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if whole == 0 {
        return String::new();
    }
    let share = part as f64 / whole as f64;
    // 80 eighths of a character.
    let eighths = (share * 80.0).round() as usize;
    let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or("");
    format!("{:>3.0} % {}{rest}", share * 100.0, "█".repeat(eighths / 8))
}

/// Returns the shortest length, at least eight characters, at which the UUIDs among these differ.
pub fn id_length<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
    let mut ids: Vec<&str> = ids.filter(|id| is_uuid(id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let common = |pair: &[&str]| match pair {
        [a, b] => a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count(),
        _ => 0,
    };
    ids.windows(2).map(|pair| common(pair) + 1).max().unwrap_or(0).max(ID_CHARS)
}

/// Cuts a UUID to `length`; returns any other id whole.
pub fn short_id(id: &str, length: usize) -> &str {
    if is_uuid(id) { id.get(..length).unwrap_or(id) } else { id }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(value: &Value, style: Style) -> String {
        super::shown(value, style, Times::default())
    }

    #[test]
    fn people_see_times_as_they_like() {
        const AT: i64 = 1_795_366_800;
        let seen = |style, now| super::shown(&json!(AT), Style::Time, Times { style, now });
        assert_eq!(seen(TimeStyle::Utc, 0), "2026-11-22 17:00Z");
        let ago = [0, 1, 59, 60, 7_199, 7_200, 86_400, 12 * 86_400 + 5];
        assert_eq!(
            ago.map(|ago| seen(TimeStyle::Relative, AT + ago)),
            [
                "now",
                "1 second ago",
                "59 seconds ago",
                "1 minute ago",
                "1 hour ago",
                "2 hours ago",
                "1 day ago",
                "12 days ago"
            ]
        );
        assert_eq!(seen(TimeStyle::Relative, AT - 3 * 3_600), "in 3 hours");
        assert_eq!(seen(TimeStyle::Relative, i64::MIN), "in 106751991167300 days");
    }

    #[test]
    fn sizes_are_short() {
        let of = [0, 999, 1000, 9_949, 9_950, 664_321, 999_499, 999_500, 10_000_000, u64::MAX];
        let shown: Vec<String> = of.iter().map(|n| size(*n)).collect();
        assert_eq!(
            shown,
            [
                "0 B", "999 B", "1 KB", "9.9 KB", "10 KB", "664 KB", "999 KB", "1 MB", "10 MB",
                "18447 PB"
            ]
        );
    }

    #[test]
    fn bars_show_shares() {
        assert_eq!(bar(1, 2), " 50 % █████");
        assert_eq!(bar(3, 16), " 19 % █▉");
        assert_eq!(bar(5, 5), "100 % ██████████");
        assert_eq!(bar(0, 5), "  0 % ");
        assert_eq!(bar(0, 0), "");
    }

    #[test]
    fn times_are_read_by_programs_in_utc_and_zero_is_never() {
        assert_eq!(plain(&json!(1_795_366_800), Style::Time), "2026-11-22T17:00:00Z");
        assert_eq!(plain(&json!(1_795_366_800.0), Style::Time), "2026-11-22T17:00:00Z");
        assert_eq!(plain(&json!(0), Style::Time), "");
        assert_eq!(plain(&json!(i64::MAX), Style::Time), i64::MAX.to_string());
        assert_eq!(plain(&json!(null), Style::Time), "");
        assert_eq!(shown(&json!(1_795_366_800), Style::Time).len(), "2026-11-22 17:00".len());
    }

    #[test]
    fn values_keep_their_meaning() {
        assert_eq!(shown(&json!(true), Style::Flag), "yes");
        assert_eq!(shown(&json!({"message": 3, "card": 1}), Style::Count), "message 3 card 1");
        assert_eq!(plain(&json!(true), Style::Flag), "true");
        assert_eq!(shown(&json!(["a", "b"]), Style::List), "a, b");
        assert_eq!(plain(&json!({"a": [1]}), Style::Text), r#"{"a":[1]}"#);
    }

    #[test]
    fn long_lists_are_cut_for_people_alone() {
        let of = |n: usize| (0..n).map(|n| format!("m{n}")).collect::<Vec<String>>();
        assert_eq!(shown(&json!(of(5)), Style::List), "m0, m1, m2, m3, m4");
        assert_eq!(shown(&json!(of(101)), Style::List), "m0, m1, m2, m3 and 97 more");
        assert_eq!(plain(&json!(of(101)), Style::List).split(',').count(), 101);
    }

    #[test]
    fn sets_are_counted_or_named() {
        let sets = json!({"👍": ["alice", "bob"], "🎉": ["carol"]});
        assert_eq!(shown(&sets, Style::Count), "👍 2 🎉 1");
        assert_eq!(shown(&sets, Style::Sets), "👍 alice, bob; 🎉 carol");
        assert_eq!(plain(&sets, Style::Count), sets.to_string());
        assert_eq!(
            (shown(&json!(0), Style::Count), shown(&json!(3), Style::Count)),
            ("".into(), "3".into())
        );
        assert_eq!(plain(&json!(0), Style::Count), "0");
    }

    #[test]
    fn changes_are_arrows() {
        let long = "x".repeat(40);
        let fields = json!({
            "a": {"old": "hi", "new": "ho"}, "b": {"old": null, "new": 1},
            "c": {"old": [1], "new": null}, "d": {"old": 0, "new": long},
            "e": {"old": 0, "new": 1},
        });
        let cut = "x".repeat(32);
        assert_eq!(
            shown(&fields, Style::Changes),
            format!("a: hi → ho; b: 1; c: [1] →; d: 0 → {cut}…; and 1 more")
        );
    }

    #[test]
    fn uuids_are_cut_where_they_differ() {
        let a = "3f2a1b2c-0000-4000-8000-000000000001";
        let b = "3f2a1b2c-0000-4000-8000-0000000000f1";
        let c = "aaaaaaaa-0000-4000-8000-000000000001";
        assert_eq!(id_length([a, c].into_iter()), 8);
        assert_eq!(id_length([a, a].into_iter()), 8);
        assert_eq!(id_length([c, b, a].into_iter()), 35);
        assert_eq!(short_id(a, 8), "3f2a1b2c");
        assert_eq!(short_id("alice-river-stone-sky", 8), "alice-river-stone-sky");
    }
}
