// Where the run stands. Twin: src/plan/step.rs.
struct Clock {
    steps: u32, // done in the run
    epoch: u32, // from 0
    done: u32, // steps done in the epoch
    pairs: u32, // N, pairs in an epoch
}

// A step's record in the window; a uniform binding may start at every 256 bytes.
struct StepSlot {
    @size(256) step: Step,
}
