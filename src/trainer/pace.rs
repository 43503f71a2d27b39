//! Chooses the number of steps of one submit: enough to keep the backend busy, few enough to keep
//! the page responsive and to stay below the time limit of a driver's watchdog.

use std::time::Duration;

use web_time::Instant;

/// Longest time that one submit should take, even with a larger budget: other pages and programs
/// use the GPU, too.
const TARGET: Duration = Duration::from_millis(50);

/// Measures the time of steps and sizes submits by it.
#[derive(Debug, Default)]
pub struct Pace {
    /// Seconds per step; none before the first measurement.
    step: Option<f64>,
    /// Last time at which the backend was known to start a flight.
    busy_since: Option<Instant>,
    in_flight: usize,
}

impl Pace {
    /// Returns the number of steps that fit into a submit and into `budget`; at least one.
    pub fn steps_within(&self, budget: Duration) -> usize {
        let Some(step) = self.step else { return 1 };
        (TARGET.min(budget).as_secs_f64() / step).max(1.0) as usize
    }

    /// Records that a flight was submitted.
    pub fn submitted(&mut self) {
        if self.in_flight == 0 {
            self.busy_since = Some(Instant::now());
        }
        self.in_flight += 1;
    }

    /// Records that the oldest flight is complete.
    pub fn landed(&mut self, steps: usize) {
        let now = Instant::now();
        let since = self.busy_since.replace(now).unwrap_or(now);
        self.in_flight -= 1;
        let step = (now - since).as_secs_f64() / steps as f64;
        // The mean of old and new: one slow step does not shrink the submits for long.
        self.step = Some(self.step.map_or(step, |before| f64::midpoint(before, step)));
    }
}
