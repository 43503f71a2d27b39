//! Records of JSON lines: one object a line, of which a few keys are read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::reader::{Cells, MAX_CELLS};

/// The values of the keys asked for, as they stand in the text.
type Values<'a> = [Option<&'a RawValue>; MAX_CELLS];

/// Reads the values of a few keys; other keys are passed over.
pub(super) struct Keys {
    names: [Option<String>; MAX_CELLS],
    /// Strings that had escapes in them, decoded.
    decoded: [String; MAX_CELLS],
}

impl Keys {
    pub fn new(names: [Option<String>; MAX_CELLS]) -> Self {
        Self { names, decoded: Default::default() }
    }

    /// The cells of a line: strings without quotes and escapes, numbers as they are written, all
    /// else empty. `None` if the line is not an object.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Option<Cells<'a>> {
        let mut json = serde_json::Deserializer::from_slice(line);
        let values = Deserializer::deserialize_map(&mut json, Pick(&self.names)).ok()?;
        json.end().ok()?;
        let mut cells = Cells::default();
        for ((cell, value), decoded) in cells.iter_mut().zip(values).zip(&mut self.decoded) {
            *cell = text(value.map_or("", RawValue::get), decoded)?;
        }
        Some(cells)
    }
}

/// A value as text, decoded only where it has escapes.
fn text<'a>(value: &'a str, decoded: &'a mut String) -> Option<&'a [u8]> {
    Some(match value.as_bytes() {
        [b'"', string @ .., b'"'] if !string.contains(&b'\\') => string,
        [b'"', ..] => {
            *decoded = serde_json::from_slice(value.as_bytes()).ok()?;
            decoded.as_bytes()
        }
        number @ [b'-' | b'0'..=b'9', ..] => number,
        _ => b"",
    })
}

/// The keys of a line's object, if it is one.
pub(super) fn keys(line: &[u8]) -> Option<Vec<String>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(line).ok()?;
    Some(object.into_iter().map(|(key, _)| key).collect())
}

/// Picks the values of the named keys from an object.
struct Pick<'n>(&'n [Option<String>; MAX_CELLS]);

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Values::default();
        while let Some(slot) = map.next_key_seed(Slot(self.0))? {
            match slot {
                Some(slot) => values[slot] = Some(map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// Which of the names a key is, without a copy of the key.
struct Slot<'n>(&'n [Option<String>; MAX_CELLS]);

impl<'de> DeserializeSeed<'de> for Slot<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Slot<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|name| name.as_deref() == Some(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<[String; 2]> {
        let names = std::array::from_fn(|n| ["user", "item"].get(n).map(|name| (*name).into()));
        let mut keys = Keys::new(names);
        let [user, item, ..] = keys.read(line.as_bytes())?;
        Some([user, item].map(|cell| String::from_utf8_lossy(cell).into_owned()))
    }

    #[test]
    fn strings_and_numbers_become_cells_as_they_are_written() {
        for (line, user, item) in [
            (r#"{"user":"a","item":"b"}"#, "a", "b"),
            (r#" {"x": [1, {"user": 2}], "item": 7.0, "user": -1e3 } "#, "-1e3", "7.0"),
            (r#"{"user":"Zo\u00eb \"q\"","item":"\\"}"#, "Zoë \"q\"", "\\"),
            (r#"{"user":null,"item":["b"]}"#, "", ""),
            (r#"{"user":"a"}"#, "a", ""),
        ] {
            assert_eq!(read(line), Some([user.into(), item.into()]), "{line}");
        }
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for line in ["", "[1]", "3", r#"{"user":1"#, r#"{"user":1} x"#, r#"{"user":"\ud800"}"#] {
            assert_eq!(read(line), None, "{line}");
        }
        assert_eq!(keys(br#"{"b":1,"a":2}"#), Some(vec!["a".into(), "b".into()]));
        assert_eq!(keys(b"b,a"), None);
    }
}
