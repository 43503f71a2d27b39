//! Formats of files, and files in pieces.

// Lengths of files have 64 bits, but `usize` in a page (wasm32) has 32.
#![warn(clippy::cast_possible_truncation)]

pub(crate) mod json;
pub mod pieces;
pub mod safetensors;
