// The rows of the batch whose logits are in the buffer: a batch larger than it takes turns.
struct Chunk {
    index: u32, // rows index·C and on
}
