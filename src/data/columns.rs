//! Which column holds what: by the names that data sets use, by position where there is no header,
//! or as the options say.

use std::fmt;

use super::format::Sample;
use super::time;
use crate::config::Column;
use crate::error::{Error, Result};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Item,
    Rating,
    Timestamp,
    Title,
    UserFeature,
    ItemFeature,
}

impl Role {
    /// The names under which data sets have this column, likeliest first, [folded](fold).
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::User => &[
                "user",
                "userid",
                "uid",
                "customer",
                "customerid",
                "visitor",
                "visitorid",
                "reviewer",
                "reviewerid",
                "member",
                "memberid",
                "session",
                "sessionid",
            ],
            Self::Item => &[
                "item",
                "itemid",
                "iid",
                "movie",
                "movieid",
                "book",
                "bookid",
                "product",
                "productid",
                "stockcode",
                "parentasin",
                "asin",
                "isbn",
                "article",
                "articleid",
                "track",
                "trackid",
                "song",
                "songid",
                "artist",
                "artistid",
                "game",
                "gameid",
                "anime",
                "animeid",
                "business",
                "businessid",
                "location",
                "locationid",
                "id",
            ],
            Self::Rating => &["rating", "bookrating", "stars", "score", "overall"],
            Self::Timestamp => &[
                "timestamp",
                "time",
                "unixtime",
                "unixreviewtime",
                "datetime",
                "date",
                "ratedat",
                "createdat",
                "invoicedate",
            ],
            Self::Title => &[
                "title",
                "name",
                "itemtitle",
                "itemname",
                "movietitle",
                "booktitle",
                "producttitle",
                "productname",
                "description",
            ],
            // Only an option can name them.
            Self::UserFeature | Self::ItemFeature => &[],
        }
    }

    fn is_feature(self) -> bool {
        matches!(self, Self::UserFeature | Self::ItemFeature)
    }

    fn is_named(self, cell: &str) -> bool {
        self.names().contains(&fold(cell).as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Item => "item",
            Self::Rating => "rating",
            Self::Timestamp => "timestamp",
            Self::Title => "title",
            Self::UserFeature | Self::ItemFeature => "feature",
        })
    }
}

/// A column that is looked for, and where the options say that it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub role: Role,
    pub option: Option<&'a Column>,
}

/// Whether the first row names the columns, and the position of each column sought.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub header: bool,
    pub positions: Vec<Option<usize>>,
}

