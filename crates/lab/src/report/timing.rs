//! Median and quartiles of repeated measurements.

use super::statistics::round;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt::{self, Display, Formatter};
use xtask::markdown::number;

/// The median of some times or ratios, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    #[serde(serialize_with = "short")]
    pub median: f64,
    #[serde(serialize_with = "short")]
    pub low: f64,
    #[serde(serialize_with = "short")]
    pub high: f64,
    pub count: usize,
}

impl Timing {
    /// Returns `None` if there is no measurement.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let quantile = |share: f64| {
            let place = share * last as f64;
            let (below, above) = (sorted[place as usize], sorted[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        let (median, low, high) = (quantile(0.5), quantile(0.25), quantile(0.75));
        Some(Self { median, low, high, count: sorted.len() })
    }
}

impl Display for Timing {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { median, low, high, .. } = *self;
        write!(out, "{} ({} to {})", number(median), number(low), number(high))
    }
}

fn short<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_quartiles_are_found_in_any_order() {
        let timing = Timing::of(&[5.0, 1.0, 4.0, 2.0, 3.0]).expect("times");
        assert_eq!(timing, Timing { median: 3.0, low: 2.0, high: 4.0, count: 5 });
        let timing = Timing::of(&[1.0, 2.0]).expect("times");
        assert_eq!((timing.median, timing.low, timing.high), (1.5, 1.25, 1.75));
        assert_eq!(Timing::of(&[]), None);
    }

    #[test]
    fn figures_have_three_digits() {
        let timing = Timing { median: 12.345, low: 0.1234, high: 678.9, count: 3 };
        assert_eq!(timing.to_string(), "12.3 (0.123 to 679)");
    }
}
