//! Reads dates in common notations, word by word: `2019-10-01T08:15:00Z`, `13.05.2014 08:15`,
//! `12/1/2010 8:26`, `Tue Apr 03 18:00:09 +0000 2012`, `10 01, 2019`.

pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// Order of month and day in a date such as `12/1/2010`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    MonthFirst,
    DayFirst,
}

/// Evidence for the order, from the dates of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub month_first: bool,
    pub day_first: bool,
    /// An ambiguous date was read as month first.
    pub either: bool,
}

/// Parses a date, with or without a time of day, to milliseconds since 1970. A time without a zone
/// is UTC. Without an `order`, a date such as `12/1/2010` is read as month first, and `seen`
/// records it.
pub(super) fn parse(text: &[u8], order: Option<Order>, seen: &mut Seen) -> Option<i64> {
    let mut date = Fields::default();
    let mut rest = text;
    while let Some(&first) = rest.first() {
        rest = match first {
            b'0'..=b'9' => date.digits(rest)?,
            b'a'..=b'z' | b'A'..=b'Z' => date.word(rest)?,
            b'+' if date.clock.is_some() => date.zone(rest)?,
            b'-' if date.clock.is_some() && date.has_date() => date.zone(rest)?,
            b' ' | b',' | b'/' | b'-' | b'.' => &rest[1..],
            // JavaScript repeats the zone's name in parentheses.
            b'(' => break,
            _ => return None,
        };
    }
    date.milliseconds(order, seen)
}

/// Parts of a date in the order of the text.
#[derive(Default)]
struct Fields {
    /// Numbers outside the time of day, and their numbers of digits.
    numbers: [(i64, usize); 3],
    count: usize,
    /// Character after the first number.
    sign: u8,
    /// A month by its name.
    month: Option<i64>,
    /// Milliseconds since midnight.
    clock: Option<i64>,
    afternoon: Option<bool>,
    zone_minutes: i64,
}

impl Fields {
    /// Returns whether the date is complete, so that a `-` after the time of day begins a zone.
    fn has_date(&self) -> bool {
        self.count == 3 || self.month.is_some()
    }

