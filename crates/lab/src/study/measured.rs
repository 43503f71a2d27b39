//! The runs of an experiment on one data set, and figures derived from them.

use crate::report::plot::{Line, Plot, Scale};
use crate::report::statistics::{Comparison, Figure};
use serde::Deserialize;

/// The fields that a study reads of a run's JSON document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub config: Config,
    pub memory_bytes: f64,
    pub epochs: Vec<Epoch>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub skip: Option<twotower::config::Skip>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Epoch {
    pub seconds: f64,
    pub pairs: f64,
    pub steps: f64,
    pub bytes_moved: f64,
    pub multiply_adds: f64,
    pub drift: Option<f64>,
    pub skip: Option<Skip>,
    #[serde(rename = "ndcg@20")]
    pub ndcg: f64,
    #[serde(rename = "recall@20")]
    pub recall: f64,
    #[serde(rename = "coverage@20")]
    pub coverage: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Skip {
    pub skipped: f64,
}

impl Run {
    pub fn last(&self) -> &Epoch {
        self.epochs.last().expect("a run has an epoch")
    }

    /// Returns the best epoch with its number, from 1.
    pub fn best(&self) -> (usize, &Epoch) {
        let numbered = self.epochs.iter().enumerate().map(|(n, epoch)| (n + 1, epoch));
        // The first of equal ones: `max_by` alone would take the last.
        numbered.rev().max_by(|a, b| a.1.ndcg.total_cmp(&b.1.ndcg)).expect("a run has an epoch")
    }

    pub fn epoch_seconds(&self) -> f64 {
        fastest(&self.epochs).expect("a run has an epoch")
    }

    /// Returns NDCG@20 by cumulative cost; `spent` returns the cost of an epoch.
    pub fn curve(&self, spent: impl Fn(&Epoch) -> f64) -> Vec<[f64; 2]> {
        let mut sum = 0.0;
        let point = |epoch| {
            sum += spent(epoch);
            [sum, epoch.ndcg]
        };
        self.epochs.iter().map(point).collect()
    }
}

/// Returns the seconds of the fastest epoch: other load on the machine only adds time.
pub fn fastest<'a>(epochs: impl IntoIterator<Item = &'a Epoch>) -> Option<f64> {
    epochs.into_iter().map(|epoch| epoch.seconds).min_by(f64::total_cmp)
}

/// Arms by name, each with a run for each seed; runs at the same position have the same seed.
#[derive(Debug)]
pub struct Measured {
    pub set: String,
    pub arms: Vec<(&'static str, Vec<Run>)>,
}

impl Measured {
    pub fn epochs(&self) -> usize {
        let (_, runs) = &self.arms[0];
        runs[0].epochs.len()
    }

    pub fn title(&self) -> String {
        format!("{}, {} epochs", self.set, self.epochs())
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.arms.iter().map(|(name, _)| *name)
    }

    pub fn runs(&self, arm: &str) -> &[Run] {
        let (_, runs) = self.arms.iter().find(|(name, _)| *name == arm).expect("an arm's name");
        runs
    }

    /// Returns a figure over an arm's seeds.
    pub fn figure(&self, arm: &str, value: impl Fn(&Run) -> Option<f64>) -> Option<Figure> {
        Figure::of_all(self.runs(arm).iter().map(value))
    }

    /// Returns a figure over an arm's seeds, each run paired with the other arm's run of the same
    /// seed.
    pub fn beside(
        &self,
        arm: &str,
        other: &str,
        value: impl Fn(&Run, &Run) -> Option<f64>,
    ) -> Option<Figure> {
        let pairs = self.runs(arm).iter().zip(self.runs(other));
        Figure::of_all(pairs.map(|(run, other)| value(run, other)))
    }

    pub fn compare(&self, arm: &str, other: &str, value: impl Fn(&Run) -> f64) -> Comparison {
        let [ours, theirs] =
            [arm, other].map(|arm| self.runs(arm).iter().map(&value).collect::<Vec<_>>());
        Comparison::of(&ours, &theirs)
    }

    /// Plots NDCG@20 of all arms by cumulative cost; `x` names the cost, `spent` returns the
    /// cost of an epoch.
    pub fn plot(&self, name: &str, x: &str, spent: impl Fn(&Epoch) -> f64) -> Plot {
        Plot {
            name: format!("{name}-{}-{}", self.set, self.epochs()),
            title: format!("NDCG@20 over {x}: {}", self.title()),
            x: x.into(),
            y: "NDCG@20".into(),
            scale: Scale::Linear,
            lines: self.names().map(|arm| Line::new(arm, &self.curve(arm, &spent))).collect(),
        }
    }

    /// Returns an arm's curve: the mean of its runs' curves at each epoch.
    pub fn curve(&self, arm: &str, spent: impl Fn(&Epoch) -> f64) -> Vec<[f64; 2]> {
        let curves: Vec<_> = self.runs(arm).iter().map(|run| run.curve(&spent)).collect();
        let mean = |epoch: usize, axis: usize| {
            curves.iter().map(|curve| curve[epoch][axis]).sum::<f64>() / curves.len() as f64
        };
        (0..curves[0].len()).map(|epoch| [mean(epoch, 0), mean(epoch, 1)]).collect()
    }
}

/// Returns a run of epochs with (pairs, skipped pairs, NDCG@20).
#[cfg(test)]
pub fn run(epochs: &[(f64, f64, f64)]) -> Run {
    use serde_json::json;
    let epochs = epochs.iter().map(|&(pairs, skipped, ndcg)| {
        let skip = (skipped > 0.0).then(|| json!({ "skipped": skipped }));
        json!({ "pairs": pairs, "steps": 1, "bytesMoved": 1, "multiplyAdds": pairs,
            "seconds": pairs / 10.0, "skip": skip, "ndcg@20": ndcg, "recall@20": 0.0,
            "coverage@20": 0.0 })
    });
    let document = json!({ "config": {}, "memoryBytes": 1, "epochs": Vec::from_iter(epochs) });
    serde_json::from_value(document).expect("a run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_epoch_is_the_first_of_equal_ones() {
        let run = run(&[(9.0, 0.0, 0.1), (9.0, 0.0, 0.3), (9.0, 0.0, 0.3)]);
        let (number, epoch) = run.best();
        assert_eq!((number, epoch.ndcg), (2, 0.3));
    }

    #[test]
    fn a_curve_adds_up_what_is_spent_and_is_the_mean_of_the_seeds() {
        let runs = vec![
            run(&[(10.0, 0.0, 0.1), (8.0, 2.0, 0.25)]),
            run(&[(10.0, 0.0, 0.3), (6.0, 4.0, 0.75)]),
        ];
        let measured = Measured { set: "small".into(), arms: vec![("full", runs)] };
        assert_eq!(measured.title(), "small, 2 epochs");
        assert_eq!(measured.curve("full", |epoch| epoch.pairs), [[10.0, 0.2], [17.0, 0.5]]);
        let plot = measured.plot("skip", "pairs trained", |epoch| epoch.pairs);
        assert_eq!(plot.name, "skip-small-2");
        assert_eq!(plot.lines[0].points.len(), 2);
    }
}
