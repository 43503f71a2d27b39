//! Presets: named sets of options for a purpose, which need no knowledge of the options.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::formats::json;

/// A named set of options.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Preset {
    /// Its name, the value of the option `preset`.
    pub name: &'static str,
    /// Its options, as JSON; all other options have their defaults.
    #[serde(serialize_with = "as_json")]
    options: &'static str,
}

/// All presets, from the fastest to the best.
pub const PRESETS: [Preset; 3] = [
    Preset {
        name: "fast",
        options: r#"{ "dim": 32, "epochs": 6, "optimizer": { "learningRate": 0.008 } }"#,
    },
    Preset { name: "balanced", options: "{}" },
    Preset {
        name: "best",
        options: r#"{
            "dim": 256,
            "epochs": 20,
            "patience": 3,
            "optimizer": { "learningRate": 0.002 },
            "tune": { "temperature": [0.1, 0.15, 0.2] }
        }"#,
    },
];

impl Preset {
    /// Returns the preset of a name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// Returns its options, to be merged over the defaults.
    pub fn options(&self) -> Value {
        parsed(self.options)
    }
}

fn parsed(options: &str) -> Value {
    json::value(options.as_bytes()).expect("a preset is JSON")
}

fn as_json<S: Serializer>(options: &str, serializer: S) -> Result<S::Ok, S::Error> {
    parsed(options).serialize(serializer)
}
