//! Warnings of probable mistakes in a data set, and notes with suggestions.

use super::dataset::Dataset;
use super::pairs::Pairs;
use super::part::Part;
use super::report::FileReport;
use crate::config::{Config, SplitKind};

/// An id is suspicious if it has more than this share of all pairs and this multiple of the mean.
const MUCH: f64 = 0.1;
const TIMES_THE_MEAN: f64 = 3.0;

/// Share of users split between equal times above which there is a warning.
const MANY_TIES: f64 = 0.05;

/// Adds warnings and notes to the report of a data set.
pub(super) fn add(data: &mut Dataset, config: &Config) {
    let mut warnings = Vec::new();
    let mut notes = Vec::new();
    for file in &data.report.read {
        warnings.extend(of_lines(file, &data.report.first_bad_lines));
        warnings.extend(of_matches(file, data));
        if config.data.min_rating.is_none() {
            notes.extend(of_ratings(file));
        }
    }
    warnings.extend(of_ids(data));
    warnings.extend(of_split(data, config));
    let is_by_share = matches!(config.split.kind, SplitKind::Random);
    let timed = data.report.read.iter().find_map(|file| file.column("timestamp"));
    if let Some(column) = timed.filter(|_| is_by_share) {
        notes.push(format!(
            "column {} has times, but the split is random. With `split.kind` \"temporal-global\", the latest \
             pairs are the test part, as in real use",
            column.label()
        ));
    }
    data.report.warnings.extend(warnings);
    data.report.notes.extend(notes);
}

/// Returns warnings of skipped lines.
pub(super) fn of_lines(file: &FileReport, bad: &[String]) -> Vec<String> {
    let FileReport { file: name, lines, .. } = file;
    let mut warnings = Vec::new();
    if !file.skipped.is_empty() {
        let skipped = file.skipped.join("; ");
        warnings.push(format!("{name}: skipped lines above the first record: {skipped}"));
    }
    if file.bad > 0 {
        let begin = format!("{name}, ");
        let first = bad.iter().find_map(|line| line.strip_prefix(&begin)).unwrap_or_default();
        warnings.push(format!(
            "{name}: {} of {lines} lines are bad and were skipped; {first}",
            file.bad
        ));
    }
    for (count, role) in [(file.without_user, "user"), (file.without_item, "item")] {
        if count > 0 {
            let column = file.column(role).map_or_else(String::new, |column| column.label());
            warnings.push(format!(
                "{name}: {count} of {lines} lines have no {role} and were skipped (column {column} is empty, \
                 NA or another word of `data.missing`)"
            ));
        }
    }
    warnings
}

/// Returns warnings of an items or users file that contains few of the ids, and of features without
/// values.
fn of_matches(file: &FileReport, data: &Dataset) -> Vec<String> {
    let (Some(matched), FileReport { file: name, .. }) = (file.matched, file) else {
        return Vec::new();
    };
    let (ids, word) = match file.part {
        Part::Users => (&data.users, "users"),
        _ => (&data.items, "items"),
    };
    let all = ids.len();
    let mut warnings = Vec::new();
    if matched * 2 < all {
        let example = ids.iter().next().unwrap_or_default();
        warnings.push(format!(
            "{name}: it contains {matched} of the {all} {word} of the data, with ids such as `{example}`. Is \
             its column {} the right one?",
            file.columns.first().map_or_else(String::new, |column| column.label())
        ));
    }
    for column in file.columns.iter().filter(|column| column.values == Some(0)) {
        warnings.push(format!("{name}: the feature {} has no values", column.label()));
    }
    warnings
}

/// Returns a note that suggests the upper part of a rating scale as interactions.
fn of_ratings(file: &FileReport) -> Option<String> {
    let [least, most] = file.ratings?;
    let from = (least + (most - least) * 0.75).ceil();
    Some(format!(
        "{}: ratings from {least} to {most}; all count as interactions. To count only ratings from {from} \
         on, set `data.minRating` to {from}",
        file.file
    ))
}

/// Returns warnings of ids that look like those of another column.
fn of_ids(data: &Dataset) -> Vec<String> {
    let mut warnings = Vec::new();
    let parts = [&data.train, &data.validation, &data.test];
    let all: usize = parts.iter().map(|part| part.len()).sum();
    let sides = [(0, "user", &data.users, "has one pair"), (1, "item", &data.items, "occurs once")];
    for (side, role, ids, once) in sides {
        let read = data.report.read.iter().find_map(|file| file.column(role));
        let column = read.map_or_else(String::new, |column| column.label());
        if ids.len() == all {
            warnings.push(format!("every {role} {once}. Is column {column} the right one?"));
            continue;
        }
        let mut counts = vec![0_u32; ids.len()];
        parts
            .iter()
            .flat_map(|part| Pairs::iter(part))
            .for_each(|pair| counts[pair[side] as usize] += 1);
        let most = counts.iter().enumerate().max_by_key(|(_, count)| **count);
        if let Some((id, &count)) = most
            && f64::from(count) > all as f64 * MUCH
            && f64::from(count) * ids.len() as f64 > all as f64 * TIMES_THE_MEAN
        {
            let name = ids.name(id as u32);
            warnings.push(format!(
                "the {role} `{name}` has {count} of {all} pairs. If it is not a real {role}, add it to \
                 `data.missing`"
            ));
        }
    }
    warnings
}

/// Returns warnings of an empty test part, and of splits between equal times.
fn of_split(data: &Dataset, config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    let wanted = match config.split.kind {
        SplitKind::Given | SplitKind::LeaveLastOut => true,
        _ => config.split.test > 0.0,
    };
    if wanted && data.test.is_empty() {
        let reason = match config.split.kind {
            SplitKind::Given => "no file has test pairs",
            SplitKind::TemporalGlobal => "no pair is later than the split",
            _ => "no user has enough pairs",
        };
        warnings.push(format!("the test part is empty: {reason}"));
    }
    let (tied, users) = (data.report.split_within_tie, data.users.len());
    if tied as f64 > users as f64 * MANY_TIES {
        warnings.push(format!(
            "{tied} of {users} users are split within a tie: some of their pairs have the same time, and a \
             draw by `seed` decides which of them are in the test part"
        ));
    }
    warnings
}
