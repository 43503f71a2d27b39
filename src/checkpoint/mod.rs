//! The file of a saved run: a safetensors file. Its tensors are the data set and the run's state;
//! its metadata is a record of everything else. A file may contain anything: the reader rejects
//! every file that no run can have written, before using its contents.

// Lengths of files have 64 bits, but `usize` in a page (wasm32) has 32.
#![warn(clippy::cast_possible_truncation)]

mod dataset;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result, clip};
use crate::formats::json;
use crate::formats::pieces::{Source, in_memory, room};
use crate::formats::safetensors::{self, Data, Draft, Dtype, Entry, Place};
use crate::plan::Tensor;
use dataset::all_lists;

/// Version that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// The key of the record in the file's metadata.
const KEY: &str = "twotower";

/// The record with the version of its format.
#[derive(Serialize)]
struct Envelope<T> {
    version: u32,
    /// Version of the crate that wrote it.
    by: &'static str,
    record: T,
}

/// Returns the error for a rejected file.
pub fn refused(problem: impl Into<String>) -> Error {
    Error::Checkpoint { problem: problem.into() }
}

/// Collects the parts of a file.
#[derive(Debug, Default)]
pub struct Writer<'a>(Vec<Entry<'a>>);

impl<'a> Writer<'a> {
    /// Adds the plan's tensor with this number. Its words are supplied when the file is written.
    pub fn tensor(&mut self, number: usize, tensor: &Tensor) {
        let (name, dtype, shape) = (tensor.name.clone(), dtype(tensor), tensor.shape());
        self.0.push(Entry { name, dtype, shape, data: Data::Later(number) });
    }

    /// Adds a list of numbers.
    pub fn reals(&mut self, name: &'static str, list: &'a [f32]) {
        self.list(name, Dtype::F32, vec![list.len()], Cow::Borrowed(bytemuck::cast_slice(list)));
    }

    /// Adds a list of numbers of double precision.
    pub fn doubles(&mut self, name: &'static str, list: &[f64]) {
        let words = Cow::Owned(bytemuck::cast_slice(list).to_vec());
        self.list(name, Dtype::F64, vec![list.len()], words);
    }

    /// Adds a list of rows, each of `row` words.
    pub fn words(&mut self, name: &'static str, row: usize, words: Cow<'a, [u32]>) {
        let shape = if row == 1 { vec![words.len()] } else { vec![words.len() / row, row] };
        self.list(name, Dtype::U32, shape, words);
    }

    fn list(&mut self, name: &'static str, dtype: Dtype, shape: Vec<usize>, words: Cow<'a, [u32]>) {
        self.0.push(Entry { name: name.into(), dtype, shape, data: Data::Words(words) });
    }

    /// Adds concatenated texts, and the length of each in bytes.
    pub fn texts(&mut self, [text, lengths]: [&'static str; 2], texts: Vec<&'a str>) {
        let length = |text: &&str| u32::try_from(text.len()).expect("a cell is short");
        self.words(lengths, 1, texts.iter().map(length).collect());
        let shape = vec![texts.iter().map(|text| text.len()).sum()];
        let (dtype, data) = (Dtype::U8, Data::Texts(texts));
        self.0.push(Entry { name: text.into(), dtype, shape, data });
    }

    /// Returns the whole file except its tensors' words.
    pub fn finish(self, record: impl Serialize) -> Draft<'a> {
        let by = env!("CARGO_PKG_VERSION");
        let text = json::write(&Envelope { version: VERSION, by, record });
        safetensors::draft(self.0, &[(KEY, text)])
    }
}

