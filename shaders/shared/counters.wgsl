// Progress of the run. Twin: src/plan/step.rs.
struct Counters {
    steps: u32, // steps done in the run
    epoch: u32, // counted from 0
    done: u32, // steps done in the epoch
    pairs: u32, // N, pairs in an epoch
    cursor: u32, // next place to write in the bank
    filled: u32, // filled entries of the bank
    warmup: u32, // steps before the bank is used
    epochs: u32, // epochs of the run, which the learning rate's schedule uses
}
