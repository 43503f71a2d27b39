//! Determines the kind of a column from its cells.

use super::ids::Ids;
use super::missing::Missing;
use super::number;
use super::time::Clock;

/// Kind of a column's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No values.
    Empty,
    Time,
    /// One distinct value, as in a file sorted by this column.
    Constant,
    /// 0 and 1, true and false.
    Flag,
    /// Each number is the previous one plus 1.
    Counter,
    /// Numbers, some with a fraction: prices, coordinates, shares.
    Fraction,
    /// Whole numbers from 0 to 10, as on a rating scale.
    Scale,
    Whole,
    Text,
}

/// Minimum number of cells for a column of consecutive numbers to be a counter.
const COUNTED: usize = 8;

/// Highest number of a rating scale.
const SCALE: f64 = 10.0;

impl Kind {
    /// Judges the cells of a column.
    pub fn of<'a>(
        cells: impl Iterator<Item = &'a str>,
        missing: &Missing,
        clock: &mut Clock,
    ) -> Self {
        let mut distinct = Ids::default();
        let mut filled = 0;
        let mut numbers = Vec::new();
        let mut is_time = true;
        for cell in cells.map(str::trim).filter(|cell| !missing.is(cell.as_bytes())) {
            filled += 1;
            // Cannot fail: the text of a sample is far below the limit of ids.
            let _ = distinct.take(cell);
            numbers.extend(number::parse(cell));
            is_time = is_time && clock.is_likely(cell);
        }
        let is_flag =
            |value: &str| matches!(value, "0" | "1" | "true" | "false" | "True" | "False");
        if filled == 0 {
            Self::Empty
        } else if is_time {
            Self::Time
        } else if distinct.len() == 1 {
            Self::Constant
        } else if distinct.iter().all(is_flag) {
            Self::Flag
        } else if numbers.len() < filled {
            Self::Text
        } else if filled >= COUNTED && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0) {
            Self::Counter
        } else if numbers.iter().any(|number| number.fract() != 0.0) {
            Self::Fraction
        } else if numbers.iter().all(|number| (0.0..=SCALE).contains(number)) {
            Self::Scale
        } else {
            Self::Whole
        }
    }

    /// Returns whether a column of this kind may contain ids if there are other columns.
    pub fn may_be_ids(self) -> bool {
        matches!(self, Self::Scale | Self::Whole | Self::Text)
    }

    /// Returns whether a column of this kind may contain ratings.
    pub fn may_be_ratings(self) -> bool {
        matches!(self, Self::Scale | Self::Whole | Self::Fraction | Self::Flag | Self::Constant)
    }
}

/// Returns the smallest and largest number; `None` if all are equal or there are none.
pub(super) fn range<'a>(cells: impl Iterator<Item = &'a str>) -> Option<[f64; 2]> {
    let numbers: Vec<f64> = cells.filter_map(number::parse).collect();
    let least = numbers.iter().copied().reduce(f64::min)?;
    let most = numbers.iter().copied().reduce(f64::max)?;
    (least < most).then_some([least, most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_their_cells() {
        for (cells, expected) in [
            ("NA NA", Kind::Empty),
            ("2010-12-01 2011-01-03 NA", Kind::Time),
            ("881250949 891717742", Kind::Time),
            ("0 1 1 0", Kind::Flag),
            ("7 7 7", Kind::Constant),
            ("5 6 7 8 9 10 11 12 13", Kind::Counter),
            ("5 6 7 9 10 11 12 13 14", Kind::Whole),
            ("48.2 11.5 -3.25", Kind::Fraction),
            ("4.5 3 5 1", Kind::Fraction),
            ("4 3 5 1", Kind::Scale),
            ("17850.0 17851.0", Kind::Whole),
            ("151603712 3 7", Kind::Whole),
            ("apple 3 7", Kind::Text),
        ] {
            let missing = Missing::new(&["NA".into()]);
            let found = Kind::of(cells.split(' '), &missing, &mut Clock::default());
            assert_eq!(found, expected, "{cells}");
        }
    }
}
