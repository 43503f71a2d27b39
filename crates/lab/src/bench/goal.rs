//! Goals of the benchmark: a figure, its bound, and whether it is met.

use xtask::markdown::{Row, number};

/// A figure to reach.
#[derive(Debug)]
pub struct Goal {
    what: String,
    bound: String,
    figure: Option<String>,
    met: bool,
}

impl Goal {
    pub fn at_most(what: impl Into<String>, most: f64, figure: Option<f64>) -> Self {
        Self::new(what, format!("≤ {most}"), figure, |figure| figure <= most)
    }

    pub fn at_least(what: impl Into<String>, least: f64, figure: Option<f64>) -> Self {
        Self::new(what, format!("≥ {least}"), figure, |figure| figure >= least)
    }

    fn new(
        what: impl Into<String>,
        bound: String,
        figure: Option<f64>,
        holds: impl Fn(f64) -> bool,
    ) -> Self {
        let met = figure.is_some_and(holds);
        Self { what: what.into(), bound, figure: figure.map(number), met }
    }

    /// Adds a unit to both numbers.
    pub fn in_units(mut self, unit: &str) -> Self {
        self.bound = format!("{} {unit}", self.bound);
        self.figure = self.figure.map(|figure| format!("{figure} {unit}"));
        self
    }

    pub fn row(self) -> Row {
        let verdict = match (&self.figure, self.met) {
            (None, _) => "not measured",
            (Some(_), true) => "met",
            (Some(_), false) => "**missed**",
        };
        vec![self.what, self.bound, self.figure.unwrap_or_default(), verdict.into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_missed_or_not_measured() {
        let goal = |figure| Goal::at_most("step", 0.7, figure).in_units("ms");
        assert_eq!(goal(Some(0.7)).row(), ["step", "≤ 0.7 ms", "0.700 ms", "met"]);
        assert_eq!(goal(Some(0.71)).row()[3], "**missed**");
        assert_eq!(goal(None).row(), ["step", "≤ 0.7 ms", "", "not measured"]);
        assert_eq!(Goal::at_least("rate", 10.0, Some(9.0)).row()[3], "**missed**");
    }
}
