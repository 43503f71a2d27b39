//! Figures, statistics and plots of the benchmark and the study.

pub mod plot;
pub mod statistics;
pub mod timing;

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current date, such as `2026-11-26`.
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = speedate::DateTime::from_timestamp(now.as_secs() as i64, 0);
    now.map_or(String::new(), |now| now.date.to_string())
}
