//! Detects whether the first row of a table is a header.

use super::format::Sample;
use super::number;
use super::roles::{Role, fold, is_known};
use super::sought::Sought;
use super::time::Clock;
use crate::config::Column;

/// Minimum number of other rows for unique cells in the first row to be evidence for a header.
const ENOUGH: usize = 8;

/// Returns whether the first row is a header: it contains a known name, text above numbers or
/// times, an empty cell above row numbers, or cells that never occur again.
pub(super) fn is_there(sample: &Sample, sought: &[Sought<'_>]) -> bool {
    let [first, body @ ..] = &sample.rows[..] else { return false };
    let column = |ix: usize| body.iter().filter_map(move |row| row.get(ix));
    let recurs = |ix: usize| column(ix).any(|cell| *cell == first[ix]);
    let is_value =
        |cell: &String| number::parse(cell).is_some() || Clock::default().is_likely(cell);
    let all = |holds: &dyn Fn(usize) -> bool| (0..first.len()).all(holds);
    let any = |holds: &dyn Fn(usize) -> bool| (0..first.len()).any(holds);

    let by_option = sought.iter().any(|column| match column.option {
        Some(Column::Name(name)) => first.iter().any(|cell| fold(cell) == fold(name)),
        _ => false,
    });
    if by_option || any(&|ix| is_known(&first[ix]) && !recurs(ix)) {
        return true;
    }
    if body.is_empty() {
        return false;
    }
    let has_value = first.iter().any(is_value);
    let above_values = any(&|ix| column(ix).all(is_value));
    let counts_up = |cells: &[Option<f64>]| cells[0].is_some() && cells[0] < cells[1];
    let numbers: Vec<_> = column(0).map(|cell| number::parse(cell)).collect();
    let above_index = first[0].is_empty() && numbers.len() > 1 && numbers.windows(2).all(counts_up);
    // In interactions, ids occur again; names of columns do not.
    let is_pairs = sought.iter().any(|column| column.role == Role::Rating);
    let occurs_twice =
        |ix: usize| column(ix).all(|cell| column(ix).filter(|other| *other == cell).count() > 1);
    let above_ids = is_pairs
        && body.len() >= ENOUGH
        && all(&|ix| !first[ix].is_empty() && !recurs(ix))
        && any(&occurs_twice);
    above_index || !has_value && (above_values || above_ids)
}
