//! JSON, through one reader and one writer: `serde` makes a copy of all its code for each kind of either,
//! and a page would download them.

use serde::Serialize;
use serde_json::{Result, Value};

/// A text as a value.
///
/// # Errors
/// If it is no JSON.
pub fn value(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
}

/// The text for something.
///
/// # Panics
/// If it has a map whose keys are no texts.
pub fn write(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("the crate's types serialise")
}
