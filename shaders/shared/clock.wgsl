// Where the run stands. Twin: src/plan/step.rs.
struct Clock {
    steps: u32, // done in the run
    epoch: u32, // from 0
    done: u32, // steps done in the epoch
    pairs: u32, // N, pairs in an epoch
    cursor: u32, // next place of the bank
    filled: u32, // live entries of the bank
    warmup: u32, // steps before the bank is used
    epochs: u32, // that were asked for, which the learning rate follows
}
