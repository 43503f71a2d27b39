//! Columns to find in a file, and the found ones.

use super::part::{Part, slot};
use super::roles::Role;
use crate::config::{Column, Config};

/// A column to find.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub role: Role,
    /// Its name or position in the options.
    pub option: Option<&'a Column>,
    /// The key of that option.
    pub key: &'a str,
    /// Its name in another file.
    pub hint: Option<&'a str>,
}

/// Whether the first row is a header, and the position of each column to find.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub header: bool,
    pub positions: Vec<Option<usize>>,
    /// Columns that may contain the ratings, if it is unclear which one does.
    pub unclear_ratings: Vec<usize>,
}

/// Returns the number of id columns: they come first in [`columns`].
pub(super) fn ids(part: Part) -> usize {
    if slot(part).is_some() { 2 } else { 1 }
}

/// Returns the columns to find in a file, in the order of the cells of a record.
pub(super) fn columns<'a>(
    part: Part,
    config: &'a Config,
    features: &'a [Column],
) -> Vec<Sought<'a>> {
    let data = &config.data;
    let column = |role, option: &'a Option<Column>, key| Sought {
        role,
        option: option.as_ref(),
        key,
        hint: None,
    };
    // Usually, the column of ids has the same name as in the interactions.
    let hint = |column: &'a Option<Column>| match column {
        Some(Column::Name(name)) => Some(name.as_str()),
        _ => None,
    };
    let named = &data.columns;
    let (mut known, feature, key) = match part {
        Part::Users => (
            vec![column(Role::User, &data.users.id, "data.users.id")],
            Role::UserFeature,
            "towers.user.features",
        ),
        Part::Items => (
            vec![
                column(Role::Item, &data.items.id, "data.items.id"),
                column(Role::Title, &data.items.title, "data.items.title"),
            ],
            Role::ItemFeature,
            "towers.item.features",
        ),
        _ => {
            return vec![
                column(Role::User, &named.user, "data.columns.user"),
                column(Role::Item, &named.item, "data.columns.item"),
                column(Role::Rating, &named.rating, "data.columns.rating"),
                column(Role::Timestamp, &named.timestamp, "data.columns.timestamp"),
            ];
        }
    };
    known[0].hint = if part == Part::Users { hint(&named.user) } else { hint(&named.item) };
    let features = features.iter().map(|option| Sought {
        role: feature,
        option: Some(option),
        key,
        hint: None,
    });
    known.into_iter().chain(features).collect()
}
