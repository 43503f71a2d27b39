#![doc = include_str!("../README.md")]

pub mod config;
pub mod data;
pub mod error;
pub mod random;

pub use config::Config;
pub use error::{Error, Result};
