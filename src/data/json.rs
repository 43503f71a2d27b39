//! Reads a few keys of JSON records: objects, one on each line or in an array.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::cells::{Cells, MAX_CELLS};
pub(super) use crate::formats::json::object_length as element;

/// Values of the requested keys, as text.
type Values<'a> = [Option<&'a RawValue>; MAX_CELLS];

/// A whole record.
pub(super) type Object = serde_json::Map<String, Value>;

/// Reads the values of a few keys and skips others.
pub(super) struct Keys {
    names: [Option<String>; MAX_CELLS],
    /// The first `ids` names are ids, which cannot be lists.
    ids: usize,
    /// Decoded strings that contained escapes.
    decoded: [String; MAX_CELLS],
}

impl Keys {
    pub fn new(names: [Option<String>; MAX_CELLS], ids: usize) -> Self {
        Self { names, ids, decoded: Default::default() }
    }

    /// Returns the cells of a record: strings without quotes and escapes; numbers, booleans and
    /// lists as written; anything else empty. `None` if the line is not an object.
    pub fn read<'a>(&'a mut self, line: &'a [u8]) -> Option<Cells<'a>> {
        let mut json = serde_json::Deserializer::from_slice(line);
        let values = Deserializer::deserialize_map(&mut json, Pick(&self.names)).ok()?;
        json.end().ok()?;
        let mut cells = Cells::default();
        let places = cells.iter_mut().zip(values).zip(&mut self.decoded).enumerate();
        for (n, ((cell, value), decoded)) in places {
            *cell = text(value.map_or("", RawValue::get), n < self.ids, decoded)?;
        }
        Some(cells)
    }
}

/// Returns a value as text; decodes it only if it contains escapes.
fn text<'a>(value: &'a str, is_id: bool, decoded: &'a mut String) -> Option<&'a [u8]> {
    Some(match value.as_bytes() {
        [b'"', string @ .., b'"'] if !string.contains(&b'\\') => string,
        [b'"', ..] => {
            *decoded = serde_json::from_slice(value.as_bytes()).ok()?;
            decoded.as_bytes()
        }
        list @ [b'[', ..] if !is_id => list,
        plain @ [b'-' | b'0'..=b'9' | b't' | b'f', ..] => plain,
        _ => b"",
    })
}

/// Parses a text as an object; `None` if it is not one.
pub(super) fn object(text: &[u8]) -> Option<Object> {
    match crate::formats::json::value(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Returns a value as the text of a cell.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Object(_) => String::new(),
        other => crate::formats::json::write(other),
    }
}

/// Returns the number of bytes before the next element of an array.
pub(super) fn between(data: &[u8]) -> usize {
    let is_between =
        |byte: &&u8| byte.is_ascii_whitespace() || matches!(**byte, b'[' | b']' | b',');
    data.iter().take_while(is_between).count()
}

/// Returns the complete objects of an array whose end may be missing.
pub(super) fn elements(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        data = &data[between(data)..];
        let (element, rest) = data.split_at(element(data)?);
        data = rest;
        Some(element)
    })
}

/// Visitor that returns the values of the named keys.
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

/// Visitor that returns the index of a key's name without copying the key.
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
        let mut keys = Keys::new(names, 1);
        let [user, item, ..] = keys.read(line.as_bytes())?;
        Some([user, item].map(|cell| String::from_utf8_lossy(cell).into_owned()))
    }

    #[test]
    fn strings_and_numbers_become_cells_as_they_are_written() {
        for (line, user, item) in [
            (r#"{"user":"a","item":"b"}"#, "a", "b"),
            (r#" {"x": [1, {"user": 2}], "item": 7.0, "user": -1e3 } "#, "-1e3", "7.0"),
            (r#"{"user":"Zo\u00eb \"q\"","item":"\\"}"#, "Zoë \"q\"", "\\"),
            (r#"{"user":["a"],"item":["b", 1]}"#, "", r#"["b", 1]"#),
            (r#"{"user":"[a","item":true}"#, "[a", "true"),
            (r#"{"user":null,"item":{"b":1}}"#, "", ""),
            (r#"{"user":"a"}"#, "a", ""),
        ] {
            assert_eq!(read(line), Some([user.into(), item.into()]), "{line}");
        }
    }

    #[test]
    fn values_other_than_objects_are_rejected() {
        for line in ["", "[1]", "3", r#"{"user":1"#, r#"{"user":1} x"#, r#"{"user":"\ud800"}"#] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn elements_of_an_array_are_told_apart() {
        let array = br#" [ {"a": "}]\"{"}, {"b": {"c": []}},
            {"d"#;
        let found: Vec<_> = elements(array).map(String::from_utf8_lossy).collect();
        assert_eq!(found, [r#"{"a": "}]\"{"}"#, r#"{"b": {"c": []}}"#]);
        assert!(elements(array).all(|element| object(element).is_some()));
        assert!(object(b"b,a").is_none() && object(b"[1]").is_none());
    }
}
