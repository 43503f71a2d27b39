//! Files in pieces: one as large as a model is written and read without a second copy of it.

use std::pin::Pin;

use crate::error::{Error, Need, Result};

/// Bytes of a piece, about.
pub const PIECE: usize = 4 << 20;

/// Bytes of text that are collected before they are handed on.
const TEXT: usize = 1 << 16;

/// Takes a file in pieces.
pub trait Sink {
    /// Makes room for all bytes that will come. It is called first, and once.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    fn begin(&mut self, bytes: u64) -> Result<()>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Any of its own.
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

/// Counts the bytes of a file whose length is not known.
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

/// Collects short texts, so that a sink takes few pieces.
pub struct Texts<'a> {
    sink: &'a mut dyn Sink,
    text: String,
}

impl<'a> Texts<'a> {
    /// Texts for a sink.
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

    /// Hands on the texts that are left.
    ///
    /// # Errors
    /// Errors of the sink.
    pub fn finish(&mut self) -> Result<()> {
        self.sink.push(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// Bytes that arrive.
pub type Bytes<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + 'a>>;

/// A file that is read from any place.
pub trait Source {
    /// Returns the bytes that it has.
    fn bytes(&self) -> u64;

    /// Reads `bytes` bytes from `start` on: no more than there are.
    fn read(&self, start: u64, bytes: usize) -> Bytes<'_>;
}

/// A file in memory.
impl Source for &[u8] {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, start: u64, bytes: usize) -> Bytes<'_> {
        Box::pin(async move { Ok(self[start as usize..][..bytes].to_vec()) })
    }
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

/// The error of a file that there is no memory for.
pub fn no_room(bytes: u64) -> Error {
    Error::OutOfMemory { need: Need::File, bytes, available: None }
}
