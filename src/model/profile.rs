//! Time of a training step's operations: steps run as usual, with a clock around each operation.

use serde::Serialize;

use super::Model;
use crate::error::Result;
use crate::executor::{Executor, Timed};
use crate::plan::{Dispatch, Op, Plan, Program};

/// Time of a step, by operation.
#[derive(Debug, Serialize)]
pub struct Profile {
    /// Number of timed steps; all times are means over them.
    pub steps: usize,
    /// The operations of a step, then those of a window.
    pub operations: Vec<OpProfile>,
}

/// One operation of a step, or of a window of steps.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpProfile {
    /// Its name.
    pub operation: String,
    /// How often it runs.
    pub once: Once,
    /// Milliseconds per step.
    pub milliseconds: f64,
    /// Counted multiply-adds per step, for a full batch.
    pub multiply_adds: f64,
    /// Counted bytes per step, for a full batch.
    pub bytes: f64,
    /// On a GPU, its dispatches in order: shader and milliseconds per step.
    pub kernels: Vec<(&'static str, f64)>,
}

/// How often an operation runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Once {
    /// Once per step.
    Step,
    /// Once per window of steps, before or after them.
    Window,
    /// At most once per epoch, before or after it.
    Epoch,
}

impl Model {
    /// Times each operation from now on; training continues with the same bits.
    ///
    /// # Errors
    /// The same as [`Executor::start_timing`].
    pub fn start_timing(&mut self) -> Result<()> {
        self.executor.start_timing()?;
        // The programs that opened the current window were not timed; the next window may be far off.
        self.redraw_window();
        Ok(())
    }

    /// Stops timing, and returns the profile of the steps since it was started.
    ///
    /// # Errors
    /// The same as [`Executor::stop_timing`].
    pub async fn stop_timing(&mut self) -> Result<Profile> {
        let timed = self.executor.stop_timing(&self.plan).await?;
        let steps = self.steps_in_epoch();
        let a_window = steps as f64 / steps.div_ceil(self.plan.dims.window) as f64;
        let operations = [
            (Program::Step, Once::Step, 1.0),
            (Program::OpenWindow, Once::Window, a_window),
            (Program::SumLosses, Once::Window, a_window),
            (Program::CloseWindow, Once::Window, a_window),
        ];
        let of_program = |(program, once, steps)| {
            let runs: Vec<&Timed> = timed.iter().filter(|run| run.program == program).collect();
            self.operations(program, once, &runs, steps)
        };
        Ok(Profile {
            steps: timed.iter().filter(|timed| timed.program == Program::Step).count(),
            operations: operations.into_iter().flat_map(of_program).collect(),
        })
    }

    /// Returns the mean times of a program's runs, each of which serves `steps` steps; empty
    /// without runs.
    fn operations(
        &self,
        program: Program,
        once: Once,
        runs: &[&Timed],
        steps: f64,
    ) -> Vec<OpProfile> {
        if runs.is_empty() {
            return Vec::new();
        }
        let is_gpu = matches!(self.executor, Executor::Gpu(_));
        let of_op = |(n, op): (usize, &Op)| {
            let mean = |part: usize| {
                let sum: f64 = runs.iter().map(|run| run.operations[n][part]).sum();
                sum / (runs.len() as f64 * steps)
            };
            let dispatches = op.dispatches();
            let parts = if is_gpu { dispatches.len() } else { 1 };
            let times: Vec<f64> = (0..parts).map(mean).collect();
            let work = op.work(self.counters.live_entries());
            let milliseconds = times.iter().sum();
            let stems = dispatches.iter().map(|dispatch| dispatch.shader.stem);
            OpProfile {
                operation: name(&self.plan, &dispatches),
                once,
                milliseconds,
                multiply_adds: work.multiply_adds as f64 / steps,
                bytes: work.bytes_moved as f64 / steps,
                kernels: if is_gpu { stems.zip(times).collect() } else { Vec::new() },
            }
        };
        self.plan.program(program).iter().enumerate().map(of_op).collect()
    }
}

/// Returns the name of an operation: the common prefix of its first and its last shader's stem (or
/// the last stem, if there is no such prefix), then the first buffer that the last shader writes.
/// The buffer tells the towers apart, because both may have this operation.
pub(super) fn name(plan: &Plan, dispatches: &[Dispatch]) -> String {
    let (Some(first), Some(last)) = (dispatches.first(), dispatches.last()) else {
        return String::new();
    };
    let [a, b] = [first, last].map(|dispatch| dispatch.shader.stem);
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let common = a[..same].trim_end_matches('_');
    let stem = if common.is_empty() { b } else { common };
    match last.buffers().find(|(access, _)| access.writes()) {
        Some((_, buffer)) => format!("{stem} → {}", plan.buffers[buffer.0].name),
        None => stem.into(),
    }
}
