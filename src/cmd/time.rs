//! Times and durations as people type them.

use crate::error::{Error, Result};
use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use std::time::Duration;

/// A point in time on the command line: fixed, or some time ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Unix seconds.
    At(i64),
    /// Seconds before now.
    Ago(i64),
}

impl When {
    /// Returns the time in Unix seconds.
    pub fn at(self, now: i64) -> i64 {
        match self {
            When::At(seconds) => seconds,
            When::Ago(seconds) => now.saturating_sub(seconds),
        }
    }

    /// Parses RFC 3339, a date (local midnight), a local time as tables show it, an age (`2d`, `3h`, `1w`,
    /// `30m`, `45s`), or Unix seconds.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(seconds) = ago(text) {
            return Ok(When::Ago(seconds));
        }
        fixed(text).map(When::At).map_err(|_| {
            Error::usage(format!(
                "not a time: {text:?}; write RFC 3339 (2026-11-22T17:40:00Z), a date (2026-11-22), \
                 Unix seconds, or how long ago: 30m, 3h, 2d, 1w"
            ))
        })
    }
}

/// Parses a fixed point in time: RFC 3339, a date or time in the local zone, or Unix seconds. Returns Unix
/// seconds.
pub fn fixed(text: &str) -> Result<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.timestamp());
    }
    let local = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) => Some(date.and_time(NaiveTime::MIN)),
        Err(_) => ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()),
    };
    local.and_then(local_seconds).ok_or_else(|| {
        Error::usage(format!(
            "not a time: {text:?}; write RFC 3339 (2026-11-22T17:40:00Z), a date (2026-11-22), or \
             Unix seconds"
        ))
    })
}

/// Parses a duration: `10s`, `500ms`, `2m`, or seconds.
pub fn duration(text: &str) -> Result<Duration> {
    let wrong = || Error::usage(format!("not a duration: {text:?}; write 500ms, 10s or 2m"));
    let (number, unit) = split_unit(text);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" | "" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        _ => None,
    };
    millis.map(Duration::from_millis).ok_or_else(wrong)
}

/// Returns the seconds of `2d`, `3h`, `1w`, `30m`, `45s`.
fn ago(text: &str) -> Option<i64> {
    let (number, unit) = split_unit(text);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(unit))
}

fn split_unit(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(digits)
}

/// Returns the first existing moment of the local zone at or after this time: clock changes skip some.
fn local_seconds(local: NaiveDateTime) -> Option<i64> {
    (0..=3).find_map(|hours| {
        let local = local.checked_add_signed(TimeDelta::hours(hours))?;
        Local.from_local_datetime(&local).earliest().map(|at| at.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_366_800;

    fn at(text: &str) -> i64 {
        When::parse(text).unwrap().at(NOW)
    }

    #[test]
    fn so_long_ago() {
        assert_eq!(at("45s"), NOW - 45);
        assert_eq!(at("30m"), NOW - 1_800);
        assert_eq!(at("3h"), NOW - 10_800);
        assert_eq!(at("2d"), NOW - 172_800);
        assert_eq!(at("1w"), NOW - 604_800);
    }

    #[test]
    fn points_in_time() {
        assert_eq!(at("1795366800"), NOW);
        assert_eq!(at("0"), 0);
        assert_eq!(at("2026-11-22T17:00:00Z"), NOW);
        assert_eq!(at("2026-11-22T18:00:00+01:00"), NOW);
        assert_eq!(at("2026-11-22T17:00:00.250Z"), NOW);
        assert_eq!(at("2026-11-22 10:30") - at("2026-11-22"), 37_800);
        assert_eq!(at("2026-11-22T10:30:05") - at("2026-11-22"), 37_805);
    }

    #[test]
    fn a_date_is_its_local_midnight() {
        let midnight = Local.timestamp_opt(at("2026-11-22"), 0).unwrap();
        assert_eq!(midnight.format("%Y-%m-%d %H:%M:%S").to_string(), "2026-11-22 00:00:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["", "yesterday", "2d3h", "-2d", "2y", "2026-13-01", "99999999999d", "d"] {
            assert!(When::parse(bad).is_err(), "{bad:?}");
        }
        assert!(fixed("2d").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(duration("10s").unwrap(), Duration::from_secs(10));
        assert_eq!(duration("10").unwrap(), Duration::from_secs(10));
        assert_eq!(duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(duration("2m").unwrap(), Duration::from_secs(120));
        for bad in ["", "s", "-1s", "1d", "1.5s", "99999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }
}
