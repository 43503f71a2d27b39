// The record of one training step of the window, or of a block of queries or of the catalogue.
// Twin: src/plan/step.rs.
struct Step {
    number: u32, // of the step in the run, from 1
    slot: u32, // place in the window
    rows: u32, // ids in this step, at most the batch size or block size
    ring: u32, // place in the loss ring
    adam_m: f32, // 1 / (1 - 0.9^number)
    adam_v: f32, // 1 / (1 - 0.999^number)
    bank: u32, // entries of the bank used as negatives; 0 during its warmup
    cursor: u32, // first place in the bank for this step's rows
    rate: f32, // learning rate
}

// A step's record in the window, padded to 256 bytes: the offset of a uniform binding is a multiple of 256.
struct StepSlot {
    @size(256) step: Step,
}
