//! The safetensors format: the length of a header, the header as JSON, then the tensors' bytes.
//! Written by hand because the `safetensors` crate would add 60 kB to the page's download; tests
//! compare the two.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::formats::json;
use crate::formats::pieces::{PIECE, Sink, Source, Texts, in_memory, no_room, room};

/// Key of the header's metadata: texts by name.
const METADATA: &str = "__metadata__";

/// Bytes of the header's length.
const LENGTH: usize = size_of::<u64>();

/// Maximum bytes of a header in this format.
const LONGEST_HEADER: u64 = 100_000_000;

/// Maximum number of values in a header: a run of 80,000 epochs reaches it. A value takes 100 bytes
/// of memory during reading, even if it has only 2 bytes in the file.
const MAX_VALUES: usize = 2 << 20;

/// Type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants have the names of the format")]
pub enum Dtype {
    F64,
    F32,
    U32,
    U8,
}

impl Dtype {
    /// Returns its name in the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::U32 => "U32",
            Self::U8 => "U8",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 | Self::U32 => 4,
            Self::U8 => 1,
        }
    }
}

/// A tensor to write.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its name.
    pub name: String,
    /// Type of its elements.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: Data<'a>,
}

/// The elements of a tensor.
#[derive(Debug)]
pub enum Data<'a> {
    /// Words of 4 bytes; an element of 8 bytes takes two.
    Words(Cow<'a, [u32]>),
    /// Elements of one byte: concatenated texts.
    Texts(Vec<&'a str>),
    /// Words that the writer supplies later, by this number.
    Later(usize),
}

impl Entry<'_> {
    fn bytes(&self) -> u64 {
        self.shape.iter().map(|&rows| rows as u64).product::<u64>() * self.dtype.bytes() as u64
    }
}

/// Layout of a file to write.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The length of the header, and the header.
    pub start: Vec<u8>,
    /// The tensors, in the order of their bytes.
    pub entries: Vec<Entry<'a>>,
    /// Bytes of the whole file.
    pub bytes: u64,
}

/// Lays out a file with some metadata.
pub fn draft<'a>(entries: Vec<Entry<'a>>, metadata: &[(&str, String)]) -> Draft<'a> {
    // Words come first, so that all of them are aligned.
    let is_words = |entry: &Entry| !matches!(entry.data, Data::Texts(_));
    let (mut entries, texts): (Vec<Entry>, _) = entries.into_iter().partition(is_words);
    entries.extend(texts);
    let mut header = Map::new();
    if !metadata.is_empty() {
        let mut texts = Map::new();
        for (key, text) in metadata {
            texts.insert(key.to_string(), text.as_str().into());
        }
        header.insert(METADATA.into(), Value::Object(texts));
    }
    let mut end = 0;
    for entry in &entries {
        let start = end;
        end += entry.bytes();
        let Entry { name, dtype, shape, .. } = entry;
        let told = json!({ "dtype": dtype.name(), "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), told);
    }
    let mut header = json::write(&header).into_bytes();
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    let mut start = (header.len() as u64).to_le_bytes().to_vec();
    start.append(&mut header);
    let bytes = start.len() as u64 + end;
    Draft { start, entries, bytes }
}

impl Data<'_> {
    /// Writes the elements to a sink. For [`Data::Later`], it writes nothing and returns the
    /// number.
    ///
    /// # Errors
    /// Errors of the sink.
    pub fn write(&self, sink: &mut dyn Sink) -> Result<Option<usize>> {
        match self {
            Self::Words(words) => {
                for piece in bytemuck::cast_slice(words).chunks(PIECE) {
                    sink.push(piece)?;
                }
            }
            Self::Texts(texts) => {
                let mut all = Texts::new(sink);
                for text in texts {
                    all.push(text)?;
                }
                all.finish()?;
            }
            Self::Later(number) => return Ok(Some(*number)),
        }
        Ok(None)
    }
}

/// A file to read.
#[derive(Debug)]
pub struct File {
    header: Map<String, Value>,
    /// Start of the tensors in the file, and the bytes of all tensors.
    data: [u64; 2],
    /// Byte ranges of the tensors that were taken.
    spans: Vec<[u64; 2]>,
}

