//! GPU side of an operation: its shaders, their bindings and constants, and the number of
//! workgroups.

use serde::{Deserialize, Serialize};

use super::wgsl::wgsl;
use super::{Buffer, IMPOSSIBLE, MIN_NORM, NO_ID, TILE};

/// A WGSL entry point, and the contract of its bindings.
#[derive(Debug)]
pub struct Shader {
    /// Name of the file under `shaders/`, without its extension.
    pub stem: &'static str,
    /// Its text, stripped, with imports unresolved.
    pub source: &'static str,
    /// Name and access of binding 0, 1, … of group 0.
    pub bindings: &'static [(&'static str, Access)],
}

/// Kind of access of a kernel to a binding.
///
/// A storage buffer that is bound by rows may be larger than the binding limit: it is split into
/// shards, with a dispatch for each. All buffers that a dispatch reads by rows are split at the same
/// rows, and so are those that it writes.
///
/// Both backends write the same words to an `Exact` binding, which has ids or counts. Floats are
/// equal within the tolerance of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Uniform: the record of the current step.
    Step,
    /// Uniform: the current chunk of rows.
    Chunk,
    /// Uniform: the first rows of the current shards of the buffers that are bound by rows.
    Shard,
    /// Storage, read only.
    Read,
    /// Storage, read only, bound by rows.
    ReadRows,
    /// Storage, read and written.
    Write,
    /// Storage, read and written, the same on both backends.
    WriteExact,
    /// Storage, read and written, bound by rows.
    WriteRows,
    /// Storage, read and written, bound by rows, the same on both backends.
    WriteRowsExact,
}

impl Access {
    /// Returns whether it is a uniform.
    pub fn is_uniform(self) -> bool {
        matches!(self, Self::Step | Self::Chunk | Self::Shard)
    }

    /// Returns whether the kernel may write.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::WriteRows) || self.is_exact()
    }

    /// Returns whether the kernel writes the same words as the twin.
    pub fn is_exact(self) -> bool {
        matches!(self, Self::WriteExact | Self::WriteRowsExact)
    }

    /// Returns whether a buffer is bound by rows.
    pub fn is_by_rows(self) -> bool {
        matches!(self, Self::ReadRows | Self::WriteRows | Self::WriteRowsExact)
    }
}

/// Something that a dispatch binds.
#[derive(Debug, Clone, Copy)]
pub enum Binding {
    /// A buffer, or the shards of its rows.
    Buffer(Buffer),
    /// The index of a chunk.
    Chunk(Chunk),
    /// The first rows of the shards that the dispatch binds.
    Shard,
}

/// A chunk of rows, which fits a buffer of logits.
#[derive(Debug, Clone, Copy)]
pub struct Chunk(pub u32);

/// The shards of a dispatch, which the executor knows.
#[derive(Debug, Clone, Copy)]
pub struct Shard;

impl Chunk {
    /// Returns the chunk of this index.
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("chunks are few"))
    }
}

impl From<Buffer> for Binding {
    fn from(buffer: Buffer) -> Self {
        Self::Buffer(buffer)
    }
}

impl From<Chunk> for Binding {
    fn from(chunk: Chunk) -> Self {
        Self::Chunk(chunk)
    }
}

impl From<Shard> for Binding {
    fn from(_: Shard) -> Self {
        Self::Shard
    }
}

/// The type of a shader's field, by its access.
pub(crate) mod field {
    pub use super::{Chunk, Shard};

    pub type Step = super::Buffer;
    pub type Read = super::Buffer;
    pub type ReadRows = super::Buffer;
    pub type Write = super::Buffer;
    pub type WriteExact = super::Buffer;
    pub type WriteRows = super::Buffer;
    pub type WriteRowsExact = super::Buffer;
}

/// A shader with a value for each of its bindings.
pub trait Kernel: Sized {
    /// The shader.
    const SHADER: &'static Shader;

    /// Returns the bindings in the shader's order.
    fn bindings(self) -> Vec<Binding>;

