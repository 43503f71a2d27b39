//! Kinds of values that options allow. A kind checks a value, and messages print the kind.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// A kind of value that an option may have.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Int(u64, u64),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// A number above the first and at most the second.
    Above(f64, f64),
    /// `true` or `false`.
    Bool,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text.
    Text,
    /// `null`: off, or detected from the data.
    Null,
    /// A list of values of a kind, at most this long.
    List(&'static Kind, usize),
}

use Kind::{Above, Bool, Int, List, Null, Number, OneOf, Text};

impl Kind {
    /// Returns whether a value is of this kind and within its bounds.
    pub(super) fn allows(&self, value: &Value) -> bool {
        match *self {
            Int(min, max) => value.as_u64().is_some_and(|n| (min..=max).contains(&n)),
            Number(min, max) => value.as_f64().is_some_and(|n| (min..=max).contains(&n)),
            // Also after rounding to `f32`, which can reach the bound.
            Above(min, max) => {
                value.as_f64().is_some_and(|n| n > min && n as f32 > min as f32 && n <= max)
            }
            Bool => value.is_boolean(),
            OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Text => value.is_string(),
            Null => value.is_null(),
            List(kind, most) => value.as_array().is_some_and(|values| {
                values.len() <= most && values.iter().all(|value| kind.allows(value))
            }),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match *self {
            Int(min, max) => json!({ "kind": "int", "min": min, "max": max }),
            Number(min, max) => json!({ "kind": "number", "min": min, "max": max }),
            Above(min, max) => json!({ "kind": "above", "min": min, "max": max }),
            Bool => json!({ "kind": "bool" }),
            OneOf(words) => json!({ "kind": "one-of", "words": words }),
            Text => json!({ "kind": "text" }),
            Null => json!({ "kind": "null" }),
            List(of, most) => json!({ "kind": "list", "of": of, "most": most }),
        };
        value.serialize(serializer)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Int(min, max) => write!(f, "a whole number from {min} to {max}"),
            Number(min, max) => write!(f, "a number from {min} to {max}"),
            Above(min, max) => write!(f, "a number above {min} and up to {max}"),
            Bool => write!(f, "true or false"),
            OneOf(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                write!(f, "{}", quoted.join(" or "))
            }
            Text => write!(f, "a text"),
            Null => write!(f, "null"),
            List(kind, most) => write!(f, "a list of up to {most}, each {kind}"),
        }
    }
}
