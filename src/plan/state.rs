//! The state of a run: the buffers that outlive a window of steps, as named tensors. Whatever is
//! allocated here is kept by a checkpoint; all other buffers follow from it, the data and the options.

use super::Buffer;
use super::build::Builder;

/// A buffer of the run's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name, in the plan and in a file.
    pub name: String,
    /// Where it is.
    pub buffer: Buffer,
    /// How many rows it has.
    pub rows: usize,
    /// What a row holds, word by word, without its padding.
    pub row: Vec<Word>,
    /// Words from one row to the next: those of `row`, then zeros.
    pub stride: usize,
}

/// What a word may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A finite number.
    Real,
    /// A whole number below a bound, such as an id: it is never used to index unchecked.
    Below(u32),
}

impl Word {
    /// Whether a word of a buffer is what it may be.
    pub fn allows(self, word: u32) -> bool {
        match self {
            Self::Real => f32::from_bits(word).is_finite(),
            Self::Below(bound) => word < bound,
        }
    }
}

impl Tensor {
    /// Its shape: a row of one word is no dimension.
    pub fn shape(&self) -> Vec<usize> {
        if self.row.len() == 1 { vec![self.rows] } else { vec![self.rows, self.row.len()] }
    }

    /// Whether all of it are numbers; otherwise its words are whole, or of several kinds.
    pub fn is_real(&self) -> bool {
        self.row.iter().all(|&word| word == Word::Real)
    }

    /// The first word that is not what it may be, of words without padding.
    pub fn first_wrong(&self, words: &[u32]) -> Option<usize> {
        let expected = self.row.iter().cycle();
        words.iter().zip(expected).position(|(&word, expected)| !expected.allows(word))
    }

    /// Takes the padding out.
    pub fn pack(&self, padded: &[u32]) -> Vec<u32> {
        let rows = padded.chunks_exact(self.stride).take(self.rows);
        rows.flat_map(|row| &row[..self.row.len()]).copied().collect()
    }

    /// Puts the padding in.
    pub fn pad(&self, words: &[u32]) -> Vec<u32> {
        let mut padded = vec![0; self.rows * self.stride];
        let rows = padded.chunks_exact_mut(self.stride);
        for (row, words) in rows.zip(words.chunks_exact(self.row.len())) {
            row[..words.len()].copy_from_slice(words);
        }
        padded
    }
}

impl Builder<'_> {
    /// A buffer of the run's state, whose rows have no padding.
    pub(super) fn state(&mut self, name: impl Into<String>, rows: usize, row: &[Word]) -> Buffer {
        self.padded_state(name, [rows, rows], row, row.len())
    }

    /// The same of rows of an output's width: (rows, O).
    pub(super) fn state_rows(&mut self, name: impl Into<String>, rows: usize) -> Buffer {
        let row = vec![Word::Real; self.dims.out_width];
        self.padded_state(name, [rows, rows], &row, self.dims.out)
    }

    /// The same of rows that are `stride` words apart, with room for as many as are `stored`.
    pub(super) fn padded_state(
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
