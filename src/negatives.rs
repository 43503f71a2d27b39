//! Sampling of negatives: the items' sampling probabilities, and the table of weights for draws by
//! popularity.

use crate::config::{Config, LogQ, NegativesKind};

/// Returns (I) log of each item's probability to be a candidate, from its number of training pairs.
/// A constant factor of the probability has no effect in a softmax. Zeros if there is no
/// correction, or if the device estimates it.
pub fn log_q(config: &Config, counts: &[u32]) -> Vec<f32> {
    let negatives = &config.negatives;
    let shares = shares(counts.iter().map(|&count| f64::from(count)).collect());
    let q: Vec<f64> = match (negatives.log_q, negatives.kind) {
        (LogQ::Known(false) | LogQ::Estimated(_), _) | (_, NegativesKind::Uniform) => {
            vec![1.0; counts.len()]
        }
        (LogQ::Known(true), NegativesKind::InBatch) => shares,
        (LogQ::Known(true), NegativesKind::Popularity) => {
            self::shares(weights(counts, negatives.alpha))
        }
        (LogQ::Known(true), NegativesKind::Mixed) => {
            let drawn = config.drawn_share().expect("mixed negatives with logQ have a drawn share");
            let uniform = 1.0 / counts.len() as f64;
            shares.iter().map(|share| (1.0 - drawn) * share + drawn * uniform).collect()
        }
    };
    q.into_iter().map(|q| q.ln() as f32).collect()
}

/// Returns (I) sums of the items' weights count^α up to and including each item, scaled to u32::MAX
/// parts; every item has at least one part.
pub fn cumulative(counts: &[u32], alpha: f32) -> Vec<u32> {
    let parts = f64::from(u32::MAX) - counts.len() as f64;
    let mut sum = 0;
    let shares = shares(weights(counts, alpha));
    shares
        .into_iter()
        .map(|share| {
            sum += 1 + (share * parts) as u32;
            sum
        })
        .collect()
}

fn weights(counts: &[u32], alpha: f32) -> Vec<f64> {
    counts.iter().map(|&count| f64::from(count).powf(alpha.into())).collect()
}

fn shares(mut weights: Vec<f64>) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn q(negatives: &serde_json::Value, counts: &[u32]) -> Vec<f32> {
        let options = json!({ "batchSize": 6, "negatives": negatives });
        let config = Config::resolve(&options).expect("valid options");
        log_q(&config, counts).into_iter().map(f32::exp).collect()
    }

    fn assert_close(ours: &[f32], expected: &[f32]) {
        assert_eq!(ours.len(), expected.len());
        for (ours, expected) in ours.iter().zip(expected) {
            assert!((ours - expected).abs() < 1e-6, "{ours} for {expected}");
        }
    }

    #[test]
    fn each_kind_has_its_probability() {
        let counts = [1, 4, 3];
        let kind = |kind| q(&json!({ "kind": kind, "count": 2, "alpha": 0.5 }), &counts);
        assert_close(&kind("in-batch"), &[0.125, 0.5, 0.375]);
        assert_close(&kind("uniform"), &[1.0, 1.0, 1.0]);
        let root = 3.0f32.sqrt();
        let sum = 3.0 + root;
        assert_close(&kind("popularity"), &[1.0 / sum, 2.0 / sum, root / sum]);
        let third = 0.25 / 3.0;
        let mixed = [0.125, 0.5, 0.375].map(|share| 0.75 * share + third);
        assert_close(&kind("mixed"), &mixed);
        for off in [json!(false), json!("streaming")] {
            assert_close(&q(&json!({ "logQ": off }), &counts), &[1.0, 1.0, 1.0]);
        }
    }

    #[test]
    fn the_table_of_weights_fills_32_bits_and_leaves_nobody_out() {
        let mut counts = vec![0; 1000];
        counts[3] = u32::MAX;
        counts[999] = 1;
        let table = cumulative(&counts, 1.0);
        assert!(table.is_sorted_by(|a, b| a < b) && table[0] > 0);
        let table = cumulative(&[1; 3], 0.75);
        assert!(table[2] > u32::MAX - 4, "{}", table[2]);
        for alpha in [0.0, 2.0] {
            assert_eq!(cumulative(&[7; 5], alpha).len(), 5);
        }
    }
}
