// What the bank keeps of an earlier batch's row beside its outputs.
struct Entry {
    item: u32, // the positive's id
    log_q: f32, // of that item, when it was trained
    mean_logit: f32, // z = lse - log(candidates) of the row's softmax
    padding: u32,
}
