//! The state of a run: the buffers that outlive a window of steps, as named tensors. A checkpoint
//! contains all of them; the other buffers are computed from them, the data and the options.

use std::ops::Range;

use super::Buffer;
use super::builder::Builder;
use crate::formats::pieces::PIECE;

/// A buffer of the run's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name in the plan and in a file.
    pub name: String,
    /// The buffer that holds it.
    pub buffer: Buffer,
    /// Number of rows.
    pub rows: usize,
    /// Allowed values of a row's words, without its padding.
    pub row: Vec<Word>,
    /// Number of words from one row to the next: those of `row`, then zeros.
    pub stride: usize,
}

/// Allowed values of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A finite number.
    Real,
    /// A finite number that is not negative: a distance, or a number whose square root is taken.
    Size,
    /// An integer below a bound, such as an id: it is checked before it is used as an index.
    Below(u32),
    /// The number of a step that is done, or 0.
    Step,
}

impl Word {
    /// Returns whether a word of a buffer is allowed after this many steps.
    pub fn allows(self, word: u32, steps: u64) -> bool {
        let real = f32::from_bits(word);
        match self {
            Self::Real => real.is_finite(),
            Self::Size => real.is_finite() && real >= 0.0,
            Self::Below(bound) => word < bound,
            Self::Step => u64::from(word) <= steps,
        }
    }
}

impl Tensor {
    /// Returns its shape; rows of one word add no dimension.
    pub fn shape(&self) -> Vec<usize> {
        if self.row.len() == 1 { vec![self.rows] } else { vec![self.rows, self.row.len()] }
    }

    /// Returns whether all words are floats; otherwise they are integers, or mixed.
    pub fn is_real(&self) -> bool {
        self.row.iter().all(|word| matches!(word, Word::Real | Word::Size))
    }

    /// Returns the rows in blocks that fit a piece of a file.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        blocks(self.rows, self.stride)
    }

    /// Returns the position of the first word that is not allowed after this many steps, in complete rows without
    /// padding.
    pub fn first_wrong(&self, words: &[u32], steps: u64) -> Option<usize> {
        let expected = self.row.iter().cycle();
        words.iter().zip(expected).position(|(&word, expected)| !expected.allows(word, steps))
    }

    /// Removes the padding of complete rows.
    pub fn pack(&self, padded: Vec<u32>) -> Vec<u32> {
        if self.stride == self.row.len() {
            return padded;
        }
        let rows = padded.chunks_exact(self.stride);
        rows.flat_map(|row| &row[..self.row.len()]).copied().collect()
    }

    /// Adds the padding to complete rows.
    pub fn pad(&self, words: Vec<u32>) -> Vec<u32> {
        if self.stride == self.row.len() {
            return words;
        }
        let mut padded = vec![0; words.len() / self.row.len() * self.stride];
        let rows = padded.chunks_exact_mut(self.stride);
        for (row, words) in rows.zip(words.chunks_exact(self.row.len())) {
            row[..words.len()].copy_from_slice(words);
        }
        padded
    }
}

/// Splits rows of `stride` words into blocks that fit a piece of a file.
pub fn blocks(rows: usize, stride: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (PIECE / 4 / stride).max(1);
    (0..rows).step_by(most).map(move |first| first..rows.min(first + most))
}

impl Builder<'_> {
    /// Adds a buffer of the run's state, whose rows have no padding.
    pub fn state(&mut self, name: impl Into<String>, rows: usize, row: &[Word]) -> Buffer {
        self.padded_state(name, [rows, rows], row, row.len())
    }

    /// Adds a buffer of the run's state with rows of an output's width: (rows, O).
    pub fn state_rows(&mut self, name: impl Into<String>, rows: usize) -> Buffer {
        let row = vec![Word::Real; self.dims.out_width];
        self.padded_state(name, [rows, rows], &row, self.dims.out)
    }

    /// Adds a buffer of the run's state with room for `stored` rows, which are `stride` words
    /// apart.
    pub fn padded_state(
        &mut self,
        name: impl Into<String>,
        [stored, rows]: [usize; 2],
        row: &[Word],
        stride: usize,
    ) -> Buffer {
        let name = name.into();
        let buffer = self.rows(name.clone(), stored, stride);
        self.tensors.push(Tensor { name, buffer, rows, row: row.to_vec(), stride });
        buffer
    }
}
