//! Files in pieces: a file of the size of a model is written and read without a second copy in
//! memory.

use std::pin::Pin;

use crate::error::{Error, Need, Result};

/// Approximate bytes of a piece.
pub const PIECE: usize = 4 << 20;

/// Bytes of text that are collected before they are written.
const TEXT: usize = 1 << 16;

/// Takes a file in pieces.
pub trait Sink {
    /// Reserves memory for the whole file. It is called once, before any piece.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    fn begin(&mut self, bytes: u64) -> Result<()>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Errors of the sink.
    fn push(&mut self, piece: &[u8]) -> Result<()>;
}

/// A file in memory.
impl Sink for Vec<u8> {
    fn begin(&mut self, bytes: u64) -> Result<()> {
        let reserved = usize::try_from(bytes).is_ok_and(|n| self.try_reserve_exact(n).is_ok());
        reserved.then_some(()).ok_or_else(|| no_room(bytes))
    }

    fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.extend_from_slice(piece);
        Ok(())
    }
}

/// Counts the bytes of a file.
#[derive(Debug, Default)]
pub struct Length(pub u64);

impl Sink for Length {
    fn begin(&mut self, _: u64) -> Result<()> {
        Ok(())
    }

    fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.0 += piece.len() as u64;
        Ok(())
    }
}

/// Collects short texts, so that a sink gets few pieces.
pub struct Texts<'a> {
    sink: &'a mut dyn Sink,
    text: String,
}

impl<'a> Texts<'a> {
    /// Creates a collector for a sink.
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, text: String::new() }
    }

    /// Adds a text.
    ///
    /// # Errors
    /// Errors of the sink.
    pub fn push(&mut self, text: &str) -> Result<()> {
        self.text.push_str(text);
        if self.text.len() < TEXT { Ok(()) } else { self.finish() }
    }

    /// Writes the remaining texts.
    ///
    /// # Errors
    /// Errors of the sink.
    pub fn finish(&mut self) -> Result<()> {
        self.sink.push(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// A future of bytes.
pub type Bytes<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + 'a>>;

/// A file to read at any position.
pub trait Source {
    /// Returns its length in bytes.
    fn bytes(&self) -> u64;

    /// Reads `bytes` bytes from `start` on. The range must be within the file.
    fn read(&self, start: u64, bytes: usize) -> Bytes<'_>;
}

/// A file in memory.
impl Source for &[u8] {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, start: u64, bytes: usize) -> Bytes<'_> {
        Box::pin(async move { Ok(self[in_memory(start)..][..bytes].to_vec()) })
    }
}

/// Converts a length or position of a file in memory: it is below `usize::MAX`, also where that has
/// 32 bits.
pub(crate) fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("it is in memory")
}

/// Returns an empty list with room for this many elements.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn room<T>(elements: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    let reserved = list.try_reserve_exact(elements);
    reserved.map(|()| list).map_err(|_| no_room(elements as u64 * size_of::<T>() as u64))
}

/// Returns the error for a file that does not fit into memory.
pub fn no_room(bytes: u64) -> Error {
    Error::OutOfMemory { need: Need::File, bytes, available: None }
}
