#![doc = include_str!("../README.md")]

pub mod config;
pub mod data;
mod error;
pub mod exchange;
pub mod formats;
mod order;
pub mod trainer;
#[cfg(target_arch = "wasm32")]
mod web;

// Internal modules: they are public for tests and measuring tools, and may change in any version.
#[doc(hidden)]
pub mod checkpoint;
#[doc(hidden)]
pub mod executor;
#[doc(hidden)]
pub mod metrics;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod negatives;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod random;
#[cfg(feature = "verify")]
#[doc(hidden)]
pub mod verify;

pub use config::Config;
pub use error::{Error, Need, Result};
#[doc(inline)]
pub use executor::BackendRequest;
#[doc(inline)]
pub use trainer::Trainer;
