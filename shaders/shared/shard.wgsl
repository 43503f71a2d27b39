// Which rows are bound of a buffer that is longer than a binding may be: a dispatch sees one shard of it.
// A row before the shard wraps around, and so is past its end like one behind it.
struct Shard {
    read: u32, // first row of what is read by rows
    write: u32, // first row of what is written by rows
}
