#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod config;
pub mod cpu;
pub mod data;
pub mod error;
pub mod executor;
pub mod export;
#[cfg(feature = "verify")]
pub mod golden;
pub mod gpu;
pub mod import;
mod json;
pub mod metrics;
pub mod model;
pub mod negatives;
mod order;
pub mod pieces;
pub mod plan;
pub mod random;
pub mod safetensors;
#[cfg(feature = "verify")]
pub mod stopwatch;
pub mod trainer;
#[cfg(target_arch = "wasm32")]
mod web;

pub use config::Config;
pub use error::{Error, Result};
