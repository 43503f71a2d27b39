//! The file of a saved run: a safetensors file, whose tensors are the data set and the run's state, and
//! whose metadata is a record of the rest. What is read may be anything: whatever no run can have written
//! is refused, before anything is made of it.

mod dataset;

use bytemuck::Pod;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::json;
use crate::plan::Tensor;
use crate::safetensors::{self, Data, Dtype, Entry};

/// What this version writes, and the only one that it reads.
pub const VERSION: u32 = 1;

/// The key of the record in the file's metadata.
const KEY: &str = "twotower";

/// The record, with what tells whether this version can read it.
#[derive(Serialize)]
struct Envelope<T> {
    version: u32,
    /// Version of the crate that wrote it.
    by: &'static str,
    record: T,
}

/// The refusal of a file.
pub fn refused(problem: impl Into<String>) -> Error {
    Error::Checkpoint { problem: problem.into() }
}

/// A file in the making.
#[derive(Debug, Default)]
pub struct Writer(Vec<Entry>);

impl Writer {
    /// A tensor of a plan.
    pub fn tensor(&mut self, tensor: &Tensor, words: Vec<u32>) {
        let data = Data::Words(words);
        let (name, dtype, shape) = (tensor.name.clone(), dtype(tensor), tensor.shape());
        self.0.push(Entry { name, dtype, shape, data });
    }

    /// A list of numbers.
    pub fn reals(&mut self, name: &'static str, list: &[f32]) {
        let data = Data::Words(bytemuck::cast_slice(list).to_vec());
        self.0.push(Entry { name: name.into(), dtype: Dtype::F32, shape: vec![list.len()], data });
    }

    /// A list of numbers of double precision.
    pub fn doubles(&mut self, name: &'static str, list: &[f64]) {
        let data = Data::Words(bytemuck::cast_slice(list).to_vec());
        self.0.push(Entry { name: name.into(), dtype: Dtype::F64, shape: vec![list.len()], data });
    }

    /// A list of rows of words.
    pub fn words(&mut self, name: &'static str, row: usize, words: Vec<u32>) {
        let shape = if row == 1 { vec![words.len()] } else { vec![words.len() / row, row] };
        self.0.push(Entry {
            name: name.into(),
            dtype: Dtype::U32,
            shape,
            data: Data::Words(words),
        });
    }

    /// Texts, one after the other, and the length of each in bytes.
    pub fn texts(&mut self, [text, lengths]: [&'static str; 2], texts: &[&str]) {
        self.words(lengths, 1, texts.iter().map(|text| text.len() as u32).collect());
        let all = texts.concat();
        let shape = vec![all.len()];
        self.0.push(Entry { name: text.into(), dtype: Dtype::U8, shape, data: Data::Text(all) });
    }

    /// The whole file.
    pub fn finish(self, record: impl Serialize) -> Vec<u8> {
        let by = env!("CARGO_PKG_VERSION");
        let text = json::write(&Envelope { version: VERSION, by, record });
        safetensors::write(self.0, &[(KEY, text)])
    }
}

/// A file that is read.
#[derive(Debug)]
pub struct Reader<'a>(safetensors::File<'a>);

impl<'a> Reader<'a> {
    /// Opens a file, and reads its record.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], as all that reads.
    pub fn open<T: DeserializeOwned>(bytes: &'a [u8]) -> Result<(T, Self)> {
        let mut file = safetensors::File::open(bytes).ok_or_else(cut)?;
        let text = file.metadata(KEY);
        let text = &text.ok_or_else(|| refused(format!("it has no record under `{KEY}`")))?;
        let unreadable = |error: serde_json::Error| refused(format!("its record: {error}"));
        // As a value first: the code that makes types of values is there for the options, too.
        let mut envelope = json::value(text.as_bytes()).map_err(unreadable)?;
        let (version, by) = (&envelope["version"], &envelope["by"]);
        if *version != VERSION {
            return Err(refused(format!(
                "its format has version {}, of twotower {}; this one reads version {VERSION}",
                json::write(version),
                json::write(by),
            )));
        }
        let record = serde_json::from_value(envelope["record"].take()).map_err(unreadable)?;
        Ok((record, Self(file)))
    }

