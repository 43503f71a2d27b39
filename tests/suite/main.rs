//! All integration tests but tests/allocations: one binary links once, and shares the GPU's
//! pipelines. `cargo test --test suite NAME::` runs the tests of a module.

mod checkpoint;
mod cold_items;
mod combinations;
mod data;
mod docs;
mod extend;
mod files;
mod fuzz;
#[cfg(feature = "verify")]
mod golden;
mod gradients;
mod kernels;
mod layouts;
mod negatives;
mod profile;
mod serve;
mod shaders;
mod shards;
#[path = "../support/mod.rs"]
mod support;
mod trainer;
mod tune;
mod understood;
