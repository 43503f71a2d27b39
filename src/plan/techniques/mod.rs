//! Techniques, each in a file: the buffers and operations that it adds to a run. A technique is put
//! together from operations; no kernel has a run-time flag for one.

mod cbns;
mod drawn_negatives;
mod onebp;
mod skipping;
mod streaming_log_q;

pub use cbns::CbnsHandles;
pub(super) use onebp::trains_users;
pub use skipping::{ALWAYS_ACTIVE, KEPT_PAIRS, SkipHandles, SkipSide, Snapshots};
pub use streaming_log_q::GapHandles;

use super::builder::Builder;
use super::run::Run;
use super::{Handles, Op, Program};

/// The hooks through which a technique changes a run; each changes nothing by default.
pub(super) trait Technique {
    /// Makes its buffers known to the host.
    fn publish(&self, handles: &mut Handles) {
        let _ = handles;
    }

    /// Returns operations that run once per window, after its batches are drawn.
    fn after_draw(&self, run: &Run) -> Vec<Op> {
        let _ = run;
        Vec::new()
    }

    /// Returns operations of a step, after the towers' outputs and before the loss.
    fn before_loss(&self, run: &Run) -> Vec<Op> {
        let _ = run;
        Vec::new()
    }

    /// Returns operations of a step, after the loss and before the backward pass.
    fn after_loss(&self, run: &Run) -> Vec<Op> {
        let _ = run;
        Vec::new()
    }

    /// Returns operations of a step, after the updates of its parameters.
    fn after_updates(&self, builder: &Builder<'_>, run: &Run) -> Vec<Op> {
        let _ = (builder, run);
        Vec::new()
    }

    /// Returns programs of its own.
    fn programs(&self, builder: &mut Builder<'_>, run: &Run) -> Vec<(Program, Vec<Op>)> {
        let _ = (builder, run);
        Vec::new()
    }
}

/// A technique of a plan.
type Part = Box<dyn Technique>;

/// Adds a technique's buffers, if the config has it.
type Add = fn(&mut Builder<'_>) -> Option<Part>;

/// All techniques, in the order of their state in a file.
const TECHNIQUES: &[Add] =
    &[drawn_negatives::add, streaming_log_q::add, cbns::add, onebp::add, skipping::add];

/// Adds the techniques of a config.
pub(super) fn add(builder: &mut Builder<'_>) -> Vec<Part> {
    TECHNIQUES.iter().filter_map(|add| add(builder)).collect()
}
