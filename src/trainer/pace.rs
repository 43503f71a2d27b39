//! How many steps go into one submit: enough to keep the backend busy, few enough to stay
//! responsive and out of a driver's watchdog.

use std::time::Duration;

use web_time::Instant;

/// Longest time that one submit should take, whatever there is to spend: others want the GPU, too.
const TARGET: Duration = Duration::from_millis(50);

/// Measures steps, and sizes submits by them.
#[derive(Debug, Default)]
pub struct Pace {
    /// Seconds a step; none before the first measurement.
    step: Option<f64>,
    /// When the backend was last known to start on a flight.
    busy_since: Option<Instant>,
    in_flight: usize,
}

impl Pace {
    /// Steps that fit into a submit, and into `budget`; at least one.
    pub fn steps_within(&self, budget: Duration) -> usize {
        let Some(step) = self.step else { return 1 };
        (TARGET.min(budget).as_secs_f64() / step).max(1.0) as usize
    }

    /// A flight was handed over.
    pub fn submitted(&mut self) {
        if self.in_flight == 0 {
            self.busy_since = Some(Instant::now());
        }
        self.in_flight += 1;
    }

    /// The oldest flight came back.
    pub fn landed(&mut self, steps: usize) {
        let now = Instant::now();
        let since = self.busy_since.replace(now).unwrap_or(now);
        self.in_flight -= 1;
        let step = (now - since).as_secs_f64() / steps as f64;
        // Half of the news: one hiccup does not shrink the submits for long.
        self.step = Some(self.step.map_or(step, |before| f64::midpoint(before, step)));
    }
}