/// Finds columns in a sample of a file.
///
/// # Errors
/// [`Error::Config`] where an option names a column that is not there; [`Error::Data`] where a
/// header has no known name for users, items or titles. Ratings and times may be missing, and titles where
/// features are sought, too.
pub(super) fn find(file: &str, sample: &Sample, sought: &[Sought<'_>]) -> Result<Found> {
    let first = sample.rows.first().map_or(&[][..], Vec::as_slice);
    let header = sample.is_json() || is_header(&sample.rows, sought);
    let mut positions = vec![None; sought.len()];
    for (position, column) in positions.iter_mut().zip(sought) {
        if let Some(option) = column.option {
            *position = Some(chosen(file, sample, header, column.role, option)?);
        }
    }
    for ix in 0..sought.len() {
        let Sought { role, option: None } = sought[ix] else { continue };
        // A feature may be made of a column that has another use.
        let free = |position: &usize| {
            let mut others = positions.iter().zip(sought);
            !others.any(|(taken, other)| *taken == Some(*position) && !other.role.is_feature())
        };
        let position = if header {
            role.names()
                .iter()
                .filter_map(|name| first.iter().position(|cell| fold(cell) == *name))
                .find(free)
        } else {
            (0..first.len()).filter(free).find(|&position| looks_like(role, sample, position))
        };
        let may_be_missing = match role {
            Role::Rating | Role::Timestamp => true,
            Role::Title => sought.iter().any(|other| other.role.is_feature()),
            _ => false,
        };
        if position.is_none() && !may_be_missing {
            return Err(Error::Data {
                file: file.into(),
                problem: if header {
                    format!("no column is known to hold the {role}; there are {}", quoted(first))
                } else {
                    format!("there is no column left to hold the {role}")
                },
                lines: Vec::new(),
            });
        }
        positions[ix] = position;
    }
    Ok(Found { header, positions })
}

/// Whether the first row is a header: it names the first two columns sought, which a file must have,
/// or a column that an option names, or it is text throughout above a column of numbers.
fn is_header(rows: &[Vec<String>], sought: &[Sought<'_>]) -> bool {
    let [first, rest @ ..] = rows else { return false };
    let by_option = sought.iter().any(|column| match column.option {
        Some(Column::Name(name)) => first.iter().any(|cell| fold(cell) == fold(name)),
        _ => false,
    });
    let by_name =
        sought.iter().take(2).all(|column| first.iter().any(|cell| column.role.is_named(cell)));
    let is_number = |cell: &String| cell.trim().parse::<f64>().is_ok();
    let above_numbers = !rest.is_empty()
        && !first.iter().any(is_number)
        && (0..first.len()).any(|ix| rest.iter().all(|row| row.get(ix).is_some_and(is_number)));
    by_option || by_name || above_numbers
}

/// Where an option says that a column is.
fn chosen(file: &str, sample: &Sample, header: bool, role: Role, option: &Column) -> Result<usize> {
    let first = sample.rows.first().map_or(&[][..], Vec::as_slice);
    let refusal = |problem: String, allowed: String| Error::Config {
        key: match role {
            Role::UserFeature => "towers.user.features".into(),
            Role::ItemFeature => "towers.item.features".into(),
            _ => format!("data.columns.{role}"),
        },
        problem,
        allowed,
    };
    match option {
        Column::Name(name) if header => first
            .iter()
            .position(|cell| cell == name)
            .or_else(|| first.iter().position(|cell| fold(cell) == fold(name)))
            .ok_or_else(|| refusal(format!("{file} has no column `{name}`"), quoted(first))),
        Column::Position(position) if !sample.is_json() && *position < first.len() => Ok(*position),
        Column::Position(_) if sample.is_json() => {
            Err(refusal(format!("the lines of {file} are objects"), quoted(first)))
        }
        Column::Name(_) | Column::Position(_) => {
            let known = if header { "" } else { " and no header" };
            Err(refusal(
                format!("{file} has {} columns{known}", first.len()),
                format!("a position from 0 to {}", first.len().saturating_sub(1)),
            ))
        }
    }
}

/// Whether a column without a name may hold this: ids and titles are taken in order, ratings and
/// times by what the sample has there.
fn looks_like(role: Role, sample: &Sample, position: usize) -> bool {
    let mut cells = sample.rows.iter().map(|row| row.get(position).map_or("", String::as_str));
    match role {
        Role::User | Role::Item | Role::Title => true,
        Role::UserFeature | Role::ItemFeature => false,
        Role::Timestamp => cells.all(time::is_likely),
        Role::Rating => {
            cells.all(|cell| cell.trim().parse::<f64>().is_ok() && !time::is_likely(cell))
        }
    }
}

/// A name without case, spaces and signs, so that `user_id`, `userId` and `User-ID` are one; a type
/// after a colon, as in RecBole's `user_id:token`, is left out.
fn fold(name: &str) -> String {
    let name = name.split(':').next().unwrap_or(name);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Role; 4] = [Role::User, Role::Item, Role::Rating, Role::Timestamp];

    fn find_in(text: &str, options: [Option<Column>; 4]) -> Result<Found> {
        let sample = Sample::of("f.csv", text.as_bytes(), true).expect("a table");
        let sought: Vec<Sought<'_>> = ALL
            .iter()
            .zip(&options)
            .map(|(&role, option)| Sought { role, option: option.as_ref() })
            .collect();
        find("f.csv", &sample, &sought)
    }

    fn name(name: &str) -> Option<Column> {
        Some(Column::Name(name.into()))
    }

    #[test]
    fn common_headers_are_known() {
        for (text, expected) in [
            ("userId,movieId,rating,timestamp\n1,2,3,4\n", [0, 1, 2, 3]),
            (
                "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t3\t4\n",
                [0, 1, 2, 3],
            ),
            ("Date,StockCode,CustomerID,Score\n2010-12-01,a,b,1\n", [2, 1, 3, 0]),
            (
                "{\"asin\":\"a\",\"overall\":5,\"reviewerID\":\"b\",\"unixReviewTime\":1}\n",
                [2, 0, 1, 3],
            ),
        ] {
            let found = find_in(text, [None, None, None, None]).expect("known");
            assert_eq!(found, Found { header: true, positions: expected.map(Some).to_vec() });
        }
    }

    #[test]
    fn without_a_header_positions_and_values_tell() {
        for (text, expected) in [
            (
                "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
                [Some(0), Some(1), Some(2), Some(3)],
            ),
            ("1::1193::978300760::5\n", [Some(0), Some(1), Some(3), Some(2)]),
            ("ann,apple\nbob,pear\n", [Some(0), Some(1), None, None]),
            ("ann,85123A\nbob,22423\ncarl,85123A\n", [Some(0), Some(1), None, None]),
            ("ann,apple,2010-12-01\nbob,pear,2010-12-02\n", [Some(0), Some(1), None, Some(2)]),
        ] {
            let found = find_in(text, [None, None, None, None]).expect("known");
            assert_eq!(found, Found { header: false, positions: expected.to_vec() }, "{text}");
        }
    }

    #[test]
    fn options_come_before_guesses() {
        let found = find_in("who,what\nann,apple\n", [name("What"), name("who"), None, None]);
        assert_eq!(found.expect("named").positions[..2], [Some(1), Some(0)]);
        let found = find_in("a,b,c\n", [Some(Column::Position(2)), None, None, None]);
        assert_eq!(found.expect("placed").positions[..2], [Some(2), Some(0)]);
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let refusal = |text, options| find_in(text, options).expect_err("refused").to_string();
        assert_eq!(
            refusal("user,item\na,b\n", [name("who"), None, None, None]),
            "option `data.columns.user`: f.csv has no column `who`; allowed: `user`, `item`"
        );
        assert_eq!(
            refusal("a,b\nc,d\n", [None, Some(Column::Position(2)), None, None]),
            "option `data.columns.item`: f.csv has 2 columns and no header; \
             allowed: a position from 0 to 1"
        );
        assert_eq!(
            refusal("foo,bar\nann,7\n", [None, None, None, None]),
            "f.csv: no column is known to hold the user; there are `foo`, `bar`"
        );
    }
}
