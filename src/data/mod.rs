//! From a file's bytes to the parts that a run needs.
