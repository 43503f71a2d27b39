//! Measures the speed and peak memory of the loader on generated lines.
//!
//! Usage: `cargo run --release --features verify --example load -- [lines] [split.kind]`, by default 25 million lines
//! and `random`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use twotower::Config;
use twotower::data::{Loader, Part};
use twotower::verify::synthetic;

/// Number of lines that are generated at once, outside the measured time.
const LINES_AT_ONCE: u32 = 1 << 16;

/// Bytes of a chunk, as in a browser's file stream.
const CHUNK: usize = 1 << 16;

/// The system's allocator, which also counts the bytes in use and their peak.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn add(bytes: usize) {
        let in_use = IN_USE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(in_use, Relaxed);
    }
}

// SAFETY: every call is forwarded unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // A growing block may be copied, so old and new count together; a shrinking block stays in
        // place.
        if size > layout.size() {
            Self::add(size);
            IN_USE.fetch_sub(layout.size(), Relaxed);
        } else {
            IN_USE.fetch_sub(layout.size() - size, Relaxed);
        }
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let lines: u32 = arguments.next().as_deref().unwrap_or("25000000").parse()?;
    let kind = arguments.next().unwrap_or_else(|| "random".into());
    let config = Config::resolve(&serde_json::json!({ "split": { "kind": kind } }))?;

    let mut text = synthetic::HEADER.to_vec();
    synthetic::lines(0, LINES_AT_ONCE, &mut text);
    let line_bytes = text.len() as u64 / u64::from(LINES_AT_ONCE);
    let size_hint = line_bytes * u64::from(lines);

    let before = IN_USE.load(Relaxed);
    let mut loader = Loader::new(&config);
    loader.begin(Part::All, "synthetic.csv", Some(size_hint))?;
    let (mut bytes, mut reading) = (0, Duration::ZERO);
    text.truncate(synthetic::HEADER.len());
    for from in (0..lines).step_by(LINES_AT_ONCE as usize) {
        synthetic::lines(from, lines.min(from + LINES_AT_ONCE), &mut text);
        let start = Instant::now();
        for chunk in text.chunks(CHUNK) {
            loader.push(chunk)?;
        }
        reading += start.elapsed();
        bytes += text.len();
        text.clear();
    }
    let start = Instant::now();
    let data = loader.finish()?;
    let finishing = start.elapsed();
    let after = IN_USE.load(Relaxed);

    let pairs = f64::from(lines) - data.report.duplicates as f64;
    let ids = (data.users.bytes() + data.items.bytes()) as f64;
    let per_pair = |used: usize| ((used - before) as f64 - ids) / pairs;
    println!("{}", serde_json::to_string(&data.summary())?);
    println!("{}", serde_json::to_string(&data.report)?);
    println!(
        "{:.0} MB at {:.0} MB/s: {:.2} s to read, {:.2} s to sort and split",
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / (reading + finishing).as_secs_f64(),
        reading.as_secs_f64(),
        finishing.as_secs_f64()
    );
    println!(
        "bytes per distinct pair: {:.2} at the peak, {:.2} after loading; ids: {:.1} MB",
        per_pair(PEAK.load(Relaxed)),
        per_pair(after),
        ids / 1e6
    );
    Ok(())
}
