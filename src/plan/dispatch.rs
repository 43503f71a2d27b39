//! What an operation asks of a GPU: shaders, their bindings and constants, and how many workgroups.

use serde::{Deserialize, Serialize};

use super::wgsl::wgsl;
use super::{Buffer, IMPOSSIBLE, MIN_NORM, NO_ID, TILE};

/// A WGSL entry point, and the contract of its bindings.
#[derive(Debug)]
pub struct Shader {
    /// Name of the file under `shaders/`, without its ending.
    pub stem: &'static str,
    /// Its text, stripped, imports unresolved.
    pub source: &'static str,
    /// Name and access of binding 0, 1, … of group 0.
    pub bindings: &'static [(&'static str, Access)],
}

/// How a kernel uses a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Uniform: the record of the step at hand.
    Step,
    /// Uniform: the chunk of rows at hand.
    Chunk,
    /// Uniform: the first rows of the shards at hand, of what is bound as rows.
    Shard,
    /// Storage, read only.
    Read,
    /// Storage, read and written.
    Write,
    /// As [`Access::Read`], but a shard of the rows: where a buffer is longer than a binding may be, there
    /// is a dispatch for each. All that a dispatch reads by rows has the same ones.
    ReadRows,
    /// As [`Access::Write`], and by shards as [`Access::ReadRows`].
    WriteRows,
}

/// Declares a [`Shader`] from its stem.
macro_rules! shader {
    ($stem:literal, [$($name:ident: $access:ident),* $(,)?]) => {
        $crate::plan::dispatch::Shader {
            stem: $stem,
            source: $crate::plan::wgsl::wgsl!($stem),
            bindings: &[$((stringify!($name), $crate::plan::dispatch::Access::$access)),*],
        }
    };
}
pub(crate) use shader;

/// One dispatch of a program.
#[derive(Debug)]
pub struct Dispatch {
    /// What runs.
    pub shader: &'static Shader,
    /// A buffer for each binding.
    pub buffers: Vec<Buffer>,
    /// The compile-time constants that the shader depends on, beside those that all may use.
    pub constants: Vec<(&'static str, Constant)>,
    /// How many workgroups.
    pub groups: Groups,
    /// Index of the chunk, for shaders that bind one.
    pub chunk: u32,
}

/// A compile-time constant of a shader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constant {
    /// A `u32`.
    U32(u32),
    /// An `f32`.
    F32(f32),
    /// A `bool`.
    Bool(bool),
    /// A `u32`: lanes of a workgroup that works on so many parts of one row.
    Lanes(usize),
}

/// Workgroups of a dispatch.
#[derive(Debug, Clone, Copy)]
pub enum Groups {
    /// So many (x, y).
    Fixed(u32, u32),
    /// Of 8 × 8 threads with a thread for each tile of a matrix.
    Tiles {
        /// Of the matrix.
        columns: usize,
        /// Of the matrix.
        rows: usize,
    },
}

/// How much of a dispatch's work one thread takes. Which shape is quicker is a matter of the adapter, so it is
/// measured there (`gpu/measure.rs`); sums over lanes differ between them in their last bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Little, for a GPU: thousands of threads at once, 32 of them in step.
    Narrow,
    /// Much, for a software adapter: four threads in step, and each read and each wait is dear.
    Wide,
}

impl Shape {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Narrow, Self::Wide];

    /// Rows and columns of a product that one thread works out; in WGSL `shared/tile.wgsl` has them.
    fn tile(self) -> usize {
        match self {
            Self::Narrow => TILE,
            Self::Wide => 2 * TILE,
        }
    }

    /// Lanes that work on a row of so many parts: a power of two, and at most as many as run in step, so that
    /// none has to wait for another.
    fn lanes(self, parts: usize) -> usize {
        let most = match self {
            Self::Narrow => 32,
            Self::Wide => 4,
        };
        parts.next_power_of_two().min(most)
    }
}

