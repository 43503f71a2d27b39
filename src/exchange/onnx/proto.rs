//! The part of Protocol Buffers that `onnx.proto` (ONNX IR version 8) needs: a message is a
//! sequence of fields. Written by hand because a crate would add to the page's download.

/// A message, field by field.
#[derive(Debug, Default)]
pub struct Message(pub Vec<u8>);

/// Encodings of a field's value.
const WHOLE: u64 = 0;
const BYTES: u64 = 2;

impl Message {
    /// Adds a whole number.
    pub fn whole(mut self, field: u32, value: i64) -> Self {
        self.varint(u64::from(field) << 3 | WHOLE);
        self.varint(value as u64);
        self
    }

    /// Adds a list of whole numbers.
    pub fn wholes(self, field: u32, values: impl Iterator<Item = i64>) -> Self {
        let mut list = Self::default();
        values.for_each(|value| list.varint(value as u64));
        self.message(field, list)
    }

    /// Adds a text.
    pub fn text(mut self, field: u32, text: &str) -> Self {
        self.begin(field, text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }

    /// Adds a message.
    pub fn message(mut self, field: u32, message: Self) -> Self {
        self.begin(field, message.0.len() as u64);
        self.0.extend(message.0);
        self
    }

    /// Begins a field of this many bytes; the caller adds the bytes.
    pub fn begin(&mut self, field: u32, bytes: u64) {
        self.varint(u64::from(field) << 3 | BYTES);
        self.varint(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        while value > 127 {
            self.0.push(value as u8 | 128);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
