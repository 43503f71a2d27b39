// The chunk of rows whose logits are in the buffer: rows of the batch, or of the bank in `bank_push_*`.
// Rows that do not all fit the buffer are split into chunks.
struct Chunk {
    index: u32, // rows from index·C
}
