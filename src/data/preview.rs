//! Previews of files: how their first bytes are understood.

use super::cells::RECORD_LIMIT;
use super::intake::Intake;
use super::opened::Open;
use super::part::Part;
use super::report::FileReport;
use crate::config::Config;
use crate::error::Error;

/// The first rows of a file and how it was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Report on the file; without columns if they are unclear. `None` if its text cannot be read.
    pub read: Option<FileReport>,
    /// Why the file is rejected.
    pub problem: Option<Error>,
}

impl Preview {
    /// Reads the first bytes of a file as [`super::Loader`] does; `whole` if there are no others.
    pub fn of(part: Part, name: &str, head: &[u8], whole: bool, config: &Config) -> Self {
        let open = Open::new(part, name, None);
        match open.decoded(head.to_vec(), whole, config) {
            Ok(head) => {
                let (read, found) = open.find(&head, config, &Intake::new(config));
                Self { read: Some(read), problem: found.err() }
            }
            Err(problem) => Self { read: None, problem: Some(problem) },
        }
    }
}

/// The first bytes of files, kept for a preview if one of them is rejected.
#[derive(Debug, Default)]
pub struct Heads(Vec<(Part, String, Vec<u8>)>);

impl Heads {
    /// Begins a file.
    pub fn begin(&mut self, part: Part, name: &str) {
        self.0.push((part, name.into(), Vec::new()));
    }

    /// Keeps the next bytes, up to the number that decides a file's format.
    pub fn push(&mut self, chunk: &[u8]) {
        if let Some((_, _, head)) = self.0.last_mut() {
            let most = RECORD_LIMIT - head.len();
            head.extend_from_slice(&chunk[..most.min(chunk.len())]);
        }
    }

    /// Returns a report on each file whose text can be read.
    pub fn read(&self, config: &Config) -> Vec<FileReport> {
        let read = |(part, name, head): &(Part, String, Vec<u8>)| {
            Preview::of(*part, name, head, head.len() < RECORD_LIMIT, config).read
        };
        self.0.iter().filter_map(read).collect()
    }
}