impl Groups {
    /// Workgroups (x, y).
    pub fn of(self, shape: Shape) -> (u32, u32) {
        match self {
            Self::Fixed(x, y) => (x, y),
            Self::Tiles { columns, rows } => {
                let groups = |length: usize| in_32_bits(length.div_ceil(8 * shape.tile()));
                (groups(columns), groups(rows))
            }
        }
    }
}

impl From<usize> for Constant {
    fn from(value: usize) -> Self {
        Self::U32(in_32_bits(value))
    }
}

impl From<u32> for Constant {
    fn from(value: u32) -> Self {
        Self::U32(value)
    }
}

impl From<f32> for Constant {
    fn from(value: f32) -> Self {
        Self::F32(value)
    }
}

impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// WebGPU allows this many workgroups in a dimension of a grid.
pub const GRID_WIDTH: u32 = 65_535;

/// Threads of a workgroup, where nothing asks for another number: what every adapter fills.
const WG_SIZE: usize = 64;

/// What every shader may depend on.
const EVERYWHERE: [(&str, Constant); 5] = [
    ("NO_ID", Constant::U32(NO_ID)),
    ("IMPOSSIBLE", Constant::F32(IMPOSSIBLE)),
    ("MIN_NORM", Constant::F32(MIN_NORM)),
    ("GRID_WIDTH", Constant::U32(GRID_WIDTH)),
    ("WG_SIZE", Constant::U32(WG_SIZE as u32)),
];

/// A row of `groups` workgroups, folded where it is longer than a dimension may be.
pub fn folded(groups: usize) -> Groups {
    let groups = in_32_bits(groups);
    Groups::Fixed(groups.min(GRID_WIDTH), groups.div_ceil(GRID_WIDTH))
}

/// Workgroups of `WG_SIZE` threads, folded, with a thread for each of `count`.
pub fn threads(count: usize) -> Groups {
    folded(count.div_ceil(WG_SIZE))
}

/// Workgroups of `WG_SIZE` threads with a thread for each of `count`, in each of `rows` rows.
pub fn threads_in_rows(count: usize, rows: usize) -> Groups {
    Groups::Fixed(in_32_bits(count.div_ceil(WG_SIZE)), in_32_bits(rows))
}

/// Workgroups with a thread for each tile of a matrix.
pub fn tiles(columns: usize, rows: usize) -> Groups {
    Groups::Tiles { columns, rows }
}

/// Lanes of a workgroup that works on `parts` of one row.
pub fn lanes(parts: usize) -> Constant {
    Constant::Lanes(parts)
}

fn in_32_bits(size: usize) -> u32 {
    u32::try_from(size).expect("sizes in a plan fit 32 bits")
}

impl Dispatch {
    /// The shader's text in a shape, ready to compile: constants, imports, body.
    pub fn source(&self, shape: Shape) -> String {
        let mut text = format!("const WIDE: bool = {};\n", shape == Shape::Wide);
        for (name, value) in EVERYWHERE.iter().chain(&self.constants) {
            text += &match value {
                Constant::U32(value) => format!("const {name}: u32 = {value}u;\n"),
                Constant::F32(value) => format!("const {name}: f32 = {value:?}f;\n"),
                Constant::Bool(value) => format!("const {name}: bool = {value};\n"),
                Constant::Lanes(parts) => {
                    format!("const {name}: u32 = {}u;\n", shape.lanes(*parts))
                }
            };
        }
        for line in self.shader.source.lines() {
            match line.strip_prefix("#import ") {
                Some(name) => text += shared(name),
                None => text += line,
            }
            text.push('\n');
        }
        text
    }
}

/// A file that shaders import.
fn shared(name: &str) -> &'static str {
    macro_rules! table {
        ($($file:literal),*) => {
            match name {
                $($file => wgsl!(concat!("shared/", $file)),)*
                _ => panic!("no shader file is shared under the name `{name}`"),
            }
        };
    }
    table!(
        "bank",
        "chunk",
        "clock",
        "first_use",
        "grid",
        "lanes",
        "permutation",
        "prefix_sum",
        "random",
        "row_gradient",
        "row_id",
        "schedule",
        "shard",
        "sort_order",
        "stale_pair",
        "step",
        "tally",
        "tile",
        "top_list"
    )
}
