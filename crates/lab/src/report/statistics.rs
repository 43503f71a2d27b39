//! Statistics over seeds: mean and spread, and whether one arm beats another.

use serde::{Deserialize, Serialize, Serializer};

/// One figure over several seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    #[serde(serialize_with = "short")]
    pub mean: f64,
    /// Standard deviation over the seeds; `None` for a single seed, or if all values are equal, as
    /// counts are.
    #[serde(serialize_with = "short_if_any")]
    pub spread: Option<f64>,
}

impl Figure {
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let differ = values.iter().any(|value| *value != values[0]);
        Self { mean, spread: differ.then(|| (squares / (count - 1.0)).sqrt()) }
    }

    /// Returns `None` unless every seed has a value.
    pub fn of_all(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
        (!values.is_empty()).then(|| Self::of(&values))
    }
}

/// Comparison of two arms: the differences of runs with the same seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub difference: Figure,
    /// The differences as shares of the other arm's values.
    pub relative: Figure,
}

impl Comparison {
    pub fn of(ours: &[f64], theirs: &[f64]) -> Self {
        let figure = |value: fn(f64, f64) -> f64| {
            let values = ours.iter().zip(theirs).map(|(&ours, &theirs)| value(ours, theirs));
            Figure::of(&values.collect::<Vec<_>>())
        };
        Self {
            difference: figure(|ours, theirs| ours - theirs),
            relative: figure(|ours, theirs| ours / theirs - 1.0),
        }
    }

    /// Returns the verdict: a difference counts if it is larger than its own spread. With a single
    /// seed it always counts.
    pub fn verdict(&self) -> Verdict {
        let Figure { mean, spread } = self.difference;
        if mean == 0.0 || mean.abs() <= spread.unwrap_or_default() {
            Verdict::Level
        } else if mean > 0.0 {
            Verdict::Wins
        } else {
            Verdict::Loses
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Wins,
    Loses,
    Level,
}

/// Interpolates a curve linearly at `x`. Returns `None` outside the curve.
pub fn interpolate(curve: &[[f64; 2]], x: f64) -> Option<f64> {
    let after = curve.iter().position(|point| point[0] >= x)?;
    let [right, above] = curve[after];
    if right == x {
        return Some(above);
    }
    let [left, below] = curve[after.checked_sub(1)?];
    Some(below + (above - below) * (x - left) / (right - left))
}

/// Rounds to five significant digits, to keep files small.
pub fn round(value: f64) -> f64 {
    format!("{value:.4e}").parse().expect("a number was written")
}

fn short<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(round(*value))
}

fn short_if_any<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(round).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_the_mean_and_the_standard_deviation() {
        assert_eq!(Figure::of(&[1.0, 2.0, 3.0]), Figure { mean: 2.0, spread: Some(1.0) });
        assert_eq!(Figure::of(&[5.0]), Figure { mean: 5.0, spread: None });
        assert_eq!(Figure::of(&[7.0, 7.0]), Figure { mean: 7.0, spread: None });
        assert_eq!(Figure::of_all([Some(1.0), None]), None);
    }

    #[test]
    fn a_difference_counts_when_it_is_larger_than_its_spread() {
        let verdict = |ours: &[f64], theirs: &[f64]| Comparison::of(ours, theirs).verdict();
        assert_eq!(verdict(&[2.0, 3.1, 4.0], &[1.0, 2.0, 3.0]), Verdict::Wins);
        assert_eq!(verdict(&[0.0, 1.1, 2.0], &[1.0, 2.0, 3.0]), Verdict::Loses);
        assert_eq!(verdict(&[2.0, 1.0, 3.0], &[1.0, 2.0, 3.0]), Verdict::Level);
        assert_eq!(verdict(&[1.0, 1.0], &[1.0, 1.0]), Verdict::Level);
        assert_eq!(verdict(&[1.1], &[1.0]), Verdict::Wins);
        assert_eq!(Comparison::of(&[1.0, 2.0], &[2.0, 4.0]).relative, Figure::of(&[-0.5]));
    }

    #[test]
    fn a_curve_is_straight_between_its_points_and_ends_where_they_do() {
        let curve = [[10.0, 1.0], [20.0, 2.0], [40.0, 1.0]];
        assert_eq!(interpolate(&curve, 10.0), Some(1.0));
        assert_eq!(interpolate(&curve, 15.0), Some(1.5));
        assert_eq!(interpolate(&curve, 30.0), Some(1.5));
        assert_eq!(interpolate(&curve, 40.0), Some(1.0));
        assert_eq!(interpolate(&curve, 9.0), None);
        assert_eq!(interpolate(&curve, 41.0), None);
    }

    #[test]
    fn five_digits_are_written() {
        let text =
            serde_json::to_string(&Figure { mean: 0.123_456_78, spread: Some(98_765_432.0) });
        assert_eq!(text.expect("JSON"), r#"{"mean":0.12346,"spread":98765000.0}"#);
    }
}