    /// The words of a plan's tensor.
    ///
    /// # Errors
    /// If it is not there, has another type or shape, or holds what it may not.
    pub fn tensor(&mut self, tensor: &Tensor) -> Result<Vec<u32>> {
        let words = self.entry(&tensor.name, dtype(tensor), |shape| shape == tensor.shape())?;
        if let Some(wrong) = tensor.first_wrong(&words) {
            let row = wrong / tensor.row.len();
            return Err(refused(format!("row {row} of `{}` is not what it may be", tensor.name)));
        }
        Ok(words)
    }

    /// A list of finite numbers.
    ///
    /// # Errors
    /// If it is none.
    pub fn reals(&mut self, name: &str) -> Result<Vec<f32>> {
        self.numbers(name, Dtype::F32)
    }

    /// A list of finite numbers of double precision.
    ///
    /// # Errors
    /// If it is none.
    pub fn doubles(&mut self, name: &str) -> Result<Vec<f64>> {
        self.numbers(name, Dtype::F64)
    }

    /// A list of rows of so many words.
    ///
    /// # Errors
    /// If it is none.
    pub fn words(&mut self, name: &str, row: usize) -> Result<Vec<u32>> {
        self.entry(name, Dtype::U32, |shape| match *shape {
            [_] => row == 1,
            [_, width] => width == row,
            _ => false,
        })
    }

    /// Texts, one after the other, and the length of each in bytes.
    ///
    /// # Errors
    /// If they are none.
    pub fn texts(&mut self, [text, lengths]: [&str; 2]) -> Result<Vec<&'a str>> {
        let lengths = self.words(lengths, 1)?;
        let bytes = self.bytes(text, Dtype::U8, |shape| shape.len() == 1)?;
        let torn = || refused(format!("`{text}` is not as long as its parts"));
        let mut rest = std::str::from_utf8(bytes).map_err(|_| torn())?;
        let mut texts = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (text, behind) = rest.split_at_checked(length as usize).ok_or_else(torn)?;
            texts.push(text);
            rest = behind;
        }
        if rest.is_empty() { Ok(texts) } else { Err(torn()) }
    }

    /// Refuses a file with a tensor that no one has asked for, or with bytes of none or of two.
    ///
    /// # Errors
    /// If there is one.
    pub fn finish(self) -> Result<()> {
        if let Some(name) = self.0.left() {
            return Err(refused(format!("it has a tensor `{name}`, which no such run has")));
        }
        if self.0.is_whole() { Ok(()) } else { Err(cut()) }
    }

    fn numbers<T: Pod + Into<f64>>(&mut self, name: &str, dtype: Dtype) -> Result<Vec<T>> {
        let numbers: Vec<T> = self.entry(name, dtype, |shape| shape.len() == 1)?;
        if numbers.iter().all(|&number| number.into().is_finite()) {
            return Ok(numbers);
        }
        Err(refused(format!("`{name}` holds what is no number")))
    }

    fn entry<T: Pod>(
        &mut self,
        name: &str,
        dtype: Dtype,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<Vec<T>> {
        // A file's bytes may lie anywhere: words are copied out.
        Ok(bytemuck::pod_collect_to_vec(self.bytes(name, dtype, fits)?))
    }

    fn bytes(
        &mut self,
        name: &str,
        dtype: Dtype,
        fits: impl Fn(&[usize]) -> bool,
    ) -> Result<&'a [u8]> {
        if !self.0.has(name) {
            return Err(refused(format!("it has no tensor `{name}`")));
        }
        let found = self.0.take(name).ok_or_else(cut)?;
        if found.dtype != dtype.name() || !fits(&found.shape) {
            let (dtype, shape) = (found.dtype, found.shape);
            return Err(refused(format!(
                "`{name}` is {dtype} of shape {shape:?}, unlike its run's"
            )));
        }
        Ok(found.data)
    }
}

/// The refusal of a file that is cut off, or was never one.
fn cut() -> Error {
    refused("it is not a whole safetensors file")
}

fn dtype(tensor: &Tensor) -> Dtype {
    if tensor.is_real() { Dtype::F32 } else { Dtype::U32 }
}
