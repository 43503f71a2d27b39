// A range of ids to work on: one training step of the window, or one block of queries.
// Twin: src/plan/step.rs.
struct Step {
    number: u32, // of the run, from 1
    slot: u32, // place in the window
    rows: u32, // ids in this step, at most what the buffers are made for
    ring: u32, // place in the loss ring
    adam_m: f32, // 1 / (1 - 0.9^number)
    adam_v: f32, // 1 / (1 - 0.999^number)
    bank: u32, // entries of the bank that compete; 0 while it warms up
    cursor: u32, // where the bank takes in this step's rows
    rate: f32, // step length of the optimiser
}

// A step's record in the window; a uniform binding may start at every 256 bytes.
struct StepSlot {
    @size(256) step: Step,
}