/// Reads a file.
#[derive(Debug)]
pub struct Reader {
    file: safetensors::File,
    /// Lists that were read, each with its words.
    lists: Vec<(&'static str, Place, Vec<u32>)>,
}

/// Concatenated texts, and the length of each in bytes.
#[derive(Debug)]
pub struct Texts {
    name: &'static str,
    /// Bytes of the texts, packed into words.
    all: Vec<u32>,
    bytes: usize,
    lengths: Vec<u32>,
}

impl Texts {
    /// Splits the bytes into texts.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if lengths and bytes do not match, or a text is not UTF-8.
    pub fn split(&self) -> Result<Vec<&str>> {
        let torn = || refused(format!("`{}` does not match the lengths of its texts", self.name));
        let bytes = &bytemuck::cast_slice(&self.all)[..self.bytes];
        let mut rest = std::str::from_utf8(bytes).map_err(|_| torn())?;
        let mut texts = room(self.lengths.len())?;
        for &length in &self.lengths {
            let (text, after) = rest.split_at_checked(length as usize).ok_or_else(torn)?;
            texts.push(text);
            rest = after;
        }
        if rest.is_empty() { Ok(texts) } else { Err(torn()) }
    }
}

impl Reader {
    /// Opens a file, and reads its record and the lists that it contains.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], as for all methods; errors of the source.
    pub async fn open<T: DeserializeOwned>(
        source: &dyn Source,
        lists: &[&'static str],
    ) -> Result<(T, Self)> {
        let mut file = safetensors::File::open(source).await?.ok_or_else(cut)?;
        let text = file.metadata(KEY);
        let text = &text.ok_or_else(|| refused(format!("it has no record under `{KEY}`")))?;
        let unreadable =
            |error: serde_json::Error| refused(format!("its record is not valid: {error}"));
        let mut envelope = json::value(text.as_bytes()).map_err(unreadable)?;
        let (version, by) = (&envelope["version"], &envelope["by"]);
        if *version != VERSION {
            return Err(refused(format!(
                "its format has version {}, written by twotower {}; only version {VERSION} is read",
                clip(&json::write(version)),
                clip(&json::write(by)),
            )));
        }
        let record = json::read(envelope["record"].take()).map_err(unreadable)?;
        let mut reader = Self { file, lists: Vec::new() };
        for name in all_lists().chain(lists.iter().copied()) {
            if reader.file.has(name) {
                let place = reader.file.take(name).ok_or_else(cut)?;
                let words = safetensors::read(source, place.start, place.bytes).await?;
                reader.lists.push((name, place, words));
            }
        }
        Ok((record, reader))
    }

    /// Takes the place of a plan's tensor.
    ///
    /// # Errors
    /// If the file does not contain it, or it has another type or shape.
    pub fn tensor(&mut self, tensor: &Tensor) -> Result<Place> {
        let name = &tensor.name;
        if !self.file.has(name) {
            return Err(missing(name));
        }
        let place = self.file.take(name).ok_or_else(cut)?;
        fits(name, &place, dtype(tensor), place.shape == tensor.shape())?;
        Ok(place)
    }

    /// Takes a list of finite numbers.
    ///
    /// # Errors
    /// If the file does not contain it, or it has another type or shape.
    pub fn reals(&mut self, name: &str) -> Result<Vec<f32>> {
        numbers(name, bytemuck::cast_vec(self.list(name, Dtype::F32, None)?.1))
    }

    /// Takes a list of finite numbers of double precision.
    ///
    /// # Errors
    /// If the file does not contain it, or it has another type or shape.
    pub fn doubles(&mut self, name: &str) -> Result<Vec<f64>> {
        let (_, words) = self.list(name, Dtype::F64, None)?;
        numbers(name, bytemuck::pod_collect_to_vec(&words))
    }

    /// Takes a list of rows of `row` words.
    ///
    /// # Errors
    /// If the file does not contain it, or it has another type or shape.
    pub fn words(&mut self, name: &str, row: usize) -> Result<Vec<u32>> {
        Ok(self.list(name, Dtype::U32, Some(row).filter(|&row| row > 1))?.1)
    }

    /// Takes concatenated texts, and the length of each in bytes.
    ///
    /// # Errors
    /// If the file does not contain them.
    pub fn texts(&mut self, [name, lengths]: [&'static str; 2]) -> Result<Texts> {
        let lengths = self.words(lengths, 1)?;
        let (place, all) = self.list(name, Dtype::U8, None)?;
        Ok(Texts { name, all, bytes: in_memory(place.bytes), lengths })
    }

    /// Rejects a file with a tensor that nothing has taken, or with bytes that belong to no tensor
    /// or to two.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] for such a file.
    pub fn finish(self) -> Result<()> {
        if let Some(name) = self.lists.first().map(|list| list.0).or(self.file.left()) {
            return Err(refused(format!(
                "it has a tensor `{}` that does not belong to the run",
                clip(name)
            )));
        }
        if self.file.is_whole() { Ok(()) } else { Err(cut()) }
    }

    /// Takes a list of rows of `parts` elements, or a list of elements if `parts` is `None`.
    fn list(
        &mut self,
        name: &str,
        dtype: Dtype,
        parts: Option<usize>,
    ) -> Result<(Place, Vec<u32>)> {
        let found = self.lists.iter().position(|list| list.0 == name);
        let (_, place, words) = self.lists.swap_remove(found.ok_or_else(|| missing(name))?);
        let is_list = match *place.shape {
            [_] => parts.is_none(),
            [_, width] => parts == Some(width),
            _ => false,
        };
        fits(name, &place, dtype, is_list)?;
        Ok((place, words))
    }
}

fn missing(name: &str) -> Error {
    refused(format!("it has no tensor `{name}`"))
}

/// Rejects a tensor of another type or shape.
fn fits(name: &str, found: &Place, dtype: Dtype, is_shape: bool) -> Result<()> {
    if found.dtype == dtype.name() && is_shape {
        return Ok(());
    }
    let (dtype, shape) = (clip(&found.dtype), clip(&format!("{:?}", found.shape)));
    Err(refused(format!("`{name}` is {dtype} of shape {shape}, which does not match the run")))
}

fn numbers<T: Copy + Into<f64>>(name: &str, numbers: Vec<T>) -> Result<Vec<T>> {
    if numbers.iter().all(|&number| number.into().is_finite()) {
        return Ok(numbers);
    }
    Err(refused(format!("`{name}` contains a value that is not finite")))
}

/// Returns the error for a file that is incomplete or not in this format.
fn cut() -> Error {
    refused("it is not a whole safetensors file")
}

fn dtype(tensor: &Tensor) -> Dtype {
    if tensor.is_real() { Dtype::F32 } else { Dtype::U32 }
}
