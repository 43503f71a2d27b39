// Bound rows of a buffer larger than the binding limit: the buffer is split into shards, and a dispatch
// binds one of them. The index of a row before the shard wraps around, so it is past the shard's end,
// as is a row after it.
struct Shard {
    read: u32, // first bound row of the buffers that are read by rows
    write: u32, // first bound row of the buffers that are written by rows
}
