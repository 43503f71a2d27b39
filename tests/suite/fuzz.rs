//! Fuzzes all readers with mutations of seeds: the targets of cargo-fuzz on a stable toolchain.
//!
//! Each target runs for `FUZZ_SECONDS` seconds (an environment variable, default 1). Mutations are
//! numbered: every run repeats the same sequence, and a longer run continues it. The input
//! of a fault is written to `target/fuzz`; once the fault is fixed, the file becomes a seed in
//! `crates/fuzz/seeds`.

#[path = "../../crates/fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use twotower::random::{below, hash};

/// Byte sequences with a meaning for parsers.
const TOKENS: [&[u8]; 26] = [
    b"\n",
    b"\r\n",
    b"\r",
    b",",
    b";",
    b"\t",
    b"|",
    b"::",
    b" ",
    b"\"",
    b"\"\"",
    b"\\\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"NA",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe9",
    b"-1",
    b"1e9",
    b"/",
];

/// Random draws of one mutation.
struct Draws {
    mutation: u32,
    count: u32,
}

impl Draws {
    /// Returns a number below `bound`, which must be above zero.
    fn next(&mut self, bound: usize) -> usize {
        self.count += 1;
        below(hash(self.mutation, 99, self.count), bound as u32) as usize
    }
}

/// Returns a seed with some of its bytes changed.
fn mutated(seeds: &[Vec<u8>], mutation: u32) -> Vec<u8> {
    let mut draws = Draws { mutation, count: 0 };
    let mut bytes = seeds[draws.next(seeds.len())].clone();
    for _ in 0..=draws.next(6) {
        let at = draws.next(bytes.len() + 1);
        let to = at + draws.next(12).min(bytes.len() - at);
        match draws.next(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << draws.next(8),
            0 | 1 => {
                let token = TOKENS[draws.next(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
            2 => drop(bytes.drain(at..to)),
            3 => {
                let copy = bytes[at..to].to_vec();
                bytes.splice(at..at, copy.repeat(draws.next(4) + 1));
            }
            4 => {
                let other = &seeds[draws.next(seeds.len())];
                let from = draws.next(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.truncate(at.max(2)),
        }
    }
    bytes
}

/// Returns the seeds of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/fuzz/seeds").join(target);
    let entries = std::fs::read_dir(folder).expect("there are seeds").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// Runs a target on its seeds, then on mutations of them until the time is over.
fn fuzz(target: &str, seeds: &[Vec<u8>], take: fn(&[u8])) {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let mutations = (0..).map(|mutation| mutated(seeds, mutation));
    let mut executions = 0_u64;
    for bytes in seeds.iter().cloned().chain(mutations) {
        if let Err(fault) = catch_unwind(AssertUnwindSafe(|| take(&bytes))) {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../fuzz");
            std::fs::create_dir_all(&folder).expect("a folder");
            let file = folder.join(format!("{target}-{executions}"));
            std::fs::write(&file, &bytes).expect("written");
            eprintln!("{} breaks {target}", file.display());
            std::panic::resume_unwind(fault);
        }
        executions += 1;
        if executions > seeds.len() as u64 && Instant::now() > until {
            break;
        }
    }
    println!("{target}: {executions} executions, no fault");
}

#[test]
fn loader() {
    fuzz("loader", &seeds("loader"), targets::loader);
}

#[test]
fn items() {
    fuzz("items", &seeds("items"), targets::items);
}

#[test]
fn config() {
    fuzz("config", &seeds("config"), targets::config);
}

#[test]
fn query() {
    fuzz("query", &seeds("query"), targets::query);
}

#[test]
fn saved() {
    fuzz("saved", &[targets::saved_seed()], targets::saved);
}
