//! Reads times: numbers, dates, or by a pattern.

use super::dates::{self, Order, Seen};
use super::pattern;

/// A number up to this size counts seconds, up to a thousand times this size milliseconds, and so
/// on to nanoseconds. As seconds it is the year 2603, as milliseconds August 1970.
const SECONDS_UP_TO: f64 = 2e10;

/// Range of seconds in which a number in an unnamed column is taken as a time: 1990 to 2100.
const LIKELY: std::ops::Range<f64> = 631_152_000.0..4_102_444_800.0;

/// Reads the times of a data set, and collects evidence for the order of day and month.
#[derive(Debug, Default)]
pub(super) struct Clock {
    order: Option<Order>,
    pattern: Option<String>,
    pub seen: Seen,
}

impl Clock {
    /// Returns a clock for a value of `data.timeFormat`.
    pub fn new(format: Option<&str>) -> Self {
        let (order, pattern) = match format {
            Some("month-first") => (Some(Order::MonthFirst), None),
            Some("day-first") => (Some(Order::DayFirst), None),
            other => (None, other.map(String::from)),
        };
        Self { order, pattern, seen: Seen::default() }
    }

    /// Reads a time as milliseconds since 1970.
    #[inline]
    pub fn read(&mut self, text: &[u8]) -> Option<i64> {
        let text = text.trim_ascii();
        if let Some(pattern) = &self.pattern {
            return pattern::parse(text, pattern);
        }
        match whole(text) {
            Some(number) if number.unsigned_abs() <= SECONDS_UP_TO as u64 => Some(number * 1000),
            _ => number(text).or_else(|| dates::parse(text, self.order, &mut self.seen)),
        }
    }

    /// Returns whether a cell of an unnamed column looks like a time.
    pub fn is_likely(&mut self, text: &str) -> bool {
        let text = text.trim();
        match text.parse::<f64>() {
            Ok(number) if self.pattern.is_none() => {
                let seconds = (0..4).any(|n| LIKELY.contains(&(number / 1000_f64.powi(n))));
                seconds && !text.starts_with('0')
            }
            _ => self.read(text.as_bytes()).is_some(),
        }
    }
}

/// Reads a whole number. Most files have these, so this path is fast.
#[inline]
fn whole(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(if digits.len() < text.len() { -number } else { number })
}

/// Reads any number as milliseconds since 1970, also `1.51e+09`.
fn number(text: &[u8]) -> Option<i64> {
    if !text.first()?.is_ascii_digit() && text[0] != b'-' {
        return None;
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let mut size = number.abs() / SECONDS_UP_TO;
    let mut milliseconds = number * 1000.0;
    while size > 1.0 {
        size /= 1000.0;
        milliseconds /= 1000.0;
    }
    Some(milliseconds.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        Clock::default().read(text.as_bytes())
    }

    #[test]
    fn numbers_count_from_1970_in_the_unit_that_their_size_tells() {
        for (text, expected) in [
            ("881250949", 881_250_949_000),
            ("1291213920000", 1_291_213_920_000),
            ("1291213920000000", 1_291_213_920_000),
            ("1291213920000000000", 1_291_213_920_000),
            (" 1291213920 ", 1_291_213_920_000),
            ("1291213920.25", 1_291_213_920_250),
            ("1.51e+09", 1_510_000_000_000),
            ("-5", -5000),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "1.5x", ".", "nan", "inf", "-"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("2010-12-01 08:26"), Some(1_291_191_960_000));
    }

    #[test]
    fn a_format_is_followed() {
        let read = |format, text: &str| Clock::new(Some(format)).read(text.as_bytes());
        assert_eq!(read("day-first", "2/1/1970"), Some(86_400_000));
        assert_eq!(read("month-first", "1/2/1970"), Some(86_400_000));
        assert_eq!(read("%Y%m%d", "19700102"), Some(86_400_000));
        assert_eq!(read("%Y%m%d", "1970-01-02"), None);
    }

    #[test]
    fn a_rating_or_an_id_does_not_look_like_a_time() {
        let is_likely = |text| Clock::default().is_likely(text);
        for time in ["881250949", "1291213920000", "2010-12-01", "Tue, 03 Apr 2012 18:00:09 GMT"] {
            assert!(is_likely(time), "{time}");
        }
        for other in ["5", "4.5", "Toy Story", "151603712", "0978300760", "76561197970982479", ""] {
            assert!(!is_likely(other), "{other}");
        }
    }
}
