//! Schedule of the learning rate over a run. Twin of `shaders/shared/schedule.wgsl`.

use std::f32::consts::FRAC_PI_2;

use super::Counters;
use crate::config::{Optimizer, ScheduleKind};

/// The learning rate as a function of progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The highest learning rate.
    pub rate: f32,
    /// Number of epochs over which it rises.
    pub warmup: f32,
    /// Whether it falls along half a cosine over the whole run (Loshchilov & Hutter 2017, without
    /// restarts).
    pub cosine: bool,
}

impl Schedule {
    /// Returns the schedule of the options.
    pub fn new(optimizer: &Optimizer) -> Self {
        Self {
            rate: optimizer.learning_rate,
            warmup: optimizer.warmup,
            cosine: optimizer.schedule == ScheduleKind::Cosine,
        }
    }

    /// Returns the learning rate of step number `step` (from 0) of the counters' epoch, for batches
    /// of `batch` pairs.
    pub fn at(&self, counters: &Counters, step: u32, batch: u32) -> f32 {
        let steps_in_epoch = counters.pairs.div_ceil(batch) as f32;
        let mut rate = self.rate;
        if self.warmup > 0.0 {
            let after = counters.epoch as f32 + (step + 1) as f32 / steps_in_epoch;
            rate *= (after / self.warmup).min(1.0);
        }
        if self.cosine {
            let before = counters.epoch as f32 + step as f32 / steps_in_epoch;
            let left = 1.0 - (before / counters.epochs.max(1) as f32).min(1.0);
            rate *= (FRAC_PI_2 * left).sin().powi(2);
        }
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_stays_or_falls() {
        let constant = Schedule { rate: 0.5, warmup: 0.0, cosine: false };
        let counters = |epoch| Counters { pairs: 40, epoch, epochs: 4, ..Counters::default() };
        let rates = |schedule: Schedule, epoch| -> Vec<f32> {
            (0..4).map(|step| schedule.at(&counters(epoch), step, 10)).collect()
        };
        assert_eq!(rates(constant, 3), [0.5; 4]);
        let rising = Schedule { warmup: 2.0, ..constant };
        assert_eq!(rates(rising, 0), [0.0625, 0.125, 0.1875, 0.25]);
        assert_eq!(rates(rising, 2), [0.5; 4]);
        let falling = Schedule { cosine: true, ..constant };
        assert_eq!(falling.at(&counters(0), 0, 10), 0.5);
        assert!((falling.at(&counters(2), 0, 10) - 0.25).abs() < 1e-6);
        let last = falling.at(&counters(3), 3, 10);
        assert!(last > 0.0 && last < 0.5 * 0.01, "{last}");
        assert_eq!(falling.at(&counters(4), 0, 10), 0.0, "past its end");
    }
}
