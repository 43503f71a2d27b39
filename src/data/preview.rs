//! How the beginning of a file is understood, before it is read.

use serde::Serialize;

use super::intake::Intake;
use super::loader::Part;
use super::opened::Open;
use super::report::FileReport;
use crate::config::Config;
use crate::error::Error;

/// Rows that are shown.
const ROWS: usize = 8;

/// The first rows of a file, and how they are understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// Cells by row; the first row names the columns if `read.header` says so.
    pub rows: Vec<Vec<String>>,
    /// How the file is understood; none if it is refused.
    pub read: Option<FileReport>,
    /// Why it is refused.
    #[serde(skip)]
    pub problem: Option<Error>,
}

impl Preview {
    /// Judges the first bytes of a file as [`super::Loader`] does; `whole` if it has no others.
    pub fn of(part: Part, name: &str, head: &[u8], whole: bool, config: &Config) -> Self {
        let open = Open::new(part, name, None);
        let refused = |problem, rows| Self { rows, read: None, problem: Some(problem) };
        let head = match open.decoded(head.to_vec(), whole, config) {
            Ok(head) => head,
            Err(problem) => return refused(problem, Vec::new()),
        };
        let rows = head.sample.rows.iter().take(ROWS).cloned().collect();
        match open.find(&head, config, &Intake::new(config)) {
            Ok((_, read)) => Self { rows, read: Some(read), problem: None },
            Err(problem) => refused(problem, rows),
        }
    }
}
