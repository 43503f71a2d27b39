//! JSON through one reader and one writer: `serde` generates a copy of its code for each type of
//! reader and writer, and each copy adds to the page's download.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};
use serde::{Deserialize as _, Serialize};
use serde_json::{Error, Result, Value};

/// Parses a text.
///
/// # Errors
/// If it is not JSON.
pub fn value(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
}

/// Reads a type from a JSON value.
///
/// # Errors
/// If the value does not match the type.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    T::deserialize(Objects(value))
}

/// A type with parts whose fields are in the same object. Reading the type skips them, and
/// [`Parts::fill`] reads them: `serde`'s `flatten` would generate another copy of its code.
pub trait Parts: DeserializeOwned {
    /// Reads the parts from the object.
    ///
    /// # Errors
    /// If a required field is missing.
    fn fill(&mut self, object: &Value) -> Result<()>;
}

/// Reads a type and its parts.
fn whole<T: Parts>(object: Value) -> Result<T> {
    let mut all: T = read(object.clone())?;
    all.fill(&object)?;
    Ok(all)
}

/// Reads a list of types with parts.
pub fn list<'de, D: Deserializer<'de>, T: Parts>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    let list = Vec::<Value>::deserialize(deserializer)?;
    list.into_iter().map(whole).collect::<Result<_>>().map_err(D::Error::custom)
}

/// Reads an optional type with parts.
pub fn optional<'de, D: Deserializer<'de>, T: Parts>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    let object = Option::<Value>::deserialize(deserializer)?;
    object.map(whole).transpose().map_err(D::Error::custom)
}

/// Returns the length of the object at the start of `data`; `None` if it is incomplete.
pub fn object_length(data: &[u8]) -> Option<usize> {
    let (mut depth, mut is_text) = (0_usize, false);
    let mut bytes = data.iter().enumerate();
    while let Some((ix, byte)) = bytes.next() {
        match byte {
            b'\\' if is_text => {
                bytes.next();
            }
            b'"' => is_text = !is_text,
            b'{' if !is_text => depth += 1,
            b'}' if !is_text => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(ix + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A value in which structs must be objects: `serde_json` also accepts lists, which adds code to
/// the page's download.
struct Objects(Value);

impl Objects {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(truth) => Unexpected::Bool(*truth),
            Value::Number(number) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

impl IntoDeserializer<'_, Error> for Objects {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Forwards methods for types without structs to `serde_json`.
macro_rules! as_they_are {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.0.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Objects {
    type Error = Error;

    as_they_are! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Value::Array(list) = self.0 else {
            return Err(Error::invalid_type(self.unexpected(), &visitor));
        };
        let mut list = SeqDeserializer::new(list.into_iter().map(Self));
        let read = visitor.visit_seq(&mut list)?;
        list.end().map(|()| read)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Value::Object(entries) = self.0 else {
            return Err(Error::invalid_type(self.unexpected(), &visitor));
        };
        let entries = entries.into_iter().map(|(name, value)| (name, Self(value)));
        let mut entries = MapDeserializer::new(entries);
        let read = visitor.visit_map(&mut entries)?;
        entries.end().map(|()| read)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_enum(name, variants, visitor)
    }
}

/// Returns a value as JSON text.
///
/// # Panics
/// If it contains a map whose keys are not texts.
pub fn write(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("the crate's types serialise")
}
