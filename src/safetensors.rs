//! The safetensors format: the length of a header, the header as JSON, then the tensors' bytes. Written
//! here since the crate of that name would add 60 kB to a page for what is small; the tests hold the two
//! against each other.

use serde_json::{Map, Value, json};

use crate::json;

/// The key of what a header says beside its tensors: texts by name.
const METADATA: &str = "__metadata__";

/// Bytes of the header's length.
const LENGTH: usize = size_of::<u64>();

/// The longest header that the format allows.
const LONGEST_HEADER: usize = 100_000_000;

/// What a tensor's elements are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are called as the format calls them")]
pub enum Dtype {
    F64,
    F32,
    U32,
    U8,
}

impl Dtype {
    /// As the format calls it.
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

/// A tensor on its way into a file.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What its elements are.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: Data,
}

/// The elements of a tensor.
#[derive(Debug)]
pub enum Data {
    /// Of four bytes, or two for an element of eight.
    Words(Vec<u32>),
    /// Of one byte.
    Text(String),
}

impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Words(words) => bytemuck::cast_slice(words),
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// A whole file, with some metadata.
pub fn write(entries: Vec<Entry>, metadata: &[(&str, String)]) -> Vec<u8> {
    // Words first: all of them are aligned.
    let is_words = |entry: &Entry| matches!(entry.data, Data::Words(_));
    let (mut entries, texts): (Vec<Entry>, _) = entries.into_iter().partition(is_words);
    entries.extend(texts);
    let mut header = Map::new();
    if !metadata.is_empty() {
        let texts = metadata.iter().map(|(key, text)| (key.to_string(), text.as_str().into()));
        header.insert(METADATA.into(), Value::Object(texts.collect()));
    }
    let mut end = 0;
    for Entry { name, dtype, shape, data } in &entries {
        let start = end;
        end += data.bytes().len();
        let told = json!({ "dtype": dtype.name(), "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), told);
    }
    let mut header = json::write(&header).into_bytes();
    header.resize(header.len().next_multiple_of(LENGTH), b' ');
    let mut file = Vec::with_capacity(LENGTH + header.len() + end);
    file.extend((header.len() as u64).to_le_bytes());
    file.extend(header);
    entries.iter().for_each(|entry| file.extend(entry.data.bytes()));
    file
}

/// A file that is read.
#[derive(Debug)]
pub struct File<'a> {
    header: Map<String, Value>,
    data: &'a [u8],
    /// Where the tensors lie that were asked for.
    spans: Vec<[usize; 2]>,
}

/// A tensor of a file.
#[derive(Debug)]
pub struct Tensor<'a> {
    /// What its elements are, as the file says.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: &'a [u8],
}

impl<'a> File<'a> {
    /// Reads the header; none if there is no whole one.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        if length > LONGEST_HEADER {
            return None;
        }
        let (header, data) = rest.split_at_checked(length)?;
        let header = serde_json::from_slice(header).ok()?;
        Some(Self { header, data, spans: Vec::new() })
    }

    /// Takes a text of the metadata.
    pub fn metadata(&mut self, key: &str) -> Option<String> {
        match self.header.remove(METADATA)?.get_mut(key)?.take() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a tensor has not been taken.
    pub fn has(&self, name: &str) -> bool {
        self.header.contains_key(name)
    }

    /// Takes a tensor; none if its bytes are not there, or not as many as those of its shape.
    pub fn take(&mut self, name: &str) -> Option<Tensor<'a>> {
        let told = self.header.remove(name)?;
        let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
        let shape = told["shape"].as_array()?.iter().map(number).collect::<Option<Vec<usize>>>()?;
        let [start, end] = told["data_offsets"].as_array()?.as_slice() else { return None };
        let (start, end) = (number(start)?, number(end)?);
        let data = self.data.get(start..end)?;
        let name = told["dtype"].as_str()?;
        let known = [Dtype::F64, Dtype::F32, Dtype::U32, Dtype::U8];
        if let Some(dtype) = known.iter().find(|d| d.name() == name) {
            let elements = shape.iter().try_fold(1usize, |all, &rows| all.checked_mul(rows))?;
            if elements.checked_mul(dtype.bytes())? != data.len() {
                return None;
            }
        }
        self.spans.push([start, end]);
        Some(Tensor { dtype: name.into(), shape, data })
    }

    /// The name of a tensor that was not taken.
    pub fn left(&self) -> Option<&str> {
        self.header.keys().next().map(String::as_str)
    }

    /// Whether the tensors that were taken lie one behind the other, and nothing else does.
    pub fn is_whole(&self) -> bool {
        let mut spans: Vec<[usize; 2]> =
            self.spans.iter().filter(|[a, b]| a < b).copied().collect();
        let mut end = 0;
        while let Some(next) = spans.iter().position(|span| span[0] == end) {
            end = spans.swap_remove(next)[1];
        }
        spans.is_empty() && end == self.data.len()
    }
}
