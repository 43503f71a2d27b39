//! Parses times by a pattern from an option, such as `%d.%m.%Y %H:%M`.

use super::dates::{self, MONTHS};

/// Parses a text by a pattern to milliseconds since 1970. A space in the pattern matches any number
/// of spaces.
pub(super) fn parse(text: &[u8], pattern: &str) -> Option<i64> {
    let mut rest = text;
    let (mut year, mut month, mut day) = (1970, 1, 1);
    // Hours, minutes, seconds and thousandths.
    let mut clock = [0; 4];
    let mut afternoon = None;
    let mut seconds = 0;
    let mut signs = pattern.bytes();
    while let Some(sign) = signs.next() {
        if sign == b' ' {
            rest = rest.trim_ascii_start();
            continue;
        }
        let code = if sign == b'%' { signs.next()? } else { b'%' };
        match code {
            b'%' => rest = rest.strip_prefix(&[sign])?,
            b'Y' => year = digits(&mut rest, 4)?,
            b'y' => year = dates::full_year((digits(&mut rest, 2)?, 2))?,
            b'm' => month = digits(&mut rest, 2)?,
            b'd' => day = digits(&mut rest, 2)?,
            b'H' | b'I' => clock[0] = digits(&mut rest, 2)?,
            b'M' => clock[1] = digits(&mut rest, 2)?,
            b'S' => clock[2] = digits(&mut rest, 2)?,
            b'f' => {
                let before = rest.len();
                let fraction = digits(&mut rest, 9)?;
                clock[3] = fraction * 1000 / 10_i64.pow((before - rest.len()) as u32);
            }
            b's' => seconds = digits(&mut rest, 18)?,
            b'p' => {
                let half = rest.get(..2)?.to_ascii_lowercase();
                afternoon = Some(half == b"pm");
                rest = &rest[2..];
            }
            b'b' => {
                let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                let name = rest[..word].to_ascii_lowercase();
                let is_name = |month: &&str| word >= 3 && month.as_bytes().starts_with(&name);
                month = MONTHS.iter().position(is_name)? as i64 + 1;
                rest = &rest[word..];
            }
            _ => return None,
        }
    }
    let [mut hour, minute, second, thousandth] = clock;
    if let Some(afternoon) = afternoon {
        hour = hour % 12 + if afternoon { 12 } else { 0 };
    }
    let holds = rest.is_empty() && hour < 24 && minute < 60 && second <= 60;
    let seconds = seconds + (hour * 60 + minute) * 60 + second;
    holds.then_some(dates::of_day(year, month, day)? + seconds * 1000 + thousandth)
}

/// Reads a number of at most `most` digits.
fn digits(text: &mut &[u8], most: usize) -> Option<i64> {
    let length = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    *text = rest;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_says_what_stands_where() {
        for (pattern, text, expected) in [
            ("%d.%m.%Y %H:%M", "13.5.2014  08:15", 1_399_968_900_000),
            ("%Y%m%d", "20140513", 1_399_939_200_000),
            ("%y-%b-%d %I:%M %p", "14-May-13 8:15 PM", 1_400_012_100_000),
            ("%H:%M:%S.%f", "00:00:01.25", 1250),
            ("t=%s", "t=881250949", 881_250_949_000),
            ("%d%%", "1%", 0),
        ] {
            assert_eq!(parse(text.as_bytes(), pattern), Some(expected), "{pattern}");
        }
        for (pattern, text) in
            [("%Y", "2014-05"), ("%Y-%m", "2014"), ("%d.%m.%Y", "32.01.2014"), ("%H", "24")]
        {
            assert_eq!(parse(text.as_bytes(), pattern), None, "{pattern}");
        }
    }
}