    /// Returns a dispatch of the shader, with the compile-time constants that it needs besides those
    /// that all shaders may use.
    fn dispatch(self, groups: Groups, constants: Vec<(&'static str, Constant)>) -> Dispatch {
        Dispatch { shader: Self::SHADER, bindings: self.bindings(), constants, groups }
    }
}

/// Declares a shader as a struct with a field for each binding, in the order of the WGSL file.
macro_rules! shader {
    ($kernel:ident, $stem:literal, [$($name:ident: $access:ident),* $(,)?]) => {
        struct $kernel {
            $($name: $crate::plan::dispatch::field::$access,)*
        }

        impl $crate::plan::dispatch::Kernel for $kernel {
            const SHADER: &'static $crate::plan::dispatch::Shader = &$crate::plan::dispatch::Shader {
                stem: $stem,
                source: $crate::plan::wgsl::wgsl!($stem),
                bindings: &[$((stringify!($name), $crate::plan::dispatch::Access::$access)),*],
            };

            fn bindings(self) -> Vec<$crate::plan::dispatch::Binding> {
                vec![$(self.$name.into()),*]
            }
        }
    };
}
pub(crate) use shader;

/// One dispatch of a program.
#[derive(Debug)]
pub struct Dispatch {
    /// The shader that runs.
    pub shader: &'static Shader,
    /// A value for each binding of the shader.
    pub bindings: Vec<Binding>,
    /// The compile-time constants that the shader needs, besides those that all shaders may use.
    pub constants: Vec<(&'static str, Constant)>,
    /// Number of workgroups.
    pub groups: Groups,
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
    /// A `u32`: the lanes of a workgroup that processes this number of parts of one row.
    Lanes(usize),
}

/// Workgroups of a dispatch.
#[derive(Debug, Clone, Copy)]
pub enum Groups {
    /// A fixed number (x, y).
    Fixed(u32, u32),
    /// Workgroups of 8 × 8 threads, with a thread for each tile of a matrix. Columns beyond the
    /// grid's width are folded into z: only a catalogue is this wide, and `score_items` handles it.
    Tiles {
        /// Columns of the matrix.
        columns: usize,
        /// Rows of the matrix.
        rows: usize,
    },
}

/// Amount of a dispatch's work that one thread does. The faster variant depends on the adapter, so it
/// is measured there (`gpu/measure.rs`). Sums over lanes differ between variants in their last bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Little work per thread, for a GPU: thousands of threads at once, 32 of them in step.
    Narrow,
    /// Much work per thread, for a software adapter: four threads in step, with slow reads and
    /// barriers.
    Wide,
}

impl Variant {
    /// All variants.
    pub const ALL: [Self; 2] = [Self::Narrow, Self::Wide];

    /// Returns the rows and columns of a product that one thread computes; `shared/tile.wgsl` has
    /// the same numbers.
    fn tile(self) -> usize {
        match self {
            Self::Narrow => TILE,
            Self::Wide => 2 * TILE,
        }
    }

    /// Returns the number of lanes that process a row of `parts`: a power of two, and at most the
    /// lanes that run in step, so that none waits for another.
    fn lanes(self, parts: usize) -> usize {
        let most = match self {
            Self::Narrow => 32,
            Self::Wide => 4,
        };
        parts.next_power_of_two().min(most)
    }
}

