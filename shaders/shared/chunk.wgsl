// The rows of the batch whose logits are in the buffer: a batch larger than the buffer is split into chunks.
struct Chunk {
    index: u32, // rows from index·C
}
