//! Tools for the tests and the benchmark: golden cases, times of single steps, data of any size.
//! Releases are built without them.

pub mod golden;
pub mod stopwatch;
pub mod synthetic;
