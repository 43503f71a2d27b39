// Entry of the bank: all that it keeps of an earlier batch's row except its outputs.
struct Entry {
    item: u32, // the positive's id
    log_q: f32, // log q of that item in the step of the row
    mean_logit: f32, // z = lse - log(candidates) of the row's softmax
    padding: u32,
}