    /// Reads a number or a time of day.
    fn digits<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (number, length, rest) = number(text)?;
        if rest.first() == Some(&b':') && self.clock.is_none() {
            return self.time_of_day(number, rest);
        }
        *self.numbers.get_mut(self.count)? = (number, length);
        if self.count == 0 {
            self.sign = rest.first().copied().unwrap_or_default();
        }
        self.count += 1;
        Some(rest)
    }

    fn time_of_day<'a>(&mut self, hour: i64, text: &'a [u8]) -> Option<&'a [u8]> {
        let (minute, _, mut rest) = number(&text[1..])?;
        let (mut second, mut thousandths) = (0, 0);
        if let [b':', after @ ..] = rest {
            (second, _, rest) = number(after)?;
            if let [b'.' | b',', after @ ..] = rest {
                let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
                thousandths = (0..3).fold(0, |sum, n| {
                    let digit = if n < digits { i64::from(after[n] - b'0') } else { 0 };
                    sum * 10 + digit
                });
                rest = &after[digits..];
            }
        }
        // A leap second counts as the first second of the next minute.
        let holds = hour < 24 && minute < 60 && second <= 60;
        self.clock = Some(((hour * 60 + minute) * 60 + second) * 1000 + thousandths);
        holds.then_some(rest)
    }

    fn word<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let length = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = text.split_at(length);
        let word = std::str::from_utf8(word).ok()?.to_ascii_lowercase();
        let begins = |name: &&str| word.len() >= 3 && name.starts_with(&word);
        if let Some(month) = MONTHS.iter().position(&begins) {
            self.month = Some(month as i64 + 1);
            return Some(rest);
        }
        match word.as_str() {
            "am" => self.afternoon = Some(false),
            "pm" => self.afternoon = Some(true),
            "t" | "z" | "utc" | "gmt" | "st" | "nd" | "rd" | "th" => {}
            _ => return WEEKDAYS.iter().any(begins).then_some(rest),
        }
        Some(rest)
    }

    /// Reads a zone: `+0100`, `+01:00` or `+01`.
    fn zone<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (number, length, mut rest) = number(&text[1..])?;
        let mut minutes = if length > 2 { number / 100 * 60 + number % 100 } else { number * 60 };
        if let [b':', after @ ..] = rest {
            let (more, _, after) = self::number(after)?;
            minutes += more;
            rest = after;
        }
        self.zone_minutes = if text[0] == b'-' { -minutes } else { minutes };
        Some(rest)
    }

    fn milliseconds(&self, order: Option<Order>, seen: &mut Seen) -> Option<i64> {
        let [(first, digits), (second, _), (third, _)] = self.numbers;
        let (year, month, day) = match (self.month, self.count) {
            (Some(month), 2) if digits == 4 => (first, month, second),
            (Some(month), 2) => (full_year(self.numbers[1])?, month, first),
            (None, 3) if digits == 4 => (first, second, third),
            (None, 3) => {
                let year = full_year(self.numbers[2])?;
                match self.order(order, seen) {
                    Order::MonthFirst => (year, first, second),
                    Order::DayFirst => (year, second, first),
                }
            }
            _ => return None,
        };
        let mut clock = self.clock.unwrap_or_default();
        if let Some(afternoon) = self.afternoon {
            clock = clock % (DAY / 2) + if afternoon { DAY / 2 } else { 0 };
        }
        Some(of_day(year, month, day)? + clock - self.zone_minutes * MINUTE)
    }

    /// Returns the order of day and month: day first if a point follows the first number, month
    /// first if a space does, else by a number above 12.
    fn order(&self, order: Option<Order>, seen: &mut Seen) -> Order {
        let [(first, _), (second, _), _] = self.numbers;
        if let Some(order) = order {
            return order;
        }
        match (self.sign, first > 12, second > 12) {
            (b'.', ..) => Order::DayFirst,
            (b' ', ..) => Order::MonthFirst,
            (_, true, false) => {
                seen.day_first = true;
                Order::DayFirst
            }
            (_, false, true) => {
                seen.month_first = true;
                Order::MonthFirst
            }
            _ => {
                seen.either |= first != second;
                Order::MonthFirst
            }
        }
    }
}

/// Returns the milliseconds since 1970 at the start of a day; `None` if the day does not exist.
pub(super) fn of_day(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    // Days since 1970 (Howard Hinnant's days_from_civil): years begin in March, an era has 400
    // years.
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let milliseconds = (era * 146_097 + day_of_era - 719_468) * DAY;
    (civil(milliseconds) == (year, month, day)).then_some(milliseconds)
}

