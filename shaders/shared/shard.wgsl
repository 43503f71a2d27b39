// The shards that a dispatch binds: a buffer larger than the binding limit is split into shards of rows.
// A row's index in the shard is its index in the buffer minus the first bound row. For a row before the
// shard, this index wraps around to a large number, so one comparison with the shard's length excludes
// the rows before it and after it.
struct Shard {
    read: u32, // first bound row of the buffers that are read by rows
    write: u32, // first bound row of the buffers that are written by rows
}
