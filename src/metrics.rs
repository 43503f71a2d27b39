//! Full-ranking metrics from lists of recommended items (`docs/methods.md`, evaluation).

use serde::{Deserialize, Serialize};

use crate::config::Metric;
use crate::plan::NO_ID;

/// Ranking quality of a model, as means over the users who have a held-out item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the serialised names say which metric at which cut")]
pub struct Metrics {
    #[serde(rename = "recall@10")]
    pub recall_10: f64,
    #[serde(rename = "recall@20")]
    pub recall_20: f64,
    #[serde(rename = "ndcg@10")]
    pub ndcg_10: f64,
    #[serde(rename = "ndcg@20")]
    pub ndcg_20: f64,
    #[serde(rename = "hit@10")]
    pub hit_10: f64,
    #[serde(rename = "mrr@10")]
    pub mrr_10: f64,
    #[serde(rename = "coverage@20")]
    pub coverage_20: f64,
}

impl Metrics {
    /// Returns one of the metrics.
    pub fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Recall10 => self.recall_10,
            Metric::Recall20 => self.recall_20,
            Metric::Ndcg10 => self.ndcg_10,
            Metric::Ndcg20 => self.ndcg_20,
            Metric::Hit10 => self.hit_10,
            Metric::Mrr10 => self.mrr_10,
        }
    }

    /// Returns all of them: each is a share.
    pub fn all(&self) -> [f64; 7] {
        let &Self { recall_10, recall_20, ndcg_10, ndcg_20, hit_10, mrr_10, coverage_20 } = self;
        [recall_10, recall_20, ndcg_10, ndcg_20, hit_10, mrr_10, coverage_20]
    }

    /// Returns the metrics of lists against held-out items; see [`at`].
    pub fn new<'a>(
        lists: impl Iterator<Item = (&'a [u32], &'a [u32])> + Clone,
        items: usize,
    ) -> Self {
        let ten = at(10, lists.clone(), items);
        let twenty = at(20, lists, items);
        Self {
            recall_10: ten.recall,
            recall_20: twenty.recall,
            ndcg_10: ten.ndcg,
            ndcg_20: twenty.ndcg,
            hit_10: ten.hit,
            mrr_10: ten.mrr,
            coverage_20: twenty.coverage,
        }
    }
}

/// The metrics at one cut.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AtCut {
    /// Hits / held-out items.
    pub recall: f64,
    /// Discounted gain divided by that of the ideal list, which also has at most `k` items.
    pub ndcg: f64,
    /// 1 if there is a hit, otherwise 0.
    pub hit: f64,
    /// 1 / rank of the first hit.
    pub mrr: f64,
    /// Share of the catalogue that appears in at least one list.
    pub coverage: f64,
}

/// Returns the metrics at cut `k`, for a catalogue of `items` items. `lists` has a pair for each
/// user: the recommended items, best first, and the held-out items, ascending and at least one. An
/// item that is not in the catalogue is never a hit.
pub fn at<'a>(
    k: usize,
    lists: impl Iterator<Item = (&'a [u32], &'a [u32])>,
    items: usize,
) -> AtCut {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let mut sums = AtCut::default();
    let mut users = 0usize;
    let mut listed = vec![false; items];
    for (list, held_out) in lists {
        users += 1;
        let mut hits = 0usize;
        let mut gain = 0.0;
        for (rank, item) in list.iter().take(k).filter(|&&item| item != NO_ID).enumerate() {
            listed[*item as usize] = true;
            if held_out.binary_search(item).is_ok() {
                if hits == 0 {
                    sums.hit += 1.0;
                    sums.mrr += 1.0 / (rank as f64 + 1.0);
                }
                hits += 1;
                gain += discount(rank);
            }
        }
        let ideal: f64 = (0..k.min(held_out.len())).map(discount).sum();
        sums.recall += hits as f64 / held_out.len() as f64;
        sums.ndcg += gain / ideal;
    }
    let mean = |sum: f64| if users == 0 { 0.0 } else { sum / users as f64 };
    AtCut {
        recall: mean(sums.recall),
        ndcg: mean(sums.ndcg),
        hit: mean(sums.hit),
        mrr: mean(sums.mrr),
        coverage: listed.iter().filter(|&&listed| listed).count() as f64 / items.max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_worked_list() {
        // Hits at ranks 2 and 4 of three held-out items; the ideal list has hits at 1, 2 and 3.
        let lists = [(&[7, 3, 0, 5][..], &[3, 5, 9][..])];
        let metrics = at(4, lists.into_iter(), 10);
        let log = |x: f64| 1.0 / x.log2();
        assert_eq!(metrics.recall, 2.0 / 3.0);
        assert_eq!(metrics.ndcg, (log(3.0) + log(5.0)) / (1.0 + log(3.0) + log(4.0)));
        assert_eq!(metrics.hit, 1.0);
        assert_eq!(metrics.mrr, 0.5);
        assert_eq!(metrics.coverage, 0.4);
    }

    #[test]
    fn an_empty_list_counts_as_zero() {
        let lists = [(&[NO_ID; 20][..], &[1][..]), (&[1][..], &[1][..])];
        let metrics = Metrics::new(lists.into_iter(), 2);
        assert_eq!(metrics.recall_20, 0.5);
        assert_eq!(metrics.coverage_20, 0.5);
    }
}