/// Returns year, month and day of a time: the inverse of [`of_day`].
fn civil(milliseconds: i64) -> (i64, i64, i64) {
    let days = milliseconds.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = (shifted_month + 2) % 12 + 1;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Swaps month and day of a time, if the result is a date.
pub(super) fn swapped(milliseconds: i64) -> i64 {
    let (year, month, day) = civil(milliseconds);
    let swapped = of_day(year, day, month);
    swapped.map_or(milliseconds, |start| start + milliseconds.rem_euclid(DAY))
}

/// Returns the year of a number with four or two digits; two digits mean 1970 to 2069.
pub(super) fn full_year((year, digits): (i64, usize)) -> Option<i64> {
    match digits {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// Returns the number at the start of a text, of 1 to 4 digits, its number of digits, and the rest.
pub(super) fn number(text: &[u8]) -> Option<(i64, usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = |sum, byte: &u8| sum * 10 + i64::from(byte - b'0');
    (1..=4)
        .contains(&digits)
        .then(|| (text[..digits].iter().fold(0, value), digits, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTOBER: i64 = 1_569_888_000_000;
    const QUARTER_PAST_8: i64 = (8 * 60 + 15) * MINUTE;

    #[test]
    fn dates_are_read_in_the_notations_of_files() {
        for (text, expected) in [
            ("2019-10-01", OCTOBER),
            ("2019/10/01 08:15:00", OCTOBER + QUARTER_PAST_8),
            ("2019-10-01T08:15:00.123456789Z", OCTOBER + QUARTER_PAST_8 + 123),
            ("2019-10-01 08:15:00.5", OCTOBER + QUARTER_PAST_8 + 500),
            ("2019-10-01 08:15 UTC", OCTOBER + QUARTER_PAST_8),
            ("2019-10-01T09:15:00+01:00", OCTOBER + QUARTER_PAST_8),
            ("2019-10-01T01:15:00-0700", OCTOBER + QUARTER_PAST_8),
            ("01.10.2019 08:15", OCTOBER + QUARTER_PAST_8),
            ("10/1/2019 8:15", OCTOBER + QUARTER_PAST_8),
            ("10/1/19 8:15 AM", OCTOBER + QUARTER_PAST_8),
            ("10/1/2019 8:15 pm", OCTOBER + QUARTER_PAST_8 + DAY / 2),
            ("Tue, 01 Oct 2019 08:15:00 +0000", OCTOBER + QUARTER_PAST_8),
            ("Tue Oct 01 08:15:00 +0000 2019", OCTOBER + QUARTER_PAST_8),
            ("Tue Oct 01 01:15:00 -0700 2019", OCTOBER + QUARTER_PAST_8),
            ("Tue Oct 01 2019 10:15:00 GMT+0200 (Central Europe)", OCTOBER + QUARTER_PAST_8),
            ("October 1st, 2019", OCTOBER),
            ("01-Oct-2019", OCTOBER),
            ("10 01, 2019", OCTOBER),
            ("29.02.2000", 951_782_400_000),
            ("1969-12-31", -DAY),
        ] {
            assert_eq!(
                parse(text.as_bytes(), None, &mut Seen::default()),
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "",
            "yesterday",
            "2010-13-01",
            "2010-12-01 25:00",
            "29.02.1900",
            "31.04.2019",
            "2019",
            "13/13/2019",
            "1:2",
            "2019-10",
            "1/2/3/4",
            "Marketing 1 2019",
            "2019-10-01x",
        ] {
            assert_eq!(parse(text.as_bytes(), None, &mut Seen::default()), None, "{text}");
        }
    }

    #[test]
    fn a_day_after_the_12th_shows_the_order() {
        let read = |text: &str, order| {
            let mut seen = Seen::default();
            (parse(text.as_bytes(), order, &mut seen), seen)
        };
        let none = Seen::default();
        let day = OCTOBER + 12 * DAY;
        assert_eq!(read("10/13/2019", None), (Some(day), Seen { month_first: true, ..none }));
        assert_eq!(read("13/10/2019", None), (Some(day), Seen { day_first: true, ..none }));
        assert_eq!(read("10/1/2019", None), (Some(OCTOBER), Seen { either: true, ..none }));
        assert_eq!(read("1/10/2019", Some(Order::DayFirst)), (Some(OCTOBER), none));
        assert_eq!(read("13/10/2019", Some(Order::MonthFirst)), (None, none));
    }

    #[test]
    fn dates_read_month_first_can_be_read_day_first() {
        let read = |text: &str, order| parse(text.as_bytes(), order, &mut Seen::default());
        for text in ["1/10/2019 8:15", "2/12/1968", "12/1/2010 8:26", "5/5/2005"] {
            let [month_first, day_first] =
                [Order::MonthFirst, Order::DayFirst].map(|order| read(text, Some(order)));
            assert_eq!(month_first.map(swapped), day_first, "{text}");
        }
        let after_the_12th = OCTOBER + 12 * DAY;
        assert_eq!(swapped(after_the_12th), after_the_12th);
    }
}
