//! Equipment of the tests and the benchmark: golden cases, times of single steps, data of any size.
//! The product is built without it.

pub mod golden;
pub mod stopwatch;
pub mod synthetic;