/// Place of a tensor in its file.
#[derive(Debug)]
pub struct Place {
    /// Type of its elements, as named in the file.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Start of its elements in the file.
    pub start: u64,
    /// Bytes of its elements.
    pub bytes: u64,
}

/// Reads a part of a file in pieces, as words. The last word is padded with zeros.
///
/// # Errors
/// Errors of the source, and [`crate::Error::OutOfMemory`].
pub async fn read(source: &dyn Source, start: u64, bytes: u64) -> Result<Vec<u32>> {
    let bytes = usize::try_from(bytes).map_err(|_| no_room(bytes))?;
    let mut words = room(bytes.div_ceil(4))?;
    words.resize(bytes.div_ceil(4), 0);
    let mut at = start;
    for piece in bytemuck::cast_slice_mut(&mut words)[..bytes].chunks_mut(PIECE) {
        piece.copy_from_slice(&source.read(at, piece.len()).await?);
        at += piece.len() as u64;
    }
    Ok(words)
}

impl File {
    /// Reads the header; returns `None` if it is incomplete or has too many values.
    ///
    /// # Errors
    /// Errors of the source, and [`crate::Error::OutOfMemory`].
    pub async fn open(source: &dyn Source) -> Result<Option<Self>> {
        let Some(rest) = source.bytes().checked_sub(LENGTH as u64) else { return Ok(None) };
        let length = source.read(0, LENGTH).await?;
        let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
        if length > rest.min(LONGEST_HEADER) {
            return Ok(None);
        }
        let header = read(source, LENGTH as u64, length).await?;
        let header = &bytemuck::cast_slice(&header)[..in_memory(length)];
        if header.iter().filter(|&&byte| byte == b',').count() > MAX_VALUES {
            return Ok(None);
        }
        let Ok(Value::Object(header)) = json::value(header) else { return Ok(None) };
        Ok(Some(Self { header, data: [LENGTH as u64 + length, rest - length], spans: Vec::new() }))
    }

    /// Takes a text of the metadata.
    pub fn metadata(&mut self, key: &str) -> Option<String> {
        match self.header.remove(METADATA)?.get_mut(key)?.take() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether the file has a tensor of this name that has not been taken.
    pub fn has(&self, name: &str) -> bool {
        self.header.contains_key(name)
    }

    /// Takes a tensor; returns `None` if its bytes are not in the file, or their number does not
    /// match its shape.
    pub fn take(&mut self, name: &str) -> Option<Place> {
        let told = self.header.remove(name)?;
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let shape = told["shape"].as_array()?.iter().map(number).collect::<Option<Vec<usize>>>()?;
        let [start, end] = told["data_offsets"].as_array()?.as_slice() else { return None };
        let (start, end) = (start.as_u64()?, end.as_u64()?);
        let [first, all] = self.data;
        let bytes = end.checked_sub(start).filter(|_| end <= all)?;
        let name = told["dtype"].as_str()?;
        let known = [Dtype::F64, Dtype::F32, Dtype::U32, Dtype::U8];
        if let Some(dtype) = known.iter().find(|d| d.name() == name) {
            let elements = shape.iter().try_fold(1usize, |all, &rows| all.checked_mul(rows))?;
            if elements.checked_mul(dtype.bytes())? as u64 != bytes {
                return None;
            }
        }
        self.spans.push([start, end]);
        Some(Place { dtype: name.into(), shape, start: first + start, bytes })
    }

    /// Returns the name of a tensor that was not taken.
    pub fn left(&self) -> Option<&str> {
        self.header.keys().next().map(String::as_str)
    }

    /// Returns whether the taken tensors cover the file without gaps or overlaps.
    pub fn is_whole(&self) -> bool {
        let mut spans: Vec<[u64; 2]> = self.spans.iter().filter(|[a, b]| a < b).copied().collect();
        let mut end = 0;
        while let Some(next) = spans.iter().position(|span| span[0] == end) {
            end = spans.swap_remove(next)[1];
        }
        spans.is_empty() && end == self.data[1]
    }
}
