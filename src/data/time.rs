//! Points in time, as files write them.

use speedate::{Date, DateTime};

/// Whole numbers up to this size are seconds, larger ones milliseconds: as seconds it is the year
/// 2603, as milliseconds August 1970.
const SECONDS_UP_TO: u64 = 20_000_000_000;

/// From this size on a bare number in a column without a name is taken to be a time (March 1973).
const LEAST_LIKELY: i64 = 100_000_000;

/// Milliseconds since 1970 of unix seconds or milliseconds, or of an ISO 8601 date with or without
/// a time of day. A time without a zone is UTC.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    if let Some(number) = speedate::int_parse_bytes(text) {
        let seconds = number.unsigned_abs() <= SECONDS_UP_TO;
        return Some(if seconds { number * 1000 } else { number });
    }
    if let Ok(time) = DateTime::parse_bytes_rfc3339(text) {
        return Some(time.timestamp_tz_ms());
    }
    if let Ok(date) = Date::parse_bytes_rfc3339(text) {
        return Some(date.timestamp_ms());
    }
    fraction(text)
}

/// Milliseconds of a number with a fraction. `speedate` would read it, too, but brings a parser of
/// floats of its own for that, which is larger than all else that it has.
fn fraction(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if !digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return None;
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let seconds = number.abs() <= SECONDS_UP_TO as f64;
    Some((if seconds { number * 1000.0 } else { number }).round() as i64)
}

/// Whether a cell of a column without a name looks like a time.
pub(super) fn is_likely(text: &str) -> bool {
    match text.trim().parse::<f64>() {
        Ok(number) => number >= LEAST_LIKELY as f64,
        Err(_) => parse(text.as_bytes()).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_times_and_iso_dates_are_read() {
        for (text, expected) in [
            ("881250949", 881_250_949_000),
            ("1291213920000", 1_291_213_920_000),
            (" 1291213920 ", 1_291_213_920_000),
            ("1291213920.25", 1_291_213_920_250),
            ("-5", -5000),
            ("2010-12-01", 1_291_161_600_000),
            ("2010-12-01 08:26", 1_291_191_960_000),
            ("2010-12-01T08:26:30", 1_291_191_990_000),
            ("2010-12-01T08:26:30.5Z", 1_291_191_990_500),
            ("2010-12-01T09:26:30+01:00", 1_291_191_990_000),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(expected), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2010-13-01",
            "12/1/2010 8:26",
            "2010-12-01 25:00",
            "1e9",
            "1.5x",
            ".",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_rating_does_not_look_like_a_time() {
        assert!(is_likely("881250949") && is_likely("2010-12-01"));
        assert!(!is_likely("5") && !is_likely("4.5") && !is_likely("Toy Story"));
    }
}