impl Groups {
    /// Returns the number of workgroups (x, y, z).
    pub fn of(self, variant: Variant) -> (u32, u32, u32) {
        match self {
            Self::Fixed(x, y) => (x, y, 1),
            Self::Tiles { columns, rows } => {
                let groups = |length: usize| in_32_bits(length.div_ceil(8 * variant.tile()));
                let x = groups(columns);
                (x.min(GRID_WIDTH), groups(rows), x.div_ceil(GRID_WIDTH))
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

/// Largest number of workgroups that WebGPU allows in one dimension of a grid.
pub const GRID_WIDTH: u32 = 65_535;

/// Threads of a workgroup, unless a shader needs another number: every adapter can fill 64.
const WG_SIZE: usize = 64;

/// Constants that every shader may use.
const EVERYWHERE: [(&str, Constant); 5] = [
    ("NO_ID", Constant::U32(NO_ID)),
    ("IMPOSSIBLE", Constant::F32(IMPOSSIBLE)),
    ("MIN_NORM", Constant::F32(MIN_NORM)),
    ("GRID_WIDTH", Constant::U32(GRID_WIDTH)),
    ("WG_SIZE", Constant::U32(WG_SIZE as u32)),
];

/// Returns a row of `groups` workgroups, folded if it is longer than one dimension allows.
pub fn folded(groups: usize) -> Groups {
    let groups = in_32_bits(groups);
    Groups::Fixed(groups.min(GRID_WIDTH), groups.div_ceil(GRID_WIDTH))
}

/// Returns workgroups of `WG_SIZE` threads, folded, with a thread for each of `count`.
pub fn threads(count: usize) -> Groups {
    folded(count.div_ceil(WG_SIZE))
}

/// Returns workgroups of `WG_SIZE` threads with a thread for each of `count`, in each of `rows`
/// rows.
pub fn threads_in_rows(count: usize, rows: usize) -> Groups {
    Groups::Fixed(in_32_bits(count.div_ceil(WG_SIZE)), in_32_bits(rows))
}

/// Returns workgroups with a thread for each tile of a matrix.
pub fn tiles(columns: usize, rows: usize) -> Groups {
    Groups::Tiles { columns, rows }
}

/// Returns the lanes of a workgroup that processes `parts` of one row.
pub fn lanes(parts: usize) -> Constant {
    Constant::Lanes(parts)
}

fn in_32_bits(size: usize) -> u32 {
    u32::try_from(size).expect("sizes in a plan fit 32 bits")
}

impl Dispatch {
    /// Returns the bindings with their access.
    pub fn bound(&self) -> impl Iterator<Item = (Access, Binding)> + '_ {
        let accesses = self.shader.bindings.iter().map(|(_, access)| *access);
        accesses.zip(self.bindings.iter().copied())
    }

    /// Returns the buffers that it binds, with their access.
    pub fn buffers(&self) -> impl Iterator<Item = (Access, Buffer)> + '_ {
        self.bound().filter_map(|(access, binding)| match binding {
            Binding::Buffer(buffer) => Some((access, buffer)),
            Binding::Chunk(_) | Binding::Shard => None,
        })
    }

    /// Returns the shader's text in a variant, ready to compile: constants, imports, body.
    pub fn source(&self, variant: Variant) -> String {
        let mut text = format!("const WIDE: bool = {};\n", variant == Variant::Wide);
        for (name, value) in EVERYWHERE.iter().chain(&self.constants) {
            text += &match value {
                Constant::U32(value) => format!("const {name}: u32 = {value}u;\n"),
                Constant::F32(value) => format!("const {name}: f32 = {value:?}f;\n"),
                Constant::Bool(value) => format!("const {name}: bool = {value};\n"),
                Constant::Lanes(parts) => {
                    format!("const {name}: u32 = {}u;\n", variant.lanes(*parts))
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

/// Returns the text of a file that shaders import.
fn shared(name: &str) -> &'static str {
    macro_rules! table {
        ($($file:literal),*) => {
            match name {
                $($file => wgsl!(concat!("shared/", $file)),)*
                _ => panic!("`shaders/shared/` has no file `{name}`"),
            }
        };
    }
    table!(
        "bank",
        "chunk",
        "counters",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every tile has a workgroup, and no dimension of the grid is too long.
    #[test]
    fn a_catalogue_of_any_size_is_a_grid_that_webgpu_allows() {
        for columns in [1, 4_194_240, 4_194_241, 8_388_481, 100_000_000] {
            for variant in Variant::ALL {
                let (x, y, z) = tiles(columns, 8).of(variant);
                assert!([x, y, z].iter().all(|&groups| (1..=GRID_WIDTH).contains(&groups)));
                let covered = x as usize * z as usize * 8 * variant.tile();
                assert!(covered >= columns, "{columns} columns, {covered} of them in the grid");
            }
        }
    }
}
